"""What is wrong with a file, where, and what would be right: findings are values, all of them at once."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

# C0, DEL, C1, line and paragraph separators, and the marks that turn the direction of writing:
# none of them belongs into a name, and none may reach a terminal.
CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]")


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong: `where` is a key path (``profiles.default.packets``) or ``row 12, column tier``."""

    file: str
    where: str
    reason: str
    hint: str = ""

    def __str__(self) -> str:
        place = ": ".join(part for part in (self.file, self.where) if part)
        return printable(f"{place}: {self.reason}" + (f"; {self.hint}" if self.hint else ""))


class InvalidInput(Exception):
    """A file cannot be used; `problems` says everything that is wrong with it (exit code 3)."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems: tuple[Problem, ...] = tuple(problems)
        super().__init__(self.problems)

    def __str__(self) -> str:
        return "\n".join(str(problem) for problem in self.problems)


class Unfit(ValueError):
    """A single value is not what it should be; whoever knows its place makes a `Problem` of it."""

    def __init__(self, reason: str, hint: str = "", key: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.hint = hint
        self.key = key

    def at(self, file: str, where: str) -> Problem:
        """Return the problem that this is at a place."""
        return Problem(file, where, self.reason, self.hint)


def printable(text: str) -> str:
    """Return the text with control characters written as escapes."""
    return CONTROL.sub(lambda found: f"\\x{ord(found[0]):02x}", text)


def quoted(text: str, longest: int = 80) -> str:
    """Return the text in quotes, cut where it is too long to show."""
    return repr(text) if len(text) <= longest else repr(text[:longest]) + "..."


def did_you_mean(word: str, known: Iterable[str], kind: str = "") -> str:
    """Return ``Did you mean 'tier'?``, or the few words that are known, or nothing.

    `kind` is the plural under which the known words are offered (``columns are ...``).
    """
    words = sorted(map(str, known))  # str: members of enumerations show as what is written
    close = get_close_matches(word[:100], words, n=1, cutoff=0.7) or _same_but_case(word, words)
    if close:
        return f"Did you mean {close[0]!r}?"
    return f"{kind} are {', '.join(words)}" if kind and 0 < len(words) <= 30 else ""


def _same_but_case(word: str, words: Sequence[str]) -> list[str]:
    return [known for known in words if known.casefold() == word.casefold()]
