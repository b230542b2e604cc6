"""From an agent's answers to what is known of one port."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from slamon.config.credentials import Extra
from slamon.core.reading import NamedValue
from slamon.probes.snmp.asking import Oid, Value
from slamon.probes.snmp.counting import Counts, Sample
from slamon.probes.snmp.naming import Place
from slamon.probes.snmp.objects import (
    DISCONTINUITY,
    HC_IN_OCTETS,
    HC_IN_UCAST,
    HC_OUT_OCTETS,
    HC_OUT_UCAST,
    HIGH_SPEED,
    IN_DISCARDS,
    IN_ERRORS,
    LAST_CHANGE,
    OFTEN,
    OUT_DISCARDS,
    OUT_ERRORS,
    SELDOM,
)
from slamon.probes.snmp.questions import Answers
from slamon.probes.snmp.values import count, text

# The values of OFTEN: as long as they stand, nothing has happened.
State = tuple[Value, ...]

_NUMBER = re.compile(r"\s*([+-]?\d{1,18}(?:\.\d{1,18})?)")
_TICKS_S = 100
_BEYOND_ALL_SENSE = 1e12  # no reading holds such a quantity (`slamon.config.reading_values`)


def often_oids(places: Iterable[Place]) -> list[Oid]:
    """Return what is read of ports at every poll."""
    return [(*column, where.index) for where in places for column in OFTEN]


def full_oids(places: Iterable[Place]) -> list[Oid]:
    """Return everything that is read of ports, the column that names each of them included."""
    return [(*column, where.index) for where in places for column in (*OFTEN, *SELDOM, where.column)]


def extra_oids(places: Sequence[Place], extras: Iterable[Extra]) -> list[Oid]:
    """Return the further objects of ports, and those of the device once."""
    found = {oid: None for extra in extras for where in places if (oid := _oid(extra, where)) is not None}
    return list(found)


def _oid(extra: Extra, where: Place) -> Oid | None:
    """Return the number of a further object of a port; None where its part of the device is not known."""
    if extra.index == "none":
        return extra.oid
    last = where.index if extra.index == "interface" else where.entity
    return None if last is None else (*extra.oid, last)


def state_of(answers: Answers, index: int) -> State:
    """Return state and error counters of a port."""
    return tuple(answers[*column, index] for column in OFTEN)


def name_of(answers: Answers, where: Place) -> str | None:
    """Return what the port is called now, by the column that it was found by."""
    return text(answers[*where.column, where.index])


def sample_of(answers: Answers, index: int, at_s: float) -> Sample:
    """Return the counters of a port."""
    columns = (
        *(IN_ERRORS, OUT_ERRORS, IN_DISCARDS, OUT_DISCARDS),
        *(HC_IN_UCAST, HC_OUT_UCAST, HC_IN_OCTETS, HC_OUT_OCTETS),
    )
    counts = Counts(*(count(answers[*column, index]) for column in columns))
    discontinuity = count(answers[*DISCONTINUITY, index])
    return Sample(answers.first_ticks, at_s, counts, discontinuity, speed_of(answers, index))


def speed_of(answers: Answers, index: int) -> float | None:
    """Return the port's speed in Mbit/s; 0 is unknown."""
    return float(speed) if (speed := count(answers[*HIGH_SPEED, index])) else None


def changed_ticks(answers: Answers, index: int) -> int | None:
    """Return when the port took its state, by the agent's clock; None before the agent started."""
    ticks = count(answers[*LAST_CHANGE, index])
    return ticks if ticks and ticks <= answers.last_ticks else None


def age_s(ticks: int | None, now_ticks: int) -> float | None:
    """Return how long ago something was, in seconds."""
    return (now_ticks - ticks) / _TICKS_S if ticks is not None and ticks <= now_ticks else None


def extras_of(answers: Answers, where: Place, extras: Iterable[Extra]) -> tuple[NamedValue, ...]:
    """Return the further values of a port, scaled; what the agent does not know is left out."""
    found = []
    for extra in extras:
        oid = _oid(extra, where)
        raw = None if oid is None else _number(answers[oid])
        if raw is not None and raw not in extra.unknown:
            value = round(raw * extra.scale, 9)
            if abs(value) < _BEYOND_ALL_SENSE:
                found.append(NamedValue(extra.name, value, extra.unit, extra.above, extra.below))
    return tuple(found)


def _number(value: Value) -> float | None:
    """Return a number, or the one that a text begins with (``-19.2 dBm``)."""
    if isinstance(value, int):
        return value
    if isinstance(value, bytes):
        found = _NUMBER.match(value.decode("ascii", "replace"))
        return float(found[1]) if found else None
    return None
