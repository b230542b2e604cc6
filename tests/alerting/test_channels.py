"""The signed webhook, the SMS gateway, the journal, the terminal, the heartbeat: on real sockets."""

import hmac
import io
import re
import socket
import struct
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from hashlib import sha256

import pytest

from slamon.alerting.channel import Answer, Outcome, Parcel
from slamon.alerting.journal import JournalChannel
from slamon.alerting.sms import SmsChannel
from slamon.alerting.terminal import TerminalChannel
from slamon.alerting.webhook import WebhookChannel
from slamon.config.channels import Journal, Sms, Webhook
from slamon.config.secret import Secret
from slamon.service.alerting_heartbeat import Pulse, beat, doubt
from tests.alerting.receivers import GARBAGE, HANG, RESET, Receiver, Reply, certificate, receiver

AT = datetime(2026, 11, 1, 12, tzinfo=UTC)
PARCEL = Parcel(
    "0123abcd",
    "[AAA] GX-0001 中断",
    "某银行\n正文",
    "GX-0001 中断，剩 1 小时",
    "+8613900001111",
    "opened",
    ("GX-0001",),
)


def posted(*script: Reply | str, timeout_s: float = 5) -> tuple[Answer, Receiver]:
    with receiver(*script) as found:
        way = Webhook(Secret(f"{found.url}/hook?token=CANARY"), Secret("CANARYSECRET"))
        return WebhookChannel(way, lambda: AT, timeout_s).send(PARCEL), found


class TestWebhook:
    def test_a_receiver_can_check_who_sent_it_and_when(self):
        """HMAC-SHA256 over the timestamp's digits, a full stop and the body; the key tells repetitions."""
        answer, found = posted()
        (got,) = found.got
        assert answer.outcome is Outcome.SENT
        stamp = got.headers["X-Slamon-Timestamp"]
        assert stamp == str(int(AT.timestamp()))
        expected = hmac.new(b"CANARYSECRET", stamp.encode() + b"." + got.body, sha256).hexdigest()
        assert got.headers["X-Slamon-Signature"] == f"v1={expected}"
        assert got.headers["Idempotency-Key"] == got.json["key"] == "0123abcd"
        assert got.json["lines"] == ["GX-0001"]

    @pytest.mark.parametrize(
        ("script", "expected"),
        [
            (Reply(status=204), ("sent", "HTTP 204", None)),
            (Reply(status=429, headers={"Retry-After": "9"}), ("later", "HTTP 429", 9)),
            (
                Reply(
                    status=503,
                    headers={"Retry-After": "Sun, 01 Nov 2026 12:02:00 GMT", "Date": "Sun, 01 Nov 2026 12:00:00 GMT"},
                ),
                ("later", "HTTP 503", 120),
            ),
            (Reply(status=503, headers={"Retry-After": "soon"}), ("later", "HTTP 503", None)),
            (Reply(status=500), ("later", "HTTP 500", None)),
            (Reply(status=302, headers={"Location": "http://127.0.0.1:1/"}), ("never", "HTTP 302", None)),
            (Reply(status=401), ("never", "HTTP 401", None)),
            (RESET, ("later", "not reached (Connection reset by peer)", None)),
            (GARBAGE, ("later", "not reached (BadStatusLine)", None)),
            (HANG, ("later", "no answer in time", None)),
        ],
        ids=[
            "no content is success", "429 with seconds", "503 with a time", "503 with a word", "500",
            "a redirect is not followed", "401", "a reset", "no HTTP", "a hang",
        ],
    )  # fmt: skip
    def test_what_comes_back(self, script, expected):
        answer, _ = posted(script, timeout_s=0.3 if script == HANG else 5)
        assert (answer.outcome, answer.said, answer.retry_after_s) == expected

    def test_a_certificate_is_checked(self, tmp_path):
        context, trusted = certificate(tmp_path)
        with receiver(tls=context) as found:
            url = Secret(found.url.replace("127.0.0.1", "localhost"))
            trusting = WebhookChannel(Webhook(url, Secret("s"), trusted), lambda: AT, 5)
            doubting = WebhookChannel(Webhook(url, Secret("s")), lambda: AT, 5)
            assert trusting.send(PARCEL).outcome is Outcome.SENT
            assert doubting.send(PARCEL).said.startswith("the certificate was not accepted (")
            assert len(found.got) == 1


FIELDS = {"user": "noc", "pass": "{secret}", "mobile": "{phone}", "content": "{text}", "seq": "{key}-{key}"}


def texted(*script: Reply | str, parcel: Parcel = PARCEL, **changes) -> tuple[Answer, Receiver]:
    with receiver(*script) as found:
        given = {
            "fields": FIELDS,
            "success": re.compile(r"<code>0</code>"),
            "later": re.compile("busy"),
            "balance": re.compile(r"<balance>([-0-9.]+)"),
            "balance_below": Decimal(100),
            "secret": Secret("CANARYSECRET"),
            "signature": "【某某】",
            "price_per_segment": Decimal("0.045"),
            **changes,
        }
        return SmsChannel(Sms(url=Secret(found.url), **given), 5).send(parcel), found


class TestSms:
    def test_the_form_is_filled_in_and_the_answer_read(self):
        answer, found = texted(Reply("<code>0</code>"))
        assert found.got[0].form == {
            "user": "noc",
            "pass": "CANARYSECRET",
            "mobile": "+8613900001111",
            "content": "【某某】GX-0001 中断，剩 1 小时",
            "seq": "0123abcd-0123abcd",
        }
        assert (answer.outcome, answer.segments, answer.cost) == (Outcome.SENT, 1, Decimal("0.045"))

    def test_a_text_that_looks_like_a_placeholder_stays_what_it_is(self):
        """A line's name cannot have the gateway's password sent to a telephone."""
        parcel = Parcel("k", "t", "b", "{secret} {phone}", "13900001111")
        _, found = texted(Reply("<code>0</code>"), parcel=parcel)
        assert found.got[0].form["content"] == "【某某】{secret} {phone}"

    def test_segments_are_counted_with_the_signature_and_paid_for_each(self):
        parcel = Parcel("k", "t", "b", "中" * 67, "13900001111")
        answer, _ = texted(Reply("<code>0</code>"), parcel=parcel)
        assert (answer.segments, answer.cost) == (2, Decimal("0.090"))

    @pytest.mark.parametrize(
        ("script", "expected"),
        [
            (Reply("<code>7</code>"), ("never", "HTTP 200, the answer does not read as success")),
            (Reply("busy"), ("later", "HTTP 200, the gateway asks to try later")),
            (Reply("<code>0</code>", 500), ("later", "HTTP 500")),
            (Reply("<code>0</code>", 404), ("never", "HTTP 404, the answer does not read as success")),
            (RESET, ("later", "not reached (Connection reset by peer)")),
        ],
        ids=["another code", "busy", "a failure that looks like success", "a page that is not there", "a reset"],
    )
    def test_what_is_no_success(self, script, expected):
        answer, _ = texted(script)
        assert (answer.outcome, answer.said) == expected
        assert answer.segments == 0

    @pytest.mark.parametrize(
        ("parcel", "said"),
        [
            (Parcel("k", "t", "b", "s", None), "the receiver has no telephone number"),
            (Parcel("k", "t", "b", "s", "139", consent=False), "the receiver has not agreed to short messages"),
        ],
        ids=["no number", "no consent"],
    )
    def test_nothing_is_sent_to_who_cannot_or_would_not_be_sent_to(self, parcel, said):
        answer, found = texted(parcel=parcel)
        assert (answer.outcome, answer.said, found.got) == ("never", said, [])

    @pytest.mark.parametrize(
        ("told", "low"), [("99.99", Decimal("99.99")), ("100", None), ("-3", Decimal(-3)), ("1.2.3", None), ("", None)]
    )
    def test_a_balance_below_what_was_configured_is_told(self, told, low):
        answer, _ = texted(Reply(f"<code>0</code><balance>{told}"))
        assert answer.low == low


class TestJournal:
    def test_an_entry_names_lines_and_nobody(self, tmp_path):
        """Fields as journald's protocol wants them; neither title nor text of the message is among them."""
        path = tmp_path / "socket"
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as journald:
            journald.bind(str(path))
            assert JournalChannel(Journal(path), 1).send(PARCEL).outcome is Outcome.SENT
            raw = journald.recv(65536)
        assert "某银行".encode() not in raw
        fields, rest = {}, raw
        while rest:
            name, rest = rest.split(b"\n", 1)
            (size,) = struct.unpack("<Q", rest[:8])
            fields[name.decode()], rest = rest[8 : 8 + size].decode(), rest[8 + size + 1 :]
        assert fields == {
            "MESSAGE": "slamon alert: opened GX-0001",
            "PRIORITY": "2",
            "SYSLOG_IDENTIFIER": "slamon",
            "SLAMON_KEY": "0123abcd",
            "SLAMON_REASON": "opened",
            "SLAMON_LINES": "GX-0001",
        }

    def test_without_a_journal_it_is_a_failure(self, tmp_path):
        assert (
            JournalChannel(Journal(tmp_path / "none"), 1).send(PARCEL).said == "not reached (No such file or directory)"
        )


def test_a_terminal_gets_nothing_that_moves_its_cursor():
    stream = io.StringIO()
    assert TerminalChannel(stream).send(Parcel("k", "title\x1b[2J", "body\x07\nsecond")).outcome is Outcome.SENT
    assert stream.getvalue() == "title\\x1b[2J\n    body\\x07\n    second\n"


class TestHeartbeat:
    @pytest.mark.parametrize(
        ("pulse", "why"),
        [
            (Pulse(AT, AT, None), None),
            (Pulse(AT, AT, AT - timedelta(seconds=300)), None),
            (Pulse(None, AT, None), "no batch of readings lately"),
            (Pulse(AT - timedelta(seconds=61), AT, None), "no batch of readings lately"),
            (Pulse(AT, None, None), "alerting has not looked at the ledger lately"),
            (Pulse(AT, AT - timedelta(seconds=61), None), "alerting has not looked at the ledger lately"),
            (Pulse(AT, AT, AT - timedelta(seconds=301)), "a message waits for too long"),
        ],
        ids=[
            "all is well", "a message may wait five minutes", "nothing was polled yet", "polling stopped",
            "nobody looked yet", "nobody looks any more", "a message waits for longer",
        ],
    )  # fmt: skip
    def test_any_doubt_is_silence(self, pulse, why):
        assert doubt(pulse, timedelta(seconds=300), AT) == why

    @pytest.mark.parametrize(("status", "taken"), [(200, True), (204, True), (500, False), (404, False)])
    def test_it_is_taken_or_not(self, status, taken):
        with receiver(Reply(status=status)) as found:
            assert beat(Secret(found.url + "/ping/CANARY")) is taken
            assert found.got[0].path == "/ping/CANARY"
