"""Campaign 1 at full size, with its figures: ``python -m tests.campaign [LINES [MASS]]``, as root."""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path

from tests.campaign.campaign import Outcome, campaign
from tests.campaign.site import Pace, subjects
from tests.campaign.truth import percentile
from tests.conftest import lab_obstacle
from tests.lab.netns import wire

LINES, MASS = 10_000, 5_000
PACE = Pace(interval_s=5, packets=5)


def figures(outcome: Outcome, lines: int, mass: int) -> dict[str, float | int | str]:
    """What is published."""
    found = outcome.findings
    late = [abs(error) for error in found.edge_errors_s]
    return {
        "lines": lines,
        "lines that failed at once": mass,
        "outages made": found.outages,
        "of them long enough to be found": found.must_be_found,
        "missed": len(found.missed),
        "invented": len(found.invented),
        "incidents in the report": outcome.incidents,
        "edges compared": len(late),
        "worst edge error, s": round(max(late, default=0), 3),
        "edge error, p50, s": round(percentile(late, 0.5), 3),
        "edges beyond a gap and the timeout": len(found.edges),
        "onset to alarm on disk, p50, s": round(percentile(found.latencies_s, 0.5), 2),
        "onset to alarm on disk, max, s": round(max(found.latencies_s, default=0), 2),
        "alarms too late": len(found.late),
        "alarms of the outage, commits": outcome.commits,
        "packets lost that nobody took": len(found.lost),
        "wrong or missing blind time": len(found.blind),
        "blind time that nobody made, s a line": round(found.unplanned_blind_s / lines, 3),
        "numbers that a second judge says otherwise": len(outcome.judged_otherwise),
        "CPU of the prober, share of a core": round(outcome.cpu_share["prober"], 3),
        "CPU of the main process, share of a core": round(outcome.cpu_share["main"], 3),
        "ledger": "sound" if outcome.sound else "BROKEN",
    }


def main(lines: int = LINES, mass: int = MASS) -> int:
    """Run it; return how it ended."""
    if (obstacle := lab_obstacle()) is not None:
        sys.stderr.write(f"the campaign cannot run here: {obstacle}\n")
        return 2
    with tempfile.TemporaryDirectory() as folder, wire() as lab:
        outcome = campaign(lab, Path(folder), subjects(lines, mass), PACE)
    sys.stdout.write(json.dumps(figures(outcome, lines, mass), indent=2) + "\n")
    wrong = [*outcome.findings.wrong(), *outcome.judged_otherwise]
    for sentence in wrong[:40]:
        sys.stderr.write(sentence + "\n")
    return 1 if wrong or not outcome.sound else 0


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))
