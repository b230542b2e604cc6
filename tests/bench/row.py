"""What a benchmark says: figures against goals, and whether the work was the work that was asked for."""

from __future__ import annotations

from dataclasses import asdict, dataclass


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured number; `goal` is what it may be at most, None where nothing is promised."""

    what: str
    value: float
    unit: str
    goal: float | None = None

    @property
    def verdict(self) -> str:
        if self.goal is None:
            return ""
        return "reached" if self.value <= self.goal else "missed"

    @property
    def shown(self) -> str:
        return f"{number(self.value)} {self.unit}"

    @property
    def shown_goal(self) -> str:
        return "" if self.goal is None else f"at most {number(self.goal)} {self.unit}"

    def values(self) -> dict[str, object]:
        return {**asdict(self), "verdict": self.verdict, "shown": self.shown, "shown_goal": self.shown_goal}


@dataclass(frozen=True, slots=True)
class Work:
    """Something that must have been done, counted afterwards; `slack` is how far off a pace may be (0: not at all)."""

    what: str
    expected: int
    found: int
    slack: int = 0

    @property
    def same(self) -> bool:
        return abs(self.expected - self.found) <= self.slack


@dataclass(frozen=True, slots=True)
class Row:
    """One benchmark's outcome; `how` says what was measured and how, in sentences for the reader of the table."""

    name: str
    title: str
    how: str
    figures: tuple[Figure, ...]
    work: tuple[Work, ...]

    @property
    def sound(self) -> bool:
        return all(one.same for one in self.work)

    @property
    def command(self) -> str:
        return f"python -m tests.bench {self.name}"

    def values(self) -> dict[str, object]:
        """Return everything as plain values, for the raw results."""
        return {
            **asdict(self),
            "figures": [figure.values() for figure in self.figures],
            "sound": self.sound,
            "command": self.command,
        }


def number(value: float) -> str:
    """Return a number with three digits that mean something, thousands separated."""
    if value >= 1000 or value == int(value):
        return f"{value:,.0f}"
    return f"{value:.3g}"
