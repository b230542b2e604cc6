"""``raw = "impaired"``: raw around impairments, rolled up elsewhere, every window told exactly once."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from slamon.core.quality import Verdict
from slamon.sinks.delivery_errors import Unreachable
from slamon.store.rows import VERDICTS, Rows
from tests.service.delivered import TARGET, Delivery
from tests.service.places import LINES, Prepared
from tests.sinks.windows import rows_of
from tests.sinks.windows import told as window

IDS = list(LINES)
IMPAIRED = {VERDICTS.index(Verdict.DOWN), VERDICTS.index(Verdict.DEGRADED)}
AROUND_US = 600_000_000
SIGNS = {".": Verdict.UP, "x": Verdict.DOWN, "~": Verdict.DEGRADED, "?": Verdict.NO_DATA}
SPARING = replace(TARGET, raw="impaired", rollup_s=300)


def pictured(*pictures: str) -> Rows:
    """Lines' pictures, one sign a window of ten seconds, as they come in: by time."""
    signs = list(SIGNS)
    stamps = rows_of([window(0, 0, verdict=verdict) for verdict in SIGNS.values()])
    parts = []
    for line, picture in enumerate(pictures):
        rows = stamps[[signs.index(sign) for sign in picture]]
        rows["line"] = line
        rows["start"] += 10_000_000 * np.arange(rows.size)
        rows["end"] += 10_000_000 * np.arange(rows.size)
        parts.append(rows)
    rows = np.concatenate(parts)
    return rows[np.argsort(rows["end"], kind="stable")]


def around(rows: Rows) -> set[tuple[int, int]]:
    """The windows within ten minutes of an impaired one of their line, each compared with every other."""
    hurt = rows[np.isin(rows["verdict"], list(IMPAIRED))]
    same = rows["line"][:, None] == hurt["line"][None, :]
    near = (rows["end"][:, None] > hurt["start"] - AROUND_US) & (rows["start"][:, None] < hurt["end"] + AROUND_US)
    chosen = rows[(same & near).any(axis=1)]
    return set(zip(chosen["line"].tolist(), chosen["start"].tolist(), strict=True))


def arrived(delivery: Delivery) -> dict[tuple[int, int], int]:
    """What the server holds: packets sent, by line and instant in us."""
    found = {}
    for (series, at), fields in delivery.quality().items():
        line = IDS.index(series.split("line=")[1].split(",")[0])
        found[line, at // 1000] = int(fields.split("sent=")[1].split("i")[0])
    return found


def flush(delivery: Delivery, rows: Rows) -> None:
    """Let enough time go by, seen by nobody, for all that waits to be certain."""
    late = rows_of([window(0, 86_400 * 30, targets=1)])
    late["verdict"] = VERDICTS.index(Verdict.UP)
    delivery.see(late)
    assert delivery.quiet is not None
    delivery.quiet.roll()
    for _ in range(400):
        delivery.now_s += delivery.courier.step()
    start = int(late["start"][0])
    for key in [key for key in delivery.writer.points if key[1] == start * 1000]:
        del delivery.writer.points[key]
    assert rows.size == 0 or delivery.spool.points == 0


@pytest.mark.parametrize("killed", [False, True], ids=["in one run", "with a kill after every batch"])
def test_an_outage_is_raw_from_ten_minutes_before_to_ten_minutes_after(prepared: Prepared, tmp_path, killed):
    """Quiet hours become a row each five minutes; around the outage stands every window; all packets are told once.

    Mutant: without the quiet lane's `LOUD` frames a kill between outage and certainty rolls up what came before it.
    """
    rows = pictured("." * 360 + "xxx" + "." * 360, "." * 723)
    with prepared.site(tmp_path) as site:
        delivery = Delivery(site, tmp_path / "influx", IDS, SPARING)
        for low in range(0, rows.size, 60):
            delivery.see(rows[low : low + 60])
            delivery.step(3)
            if killed:
                delivery.begin()
        flush(delivery, rows)
        found = arrived(delivery)
        raw = around(rows)
        assert len(raw) == 123
        assert {key for key, sent in found.items() if sent == 5} >= raw
        assert sum(found.values()) == 5 * rows.size
        assert len(found) < 400 if not killed else len(found) < rows.size
        assert all(key in raw for key in found if found[key] == 5 and key[0] == 0 and not killed)


PICTURES = st.lists(st.tuples(st.sampled_from("....x~?"), st.integers(1, 120)), min_size=1, max_size=6).map(
    lambda parts: "".join(sign * count for sign, count in parts)
)


@settings(suppress_health_check=[HealthCheck.too_slow], max_examples=40)
@given(PICTURES, PICTURES, st.lists(st.sampled_from(["kill", "fail"]), max_size=3), st.integers(20, 200))
def test_every_window_is_told_once_and_those_around_an_impairment_by_themselves(
    prepared, tmp_path_factory, first, second, acts, size
):
    """Whatever lines do, over kills and failures: packets add up, and windows near an impairment are raw.

    Mutant: `start` instead of `end` in `near`: the window that reaches into the ten minutes is rolled up.
    """
    rows, folder = pictured(first, second), tmp_path_factory.mktemp("quiet")
    with prepared.site(folder) as site:
        delivery = Delivery(site, folder / "influx", IDS, SPARING)
        for number, low in enumerate(range(0, rows.size, size)):
            delivery.see(rows[low : low + size])
            delivery.step()
            act = acts[number] if number < len(acts) else ""
            if act == "kill":
                delivery.begin()
            elif act == "fail":
                delivery.writer.coming.extend([Unreachable("x")] * 3)
        delivery.writer.coming.clear()
        flush(delivery, rows)
        found = arrived(delivery)
    sent = {(int(row["line"]), int(row["start"])): int(row["demarc_sent"]) for row in rows}
    assert sum(found.values()) == sum(sent.values())
    assert found.keys() <= sent.keys()
    if "kill" not in acts:  # a minute at the end of an impairment may be forgotten by a kill
        assert {key: found.get(key) for key in around(rows)} == {key: sent[key] for key in around(rows)}
