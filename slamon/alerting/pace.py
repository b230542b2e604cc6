"""How often and when: a bucket of tokens for each channel, and what follows a try that failed. Pure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from slamon.alerting.channel import Answer, Outcome

FIRST_S = 5.0
LONGEST_S = 600.0
TRIES_A_LEG = 3
PATIENCE_S = 20.0


@dataclass(frozen=True, slots=True)
class Bucket:
    """Tokens of a channel: `burst` at most, `per_minute` come back; `tokens` were there at `at`."""

    per_minute: int
    burst: int
    tokens: float
    at: datetime

    @classmethod
    def full(cls, per_minute: int, burst: int, at: datetime) -> Bucket:
        """Return a bucket that nobody took from."""
        return cls(per_minute, burst, float(burst), at)

    def filled(self, at: datetime) -> Bucket:
        """Return the bucket as it is later; a clock that was set back gives nothing and takes nothing."""
        passed_s = max(0.0, (at - self.at).total_seconds())
        return Bucket(self.per_minute, self.burst, min(self.burst, self.tokens + passed_s * self.per_minute / 60), at)

    def take(self, at: datetime) -> tuple[Bucket, float]:
        """Return the bucket without a token and 0, or the bucket and the seconds until there is one."""
        now = self.filled(at)
        if now.tokens >= 1 - 1e-9:
            return Bucket(self.per_minute, self.burst, now.tokens - 1, at), 0.0
        return now, (1 - now.tokens) * 60 / self.per_minute


class Next(StrEnum):
    """What becomes of a letter."""

    DONE = "done"
    AGAIN = "again"  # on the same channel
    OTHER = "other channel"
    DEAD = "dead"


@dataclass(frozen=True, slots=True)
class Way:
    """What is known of a letter's way: its channels, the one it is on (`leg`), tries there, and who said never."""

    route: tuple[str, ...]
    leg: int
    tries: int
    refused: frozenset[str]
    queued_at: datetime


@dataclass(frozen=True, slots=True)
class Step:
    """What to do with a letter: on which leg, and when."""

    what: Next
    leg: int
    due: datetime


def step(way: Way, answer: Answer, at: datetime, give_up: timedelta, draw: Callable[[], float]) -> Step:
    """Return what follows an answer; `draw` gives shares 0..1 for the jitter.

    A channel gets three tries, then the next one's turn comes, round and round; one that said never is left out.
    The letter is given up when all said never, or after `give_up`.
    """
    if answer.outcome is Outcome.SENT:
        return Step(Next.DONE, way.leg, at)
    here = way.route[way.leg % len(way.route)]
    refused = way.refused | ({here} if answer.outcome is Outcome.NEVER else set())
    legs = [leg for leg in range(way.leg + 1, way.leg + 1 + len(way.route)) if _at(way, leg) not in refused]
    if not legs or at - way.queued_at >= give_up:
        return Step(Next.DEAD, way.leg, at)
    rounds = way.leg // len(way.route)
    if answer.outcome is Outcome.LATER:
        wait_s = max(backoff_s(rounds * TRIES_A_LEG + way.tries, draw()), answer.retry_after_s or 0)
        alone = all(_at(way, leg) == here for leg in legs)
        # A service that asks for a long pause is not waited for while there is another way.
        if alone or (way.tries < TRIES_A_LEG and wait_s <= PATIENCE_S):
            return Step(Next.AGAIN, way.leg, at + timedelta(seconds=wait_s))
    wait_s = 0.0 if legs[0] < len(way.route) else backoff_s(rounds * TRIES_A_LEG, draw())
    return Step(Next.OTHER, legs[0], at + timedelta(seconds=wait_s))


def _at(way: Way, leg: int) -> str:
    return way.route[leg % len(way.route)]


def backoff_s(tries: int, share: float) -> float:
    """Return how long to wait after so many tries (1 or more): doubling, half of it drawn, bounded."""
    longest = min(LONGEST_S, FIRST_S * 2.0 ** min(max(tries, 1) - 1, 20))
    return longest / 2 + longest / 2 * share
