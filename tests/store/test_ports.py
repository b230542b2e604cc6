"""Words of ports as bytes come back as they were; other bytes are refused."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slamon.core.reading import InterfaceStats, NamedValue
from slamon.store.errors import NotEvidence
from slamon.store.ports import MAGIC, PortSegment, pack_ports, text_of, unpack_ports

IDS = ["GX-0001", "广西-2", "", "GX-0004"]
counters = st.none() | st.integers(0, 2**64 - 1)
floats = st.none() | st.floats(allow_nan=False, allow_infinity=False)
words = st.none() | st.text(max_size=12)
instants = st.none() | st.datetimes(datetime(1970, 1, 2), datetime(2900, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
extras = st.lists(st.builds(NamedValue, st.text(max_size=5), st.floats(-1e9, 1e9), st.text(max_size=3), floats, floats))
ports = st.builds(InterfaceStats, words, words, floats, *[counters] * 8, floats, instants, words, extras.map(tuple))
rows = st.lists(
    st.tuples(st.integers(0, 3), st.integers(0, 2**50), st.integers(0, 2**50), st.integers(0, 1), ports), max_size=12
)


@given(rows)
def test_words_come_back_as_they_were(said):
    """By line and time, whatever they hold: counters of 64 bits, floats to the bit, any text."""
    made = PortSegment.of((line, start, end, bad, text_of(port)) for line, start, end, bad, port in said)
    found, ids = unpack_ports(pack_ports(made, IDS))
    ordered = sorted(said, key=lambda one: one[:2])
    places = zip(found.lines.tolist(), found.starts.tolist(), found.ends.tolist(), found.bad.tolist(), strict=True)
    told = [(IDS.index(ids[line]), *rest, found.port(n)) for n, (line, *rest) in enumerate(places)]
    assert told == ordered


@given(st.binary(max_size=80), st.integers(0, 200), st.integers(0, 255))
def test_other_bytes_are_refused(noise: bytes, at: int, value: int):
    """Never a crash that nobody catches: a damaged tail is `NotEvidence`."""
    one = PortSegment.of([(1, 5, 9, 0, text_of(InterfaceStats("up", "down")))])
    whole = bytearray(pack_ports(one, IDS))
    for data in (noise, MAGIC + noise, bytes(whole[: at % len(whole)])):
        with pytest.raises(NotEvidence):
            unpack_ports(data)
    whole[at % len(whole)] = value
    try:
        found, _ = unpack_ports(bytes(whole))
    except NotEvidence:
        return
    assert found.lines.size == 1  # zlib's checksum lets nothing else through
