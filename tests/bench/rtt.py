"""Row `rtt`: round-trip times as the prober reports them, against the kernel's own stamps of the same packets."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt

from tests.bench import fleet
from tests.bench.capture import Packets, capture, host_number
from tests.bench.icmp import FULL
from tests.bench.probing import probed
from tests.bench.probing_process import Asked
from tests.bench.row import Figure, Row, Work
from tests.bench.wire import wire

LINES = 5_000
INTERVAL_S = 1.0
P50_US, P99_US = 20, 100

HOW = (
    "5,000 lines at one packet a second each, so that a reading holds the round trip of one packet; 20 ms TUN wire. "
    "Truth are the kernel's stamps of the same packets, caught on the device by a packet socket: the reply's arrival "
    "less the request's leaving. The error of each reading is its reported round trip less that, absolute; readings "
    "without a packet of the capture, or packets without a reading, count as work that differed."
)

Ints = npt.NDArray[np.int64]


def measure(folder: Path, lines: int) -> Row:
    """Measure the error of round-trip times."""
    measured_s = 30 if lines >= FULL else 6
    count = min(LINES, lines)
    file = folder / "rows.npy"
    with wire(folder) as on, capture(on, on.live.device, folder) as caught:
        found = probed(on, Asked(count, INTERVAL_S, 1, 2, measured_s, rows_file=str(file)))
        packets = caught.end()
    rows = np.load(file)
    answered = rows[(rows["blind"] == 0) & (rows["demarc_received"] == 1)]
    truth_us = _truth_us(packets, answered)
    known = truth_us >= 0
    error_us = (answered["demarc_rtt_mean"].astype(np.int64) - truth_us)[known]
    off_us = np.abs(error_us) if len(error_us) else np.array([np.inf])
    return Row(
        "rtt",
        "error of round-trip times against the kernel's stamps",
        HOW,
        (
            Figure("error, p50", float(np.percentile(off_us, 50)), "us", P50_US),
            Figure("error, p99", float(np.percentile(off_us, 99)), "us", P99_US),
            Figure("error, largest", float(off_us.max()), "us"),
            Figure("reported less true, mean (its sign)", float(error_us.mean()) if len(error_us) else 0, "us"),
            Figure("true round trip, p50", float(np.median(truth_us[known])) if known.any() else 0, "us"),
            Figure("packets a second", found.cost.per_s, "/s"),
        ),
        (
            Work("packets caught that left", int(found.health["sent"]), int((~packets["reply"]).sum())),
            Work("readings whose packet was caught", len(answered), int(known.sum())),
            Work("packets answered that stand in a reading", int(found.health["received"]), len(answered), slack=count),
            Work("packets lost in readings", 0, found.rows["lost"]),
        ),
    )


def _truth_us(packets: Packets, rows: Packets) -> Ints:
    """Return the true round trip of each row's one packet, rounded to microseconds; -1 where it was not caught."""
    hosts = np.array([host_number(fleet.address(n)) for n in range(int(rows["line"].max(initial=0)) + 1)], np.int64)
    out, back = packets[~packets["reply"]], packets[packets["reply"]]
    replies = dict(zip(_keys(back), back["at_ns"].tolist(), strict=True))
    left: dict[int, list[tuple[int, int]]] = {}
    for key, host, at_ns in zip(_keys(out), out["host"].tolist(), out["at_ns"].tolist(), strict=True):
        left.setdefault(host, []).append((at_ns, replies.get(key, -1)))
    found = np.full(len(rows), -1, np.int64)
    for number, (line, start, end) in enumerate(
        zip(*(rows[c].tolist() for c in ("line", "start", "end")), strict=True)
    ):
        inside = [(at, reply) for at, reply in left.get(int(hosts[line]), ()) if start <= at // 1000 < end]
        if len(inside) == 1 and inside[0][1] >= 0:
            found[number] = round((inside[0][1] - inside[0][0]) / 1000)
    return found


def _keys(packets: Packets) -> list[tuple[int, int, int]]:
    return list(zip(*(packets[name].tolist() for name in ("host", "identifier", "sequence")), strict=True))
