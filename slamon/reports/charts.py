"""Loss and round-trip time of a line's month, from its hourly rollups; what is missing leaves a gap with its reason."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import groupby

from markupsafe import Markup

from slamon.core.calendar import BillingMonth
from slamon.core.rollup import Rollup
from slamon.core.statement import LineStatement
from slamon.core.timespan import Span, whole_second

from .bars import WIDTH, Scale, ruler
from .drawing import Drawing
from .language import Language

_LEFT = 76.0
_LOSS = (14.0, 62.0)  # top and bottom of a panel
_RTT = (84.0, 176.0)
_HEIGHT = 206.0
_LEAST_LOSS = 0.01
_LEAST_WIDTH = 1.2


@dataclass(frozen=True, slots=True)
class Chart:
    """The drawing of one target, and why parts of it are empty: each reason once."""

    target: str
    drawing: Markup
    gaps: tuple[str, ...]


def charts(
    line: LineStatement, month: BillingMonth, rollups: Sequence[Rollup], language: Language, name: str
) -> Iterator[Chart]:
    """Yield one chart a target, the one that decides first."""
    whole = month.seconds(line.zone)
    inside = [one for one in rollups if whole.start <= whole_second(one.start) < whole.end]
    by_target = {key: list(found) for key, found in groupby(sorted(inside, key=_order), key=lambda one: one.target)}
    for target in sorted(by_target, key=lambda key: (key != "demarc", key)):
        yield _chart(line, month, by_target[target], language, f"{name}-{target}")


def _order(rollup: Rollup) -> tuple[str, int]:
    return rollup.target, whole_second(rollup.start)


def _chart(line: LineStatement, month: BillingMonth, found: Sequence[Rollup], language: Language, name: str) -> Chart:
    whole = month.seconds(line.zone)
    target = language.name("target", found[0].target)
    drawing = Drawing(name, WIDTH, _HEIGHT, f"{language.word('quality')}, {target}, {line.line.line_id}")
    scale = Scale(whole, _LEFT, WIDTH - _LEFT - 4)
    gaps = list(_gaps(found, whole))
    for span, _ in gaps:
        left = scale.at(span.start)
        for top, bottom in (_LOSS, _RTT):
            drawing.rect(left, top, max(scale.at(span.end) - left, 1), bottom - top, "blind")
    _loss(drawing, scale, found, language)
    _rtt(drawing, scale, found, language)
    ruler(drawing, scale, month, line.zone, (_RTT[1], _RTT[1] + 5, _HEIGHT - 14))
    reasons = dict.fromkeys(reason for _, reason in gaps)
    return Chart(target, drawing.markup(), tuple(language.word(f"gap.{reason}") for reason in reasons))


def _gaps(found: Sequence[Rollup], whole: Span[int]) -> Iterator[tuple[Span[int], str]]:
    """Yield where nothing is drawn and why: no figures kept, or the monitor did not see."""
    at = whole.start
    for one in found:
        start = whole_second(one.start)
        if at < start:
            yield Span(at, start), "missing"
        at = start + one.seconds
        if one.sent == 0:
            yield Span(start, min(at, whole.end)), "blind"
    if at < whole.end:
        yield Span(at, whole.end), "missing"


def _loss(drawing: Drawing, scale: Scale, found: Sequence[Rollup], language: Language) -> None:
    top, bottom = _LOSS
    ratios = [(one, (one.sent - one.received) / one.sent) for one in found if one.sent]
    most = step_up(max([_LEAST_LOSS, *(ratio for _, ratio in ratios)]), (1, 2, 5, 10))
    _panel(drawing, scale, _LOSS, f"{language.word('loss_ratio')}", f"{most * 100:g}%")
    bars = []
    for one, ratio in ratios:
        if ratio:
            left = scale.at(whole_second(one.start))
            width = max(scale.at(whole_second(one.start) + one.seconds) - left, _LEAST_WIDTH)
            height = min(ratio / most, 1) * (bottom - top)
            bars.append((left, bottom - height, width, height))
    drawing.bars(bars, "loss")


def _rtt(drawing: Drawing, scale: Scale, found: Sequence[Rollup], language: Language) -> None:
    top, bottom = _RTT
    known = [one for one in found if one.rtt_mean_ms is not None]
    highest = max((one.rtt_max_ms or one.rtt_mean_ms or 0 for one in known), default=0)
    most = step_up(max(highest, 1.0), (1, 2, 5, 10))
    _panel(drawing, scale, _RTT, language.word("rtt"), f"{most:g} ms")

    def height(value: float) -> float:
        return bottom - min(value / most, 1) * (bottom - top)

    for run in _runs(known):
        middles = [(scale.at(whole_second(one.start) + one.seconds / 2), one) for one in run]
        lows = [
            (x, height(one.rtt_min_ms if one.rtt_min_ms is not None else one.rtt_mean_ms or 0)) for x, one in middles
        ]
        highs = [
            (x, height(one.rtt_max_ms if one.rtt_max_ms is not None else one.rtt_mean_ms or 0)) for x, one in middles
        ]
        if len(run) > 1:
            drawing.path([*highs, *reversed(lows)], "range", closed=True)
            drawing.path([(x, height(one.rtt_mean_ms or 0)) for x, one in middles], "mean")
        else:
            ((x, one),) = middles
            drawing.path([(x - 1, height(one.rtt_mean_ms or 0)), (x + 1, height(one.rtt_mean_ms or 0))], "mean")


def _runs(known: Sequence[Rollup]) -> Iterator[list[Rollup]]:
    """Yield rollups that follow each other without a hole: a line is never drawn across one."""
    run: list[Rollup] = []
    for one in known:
        if run and run[-1].start + timedelta(seconds=run[-1].seconds) != one.start:
            yield run
            run = []
        run.append(one)
    if run:
        yield run


def _panel(drawing: Drawing, scale: Scale, panel: tuple[float, float], title: str, most: str) -> None:
    top, bottom = panel
    drawing.line((scale.left, top), (scale.left + scale.width, top), "grid")
    drawing.line((scale.left, (top + bottom) / 2), (scale.left + scale.width, (top + bottom) / 2), "grid")
    drawing.line((scale.left, bottom), (scale.left + scale.width, bottom), "axis")
    drawing.text(scale.left - 6, top + 6, most, "end")
    drawing.text(scale.left - 6, bottom, "0", "end")
    drawing.text(scale.left + 2, top - 4, title, "panel")


def step_up(value: float, steps: Sequence[int]) -> float:
    """Return the next round number that is not below a positive value: steps times a power of ten."""
    power = 1.0
    while power > value:
        power /= 10
    while power * 10 < value:
        power *= 10
    return next(step * power for step in (*steps, 100) if step * power >= value * (1 - 1e-9))
