"""Campaign 2, the ledger's part: a judging killed again and again with incidents open loses and doubles nothing.

``python -m tests.campaign.kills [KILLS]``. A child judges lines that fail and come back, a window of ten seconds of all
of them at a time, commits as the daemon does, and says after each commit what is on disk (a client-side log). It is
killed with SIGKILL at random moments, KILLS times; the next child takes up from the ledger and goes on from there.

Judged: every acknowledged entry is there, as it was; no incident was opened or closed twice; no blind span overlaps
another of its line; what a line was observed to never went back; the chain is sound.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from datetime import datetime, timedelta
from pathlib import Path

from slamon.core.reading import Reading
from slamon.service.judging import Judging
from slamon.service.recording import Recorder
from slamon.service.replay import watched_lines
from slamon.service.site import Site, open_site
from slamon.store.book import read_fleet
from slamon.store.ledger import Ledger
from slamon.store.measured import CLOSED, OPENED
from tests.service.places import VANTAGE, Place, place, row
from tests.service.playing import BASE, Window, windows
from tests.store.facts import stamp, url

KILLS = 1000
LINES = [f"GX-{number:04d}" for number in range(1, 41)]
LONGEST_LIFE_S = 0.3
CHECKPOINT_EVERY = 6  # windows, as the daemon's five seconds are to its commits
PICTURE = "......xxxx~~......xx..xxxxxx...~~~~~~~~......."


def live(config: str) -> None:
    """Judge on from what the ledger has, and say what was committed; ends when it is killed."""
    with open_site(config, {}, by="slamon") as site:
        judging = Judging(watched_lines(site))
        judging.restore(site.ledger, VANTAGE)
        judging.recall(site.ledger, VANTAGE)
        judging.lose_sight(None, "slamon was killed or crashed")
        recorder = Recorder(site.ledger)
        at = _resumed(site)
        os.write(1, b"ready\n")
        for number in range(1_000_000):
            for one in _shown(at):
                judging.take(one)
            at += timedelta(seconds=10)
            pending = judging.drain(at if number % CHECKPOINT_EVERY == 0 else None)
            told = [f"{d.kind} {d.line_id} {d.subject}" for d in pending.drafts]
            seqs = recorder.commit(pending)
            os.write(1, "".join(f"{seq} {one}\n" for seq, one in zip(seqs, told, strict=True)).encode())


def _resumed(site: Site) -> datetime:
    """Return a window's start after everything that was observed, with some time between: the stop."""
    fleet = read_fleet(site.ledger, VANTAGE)
    seen = [until for line_id in LINES if (until := fleet.coverage(line_id).until) is not None]
    return max(seen) + timedelta(seconds=20) if seen else BASE


def _shown(at: datetime) -> list[Reading]:
    """Return a window of every line; each follows the picture from a place of its own."""
    step = round((at - BASE).total_seconds()) // 10
    return [
        one
        for number, line_id in enumerate(LINES)
        for one in windows(line_id, [Window(PICTURE[(step + 7 * number) % len(PICTURE)])], at)
    ]


def main(kills: int) -> int:
    """Kill, judge and print; return the exit code."""
    chance, told = random.Random(20261120), list[tuple[int, str]]()
    with tempfile.TemporaryDirectory() as folder:
        where = place(Path(folder) / "site", *(row(line_id) for line_id in LINES))
        began, until = time.monotonic(), dict.fromkeys(LINES, BASE)
        for _ in range(kills):
            told += _one_life(where, chance.uniform(0, LONGEST_LIFE_S))
            until = _further(where, until)
        lost, doubled, sound, entries = _judged(where, told)
        took_s = time.monotonic() - began
    print(  # noqa: T201 - a campaign prints its figures
        f"{kills} kills in {took_s:.0f} s: {len(told)} entries acknowledged, {entries} on record, {lost} lost, "
        f"{doubled} doubled, chain {'sound' if sound else 'BROKEN'}"
    )
    return 0 if not lost and not doubled and sound and len(told) > kills else 1


def _one_life(where: Place, life_s: float) -> list[tuple[int, str]]:
    """Let a child live for a while after it is ready, kill it, and return what it had acknowledged."""
    command = [sys.executable, "-m", "tests.campaign.kills", "--live", str(where.config)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        head = process.stdout.readline()
        try:
            process.wait(life_s if head == b"ready\n" else 0)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
        lines = process.stdout.read().decode().splitlines(keepends=True)
    if head != b"ready\n":
        raise RuntimeError("a child ended before it was ready")
    whole = (line.rstrip("\n").partition(" ") for line in lines if line.endswith("\n"))
    return [(int(seq), text) for seq, _, text in whole]


def _further(where: Place, before: dict[str, datetime]) -> dict[str, datetime]:
    """Return how far lines were observed; raises where one went back."""
    with Ledger.open(url(where.ledger_file), writer=VANTAGE, stamp=stamp, read_only=True) as ledger:
        fleet = read_fleet(ledger, VANTAGE)
        now = {line_id: fleet.coverage(line_id).until or BASE for line_id in LINES}
    if any(now[line_id] < before[line_id] for line_id in LINES):
        raise RuntimeError("a line was observed less far than before")
    return now


def _judged(where: Place, told: list[tuple[int, str]]) -> tuple[int, int, bool, int]:
    """Return what was lost of what was acknowledged, what was doubled, whether the chain is sound, and all entries."""
    with Ledger.open(url(where.ledger_file), writer=VANTAGE, stamp=stamp, read_only=True) as ledger:
        found = {one.seq: f"{one.kind} {one.line_id} {one.subject}" for one in ledger.entries()}
        events = Counter((one.kind, one.subject) for one in ledger.entries(kinds={OPENED, CLOSED}))
        blind = [(one.line_id, one.at) for one in ledger.entries(kinds={"line.blind"})]
        sound = ledger.verify().sound
    lost = sum(found.get(seq) != text for seq, text in told)
    doubled = sum(count - 1 for count in events.values()) + len(blind) - len(set(blind))
    return lost, doubled, sound, len(found)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--live"]:
        live(sys.argv[2])
    else:
        sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else KILLS))
