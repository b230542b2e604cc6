"""HTTP and mail servers on loopback that answer as scripted; each is ended with its test."""

import json
import socket
import ssl
import struct
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, Envelope, LoginPassword
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

HANG, RESET, GARBAGE = "hang", "reset", "garbage"


@dataclass(frozen=True)
class Reply:
    """What a receiver answers; a body that is no text is sent as JSON."""

    body: object = ""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass
class Got:
    """A request as it came in."""

    path: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.body)
        return found

    @property
    def form(self) -> dict[str, str]:
        return dict(parse_qsl(self.body.decode(), keep_blank_values=True))


@dataclass
class Receiver:
    """A running server: where it is, and what came in."""

    url: str
    got: list[Got]
    script: list[Reply | str]


@contextmanager
def receiver(*script: Reply | str, tls: ssl.SSLContext | None = None) -> Iterator[Receiver]:
    """Run an HTTP server that plays a script, its last line again and again."""
    found = Receiver("", [], list(script or [Reply()]))
    released = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            found.got.append(Got(self.path, dict(self.headers), body))
            reply = found.script.pop(0) if len(found.script) > 1 else found.script[0]
            if isinstance(reply, str):
                self._misbehave(reply)
                return
            raw = (reply.body if isinstance(reply.body, str) else json.dumps(reply.body)).encode()
            (self.send_response_only if "Date" in reply.headers else self.send_response)(reply.status)
            for name, value in {"Content-Length": str(len(raw)), **reply.headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(raw)

        do_GET = do_POST  # noqa: N815 - the library's name

        def _misbehave(self, how: str) -> None:
            self.close_connection = True
            if how == HANG:
                released.wait(30)
            elif how == GARBAGE:
                self.wfile.write(b"\x00\xffthis is no HTTP\r\n\r\n")
            else:
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                self.connection.close()

        def log_message(self, *_: object) -> None:
            pass

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *_: object) -> None:
            pass

    server = Server(("127.0.0.1", 0), Handler)
    if tls is not None:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    found.url = f"{'http' if tls is None else 'https'}://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield found
    finally:
        released.set()
        server.shutdown()
        server.server_close()
        thread.join()


@dataclass
class Mailbox:
    """What a mail server took, and the codes with which it refuses recipients, one after the other."""

    taken: list[Envelope] = field(default_factory=list)
    refusals: list[str] = field(default_factory=list)
    logins: list[tuple[str, str]] = field(default_factory=list)

    async def handle_RCPT(self, *given: Any) -> str:  # noqa: N802 - the library's name
        envelope, to = given[2], given[3]
        if self.refusals:
            return self.refusals.pop(0)
        envelope.rcpt_tos.append(to)
        return "250 OK"

    async def handle_DATA(self, *given: Any) -> str:  # noqa: N802
        self.taken.append(given[2])
        return "250 OK"


class OnAnyPort(Controller):
    """A mail server on a port that the system chooses."""

    def _trigger_server(self) -> None:
        listening: Any = self.server
        self.port = listening.sockets[0].getsockname()[1]
        super()._trigger_server()  # type: ignore[no-untyped-call]


@contextmanager
def mail_server(
    tls: ssl.SSLContext | None = None, *, implicit: bool = False, password: str | None = None
) -> Iterator[tuple[Mailbox, int]]:
    """Run a mail server; with a context it speaks STARTTLS or TLS from the start, with a password it asks for it."""
    box = Mailbox()

    def authenticated(*given: object) -> AuthResult:
        said = given[-1]
        assert isinstance(said, LoginPassword)
        box.logins.append((said.login.decode(), said.password.decode()))
        return AuthResult(success=said.password.decode() == password, handled=False)

    options: dict[str, Any] = {"tls_context": tls, "require_starttls": True} if tls is not None and not implicit else {}
    controller = OnAnyPort(
        box,
        hostname="127.0.0.1",
        port=0,
        ssl_context=tls if implicit else None,
        auth_required=password is not None,
        auth_require_tls=not implicit,  # the server does not know that its socket speaks it already
        authenticator=authenticated if password is not None else None,
        **options,
    )
    controller.start()
    try:
        yield box, controller.port
    finally:
        controller.stop()


def certificate(folder: Path, host: str = "localhost") -> tuple[ssl.SSLContext, Path]:
    """Make a certificate for a host; return a server's context and the file that a client trusts."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
    now = datetime.now(UTC)  # noqa: TID251 - a certificate is valid around the time of the test
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem, own = folder / "cert.pem", folder / "key.pem"
    pem.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    own.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(pem, own)
    return context, pem
