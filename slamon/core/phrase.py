"""Sentences that can be said in any language: the words apart from the values in them.

As a text a phrase is the English that JSON carries. `template` is what a translation is looked up by, `values` are what
stands in it; they may be phrases themselves.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Self


class Phrase(str):
    """An English sentence that remembers its template and its values."""

    __slots__ = ("template", "values")

    template: str
    values: Mapping[str, object]

    def __new__(cls, template: str, /, **values: object) -> Self:
        """Say `template` with its ``{names}`` filled in."""
        said = super().__new__(cls, template.format_map(values) if values else template)
        said.template, said.values = template, values
        return said

    def __getnewargs_ex__(self) -> tuple[tuple[str], dict[str, Any]]:
        """Travel between processes with words and values apart."""
        return (self.template,), dict(self.values)


def listed(phrases: Iterable[str]) -> str:
    """Return phrases one after the other; a single one is itself."""
    first, *rest = phrases
    return Phrase("{first}; {rest}", first=first, rest=listed(rest)) if rest else first
