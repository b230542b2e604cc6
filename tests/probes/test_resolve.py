"""Addresses of targets, with a name server that the test plays (F14)."""

import threading

import pytest

from slamon.probes.packet import SECOND_NS
from slamon.probes.resolve import Address, Resolver, literal


class NameServer:
    """Answers with `known`; an answer is on its way until `answered` is waited for."""

    def __init__(self) -> None:
        self.known: Address | None = None
        self.asked = 0
        self.answered = threading.Semaphore(0)

    def __call__(self, name: str, _family: int | None) -> Address | None:
        assert name == "line.example"
        self.asked += 1
        self.answered.release()
        return self.known

    def wait(self, resolver: Resolver, at_s: float) -> Address | None:
        """Let an answer arrive; return what the resolver then says."""
        resolver.address("line.example", round(at_s * SECOND_NS))
        assert self.answered.acquire(timeout=5)
        resolver._pool.submit(int).result(5)  # noqa: SLF001 - the one before it is done then, or nearly
        for name in resolver._names.values():  # noqa: SLF001
            if name.running is not None:
                name.running.result(5)
        return resolver.address("line.example", round(at_s * SECOND_NS))


@pytest.fixture
def server():
    return NameServer()


@pytest.fixture
def resolver(server):
    made = Resolver(server)
    yield made
    made.close()


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("10.0.0.1", Address("10.0.0.1", 4)),
        (" 10.0.0.1 ", Address("10.0.0.1", 4)),
        ("FD64:0::0:1", Address("fd64::1", 6)),
        ("::ffff:10.0.0.1", Address("10.0.0.1", 4)),
        ("line.example", None),
    ],
)
def test_addresses_are_spelled_as_the_kernel_spells_them(text, address):
    assert literal(text) == address


def test_a_name_is_asked_for_again_until_it_is_known(server, resolver):
    """F14: the name server is dead at the start; nothing waits, and it is found once it answers."""
    assert server.wait(resolver, 0) is None
    assert resolver.address("line.example", 9 * SECOND_NS) is None
    assert server.asked == 1
    server.known = Address("10.0.0.1", 4)
    assert server.wait(resolver, 10) == server.known


def test_a_known_address_outlives_the_name_server(server, resolver):
    """Mutant: `name.address = found`; the line is blind as soon as the name server is."""
    server.known = found = Address("10.0.0.1", 4)
    assert server.wait(resolver, 0) == found
    server.known = None
    assert server.wait(resolver, 300) == found


def test_numbers_are_not_asked_for(server, resolver):
    assert resolver.address("192.0.2.1", 0) == Address("192.0.2.1", 4)
    assert server.asked == 0
