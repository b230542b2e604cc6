"""Campaign 2, the outbox's part: killed again and again with the outbox full, it loses, doubles and overtakes nothing.

``python -m tests.campaign.outbox [KILLS]``. A child queues letters (a client-side log says which were acknowledged) and
delivers them by two scripted channels, one of them failing now and then, each message written to a file by the
"service" that takes it. It is killed with SIGKILL at random moments, KILLS times, then left to finish.

Judged: every acknowledged key was taken at least once; none was recorded as sent twice; of each sequence, first takings
came in the order of queueing; the chain is sound. Keys taken twice are counted: the sends under way at a kill.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from slamon.alerting.channel import Answer, Parcel, later, sent
from slamon.config import channels as config
from slamon.service.alerting_attempts import SENT, Address
from slamon.service.alerting_delivery import Delivery
from slamon.store import outbox
from slamon.store.ledger import Ledger
from slamon.store.outbox import Letter
from tests.store.facts import stamp, url

KILLS = 1000
SEQUENCES = 8
LONGEST_LIFE_S = 0.25
PATIENCE_S = 900.0


class Service:
    """Takes messages into a file, and says every fiftieth time that it is busy."""

    def __init__(self, name: str, taken: Path) -> None:
        self._name = name
        self._taken = taken
        self._count = itertools.count(1)

    def send(self, parcel: Parcel) -> Answer:
        """Take one message, on disk before it is acknowledged."""
        if next(self._count) % 50 == 0:
            return later("busy")
        handle = os.open(self._taken, os.O_APPEND | os.O_CREAT | os.O_WRONLY, 0o600)
        os.write(handle, f"{self._name} {parcel.key}\n".encode())
        os.close(handle)
        return sent("taken")


async def live(folder: Path, *, queueing: bool) -> None:
    """Queue and deliver until killed; without `queueing`, until all is delivered."""
    with Ledger.open(url(folder / "ledger.db"), writer="campaign", stamp=stamp) as ledger:
        delivery = Delivery(ledger, timedelta(days=1), lambda _person, _channel: Address())
        await delivery.begin()
        specs = [config.Channel(name, config.Terminal(), 6000, 1000) for name in ("one", "two")]
        await delivery.open([(spec, Service(spec.name, folder / "taken")) for spec in specs])
        running = asyncio.create_task(delivery.run())
        first = sum(1 for _ in (folder / "queued").open()) if (folder / "queued").exists() else 0
        for number in itertools.count(first):
            if not queueing:
                waiting = outbox.backlog(ledger, datetime(2000, 1, 1, tzinfo=UTC)).waiting
                if not waiting:
                    break
                await asyncio.sleep(0.05)
                continue
            await asyncio.to_thread(_queue, ledger, folder, number)
            delivery.ring()
        running.cancel()
        await delivery.end(1)


def _queue(ledger: Ledger, folder: Path, number: int) -> None:
    key = f"{time.monotonic_ns():020d}-{number}"
    letter = Letter(key, f"s{number % SEQUENCES}", ("one", "two"), {"reason": "opened"}, {"title": key})
    with ledger.transaction() as held:
        outbox.queue(held, [letter], datetime.now(UTC))  # noqa: TID251 - the campaign's own clock
    with (folder / "queued").open("a") as log:
        log.write(f"{key} {letter.sequence}\n")


@dataclass(frozen=True)
class Found:
    """What a campaign came to."""

    kills: int
    queued: int
    lost: int
    doubled: int
    doubled_after_record: int
    overtaken: int
    sound: bool


def campaign(folder: Path, kills: int, seed: int = 6) -> Found:
    """Run and judge it."""
    draw = random.Random(seed)
    for _ in range(kills):
        with subprocess.Popen(
            [sys.executable, "-m", "tests.campaign.outbox", "--live", str(folder)], stdout=subprocess.DEVNULL
        ) as child:
            _wait_for(folder / "queued")
            time.sleep(draw.uniform(0, LONGEST_LIFE_S) + 0.35)
            child.send_signal(signal.SIGKILL)
    subprocess.run(
        [sys.executable, "-m", "tests.campaign.outbox", "--finish", str(folder)], check=True, timeout=PATIENCE_S
    )
    return judged(folder, kills)


def _wait_for(path: Path) -> None:
    until = time.monotonic() + 20
    while not path.exists() and time.monotonic() < until:
        time.sleep(0.01)


def judged(folder: Path, kills: int) -> Found:
    """Compare what was acknowledged, what was taken and what is on record."""
    queued = dict(line.split() for line in (folder / "queued").read_text().splitlines())
    order = [line.split()[1] for line in (folder / "taken").read_text().splitlines()]
    first = {key: place for place, key in reversed(list(enumerate(order)))}
    with Ledger.open(url(folder / "ledger.db"), writer="campaign", stamp=stamp) as ledger:
        recorded = Counter(str(entry.payload["key"]) for entry in ledger.entries(kinds={SENT}))
        sound = ledger.verify().sound
    by_sequence: dict[str, list[str]] = {}
    for key, sequence in sorted(queued.items()):
        by_sequence.setdefault(sequence, []).append(key)
    places = [[first[key] for key in keys if key in first] for keys in by_sequence.values()]
    return Found(
        kills=kills,
        queued=len(queued),
        lost=sum(key not in first for key in queued),
        doubled=sum(count > 1 for count in Counter(order).values()),
        doubled_after_record=sum(count > 1 for count in recorded.values()),
        overtaken=sum(a > b for one in places for a, b in itertools.pairwise(one)),
        sound=sound,
    )


def main(arguments: list[str]) -> None:
    """Be the child, or the campaign."""
    if arguments[:1] in (["--live"], ["--finish"]):
        asyncio.run(live(Path(arguments[1]), queueing=arguments[0] == "--live"))
        return
    with tempfile.TemporaryDirectory(prefix="slamon-outbox-") as name:
        found = campaign(Path(name), int(arguments[0]) if arguments else KILLS)
    print(json.dumps(found.__dict__))  # noqa: T201 - its figures
    sys.exit(bool(found.lost or found.doubled_after_record or found.overtaken or not found.sound))


if __name__ == "__main__":
    main(sys.argv[1:])
