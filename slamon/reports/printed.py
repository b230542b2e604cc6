"""A customer's statement as one page to read: the same numbers as every format, laid out for people.

One file without outside assets: style and drawings stand in it, it names no other address. Equal statements give equal
bytes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from slamon.core.rollup import Rollup
from slamon.core.statement import IncidentStatement, LineStatement
from slamon.core.summary import Summary, summarize
from slamon.core.timespan import iso, whole_seconds

from .agreed import contracts_of, definitions_of, readings, why_nothing
from .bars import incident_timeline, month_bar
from .charts import Chart, charts
from .language import ABSENT, Language
from .model import CustomerStatement, Header
from .texts import clean
from .wording import named

PARTS = ("up", "interrupted", "degraded", "excluded", "blind")


@dataclass(frozen=True, slots=True)
class Hypothesis:
    """What probably caused an incident (a name of the glossary's room `cause`, None where nothing tells), and why."""

    cause: str | None
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Extras:
    """What a printed statement shows beside the statement, where it is to be had; no number of money is among it.

    `rollups` maps line ids to hourly rollups, None where this site keeps none; `hypotheses` maps incident ids.
    """

    rollups: Mapping[str, Sequence[Rollup]] | None = None
    hypotheses: Mapping[str, Hypothesis] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class IncidentView:
    """An incident with what is drawn and said of it; `nothing` says why no rule gave anything."""

    shown: IncidentStatement
    name: str
    timeline: Markup
    lasted_s: int | None
    floored: bool
    evidence: str
    hypothesis: Hypothesis | None
    nothing: str
    pending: bool


@dataclass(frozen=True, slots=True)
class LineView:
    """A line with what is drawn of it; `parts` are the parts of its month with their seconds."""

    line: LineStatement
    anchor: str
    summary: Summary
    bar: Markup
    parts: Sequence[tuple[str, int]]
    charts: Sequence[Chart]
    no_chart: str | None
    incidents: Sequence[IncidentView]
    pending: Sequence[IncidentView]
    cap: str


def printed(
    header: Header,
    customer: CustomerStatement,
    language: Language,
    extras: Extras | None = None,
    progress: Callable[[int], None] = lambda _: None,
) -> str:
    """Return one customer's statement as a page of HTML; `progress` is told of each line."""
    views = []
    for number, line in enumerate(customer.lines):
        views.append(_line_view(header, line, language, extras or Extras(), f"l{number}"))
        progress(1)
    template = environment().get_template("statement.html.j2", globals={"L": language})
    return template.render(
        header=header,
        customer=customer,
        summary=summarize(customer.lines),
        views=views,
        contracts=contracts_of(customer.lines),
        zones=_zones(customer.lines),
        heads=sorted(header.ledger_heads.items()),
        status=language.word("closed" if header.closed else "draft"),
        generated_at_utc=iso(header.generated_at),
        css=style_sheet(),
        definitions=list(definitions_of(customer.lines)),
        readings=lambda contract: list(readings(contract, language)),
        math=lambda text: _math(language.say(text)),
        absent=ABSENT,
    )


@cache
def environment() -> Environment:
    """Return the templates: everything is escaped, everything undefined is an error, no text keeps control signs."""
    return Environment(
        loader=PackageLoader("slamon.reports"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_printable,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _printable(value: object) -> object:
    return value if isinstance(value, Markup) else clean(str(value))


def _math(text: str) -> Markup:
    """Return a derivation; the sign of multiplication gets a narrow font, Chinese ones print it as wide as a word."""
    return Markup('<span class="times">×</span>').join(clean(text).split("×"))


@cache
def style_sheet() -> Markup:
    """Return the style of a page; it ships with slamon and is no text of anybody's."""
    source = (Path(__file__).parent / "templates" / "statement.css").read_text(encoding="utf-8")
    return Markup(source)  # noqa: S704 -- a file of ours


def _line_view(header: Header, line: LineStatement, language: Language, extras: Extras, name: str) -> LineView:
    seconds = line.seconds
    lengths = (seconds.up, seconds.interrupted, seconds.degraded, seconds.excluded, seconds.blind)
    drawn, no_chart = _charts(header, line, language, extras, name)
    return LineView(
        line=line,
        anchor=f"line-{line.line.line_id}",
        summary=summarize([line]),
        bar=month_bar(line, header.month, language, f"{name}-bar"),
        parts=list(zip(PARTS, lengths, strict=True)),
        charts=drawn,
        no_chart=no_chart,
        incidents=list(_incidents(header, line, line.incidents, language, extras, f"{name}-i")),
        pending=list(_incidents(header, line, line.pending, language, extras, f"{name}-p")),
        cap=language.share(line.contract.cap_ratio),
    )


def _charts(
    header: Header, line: LineStatement, language: Language, extras: Extras, name: str
) -> tuple[Sequence[Chart], str | None]:
    """Return the charts of a line, or why there are none."""
    if extras.rollups is None:
        return (), "not_kept"
    found = extras.rollups.get(line.line.line_id, ())
    drawn = list(charts(line, header.month, found, language, f"{name}-c"))
    return drawn, None if drawn else "never_measured"


def _incidents(
    header: Header,
    line: LineStatement,
    found: Sequence[IncidentStatement],
    language: Language,
    extras: Extras,
    name: str,
) -> Iterator[IncidentView]:
    horizon = header.month.span(line.zone).end if header.as_of is None else header.as_of
    until = min(horizon, header.month.span(line.zone).end)
    for number, shown in enumerate(sorted(found, key=lambda one: one.incident.onset)):
        incident = shown.incident
        lasted = None if incident.restored is None else whole_seconds(incident.onset, incident.restored)
        yield IncidentView(
            shown=shown,
            name=named(incident),
            timeline=incident_timeline(shown, until, language, f"{name}{number}"),
            lasted_s=None if lasted is None else lasted.end - lasted.start,
            floored=_floored(shown),
            evidence=language.list_of(language.name("evidence", one) for one in incident.evidence),
            hypothesis=extras.hypotheses.get(incident.id),
            nothing=why_nothing(shown, line),
            pending=incident.restored is None,
        )


def _floored(shown: IncidentStatement) -> bool:
    """Tell whether the previous incident's end held a clock back (F22)."""
    floor = shown.incident.floor
    return floor is not None and any(clock.start == floor for clock in shown.clocks)


def _zones(lines: Sequence[LineStatement]) -> list[ZoneInfo]:
    return list(dict.fromkeys(line.zone for line in lines)) or [ZoneInfo("UTC")]
