"""Row `alarm`: how soon dead lines are told under full load, and how true their restoration is."""

from __future__ import annotations

import os
import random
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import numpy as np

from slamon.core.incident import Episode
from slamon.core.timespan import micros
from slamon.service.site import open_site
from slamon.store.measured import CLOSED, OPENED, episode_of
from tests.bench import fleet
from tests.bench.capture import Packets, capture, host_number
from tests.bench.row import Figure, Row, Work
from tests.bench.watching import PROFILE, Watching, watching
from tests.bench.wire import TunWire, shipped_buffers, wire

DEAD = 50
SPREAD_S = 10.0  # the instants of cutting, and of restoring, lie at random within it
CLOSE_AFTER_S = 20.0
WARM_S = 25.0
GAP_S = PROFILE["interval_s"] / PROFILE["packets"]
TOLD_GOAL_S = PROFILE["open_after_s"] + GAP_S + PROFILE["timeout_ms"] / 1000 + 0.5
NEVER = float("inf")

HOW = (
    "The daemon with 100,000 lines at 10 s x 3 packets on the 20 ms TUN wire; 50 lines are cut, each at a random "
    "instant within 10 s: their routes lead to a far end that drops everything; later each comes back at a random "
    "instant, over a far end that answers. The first lost packet and the first reply are those that a packet socket "
    "on these two devices caught, by the kernel's stamps. Told is when the daemon logged the incident, after judging "
    "it; the goal is `open_after_s` (10) + one packet gap (3.33) + timeout (1) + 0.5 s. `restored` is the instant in "
    "the ledger, held against the first reply; `close_after_s` is 20 here, so that the row ends sooner."
)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What happened, by line: instants in seconds since the epoch."""

    first_lost: Mapping[str, float]
    first_reply: Mapping[str, float]
    told: Mapping[str, float]
    episodes: Mapping[str, Episode]
    opened: int
    per_s: float
    troubles: int


def measure(folder: Path, lines: int) -> Row:
    """Measure alarms and restorations in an empty folder."""
    config = fleet.write_probed_site(folder, lines, {**PROFILE, "close_after_s": CLOSE_AFTER_S})
    drawn = random.Random(7)
    chosen = sorted(drawn.sample(range(lines), min(DEAD, lines // 10)))
    with shipped_buffers(), wire(folder) as on:
        found = _cut_and_restore(on, folder, config, chosen, drawn)
    ids = [fleet.line_id(number) for number in chosen]
    late = [found.told.get(one, NEVER) - found.first_lost.get(one, 0.0) for one in ids]
    onset = [abs(_seconds(found, one, "onset") - found.first_lost.get(one, 0.0)) for one in ids]
    restored = [abs(_seconds(found, one, "restored") - found.first_reply.get(one, 0.0)) for one in ids]
    return Row(
        "alarm",
        f"alarm of dead lines among {lines:,}, {lines * 3 // 10:,} packets a second",
        HOW,
        (
            Figure("first lost packet to told, worst", max(late), "s", TOLD_GOAL_S),
            Figure("first lost packet to told, median", float(np.median(late)), "s"),
            Figure("restored against the first reply, worst", max(restored), "s", GAP_S),
            Figure("restored against the first reply, median", float(np.median(restored)), "s"),
            Figure("onset against the first lost packet, worst", max(onset), "s"),
            Figure("packets a second meanwhile", found.per_s, "/s"),
            Figure("stalls, drops, overloads told", found.troubles, "events"),
        ),
        (
            Work("lines cut whose lost packets were caught", len(ids), len(found.first_lost)),
            Work("lines cut whose replies were caught", len(ids), len(found.first_reply)),
            Work("lines told", len(ids), len(found.told.keys() & set(ids))),
            Work("incidents, of any line", len(ids), found.opened),
            Work("lines restored in the ledger", len(ids), len(found.episodes.keys() & set(ids))),
            Work("packets a second", lines * 3 // 10, round(found.per_s), slack=lines * 3 // 500),
        ),
    )


def _cut_and_restore(on: TunWire, folder: Path, config: Path, chosen: Sequence[int], drawn: random.Random) -> Outcome:
    addresses = {fleet.address(number): fleet.line_id(number) for number in chosen}
    with (
        on.far("dead", loss_permille=1000),
        on.far("back"),
        capture(on, "dead", folder) as dead,
        capture(on, "back", folder) as back,
        watching(on, config) as daemon,
    ):
        daemon.wait_until_running()
        time.sleep(WARM_S)
        began, before = time.monotonic(), on.count()
        _each(list(addresses), drawn, lambda address: on.route([address], "dead"))
        time.sleep(TOLD_GOAL_S + 3)
        per_s = on.count().since(before).sent / (time.monotonic() - began)
        _each(list(addresses), drawn, lambda address: on.route([address], "back"))
        time.sleep(CLOSE_AFTER_S + 2 * GAP_S + PROFILE["interval_s"] + 3)
        told = _told(daemon)
        daemon.stop()
        troubles = sum(daemon.troubles().values())
        lost, replies = dead.end(), back.end()
    opened, episodes = _on_disk(config)
    first_lost = _first(lost[~lost["reply"]], addresses)
    return Outcome(first_lost, _first(replies[replies["reply"]], addresses), told, episodes, opened, per_s, troubles)


def _each(addresses: list[str], drawn: random.Random, do: Callable[[str], None]) -> None:
    """Do something to each address, in no order, at random instants."""
    drawn.shuffle(addresses)
    began = time.monotonic()
    for address, at_s in zip(addresses, sorted(drawn.uniform(0, SPREAD_S) for _ in addresses), strict=True):
        time.sleep(max(0.0, began + at_s - time.monotonic()))
        do(address)


def _told(daemon: Watching) -> dict[str, float]:
    """Return when each incident was first logged."""
    found: dict[str, float] = {}
    for entry in daemon.told("incident_opened"):
        found.setdefault(entry["line"], datetime.fromisoformat(entry["timestamp"]).timestamp())
    return found


def _first(packets: Packets, addresses: Mapping[str, str]) -> dict[str, float]:
    """Return when the first packet of each line was caught."""
    lines = {host_number(address): line_id for address, line_id in addresses.items()}
    found: dict[str, float] = {}
    for host, at_ns in zip(packets["host"].tolist(), packets["at_ns"].tolist(), strict=True):
        if host in lines:
            found.setdefault(lines[host], at_ns / 1e9)
    return found


def _on_disk(config: Path) -> tuple[int, dict[str, Episode]]:
    """Return how many incidents were opened, and the restored ones by line."""
    with open_site(str(config), os.environ, read_only=True) as site:
        opened = len(list(site.ledger.entries(kinds={OPENED})))
        closed = [episode_of(e.line_id or "", e.payload) for e in site.ledger.entries(kinds={CLOSED})]
    return opened, {episode.line_id: episode for episode in closed}


def _seconds(found: Outcome, line_id: str, which: str) -> float:
    episode = found.episodes.get(line_id)
    instant: datetime | None = getattr(episode, which, None)
    return micros(instant) / 1e6 if instant is not None else NEVER
