"""The pages over real HTTP on loopback: whom they answer, what they refuse, what every answer carries."""

import asyncio
import http.client
import re
import socket
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from functools import partial

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from structlog.testing import capture_logs

from slamon.web.app import Pages, application
from slamon.web.server import bound, serve

TOKEN = "0123456789abcdef-secret"  # noqa: S105 - of these tests


class Answer:
    """A response, read to its end."""

    def __init__(self, response: http.client.HTTPResponse) -> None:
        self.status = response.status
        self.headers = {name.lower(): value for name, value in response.getheaders()}
        self.text = response.read().decode()


def ask(port: int, path: str = "/metrics", method: str = "GET", host: str | None = None, **more: str) -> Answer:
    """Ask the server; `more` are headers, their underscores hyphens."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.putrequest(method, path, skip_host=True)
        if host != "":
            connection.putheader("Host", host or f"127.0.0.1:{port}")
        for name, value in more.items():
            connection.putheader(name.replace("_", "-"), value)
        connection.endheaders()
        return Answer(connection.getresponse())
    finally:
        connection.close()


def raw(port: int, sent: bytes, *, last: bool = False) -> bytes:
    """What comes back for bytes as they are, until the server closes; `last`: the server hears that no more come."""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as sock:
        sock.sendall(sent)
        if last:
            sock.shutdown(socket.SHUT_WR)
        found = b""
        try:
            while part := sock.recv(65536):
                found += part
        except ConnectionResetError:
            pass
        return found


def metrics() -> bytes:
    return b"slamon_lines 2\n"


@asynccontextmanager
async def served(
    token: str | None = None,
    hosts: Sequence[str] = (),
    unready: Callable[[], str | None] = lambda: None,
    made: Callable[[], bytes] = metrics,
    connection_s: float = 30.0,
) -> AsyncIterator[tuple[int, Pages]]:
    """Serve on a free port."""
    pages = Pages(made, "text/plain; version=0.0.4", unready)
    sock = bound("127.0.0.1", 0)
    port = sock.getsockname()[1]
    task = asyncio.create_task(serve(application(pages, token, hosts), sock, connection_s))
    try:
        yield port, pages
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def test_the_three_pages_answer():
    """Metrics as they are made, alive, ready; 503 with the reason when not; anything else is 404, writing is 405."""

    async def scenario() -> None:
        reason: list[str] = []
        async with served(unready=lambda: reason[0] if reason else None) as (port, pages):
            found = await asyncio.to_thread(ask, port)
            assert (found.status, found.text) == (200, "slamon_lines 2\n")
            assert found.headers["content-type"] == "text/plain; version=0.0.4"
            assert (await asyncio.to_thread(ask, port, "/healthz")).text == "alive\n"
            assert (await asyncio.to_thread(ask, port, "/readyz")).text == "ready\n"
            reason.append("the prober has said nothing for 12 s")
            found = await asyncio.to_thread(ask, port, "/readyz")
            assert (found.status, found.text) == (503, "the prober has said nothing for 12 s\n")
            assert (await asyncio.to_thread(ask, port, "/")).status == 404
            assert (await asyncio.to_thread(ask, port, "/metrics", "DELETE")).status == 405
            found = await asyncio.to_thread(ask, port, "/metrics", "HEAD")
            assert (found.status, found.text) == (200, "")
            assert pages.requests["/readyz", 503] == 1
            assert pages.requests["other", 404] == 1

    asyncio.run(scenario())


def test_every_answer_forbids_what_no_page_needs():
    """No scripts, frames, storing or sniffing, on errors and refusals too; the server does not say what it is."""

    async def scenario() -> None:
        async with served() as (port, _):
            for path, host in (("/metrics", None), ("/nowhere", None), ("/metrics", "evil.example")):
                found = await asyncio.to_thread(ask, port, path, host=host)
                assert found.headers["cache-control"] == "no-store"
                assert found.headers["content-security-policy"].startswith("default-src 'none'")
                assert found.headers["x-content-type-options"] == "nosniff"
                assert "server" not in found.headers

    asyncio.run(scenario())


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("evil.example", 421),
        ("127.0.0.1.evil.example:8470", 421),
        ("localhost.evil.example", 421),
        ("", 400),
        ("localhost", 200),
        ("LOCALHOST:8470", 200),
        ("[::1]:8470", 200),
        ("10.1.2.3", 200),
        ("slamon.example.net:443", 200),
        ("[slamon.example.net]", 421),
    ],
)
def test_a_name_that_is_not_ours_gets_nothing(host: str, status: int):
    """DNS rebinding: a page that makes its own name point here reads no metrics; addresses and known names do.

    Mutant: with `Guard._known` always true the first three answer 200: red.
    """

    async def scenario() -> None:
        async with served(hosts=["slamon.example.net"]) as (port, _):
            found = await asyncio.to_thread(ask, port, host=host)
            assert found.status == status
            assert ("slamon_lines" in found.text) == (status == 200)

    asyncio.run(scenario())


@pytest.mark.parametrize(
    ("given", "status"),
    [
        (f"Bearer {TOKEN}", 200),
        (f"bearer {TOKEN}", 200),
        (None, 401),
        ("Bearer", 401),
        (f"Basic {TOKEN}", 401),
        (f"Bearer {TOKEN}x", 401),
        ("Bearer \xff\xfe", 401),
    ],
    ids=["the token opens", "the scheme's case does not matter", "without one: 401", "an empty one", "another scheme",
         "nearly the token", "bytes that are no text"],
)  # fmt: skip
def test_with_a_token_everything_but_health_asks_for_it(given: str | None, status: int):
    """The answer says what to send and never what was expected; /healthz is open to whoever balances load."""

    async def scenario() -> None:
        async with served(TOKEN) as (port, _):
            headers = {} if given is None else {"Authorization": given}
            for path in ("/metrics", "/readyz"):
                found = await asyncio.to_thread(partial(ask, port, path, **headers))
                assert found.status == status
                assert TOKEN not in found.text
                assert ("www-authenticate" in found.headers) == (status == 401)
            assert (await asyncio.to_thread(ask, port, "/healthz")).status == 200

    asyncio.run(scenario())


def test_bodies_and_endless_headers_are_refused():
    """A body is refused unread, headers of more than 16 KiB with a 400; the next request is served all the same."""

    async def scenario() -> None:
        async with served() as (port, _):
            begin = f"POST /metrics HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n".encode()
            for sent in (b"Content-Length: 1000000000\r\n\r\n", b"Transfer-Encoding: chunked\r\n\r\n"):
                found = await asyncio.to_thread(raw, port, begin + sent)
                assert found.startswith(b"HTTP/1.1 413")
            found = await asyncio.to_thread(raw, port, begin + b"X: " + b"y" * 40_000)
            assert found.startswith(b"HTTP/1.1 400")
            assert (await asyncio.to_thread(raw, port, b"\x16\x03\x01 nonsense\r\n\r\n")).startswith(b"HTTP/1.1 400")
            assert (await asyncio.to_thread(ask, port)).status == 200

    asyncio.run(scenario())


def test_a_page_that_fails_says_so_and_no_more():
    """500 without a traceback for whoever asked; the log has it."""

    async def scenario() -> None:
        def broken() -> bytes:
            raise RuntimeError("secret inner matters")

        with capture_logs() as logs:
            async with served(made=broken) as (port, _):
                found = await asyncio.to_thread(ask, port)
                assert (found.status, "secret" in found.text) == (500, False)
                assert (await asyncio.to_thread(ask, port, "/healthz")).status == 200
        assert [one["event"] for one in logs] == ["web_failed"]

    asyncio.run(scenario())


def test_who_asks_byte_by_byte_is_sent_away():
    """A connection without a request is closed after a while, so that a few of them keep nobody out.

    Mutant: without the timer of `_Prompt.connection_made` the connection stays open: red.
    """

    async def scenario() -> None:
        async with served(connection_s=0.3) as (port, _):
            assert await asyncio.to_thread(raw, port, b"GET /metrics HTTP/1.1\r\nHo") == b""

    asyncio.run(scenario())


def test_a_port_that_is_taken_is_an_error_with_its_address():
    """The reason names the port; nothing exits the process."""
    with bound("127.0.0.1", 0) as first:
        port = first.getsockname()[1]
        with pytest.raises(OSError, match=f"127.0.0.1 port {port}: Address already in use"):
            bound("127.0.0.1", port)


REQUEST = b"GET /metrics HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer x\r\nConnection: close\r\n\r\n"


@st.composite
def requests(draw: st.DrawFn) -> bytes:
    """Bytes as they come from the street: anything, or a request with some of it cut out, doubled or put in."""
    if draw(st.booleans()):
        return draw(st.binary(max_size=300))
    found = bytearray(REQUEST)
    for _ in range(draw(st.integers(0, 4))):
        low = draw(st.integers(0, len(found)))
        high = min(len(found), low + draw(st.integers(0, 12)))
        found[low:high] = draw(st.one_of(st.binary(max_size=12), st.just(bytes(found[low:high]) * 2)))
    return bytes(found)


@settings(max_examples=20)
@given(sent=st.lists(requests(), min_size=40, max_size=40))
def _never_a_traceback(port: int, sent: list[bytes]) -> None:
    for one in sent:
        found = raw(port, one, last=True)
        assert not found or re.match(rb"HTTP/1\.1 (200|400|401|404|405|413|421|431|501) ", found), (one, found)
        assert b"Traceback" not in found


def test_nonsense_gets_an_answer_or_nothing_and_never_a_traceback():
    """Hundreds of broken requests: each is refused or closed, the log has no failure, the next is served."""

    async def scenario() -> None:
        with capture_logs() as logs:
            async with served() as (port, _):
                await asyncio.to_thread(_never_a_traceback, port)
                assert (await asyncio.to_thread(ask, port)).status == 200
        assert logs == []

    asyncio.run(scenario())
