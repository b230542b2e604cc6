"""What is known of an incident's onset: the packets around it, errors heard, and the path as it is then.

One entry for each incident that opens, at once; where a traceroute is made, a second one with its result, which
stands for both: a kill meanwhile loses the path, not what was seen. Traceroutes wait their turn, the most important
lines first; in a mass outage most are left out, and their entries say so.
"""

from __future__ import annotations

import asyncio
import threading
from bisect import insort
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import count

import structlog

from slamon.core.incident import Episode
from slamon.core.lifecycle import Change, Happening
from slamon.core.timespan import iso
from slamon.probes.oneshot import Hop
from slamon.probes.protocol import OnsetEvidence, ProbeError, ProbeLine
from slamon.store.entry import Draft
from slamon.store.measured import ONSET

AT_ONCE = 10  # traceroutes of the whole vantage (F7)
WAITING_AT_MOST = 50
KEPT = timedelta(hours=1)  # how long evidence waits for an incident to open
KEPT_AT_MOST = 100_000

NOT_PROBED = "the line is not probed any more"
TOO_MANY = f"more than {WAITING_AT_MOST} traceroutes waited"
STOPPED = "slamon was stopped"
FAILED = "the traceroute failed"
UNDER_WAY = "it was not done yet when this was written"

Traceroute = Callable[[str, str | None], Sequence[Hop]]
"""Returns the path to a target from a source address."""
Found = tuple[Sequence[Hop] | None, str | None]

log = structlog.get_logger()


@dataclass(eq=False, slots=True)
class _Job:
    """An incident whose path is not known yet; `noted`: the rest is on record."""

    episode: Episode
    evidence: OnsetEvidence | None
    target: str
    source: str | None = None
    noted: bool = False


class Onsets:
    """Writes down the onsets of incidents; all methods belong to the loop, traceroutes to threads of their own.

    `keep` takes the entries, `line_of` tells how a line is probed now (None: not at all).
    """

    def __init__(
        self, keep: Callable[[Draft], None], line_of: Callable[[str], ProbeLine | None], traceroute: Traceroute
    ) -> None:
        self._keep = keep
        self._line_of = line_of
        self._traceroute = traceroute
        self._heard: dict[str, OnsetEvidence] = {}  # the newest last
        self._waiting: list[tuple[int, int, _Job]] = []  # by importance, then as they came
        self._running: set[_Job] = set()
        self._numbers = count()
        self.skipped = 0

    @property
    def remembered(self) -> int:
        """Of how many lines evidence is remembered."""
        return len(self._heard)

    def hear(self, evidence: Iterable[OnsetEvidence]) -> None:
        """Remember what the prober saw when lines were lost: the latest of each line, for a while."""
        for one in evidence:
            self._heard.pop(one.line_id, None)
            self._heard[one.line_id] = one
            oldest = next(iter(self._heard.values()))
            while one.at - oldest.at > KEPT or len(self._heard) > KEPT_AT_MOST:
                del self._heard[oldest.line_id]
                oldest = next(iter(self._heard.values()))

    def follow(self, happenings: Iterable[Happening]) -> None:
        """Write down the onsets of incidents that opened, each as soon as its traceroute is done or left out."""
        before = self.skipped
        for happening in happenings:
            if happening.change is Change.OPENED:
                self._open(happening.episode)
        for _, _, job in self._waiting:
            if not job.noted:
                job.noted = True
                self._write(job, (None, UNDER_WAY))
        self._begin()
        if self.skipped > before:
            log.warning("traceroutes_skipped", more=self.skipped - before)

    def stop(self) -> None:
        """Write down what is not yet, without waiting for traceroutes under way."""
        jobs = [*self._running, *(job for _, _, job in self._waiting)]
        self._running, self._waiting = set(), []
        for job in jobs:
            self._skip(job, STOPPED)

    def _open(self, episode: Episode) -> None:
        line, evidence = self._line_of(episode.line_id), self._take(episode)
        if line is None:
            self._skip(_Job(episode, evidence, ""), NOT_PROBED)
        else:
            insort(
                self._waiting, (line.rank, next(self._numbers), _Job(episode, evidence, line.targets[0], line.source))
            )
        if len(self._waiting) > WAITING_AT_MOST + AT_ONCE - len(self._running):
            self._skip(self._waiting.pop()[2], TOO_MANY)

    def _take(self, episode: Episode) -> OnsetEvidence | None:
        """Return what was seen of this incident; what was seen before its onset is another, shorter outage's."""
        found = self._heard.get(episode.line_id)
        if found is None or found.at <= episode.onset:
            return None
        return self._heard.pop(episode.line_id)

    def _begin(self) -> None:
        while self._waiting and len(self._running) < AT_ONCE:
            _, _, job = self._waiting.pop(0)
            self._running.add(job)
            # A daemon thread: neither a stop nor the pool that commits waits for hops that do not answer.
            work = threading.Thread(target=self._trace, args=(job, asyncio.get_running_loop()), daemon=True)
            try:
                work.start()
            except RuntimeError as error:
                self._running.discard(job)
                self._skip(job, str(error))

    def _trace(self, job: _Job, loop: asyncio.AbstractEventLoop) -> None:
        found: Found = None, FAILED
        try:
            found = self._traceroute(job.target, job.source), None
        except (ProbeError, OSError) as error:
            found = None, str(error)
        finally:  # whatever happened, the next one gets its turn
            with suppress(RuntimeError):  # the loop is gone: stopped meanwhile
                loop.call_soon_threadsafe(self._traced, job, found)

    def _traced(self, job: _Job, found: Found) -> None:
        if job in self._running:
            self._running.discard(job)
            self._write(job, found)
            self._begin()

    def _skip(self, job: _Job, reason: str) -> None:
        self.skipped += 1
        self._write(job, (None, reason))

    def _write(self, job: _Job, found: Found) -> None:
        episode = job.episode
        job.evidence = job.evidence or self._take(episode)
        payload = _payload(job.evidence, found)
        self._keep(Draft(ONSET, episode.alarm, payload, line_id=episode.line_id, subject=episode.id))


def _payload(evidence: OnsetEvidence | None, found: Found) -> dict[str, object]:
    hops, reason = found
    errors = () if evidence is None else evidence.errors
    return {
        "last_good": None if evidence is None else _iso(evidence.last_good),
        "first_bad": None if evidence is None else _iso(evidence.first_bad),
        "errors": [{"source": e.source, "said": e.said, "at": iso(e.at), "count": e.count} for e in errors],
        "traceroute": None if hops is None else [_hop(hop) for hop in hops],
        "traceroute_skipped": reason,
    }


def _hop(hop: Hop) -> dict[str, object]:
    rtt_ms = None if hop.rtt_ms is None else round(hop.rtt_ms, 3)
    return {"hop": hop.distance, "address": hop.address, "rtt_ms": rtt_ms}


def _iso(instant: datetime | None) -> str | None:
    return None if instant is None else iso(instant)
