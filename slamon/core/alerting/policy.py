"""When to speak, and who is called in which order."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from slamon.core.facts import Category


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a chain: whom it calls (``person:ID``, ``rota:ID``), and how long it waits for an ack."""

    calls: tuple[str, ...]
    wait_s: float


@dataclass(frozen=True, slots=True)
class Chain:
    """Who is called, in which order."""

    id: str
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Choice:
    """For which incidents a chain is meant; None fits all. The most specific choice that fits wins."""

    chain: str
    customer: str | None = None
    tier: str | None = None
    category: Category | None = None


@dataclass(frozen=True, slots=True)
class Policy:
    """When to speak, and through which chains.

    Durations in seconds; shares of a limit 0..1 in ascending order.

    * `reminder_s` after the last message about an incident that nobody acknowledges, once its chain is used up;
      `ack_expires_s` is how long an acknowledgement holds.
    * A line joins a cause up to `window_s` after the last one did and `cause_s` after the first; what joins is told
      `update_s` after the first message, then every `digest_s`. After `storm_causes` causes within one window,
      what follows is one cause.
    * A line that was restored and failed again is called restored only once it has been so for `settle_s`.
    * `decision_after_s` after the end, and every `decision_every_s`, a decision that is awaited is asked for.
    * The monitor's own trouble is told after `condition_after_s`, through `monitor_chain` (None: the default one).
    * Planned work is announced `maintenance_start_s` ahead; a line that is still down is told `maintenance_end_s`
      before its end (a quarter of the work's length where that is shorter).
    * `tiers` gives the order of lists; a degradation of `urgent_tiers` is as urgent as an interruption.
    """

    chains: Mapping[str, Chain] = field(default_factory=dict)
    choices: tuple[Choice, ...] = ()
    monitor_chain: str | None = None
    limit_shares: tuple[float, ...] = (0.5, 0.8, 1.0)
    statutory_shares: tuple[float, ...] = (0.8,)
    reminder_s: float = 1800
    ack_expires_s: float = 4 * 3600
    window_s: float = 300
    cause_s: float = 3600
    update_s: float = 60
    digest_s: float = 600
    storm_causes: int = 5
    settle_s: float = 600
    decision_after_s: float = 24 * 3600
    decision_every_s: float = 7 * 24 * 3600
    condition_after_s: float = 60
    maintenance_start_s: float = 1800
    maintenance_end_s: float = 1800
    tiers: tuple[str, ...] = ("AAA", "AA", "A", "standard")
    urgent_tiers: frozenset[str] = frozenset({"AAA"})
