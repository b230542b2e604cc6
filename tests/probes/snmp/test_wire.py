"""What travels between the daemon and the SNMP process arrives as it was sent."""

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from slamon.config.credentials import Extra, SnmpCredential, TrapPort
from slamon.config.secret import Secret
from slamon.core.reading import InterfaceStats, NamedValue
from slamon.probes.framing import LENGTHS, message
from slamon.probes.snmp.asking import Peer, Trouble
from slamon.probes.snmp.device import Polled, PortLine
from slamon.probes.snmp.news import AgentNews, PollHealth, PortNews
from slamon.probes.snmp.wire import Watch, news_frame, news_of, watch_frame, watch_of

texts = st.text(max_size=12)
names = st.from_regex(r"[A-Za-z0-9._-]{1,12}", fullmatch=True)
secrets = st.none() | st.builds(Secret, texts)
numbers = st.none() | st.floats(-1e6, 1e6)
extras = st.builds(
    Extra,
    names,
    st.lists(st.integers(0, 2**32 - 1), min_size=3, max_size=9).map(tuple),
    st.sampled_from(["interface", "entity", "none"]),
    st.floats(0.001, 1e6),
    texts,
    numbers,
    numbers,
    st.lists(st.integers(), max_size=3).map(tuple),
)
credentials = st.builds(
    SnmpCredential,
    name=names,
    version=st.sampled_from(["2c", "3"]),
    interval_s=st.integers(1, 86_400),
    community=secrets,
    user=st.none() | texts,
    auth=st.none() | st.just("sha256"),
    auth_key=secrets,
    priv=st.none() | st.just("aes"),
    priv_key=secrets,
    timeout_ms=st.integers(100, 60_000),
    context=texts,
    extras=st.lists(extras, max_size=2).map(tuple),
)
lines = st.lists(st.builds(PortLine, names, texts), max_size=3)
watches = st.lists(credentials, unique_by=lambda one: one.name, max_size=3).flatmap(
    lambda found: st.builds(
        Watch,
        st.fixed_dictionaries({Peer(f"192.0.2.{n}", 161, one): lines for n, one in enumerate(found)}),
        st.none() | st.builds(TrapPort, texts, secrets),
    )
)
counts = st.none() | st.integers(0, 2**64 - 1)
ports = st.builds(
    InterfaceStats,
    st.none() | st.sampled_from(["up", "down"]),
    st.none() | st.sampled_from(["up", "down", "lowerLayerDown"]),
    st.none() | st.floats(0, 1e6),
    *[counts] * 8,
    seconds=st.none() | st.floats(0, 1e6),
    last_change=st.none() | st.just(datetime(2026, 11, 1, tzinfo=UTC)),
    reseeded=st.none() | st.just("the agent restarted"),
    extras=st.lists(st.builds(NamedValue, names, st.floats(-1e6, 1e6)), max_size=2, unique_by=lambda one: one.name).map(
        tuple
    ),
)
polls = st.lists(st.builds(Polled, names, st.floats(0, 1e9), ports, numbers), max_size=3).map(tuple)
troubles = st.none() | st.sampled_from(Trouble)
several = st.lists(names, max_size=3).map(tuple)
news = st.one_of(
    polls,
    st.builds(AgentNews, texts, names, st.floats(0, 1e9), several, troubles, texts),
    st.builds(PortNews, texts, names, st.floats(0, 1e9), several, texts, troubles, texts),
    st.builds(PollHealth, st.floats(0, 1e9), *[st.integers(0, 2**40)] * 9, lag_max_s=st.floats(0, 1e6)),
)


def opened(frame: bytes) -> tuple[str, object]:
    text_bytes, _ = LENGTHS.unpack(frame[: LENGTHS.size])
    kind, body, _ = message(frame[LENGTHS.size :], text_bytes)
    return kind, body


@given(watches)
def test_what_is_to_be_polled_arrives_whole(watch):
    """Credentials with their secrets, further objects, lines, the port for traps."""
    assert watch_of(opened(watch_frame(watch))[1]) == watch


@given(news)
def test_what_was_seen_arrives_whole(said):
    """Readings of ports, notices, health; the time of a change is put in by whoever has a wall clock."""
    assert news_of(*opened(news_frame(said))) == said
