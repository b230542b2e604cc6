"""Mail: over TLS with the certificate checked, one message each, told apart by the key in its Message-ID."""

from __future__ import annotations

import smtplib
import ssl
from collections.abc import Callable
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime
from mimetypes import guess_type

from slamon.alerting.channel import Answer, Parcel, later, never, sent
from slamon.alerting.web import why
from slamon.config.channels import Smtp


class SmtpChannel:
    """Hands mail to a server."""

    def __init__(self, way: Smtp, now: Callable[[], datetime], timeout_s: float) -> None:
        self._way = way
        self._now = now
        self._timeout_s = timeout_s

    def send(self, parcel: Parcel) -> Answer:
        """Hand over one mail."""
        to = (parcel.to,) if parcel.to is not None else self._way.to
        if not to:
            return never("the receiver has no mail address")
        # As seven-bit text with encodings of its own: no server needs to know UTF-8 in headers.
        message = self._message(parcel, to)
        return self._told(lambda server: server.send_message(message, self._way.sender, to), "taken by the mail server")

    def greet(self) -> Answer:
        """Connect, and log in where that is needed, without a mail."""
        return self._told(lambda server: server.noop(), "the mail server answers")

    def _told(self, work: Callable[[smtplib.SMTP], object], success: str) -> Answer:
        try:
            with self._connected() as server:
                work(server)
        except smtplib.SMTPRecipientsRefused as error:
            return _by_code(max((code for code, _ in error.recipients.values()), default=550))
        except smtplib.SMTPResponseException as error:
            return _by_code(error.smtp_code)
        except smtplib.SMTPNotSupportedError:
            return later("the server offers no STARTTLS" if self._way.tls == "starttls" else "not supported")
        except smtplib.SMTPException as error:
            return later(f"not taken ({type(error).__name__})")
        except (OSError, ValueError) as error:
            return later(why(error))
        return sent(success)

    def _connected(self) -> smtplib.SMTP:
        way = self._way
        context = ssl.create_default_context(cafile=None if way.ca_file is None else str(way.ca_file))
        if way.tls == "implicit":
            server: smtplib.SMTP = smtplib.SMTP_SSL(way.host, way.port, timeout=self._timeout_s, context=context)
        else:
            server = smtplib.SMTP(way.host, way.port, timeout=self._timeout_s)
        try:
            if way.tls == "starttls":
                server.starttls(context=context)
            if way.user is not None and way.password is not None:
                server.login(way.user, way.password.reveal())
        except BaseException:
            server.close()
            raise
        return server

    def _message(self, parcel: Parcel, to: tuple[str, ...]) -> EmailMessage:
        message = EmailMessage()
        message["Subject"] = " ".join(parcel.title.split())
        message["From"] = Address("slamon", addr_spec=self._way.sender)
        message["To"] = [Address(addr_spec=one) for one in to]
        message["Date"] = format_datetime(self._now())
        message["Message-ID"] = f"<{parcel.key}@{self._way.sender.rpartition('@')[2]}>"
        message["X-Slamon-Key"] = parcel.key
        message["Auto-Submitted"] = "auto-generated"
        if parcel.urgent:
            message["Importance"] = "high"
        message.set_content(parcel.body + "\n", cte="base64")
        for file in parcel.files:
            main, _, sub = (guess_type(file.name)[0] or "application/octet-stream").partition("/")
            message.add_attachment(file.content, maintype=main, subtype=sub, filename=file.name)
        return message


def _by_code(code: int) -> Answer:
    """Return what a reply of the server means (RFC 5321, 4.2.1): 4yz is for now, 5yz for ever."""
    said = f"SMTP {code}"
    if code in (534, 535, 530):
        return later(f"{said}, the server does not accept our name and password")
    return never(said) if 500 <= code < 600 else later(said)
