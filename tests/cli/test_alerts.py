"""`oncall`, `alert`, `maintenance notify`, `ledger erase`: as commands, with real servers at the other end."""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes, policy
from pathlib import Path

import pytest
from aiosmtpd.smtp import Envelope

from tests.alerting.receivers import Got, Mailbox, Reply, mail_server, receiver
from tests.cli.office import CONFIG, Office

ONCALL = """
timezone = "Asia/Shanghai"
[people.zhang]
name = "张伟"
channels = ["mail", "text"]
email = "canary-zhang@example.com"
phone = "+8613900001111"
sms_consent = true
[people.li]
name = "李娜"
channels = ["mail"]
email = "li@example.com"
language = "en"
[rotas.noc]
handover = "09:00"
turns = { people = ["zhang", "li"], from = 2026-10-05, days = 7 }
[chains.default]
steps = [ { call = ["noc"], wait_s = 900 }, { call = ["li"], wait_s = 900 } ]
"""
CONTACTS = """customer_id,contact,email,phone,sms_consent,language
C1,chief,canary-chief@example.com,13900003333,yes,zh
C1,night,canary-night@example.com,,,en
C2,desk,canary-desk@example.com,13900004444,no,zh
"""


def alerts(mail_port: int) -> str:
    return f"""
[alerts]
oncall = "oncall.toml"
contacts = "contacts.csv"
[alerts.channels.mail]
kind = "smtp"
host = "127.0.0.1"
port = {mail_port}
tls = "none"
sender = "slamon@example.com"
[alerts.channels.text]
kind = "sms"
url_file = "sms-url"
fields = {{ mobile = "{{phone}}", content = "{{text}}", id = "{{key}}" }}
success = '"code": ?0'
signature = "【某某】"
price_per_segment = "0.05"
"""


@contextmanager
def staffed(office: Office, *replies: Reply) -> Iterator[tuple[Mailbox, list[Got]]]:
    """Run a mail server and an SMS gateway, and configure the office for them."""
    with mail_server() as (box, port), receiver(*(replies or [Reply({"code": 0})])) as gateway:
        Path(office.config).write_text(CONFIG + alerts(port))
        secret = office.folder / "sms-url"
        secret.write_text(gateway.url + "/send?account=CANARYSECRET\n")
        secret.chmod(0o600)
        (office.folder / "oncall.toml").write_text(ONCALL)
        (office.folder / "contacts.csv").write_text(CONTACTS)
        yield box, gateway.got


def content_of(mail: Envelope) -> bytes:
    assert isinstance(mail.content, bytes)
    return mail.content


def leaked(office: Office) -> list[str]:
    """Canaries that stand readable in the ledger's files."""
    raw = b"".join(file.read_bytes() for file in (office.folder / "state").iterdir() if file.suffix != ".key")
    return [word for word in ("CANARYSECRET", "canary-", "1390000") if word.encode() in raw]


class TestOncall:
    def test_show_says_who_is_called_step_by_step(self, office):
        with staffed(office):
            found = office.json("oncall", "show", "--at", "2026-10-12T08:59:59+08:00", "--json")
            assert found["chains"]["default"] == [
                {"wait_seconds": 900, "people": ["zhang"]},
                {"wait_seconds": 900, "people": ["li"]},
            ]
            assert found["rotas"]["noc"][0]["to"] == "2026-10-12T01:00:00Z"
            assert "张伟" in office.done("oncall", "show", "--at", "2026-10-12T08:59:59")

    def test_override_lets_somebody_stand_in_and_says_for_whom(self, office):
        with staffed(office):
            said = office.done(
                "oncall", "override", "noc", "li", "--from", "2026-10-06T18:00", "--to", "2026-10-07T08:00"
            )
            assert "instead of zhang" in said
            for at, person in {
                "2026-10-06T17:59": "zhang",
                "2026-10-06T18:00": "li",
                "2026-10-07T08:00": "zhang",
            }.items():
                found = office.json("oncall", "show", "--at", at, "--json")
                assert found["rotas"]["noc"][0]["person"] == person

    @pytest.mark.parametrize(
        ("arguments", "said"),
        [
            (("nok", "li", "2026-10-06", "2026-10-07"), "there is no rota 'nok'; rotas are noc"),
            (("noc", "lee", "2026-10-06", "2026-10-07"), "there is nobody called 'lee'; people are li, zhang"),
            (("noc", "li", "2026-10-07", "2026-10-06"), "it ends after it begins"),
        ],
        ids=["a rota that is not there", "somebody who is not there", "an end before the start"],
    )
    def test_override_refuses_what_means_nothing(self, office, arguments, said):
        rota, person, start, end = arguments
        with staffed(office):
            before = office.entries()
            found = office.run("oncall", "override", rota, person, "--from", start, "--to", end)
            assert found.code == 1
            assert said in found.err
            assert office.entries() == before

    def test_without_a_file_nobody_is_on_call_and_the_error_says_where_to_name_one(self, office):
        found = office.run("oncall", "show")
        assert found.code == 1
        assert "oncall.toml" in found.err


class TestAlert:
    def test_a_test_goes_by_each_channel_of_a_person_and_is_on_record(self, office):
        with staffed(office) as (box, texts):
            assert [one["outcome"] for one in office.json("alert", "test", "zhang", "--json")["tests"]] == ["sent"] * 2
            assert box.taken[0].rcpt_tos == ["canary-zhang@example.com"]
            assert texts[0].form["mobile"] == "+8613900001111"
            assert texts[0].form["content"].startswith("【某某】")
            shown = office.json("alert", "history", "--json")["notifications"]
            assert [one["channel"] for one in shown] == ["mail", "text"]
            assert leaked(office) == []

    def test_a_test_that_is_not_taken_is_a_failure(self, office):
        with staffed(office, Reply({"code": 7})):
            found = office.run("alert", "test", "zhang")
            assert found.code == 1
            assert "text: never (HTTP 200, the answer does not read as success)" in found.out

    def test_nobody_of_that_name_is_told_with_a_hint(self, office):
        with staffed(office):
            assert "Did you mean 'zhang'?" in office.run("alert", "test", "zang").err

    def test_preview_shows_what_would_be_said_to_whom(self, office):
        with staffed(office) as (box, texts):
            office.done("complaint", "add", "GX-0003", "--ticket", "T-7", "--category", "interruption")
            number = next(one["number"] for one in office.incidents() if one["state"] == "reported")
            (found,) = office.json("alert", "preview", str(number), "--json")["messages"]
            assert found["reason"] == "opened"
            assert "GX-0003" in found["title"]
            assert (box.taken, texts) == ([], [])


class TestNotify:
    def added(self, office: Office, *lines: str) -> None:
        which = [part for line in lines for part in ("--line", line)]
        times = ("--from", "2030-01-10T01:00", "--to", "2030-01-10T05:00")
        office.done("maintenance", "add", *which, *times, "--reason", "光缆割接")

    def test_everybody_told_is_the_notice_on_record_with_text_and_time(self, office):
        """The work leaves the clock from then on; each contact got one mail in the right language."""
        with staffed(office) as (box, _):
            self.added(office, "GX-0001", "GX-0003")
            said = office.done("maintenance", "notify", "M-1")
            assert said.count("told by email") == 3
            mails = [message_from_bytes(content_of(one), policy=policy.default) for one in box.taken]
            assert [one.rcpt_tos for one in box.taken] == [
                ["canary-chief@example.com"], ["canary-night@example.com"], ["canary-desk@example.com"],
            ]  # fmt: skip
            texts = [mail.get_content() for mail in mails]
            assert "光缆割接" in texts[0]
            assert "GX-0001" in texts[0]
            assert "GX-0003" not in texts[0]
            assert "may be interrupted" in texts[1]
            (work,) = office.json("maintenance", "list", "--json")["maintenance"]
            (notice,) = work["further_notices"]
            assert notice["channel"] == "email"
            with office.ledger() as ledger:
                (kept,) = ledger.entries(kinds={"maintenance.notified"})
                assert kept.payload["customers"] == ["C1", "C2"]
                assert kept.payload["notified_at"] == notice["notified_at"]
            assert leaked(office) == []

    def test_the_notice_does_not_count_while_one_customer_was_not_told(self, office):
        """C2 has no consent for SMS: exit code 1; by mail it is told later, and only then the notice counts."""
        with staffed(office) as (box, texts):
            self.added(office, "GX-0001", "GX-0003")
            found = office.run("maintenance", "notify", "M-1", "--channel", "sms")
            assert found.code == 1
            assert "does not count yet: nobody was told at C2" in found.err
            assert [got.form["mobile"] for got in texts] == ["13900003333"]
            assert office.json("maintenance", "list", "--json")["maintenance"][0]["further_notices"] == []
            done = office.done("maintenance", "notify", "M-1")
            assert "C2/desk: told by email" in done
            assert "C1/chief" not in done  # was told already
            assert len(office.json("maintenance", "list", "--json")["maintenance"][0]["further_notices"]) == 1
            assert [one.rcpt_tos for one in box.taken] == [["canary-night@example.com"], ["canary-desk@example.com"]]

    def test_what_notices_by_sms_cost_is_counted(self, office):
        with staffed(office):
            self.added(office, "GX-0001")
            office.done("maintenance", "notify", "M-1", "--channel", "sms")
            (found,) = office.json("alert", "costs", "--json")["channels"]
            assert (found["channel"], found["messages"], found["segments"]) == ("text", 1, 2)
            assert found["cost"] == "0.10"
            assert "No short messages" in office.done("alert", "costs", "--month", "2020-01")

    def test_a_notice_too_late_for_the_contract_says_so(self, office):
        with staffed(office):
            office.done(
                "maintenance",
                "add",
                "--line",
                "GX-0001",
                "--from",
                "2026-10-02T01:00",
                "--to",
                "2026-10-02T05:00",
                "--reason",
                "x",
            )
            found = office.run("maintenance", "notify", "M-1")
            assert found.code == 1
            assert "not in time" in found.err

    def test_whoever_was_told_is_not_told_again(self, office):
        with staffed(office) as (box, _):
            self.added(office, "GX-0003")
            office.done("maintenance", "notify", "M-1")
            assert "nobody was left to tell" in office.done("maintenance", "notify", "M-1")
            assert len(box.taken) == 1

    def test_a_server_that_refuses_leaves_the_customer_untold(self, office):
        with staffed(office) as (box, _):
            box.refusals.append("550 no such user")
            self.added(office, "GX-0003")
            found = office.run("maintenance", "notify", "M-1")
            assert found.code == 1
            assert "C2/desk: not told (SMTP 550)" in found.out
            assert "canary" not in found.out + found.err
            office.done("maintenance", "notify", "M-1")


def test_an_ack_expires_when_it_says(office):
    """The time stands in the entry; one in the past is refused."""
    number = str(office.incidents()[0]["number"])
    assert office.run("incident", "ack", number, "--until", "2026-10-01T00:00").code == 1
    office.done("incident", "ack", number, "--until", "2099-10-01T00:00+08:00")
    with office.ledger() as ledger:
        (entry,) = ledger.entries(kinds={"incident.acked"})
        assert entry.payload == {"until": "2099-09-30T16:00:00Z"}


def test_a_personal_text_is_erased_on_request(office):
    """The caller's name is gone from the file, the chain is sound and says why; twice is once."""
    office.done("complaint", "add", "GX-0001", "--ticket", "T-9", "--caller", "CANARY王", "--category", "degradation")
    with office.ledger() as ledger:
        (entry,) = ledger.entries(subject="T-9")
    said = office.done("ledger", "erase", str(entry.seq), "--reason", "asked for by the caller")
    assert said.startswith("1 personal text erased")
    assert b"CANARY" not in b"".join(file.read_bytes() for file in (office.folder / "state").iterdir())
    office.done("ledger", "verify")
    assert "had been erased before" in office.run("ledger", "erase", str(entry.seq), "--reason", "again").err
    assert re.search("refers to no personal text", office.run("ledger", "erase", "1", "--reason", "x").err)


def test_status_shows_what_waits_and_what_was_given_up(office):
    from slamon.service import clock  # noqa: PLC0415
    from slamon.store import outbox  # noqa: PLC0415 - this test alone looks below the commands

    with office.open() as site, site.ledger.transaction() as held:
        at = clock.now()
        letters = [outbox.Letter(key, key, ("mail",), {}, {}) for key in "ab"]
        outbox.queue(held, letters, at)
        found = outbox.claim(held, "mail", at, at - at)
        assert found is not None
        outbox.finish(held, found, sent=False)
    assert json.loads(office.done("status", "--json"))["backlogs"] == {
        "alerts by mail": 1,
        "alerts given up within a day": 1,
    }


def test_check_finds_a_url_that_apprise_does_not_know_and_does_not_repeat_it(office):
    text = '[alerts]\n[alerts.channels.x]\nkind = "apprise"\nurl_file = "url"\n'
    Path(office.config).write_text(CONFIG + text)
    secret = office.folder / "url"
    secret.write_text("wecomrobot://CANARY\n")
    secret.chmod(0o600)
    found = office.run("check")
    assert found.code == 3
    assert "alerts.channels.x.url: is no URL that Apprise accepts" in found.err
    assert "CANARY" not in found.err + found.out
    secret.write_text("wecombot://CANARY\n")
    assert "no problems" in office.done("check")


@pytest.mark.parametrize("scheme", ["wecombot", "dingtalk", "feishu", "lark", "schan", "json"])
def test_no_key_of_a_service_reaches_a_terminal_a_log_or_the_record(office, scheme):
    """Whatever the service answers, and with the log at debug; ``json`` is a plugin of Apprise's own."""
    with receiver(
        Reply({"code": 40001, "errcode": 93000, "message": "CANARYSECRET", "errmsg": "CANARYSECRET"}, 400)
    ) as gateway:
        at = gateway.url.removeprefix("http://") if scheme == "json" else "CANARYSECRET"
        Path(office.config).write_text(CONFIG + '[alerts]\n[alerts.channels.x]\nkind = "apprise"\nurl_file = "url"\n')
        secret = office.folder / "url"
        secret.write_text(f"{scheme}://{at}/?gateway={gateway.url}&token=CANARYSECRET\n")
        secret.chmod(0o600)
        found = office.run("--log-level", "debug", "alert", "test", "x")
        assert found.code == 1, found
        assert gateway.got
    assert "CANARY" not in found.out + found.err
    with office.ledger() as ledger:
        assert not [entry for entry in ledger.entries() if "CANARY" in str(entry)]
    assert leaked(office) == []


def test_check_online_asks_mail_servers_and_sends_nothing(office):
    with staffed(office) as (box, _):
        assert "channel mail: the mail server answers" in office.done("check", "--online")
        assert office.json("check", "--online", "--json")["channels"][0]["answered"] is True
        assert box.taken == []
    found = office.run("check", "--online")
    assert found.code == 1
    assert "channel mail: not reached (Connection refused)" in found.err
