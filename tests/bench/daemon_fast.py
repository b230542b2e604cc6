"""Row `daemon-fast`: 100,000 lines in one daemon at 5 s x 5 packets, a hundred thousand packets a second."""

from __future__ import annotations

from pathlib import Path

from tests.bench import fleet
from tests.bench.daemon import live, sizes, untroubled
from tests.bench.icmp import FULL
from tests.bench.row import Figure, Row, Work
from tests.bench.watching import PROFILE
from tests.bench.wire import shipped_buffers, wire

SHARE_GOAL = 100
FAST = {**PROFILE, "interval_s": 5, "packets": 5}

HOW = (
    "As the row daemon, but 5 s x 5 packets, over 60 s and without rivals (none of them can go so fast). The rate "
    "reached is printed; what could not leave in time is blind and told as overload."
)


def measure(folder: Path, lines: int) -> Row:
    """Measure the whole daemon in an empty folder."""
    config = fleet.write_probed_site(folder, lines, FAST)
    with shipped_buffers(), wire(folder) as on:
        ours = live(on, config, lines, 60 if lines >= FULL else 10)
    wanted = round(lines * FAST["packets"] / FAST["interval_s"] * ours.cost.wall_s)
    share = ours.cost.cpu_s / ours.cost.wall_s * 100
    return Row(
        "daemon-fast",
        f"{lines:,} lines in one daemon, 5 s x 5 packets",
        HOW,
        (
            Figure("packets a second", ours.cost.per_s, "/s"),
            Figure("CPU, all processes", share, "% of a core", SHARE_GOAL),
            Figure("CPU per probe", ours.cost.us_per_probe, "us"),
            *sizes(ours, lines),
        ),
        (
            Work("packets sent by slamon", wanted, ours.cost.moved.sent, slack=wanted // 50),
            Work("packets answered of them", ours.cost.moved.sent, ours.cost.moved.answered, slack=lines // 10),
            *untroubled(ours, lines),
        ),
    )
