"""The bar of a line's month and the timeline of an incident, drawn to scale."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import groupby
from zoneinfo import ZoneInfo

from markupsafe import Markup

from slamon.core.calendar import BillingMonth, start_of_day
from slamon.core.exclusion import Adjudged
from slamon.core.incident import Segment
from slamon.core.statement import IncidentStatement, LineStatement
from slamon.core.timespan import Span, SpanSet, whole_second

from .drawing import SEGMENT_PARTS, Drawing
from .language import Language
from .wording import named

WIDTH = 1000.0
_LEAST = 2.0  # what is too short for the paper is drawn this wide, or nobody would see it
_LABEL = 9.0  # columns that one sign of a marker's label takes
# Later ones lie on top: a short interruption is never hidden by the blind time beside it.
_ORDER = ("blind", "excluded", "degraded", "interrupted")


class Scale:
    """Where on the paper a second stands."""

    def __init__(self, span: Span[int], left: float = 0.0, width: float = WIDTH) -> None:
        self.span, self.left, self.width = span, left, width

    def at(self, second: float) -> float:
        """Return the place of a second, of one outside the span its nearest edge."""
        inside = min(max(second, self.span.start), self.span.end)
        return self.left + (inside - self.span.start) * self.width / (self.span.end - self.span.start)


def month_bar(line: LineStatement, month: BillingMonth, language: Language, name: str) -> Markup:
    """Return the bar of a line's month: every second's part, its incidents marked at their onsets."""
    label = f"{language.word('of_month')} {line.line.line_id}"
    drawing = Drawing(name, WIDTH, 72, label)
    whole = month.seconds(line.zone)
    scale = Scale(whole)
    _markers(drawing, scale, line)
    drawing.rect(0, 22, WIDTH, 26, "off")
    known = line.course.serving
    if known and known.spans[-1].end < whole.end:
        drawing.rect(scale.at(known.spans[-1].end), 22, WIDTH - scale.at(known.spans[-1].end), 26, "unknown")
    elif not known:
        drawing.rect(0, 22, WIDTH, 26, "unknown")
    for span in known:  # up, unless something lies on top
        drawing.rect(scale.at(span.start), 22, scale.at(span.end) - scale.at(span.start), 26, "up")
    for part in _ORDER:
        spans: SpanSet[int] = getattr(line.course, part)
        for span in spans:
            left = scale.at(span.start)
            width = max(scale.at(span.end) - left, _LEAST)
            drawing.rect(min(left, WIDTH - width), 22, width, 26, part)
    drawing.plain(0.5, 22, WIDTH - 1, 26, "frame")
    ruler(drawing, scale, month, line.zone, (22, 53, 65))
    return drawing.markup()


def ruler(
    drawing: Drawing, scale: Scale, month: BillingMonth, zone: ZoneInfo, place: tuple[float, float, float]
) -> None:
    """Mark where each natural day begins and number some of them; `place` is top and bottom of the marks, and text."""
    top, bottom, base = place
    starts = [
        scale.at(whole_second(start_of_day(month.first_day + timedelta(days=n), zone))) for n in range(month.days)
    ]
    drawing.marks([(x, top, bottom) for x in starts[1:]], "tick")
    ends = [*starts[1:], scale.left + scale.width]
    for number in (1, *range(5, month.days - 1, 5), month.days):
        drawing.text((starts[number - 1] + ends[number - 1]) / 2, base, str(number), "day")


def _markers(drawing: Drawing, scale: Scale, line: LineStatement) -> None:
    free_from = 0.0
    shown = sorted([*line.incidents, *line.pending], key=lambda one: one.incident.onset)
    for one in shown:
        x = scale.at(whole_second(one.incident.onset))
        drawing.path([(x - 4, 14), (x + 4, 14), (x, 21)], "marker", closed=True)
        text = named(one.incident)
        half = len(text) * _LABEL / 2
        centre = min(max(x, half), WIDTH - half)
        if centre - half >= free_from and one.incident.number is not None:
            drawing.text(centre, 10, text, "mark")
            free_from = centre + half + 4


_ROW, _GAP = 16.0, 7.0
_LEFT = 190.0


def incident_timeline(shown: IncidentStatement, until: datetime, language: Language, name: str) -> Markup:
    """Return an incident to scale: what the line was, what left the clock, and each clock with its limit.

    `until` is where an incident that is still open is cut.
    """
    rows = list(_rows(shown, language))
    ends = [end for _, bars in rows for _, end, _ in bars if end is not None]
    starts = [start for _, bars in rows for start, _, _ in bars]
    incident = shown.incident
    span = _span(min([incident.onset, *starts]), max([incident.restored or until, *ends]))
    height = len(rows) * (_ROW + _GAP) + 24
    drawing = Drawing(name, WIDTH, height, f"{language.word('incident')} {named(incident)}")
    scale = Scale(span, _LEFT, WIDTH - _LEFT - 10)
    for number, (label, bars) in enumerate(rows):
        y = number * (_ROW + _GAP) + 4
        drawing.text(0, y + 12, label, "row")
        for start, end, style in bars:
            _bar(drawing, scale, (start, until if end is None else end), style, y)
    _limits(drawing, scale, shown, [label for label, _ in rows], language)
    _axis(drawing, scale, shown, height, language)
    return drawing.markup()


Bar = tuple[datetime, datetime | None, str]


def _rows(shown: IncidentStatement, language: Language) -> Iterator[tuple[str, list[Bar]]]:
    segments: tuple[Segment, ...] = shown.incident.segments
    if segments:
        yield language.word("of_line"), [(s.start, s.end, SEGMENT_PARTS[s.kind]) for s in segments]
    for kind, found in groupby(sorted(shown.adjudged, key=_kind), key=_kind):
        bars: list[Bar] = [(one.start, one.end, "excluded" if one.accepted else "refused") for one in found]
        yield language.name("kind", kind), bars
    for clock in shown.clocks:
        yield language.word(f"clock.{clock.category}"), [(clock.start, clock.end, "clock")]


def _kind(adjudged: Adjudged) -> str:
    return adjudged.kind


def _span(start: datetime, end: datetime) -> Span[int]:
    low, high = whole_second(start), whole_second(end)
    return Span(low, max(high, low + 1))


def _bar(drawing: Drawing, scale: Scale, span: tuple[datetime, datetime], style: str, y: float) -> None:
    left, right = (scale.at(whole_second(instant)) for instant in span)
    width = max(right - left, _LEAST)
    if style == "clock":
        drawing.plain(left, y + 5, width, 6, "clock")
    elif style == "refused":
        drawing.plain(left, y + 1, width, 14, "refused")
    else:
        drawing.rect(left, y, width, _ROW, style)
        drawing.plain(left, y, width, _ROW, "frame")


def _limits(drawing: Drawing, scale: Scale, shown: IncidentStatement, labels: list[str], language: Language) -> None:
    """Mark on each clock without exclusions where its limit lay; with exclusions the place would not be on scale."""
    for clock in shown.clocks:
        if clock.limit_s is None or clock.excluded_s:
            continue
        at = whole_second(clock.start) + clock.limit_s
        if at >= scale.span.end:
            continue
        y = labels.index(language.word(f"clock.{clock.category}")) * (_ROW + _GAP) + 4
        x = scale.at(at)
        drawing.plain(x, y + 5, scale.at(whole_second(clock.end)) - x, 6, "overrun")
        drawing.line((x, y), (x, y + _ROW), "limit")


def _axis(drawing: Drawing, scale: Scale, shown: IncidentStatement, height: float, language: Language) -> None:
    zone = shown.contract.zone
    y = height - 18
    drawing.line((scale.left, y), (scale.left + scale.width, y), "axis")
    edges = ((scale.span.start, "start"), (scale.span.end, "end"))
    for second, style in edges:
        x = scale.at(second)
        drawing.line((x, y - 3), (x, y + 3), "axis")
        drawing.text(x, height - 3, language.instant(datetime.fromtimestamp(second, UTC), zone), style)
