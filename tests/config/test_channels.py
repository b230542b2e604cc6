"""`[alerts]` and `contacts.csv`: what is wrong is said at its key, and no secret and no person is repeated."""

from pathlib import Path

import pytest

from slamon.config import channels
from slamon.config.contacts import load_contacts
from slamon.config.problems import InvalidInput
from slamon.config.settings import Settings, load_settings

CANARY = "CANARY-9f3a"


def loaded(folder: Path, text: str) -> Settings:
    path = folder / "slamon.toml"
    path.write_text(text, encoding="utf-8")
    path.chmod(0o600)
    return load_settings(path, {"TOKEN": CANARY})


def channel(folder: Path, text: str) -> channels.Channel:
    alerts = loaded(folder, f"[alerts.channels.x]\n{text}").alerts
    assert alerts is not None
    return alerts.channels["x"]


SMS = 'kind = "sms"\nurl = "http://g/${TOKEN}"\nfields = { m = "{phone}", c = "{text}" }\nsuccess = "ok"\n'


def test_what_a_channel_does_not_say_has_its_kind_s_default(tmp_path):
    """Rates keep within what the robots of WeCom and DingTalk take; ports follow the kind of TLS."""
    robot = channel(tmp_path, 'kind = "apprise"\nurl = "wecombot://${TOKEN}"')
    assert (robot.rate_per_minute, robot.burst, robot.timeout_s) == (20, 5, 15)
    for tls, port in {"starttls": 587, "implicit": 465, "none": 25}.items():
        way = channel(tmp_path, f'kind = "smtp"\nhost = "h"\nsender = "a@b"\ntls = "{tls}"').way
        assert isinstance(way, channels.Smtp)
        assert way.port == port
    assert channel(tmp_path, 'kind = "terminal"\nrate_per_minute = 3').burst == 3


def test_no_channel_shows_its_secrets(tmp_path):
    """Neither URL nor password nor key is in what a settings object prints."""
    found = loaded(
        tmp_path,
        f"""
[alerts]
heartbeat_url = "https://hc/${{TOKEN}}"
[alerts.channels.a]
kind = "apprise"
url = "wecombot://${{TOKEN}}"
[alerts.channels.b]
kind = "webhook"
url = "https://h/${{TOKEN}}"
secret = "${{TOKEN}}"
[alerts.channels.c]
{SMS}
[alerts.channels.d]
kind = "smtp"
host = "h"
sender = "a@b"
user = "u"
password = "${{TOKEN}}"
[ledger]
""",
    )
    assert found.alerts is not None
    assert CANARY not in repr(found)
    assert CANARY not in f"{found.alerts.channels}"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('kind = "wecom"', "alerts.channels.x.kind: 'wecom' is no kind of channel"),
        ('kind = "aprise"', "Did you mean 'apprise'?"),
        ("rate = 3", "alerts.channels.x.kind: is missing; kinds are apprise, smtp"),
        ('kind = "apprise"', "alerts.channels.x.url: is missing; give url_file"),
        ('kind = "apprise"\nurl = "${TOKEN}"', "alerts.channels.x.url: is not a URL of Apprise"),
        ('kind = "apprise"\nurl_file = "none"', "alerts.channels.x.url_file: "),
        (
            'kind = "webhook"\nurl = "ftp://${TOKEN}"\nsecret = "${TOKEN}"',
            "alerts.channels.x.url: is not an http(s) URL",
        ),
        ('kind = "webhook"\nurl = "https://${TOKEN}"', "alerts.channels.x.secret: is missing; give secret_file"),
        ('kind = "smtp"\nhost = "h"', "alerts.channels.x.sender: is missing"),
        ('kind = "smtp"\nhost = "h"\nsender = "me"', "alerts.channels.x.sender: 'me' is not a mail address"),
        ('kind = "smtp"\nhost = "h"\nsender = "a@b"\nuser = "u"', "alerts.channels.x.user: goes with a password"),
        (
            'kind = "smtp"\nhost = "h"\nsender = "a@b"\nuser = "u"\npassword = "${TOKEN}"\ntls = "none"',
            "alerts.channels.x.tls: would send the password for everybody to read",
        ),
        ('kind = "smtp"\nhost = "h"\nsender = "a@b"\nca_file = "none"', "alerts.channels.x.ca_file: there is no "),
        (SMS + "rate_per_minute = 0", "alerts.channels.x.rate_per_minute: is below 1"),
        (SMS + 'signature = "某某"', "alerts.channels.x.signature: '某某' is not a signature"),
        (SMS + 'balance = "[0-9]+"', "alerts.channels.x.balance: has not exactly one group"),
        (SMS + 'balance = "([0-9]+)"', "alerts.channels.x.balance_below: goes with balance"),
        (SMS + 'price_per_segment = "-1"', "alerts.channels.x.price_per_segment: is not an amount"),
        (SMS.replace('"ok"', '"("'), "alerts.channels.x.success: '(' is not a regular expression"),
        (SMS.replace("{text}", "{txt}"), "alerts.channels.x.fields.c: {txt} is no placeholder"),
        (SMS.replace("{phone}", "139"), "alerts.channels.x.fields: no field holds {phone}"),
        (SMS.replace("{phone}", "{phone}{secret}"), "alerts.channels.x.secret: is missing; give secret_file"),
        ('kind = "terminal"\ncolour = true', "alerts.channels.x.colour: is not known"),
    ],
)
def test_one_bad_channel_per_message(tmp_path, text, said):
    with pytest.raises(InvalidInput) as refused:
        channel(tmp_path, text)
    assert said in str(refused.value)
    assert CANARY not in str(refused.value)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[alerts]\noncall = "none.toml"\n[alerts.channels.x]\nkind = "terminal"', "alerts.oncall: there is no "),
        ('[alerts]\noncall = "slamon.toml"', "alerts.channels: are missing: nobody can be told anything"),
        ('[alerts]\ncontacts = "none.csv"\n[alerts.channels.x]\nkind = "terminal"', "alerts.contacts: there is no "),
        (
            '[alerts]\nheartbeat_url = "hc"\n[alerts.channels.x]\nkind = "terminal"',
            "alerts.heartbeat_url: is not an http(s) URL",
        ),
        ('[alerts.channels."a b"]\nkind = "terminal"', "alerts.channels: "),
        ('[ledger]\npersonal_key = "${TOKEN}"', "ledger.personal_key: is no key; make one: openssl rand -base64 32"),
    ],
)
def test_one_bad_section_per_message(tmp_path, text, said):
    with pytest.raises(InvalidInput) as refused:
        loaded(tmp_path, text)
    assert said in str(refused.value)
    assert CANARY not in str(refused.value)


class TestContacts:
    HEADER = "customer_id,contact,email,phone,sms_consent,language\n"

    def read(self, folder: Path, text: str):
        path = folder / "contacts.csv"
        path.write_text(text, encoding="utf-8-sig")
        return load_contacts(path)

    def test_contacts_are_read_and_show_as_ids(self, tmp_path):
        found, problems = self.read(
            tmp_path, self.HEADER + "C1,a,CANARY@x.com,+86 139-0000-1111,yes,en\n\nC1,b,,139000,,\n"
        )
        assert problems == []
        assert (found[0].phone, found[0].sms_consent, found[1].sms_consent, found[1].language) == (
            "+8613900001111", True, False, "zh",
        )  # fmt: skip
        assert "CANARY" not in repr(found)
        assert "139" not in repr(found)

    @pytest.mark.parametrize(
        ("row", "said"),
        [
            ("C1,a,CANARY,,,", "row 2, column email: is not what it should be; such as noc@example.com"),
            ("C1,a,,CANARY,,", "row 2, column phone: is not what it should be; digits, with a +"),
            ("C1,a,,,,", "row 2: has neither email nor phone"),
            (",a,a@b.c,,,", "row 2, column customer_id: is empty"),
            ("C1,a,a@b.c,,perhaps,", "row 2, column sms_consent: is not known; write yes or no"),
            ("C1,a,a@b.c,,,fr", "row 2, column language: is not known; write zh or en"),
            ("C1,a,a@b.c,,,\nC1,a,d@b.c,,,", "row 3: contact a is there already"),
        ],
    )
    def test_what_is_wrong_is_said_at_its_place_and_not_repeated(self, tmp_path, row, said):
        _, problems = self.read(tmp_path, self.HEADER + row)
        assert said in str(problems[0])
        assert "CANARY" not in str(problems)

    def test_a_column_that_is_not_known_is_refused_with_a_hint(self, tmp_path):
        _, problems = self.read(tmp_path, "customer,contact,mail\n")
        assert [str(one).partition(": ")[2] for one in problems] == [
            "column 'customer': is not known; Did you mean 'customer_id'?",
            "column 'mail': is not known; Did you mean 'email'?",
            "column customer_id: is missing",
        ]
