"""Mail through a real server: TLS both ways, certificates checked, refusals told apart, the key in the Message-ID."""

from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage

import pytest
from aiosmtpd.smtp import Envelope

from slamon.alerting.channel import Answer, Parcel
from slamon.alerting.smtp import SmtpChannel
from slamon.config.channels import Smtp
from slamon.config.secret import Secret
from tests.alerting.receivers import certificate, mail_server

AT = datetime(2026, 11, 1, 12, tzinfo=UTC)
PARCEL = Parcel("0123abcd", "[AAA] GX-0001 中断\nBcc: x@example.com", "某银行南宁分行\n线路中断", to="li@example.com")


def send(port: int, parcel: Parcel = PARCEL, **changes) -> Answer:
    given = {"tls": "none", "sender": "noc@example.com", "host": "127.0.0.1", **changes}
    return SmtpChannel(Smtp(port=port, **given), lambda: AT, 2).send(parcel)


def mail(envelope: Envelope) -> EmailMessage:
    assert isinstance(envelope.content, bytes)
    return message_from_bytes(envelope.content, policy=policy.default)


def test_a_mail_says_what_it_is_and_carries_its_key():
    """Chinese in subject and text arrives as it was; a line's end in a title begins no header of its own."""
    with mail_server() as (box, port):
        assert send(port).outcome == "sent"
    (taken,) = box.taken
    found = mail(taken)
    assert taken.rcpt_tos == ["li@example.com"]
    assert found["Subject"] == "[AAA] GX-0001 中断 Bcc: x@example.com"
    assert found["Bcc"] is None
    assert (found["Message-ID"], found["X-Slamon-Key"]) == ("<0123abcd@example.com>", "0123abcd")
    assert found["Auto-Submitted"] == "auto-generated"
    assert found.get_content().splitlines() == ["某银行南宁分行", "线路中断"]


# The test's server does not know that its socket speaks TLS already.
implicit_too = pytest.mark.filterwarnings("ignore:Requiring AUTH:UserWarning")


@implicit_too
@pytest.mark.parametrize("how", ["starttls", "implicit"])
def test_mail_goes_through_tls_and_logs_in(tmp_path, how):
    context, trusted = certificate(tmp_path)
    way = {"tls": how, "host": "localhost", "user": "noc", "password": Secret("CANARY")}
    with mail_server(context, implicit=how == "implicit", password="CANARY") as (box, port):  # noqa: S106 - a test's
        assert send(port, ca_file=trusted, **way).outcome == "sent"
        assert box.logins == [("noc", "CANARY")]
        wrong = send(port, ca_file=trusted, **{**way, "password": Secret("WRONG")})
        assert (wrong.outcome, wrong.said) == ("later", "SMTP 535, the server does not accept our name and password")


@implicit_too
@pytest.mark.parametrize("how", ["starttls", "implicit"])
@pytest.mark.parametrize("why", ["nobody vouches for it", "it is another's"])
def test_a_certificate_that_is_not_right_ends_it_before_anything_is_said(tmp_path, how, why):
    """Neither name and password nor the mail are given away."""
    context, trusted = certificate(tmp_path, "localhost" if why.startswith("nobody") else "elsewhere.example")
    ca_file = None if why.startswith("nobody") else trusted
    way = {"tls": how, "host": "localhost", "user": "noc", "password": Secret("CANARY")}
    with mail_server(context, implicit=how == "implicit", password="CANARY") as (box, port):  # noqa: S106
        found = send(port, ca_file=ca_file, **way)
    assert (found.outcome, box.logins, box.taken) == ("later", [], [])
    assert found.said.startswith("the certificate was not accepted (")


def test_a_server_without_starttls_gets_no_mail():
    """What should be secret is not sent in the open because somebody stripped an offer."""
    with mail_server() as (box, port):
        found = send(port, tls="starttls")
    assert (found.outcome, found.said, box.taken) == ("later", "the server offers no STARTTLS", [])


@pytest.mark.parametrize(
    ("reply", "outcome"),
    [("550 5.1.1 canary@example.com unknown", "never"), ("451 4.7.1 greylisted", "later"), ("552 full", "never")],
    ids=["an unknown receiver is for ever", "greylisting is for now", "a full mailbox of 5yz is for ever"],
)
def test_a_refusal_is_read_by_its_code_and_its_text_is_not_repeated(reply, outcome):
    with mail_server() as (box, port):
        box.refusals.append(reply)
        found = send(port)
    assert (found.outcome, found.said) == (outcome, f"SMTP {reply[:3]}")


def test_a_receiver_without_an_address_gets_none_and_a_channel_may_have_its_own():
    with mail_server() as (box, port):
        assert send(port, Parcel("k", "t", "b")).outcome == "never"
        assert send(port, Parcel("k", "t", "b"), to=("noc@example.com", "boss@example.com")).outcome == "sent"
    assert box.taken[0].rcpt_tos == ["noc@example.com", "boss@example.com"]


def test_a_server_that_is_not_there_is_tried_later():
    with mail_server() as (_, port):
        pass
    assert send(port).said == "not reached (Connection refused)"
