"""Rows and coverage as columns: what is packed is read back as it was, in little room; other bytes are refused."""

from __future__ import annotations

from datetime import datetime
from random import Random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from slamon.core.judge import Coverage
from slamon.core.timespan import from_micros
from slamon.store.coverage import NEVER, CoverageTable, pack_coverage, unpack_coverage
from slamon.store.errors import NotEvidence
from slamon.store.evidence import unpack_readings
from slamon.store.rows import (
    KEPT,
    VERDICTS,
    Rows,
    Segment,
    judged_of,
    pack_ids,
    pack_segment,
    unpack_ids,
    unpack_segment,
)

WORDS = [None, "reference targets lost", "nanning-1"]
IDS = [f"GX-{number:04}" for number in range(300)]


def drawn(draw: Random, count: int) -> Rows:
    """Rows of lines in order; most values near each other, a few far away, some the same in all rows."""
    rows = np.zeros(count, KEPT)
    rows["line"] = sorted(draw.randrange(len(IDS)) for _ in range(count))
    for place, row in enumerate(rows):
        row["start"] = 1_790_000_000_000_000 + 10_000_000 * place + draw.randrange(1000)
        row["end"] = row["start"] + draw.choice((10_000_000, 10_000_137, 10_000_000, 3_600_000_000_000))
        row["verdict"], row["targets"] = draw.randrange(len(VERDICTS)), draw.choice((1, 1, 3))
        row["blind"], row["vantage"] = draw.choice((0, 0, 1)), 2
        row["demarc_sent"], row["demarc_received"] = 5, draw.choice((5, 4, 65_535))
        row["demarc_rtt_mean"] = draw.choice((-1, 9_000, 9_001, 70_000_000)) if draw.random() < 0.1 else 9_002
        row["cpe_ipdv"] = draw.choice((-1, 0, 2**31 - 1))
    return rows


rows = st.builds(drawn, st.integers(0, 2**32).map(Random), st.integers(1, 400))


@given(rows=rows)
def test_a_segment_gives_back_its_rows(rows: Rows):
    """All of them, those of some lines, and when each ends; packed and unpacked too."""
    segment, ids, words = unpack_segment(pack_segment(Segment.of(rows), pack_ids(IDS), WORDS))
    assert (segment.rows() == rows).all()
    assert (segment.ends() == rows["end"]).all()
    assert (segment.first, segment.last) == (rows["start"].min(), rows["end"].max())
    some = np.unique(rows["line"])[::2]
    assert (segment.rows(segment.places(some)) == rows[np.isin(rows["line"], some)]).all()
    assert (unpack_ids(ids), words) == (IDS, WORDS)


def test_packed_rows_are_readings_to_whoever_reads_evidence():
    """The tail is read as evidence is, whichever form it has."""
    found = drawn(Random(7), 50)
    packed = pack_segment(Segment.of(found), pack_ids(IDS), WORDS)
    assert unpack_readings(packed) == judged_of(found, IDS, WORDS)


def test_what_is_the_same_in_all_rows_takes_no_room():
    """A quiet fleet's rows of one target: less than 25 bytes each."""
    draw, found = Random(1), np.zeros(5000, KEPT)
    found["line"] = np.arange(5000)
    for row in found:
        row["start"] = 1_790_000_000_000_000 + draw.randrange(10_000_000)
        row["end"] = row["start"] + 10_000_000 + draw.randrange(2000)
        row["targets"], row["demarc_sent"], row["demarc_received"] = 1, 3, 3
        for name in ("rtt_min", "rtt_mean", "rtt_max", "ipdv"):
            row[f"demarc_{name}"] = draw.randrange(60_000) if draw.random() < 0.99 else draw.randrange(900_000)
    assert Segment.of(found).nbytes < 25 * 5000


@pytest.mark.parametrize("cut", [3, 13, 20, 40, -1], ids=lambda cut: f"cut at {cut}")
def test_broken_rows_are_refused(cut: int):
    """Bytes that are no packed rows say so."""
    packed = pack_segment(Segment.of(drawn(Random(1), 9)), pack_ids(IDS), WORDS)
    with pytest.raises(NotEvidence):
        unpack_segment(packed[:cut])


def instant(value: int) -> datetime | None:
    return None if value == NEVER else from_micros(value)


instants = st.integers(0, 2**45) | st.just(NEVER)


@given(
    values=st.lists(st.tuples(instants, instants, instants, st.sampled_from(["", "stopped", "slamon 停"])), max_size=9)
)
def test_coverage_is_read_back_as_it_was(values: list[tuple[int, int, int, str]]):
    """Lines never seen, seen long ago, blind or not; as a mapping and as a table."""
    coverage = {
        f"L{number}": Coverage(instant(since), instant(until), instant(blind), reason)
        for number, (since, until, blind, reason) in enumerate(values)
    }
    table = unpack_coverage(pack_coverage(coverage))
    assert isinstance(table, CoverageTable)
    assert dict(table) == coverage
    assert dict(unpack_coverage(pack_coverage(table, pack_ids(coverage)))) == coverage
    ends = [until for _, until, _, _ in values if until != NEVER]
    assert table.latest_us == (max(ends) if ends else None)


@pytest.mark.parametrize("junk", [b"", b"coverage", pack_coverage({"L": Coverage()})[:-3]])
def test_broken_coverage_is_refused(junk: bytes):
    """Bytes that are no checkpoint say so."""
    with pytest.raises(NotEvidence):
        unpack_coverage(junk)
