"""Readings come back from their packed form exactly as they went in."""

import contextlib
import json
import math
import struct
import zlib
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slamon.core.quality import Verdict
from slamon.core.reading import InterfaceStats, NamedValue, Reading, TargetStats
from slamon.store.errors import NotEvidence
from slamon.store.evidence import Judged, pack_readings, unpack_readings

floats = st.none() | st.floats(allow_nan=False)
counts = st.integers(0, 2**31)
counters = st.none() | st.integers(0, 2**64)
words = st.none() | st.text(max_size=8)
targets = st.none() | st.builds(TargetStats, counts, counts, floats, floats, floats, floats)
instants = st.datetimes(min_value=datetime(1970, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - hypothesis adds it
extras = st.tuples() | st.tuples(
    st.builds(NamedValue, st.text(max_size=8), st.floats(allow_nan=False), st.text(), floats, floats)
)
ports = st.none() | st.builds(
    InterfaceStats, words, words, floats, *[counters] * 8, floats, st.none() | instants, words, extras
)
readings = st.builds(Reading, st.text(max_size=8), instants, instants, targets, targets, ports, words, words)


@given(st.lists(st.tuples(readings, st.sampled_from(Verdict)), max_size=12))
def test_what_is_packed_is_unpacked(judged):
    """Any readings, of any lines, in any order: equal to the microsecond and to the last bit of a float."""
    again = unpack_readings(pack_readings(judged))
    assert again == judged
    assert bits(again) == bits(judged)


def test_ports_that_an_earlier_version_packed_are_read():
    """Their rows end before discards and extras: what was not read then is unknown, not 0."""
    at, port = datetime(2026, 11, 1, tzinfo=UTC), InterfaceStats("up", "down", 100.0, 1, 2, 3, 4, 5, 6)
    packed = zlib.decompress(pack_readings([(Reading("L", at, at, interface=port), Verdict.DOWN)]))
    size = int.from_bytes(packed[:4], "little")
    header = json.loads(packed[4 : 4 + size])
    header["ports"] = [row[:10] for row in header["ports"]]
    shorter = json.dumps(header).encode()
    old = zlib.compress(len(shorter).to_bytes(4, "little") + shorter + packed[4 + size :])
    (again, _), *_ = unpack_readings(old)
    assert again.interface == port


def bits(judged: list[Judged]) -> list[bytes]:
    """The floats' own bits, since -0.0 equals 0.0."""
    return [
        struct.pack("<d", value)
        for reading, _ in judged
        for target in (reading.demarc, reading.cpe)
        if target is not None
        for value in (target.rtt_min_ms, target.rtt_mean_ms, target.rtt_max_ms, target.ipdv_ms)
        if value is not None
    ]


def test_a_not_a_number_stays_one():
    """Whatever a probe handed over is the evidence."""
    at = datetime(2026, 11, 1, tzinfo=UTC)
    (again, _), *_ = unpack_readings(pack_readings([(Reading("L", at, at, TargetStats(5, 5, math.nan)), Verdict.UP)]))
    assert again.demarc is not None
    assert math.isnan(again.demarc.rtt_min_ms or 0)


def test_quiet_readings_are_small():
    """An hour of a line at 10 s, RTTs in microseconds, takes less than 30 bytes a reading."""
    at = datetime(2026, 11, 1, tzinfo=UTC)
    judged = [
        (
            Reading(
                "GX-0001",
                at + timedelta(seconds=10 * n),
                at + timedelta(seconds=10 * n + 10),
                TargetStats(5, 5, 1 + n % 7 / 100, 1.2 + n % 11 / 100, 1.9 + n % 13 / 100, n % 5 / 100),
                vantage="nanning-1",
            ),
            Verdict.UP,
        )
        for n in range(360)
    ]
    assert len(pack_readings(judged)) < 30 * len(judged)


@pytest.mark.parametrize("junk", [b"", b"readings", b"\x78\x9c", pack_readings([])[:-6]])
def test_other_bytes_are_told(junk):
    """Bytes that hold no readings give one clear error."""
    with pytest.raises(NotEvidence, match="no packed readings"):
        unpack_readings(junk)


@given(st.binary(max_size=64), st.integers(0, 200))
def test_damaged_bytes_never_end_in_a_traceback_of_ours(junk, place):
    """Cut or overwritten evidence is told or, where nothing that counts was hit, still reads."""
    at = datetime(2026, 11, 1, tzinfo=UTC)
    plain = pack_readings([(Reading("L", at, at, TargetStats(5, 5, 1.0)), Verdict.DOWN)])
    with contextlib.suppress(NotEvidence):
        unpack_readings(plain[:place] + junk + plain[place + len(junk) :])
