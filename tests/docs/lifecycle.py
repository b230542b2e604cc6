"""docs/lifecycle.md: the state diagram, from the table that the judge itself goes by."""

from slamon.core.lifecycle import LIFECYCLE, Phase, Row, Sign
from slamon.core.lifecycle import __doc__ as law

_SIGNS = {Sign.UP: "UP", Sign.IMPAIRED: "DOWN or DEGRADED", Sign.END_OF_SERVICE: "end of service"}
# What a guard asks, in the words of domain, section 3; a guard without words here is a page that cannot be drawn.
_GUARDS = {"_alarm_due": "rule (a) or (b) holds", "_restored": "good for close_after_s"}

_PAGE = """# The life of an impairment

Drawn from the table in `slamon/core/lifecycle.py` (`make docs`). `NO_DATA` is no reading and never reaches it.

```mermaid
stateDiagram-v2
    [*] --> clear
{arrows}
```

| in | comes | leads to | and happens |
|---|---|---|---|
{rows}

{law}
"""


def page() -> str:
    """Return the page."""
    arrows, rows = [], []
    for (phase, sign), row in LIFECYCLE.items():
        for then, condition, change in _ways(row):
            if (phase, then) != (Phase.CLEAR, Phase.CLEAR):
                arrows.append(f"    {phase} --> {then}: {_SIGNS[sign]}{f', {condition}' if condition else ''}{change}")
            rows.append(
                f"| {phase} | {_SIGNS[sign]}{f', {condition}' if condition else ''} | {then} | {change[3:] or '-'} |"
            )
    words = (law or "").partition("\n\n")[2].strip().replace("* ", "- ")
    return _PAGE.format(arrows="\n".join(arrows), rows="\n".join(rows), law=words)


def _ways(row: Row) -> list[tuple[Phase, str, str]]:
    """Return where a row leads, under which condition, with which change."""
    change = f" / {row.change}" if row.change else ""
    if row.guard is None or row.if_guard is None:
        return [(row.then, "", change)]
    words = _GUARDS[row.guard.__name__]
    return [(row.then, "", ""), (row.if_guard, words, change)]
