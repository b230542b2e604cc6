"""Pieces of inline SVG: escaped texts, even coordinates, and fills that can be told apart in black and white too.

Nothing refers to anything outside of its own drawing, so that a page stays one file.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from markupsafe import Markup

from .texts import clean

# Fills of the parts of a month: a colour, and for print a pattern (None: plain) drawn over it in a second colour.
FILLS: dict[str, tuple[str, str | None, str]] = {
    "up": ("#d5e8d4", None, ""),
    "interrupted": ("#a61b1e", None, ""),
    "degraded": ("#f3c14b", "M-1,1 l2,-2 M0,6 l6,-6 M5,7 l2,-2", "#7a5200"),
    "excluded": ("#c9d4e3", "M1.5,0 V6 M4.5,0 V6", "#4a6182"),
    "blind": ("#ffffff", "M-1,-1 L7,7", "#8a8f98"),
    "off": ("#ffffff", None, ""),
    "unknown": ("#f1f2f4", None, ""),
}
FONTS = "Noto Sans CJK SC, Noto Sans SC, PingFang SC, Microsoft YaHei, sans-serif"
# Attributes, not a style sheet: what prints a page does not look into its sheet for drawings.
_INK, _SOFT, _ACCENT, _BAD, _OPEN = "#16212c", "#5a6672", "#0b4a6f", "#a61b1e", "#8a5a00"
STYLES: dict[str, dict[str, str]] = {
    "day": {"font-size": "12", "text-anchor": "middle", "fill": _SOFT},
    "mark": {"font-size": "12.5", "text-anchor": "middle", "font-weight": "700", "fill": _INK},
    "row": {"font-size": "13", "fill": _SOFT},
    "name": {"font-size": "12", "fill": _INK},
    "start": {"font-size": "12.5", "fill": _SOFT},
    "end": {"font-size": "12.5", "fill": _SOFT, "text-anchor": "end"},
    "panel": {"font-size": "12", "fill": _SOFT},
    "marker": {"fill": _INK},
    "frame": {"fill": "none", "stroke": _INK, "stroke-width": "0.7"},
    "tick": {"fill": "none", "stroke": _INK, "stroke-width": "0.4", "stroke-opacity": "0.35"},
    "axis": {"stroke": _INK, "stroke-width": "0.7"},
    "grid": {"stroke": "#c9cfd6", "stroke-width": "0.6"},
    "clock": {"fill": _ACCENT},
    "overrun": {"fill": _BAD},
    "limit": {"stroke": _INK, "stroke-width": "1.4"},
    "refused": {"fill": "none", "stroke": _OPEN, "stroke-width": "1", "stroke-dasharray": "4 3"},
    "loss": {"fill": _BAD},
    "range": {"fill": _ACCENT, "fill-opacity": "0.22"},
    "mean": {"fill": "none", "stroke": _ACCENT, "stroke-width": "1.4"},
}
SEGMENT_PARTS = {"interruption": "interrupted", "degradation": "degraded", "usable": "up", "blind": "blind"}


def _style(name: str) -> Markup:
    return Markup(" ").join(Markup('{}="{}"').format(key, value) for key, value in STYLES[name].items())


def coordinate(value: float) -> str:
    """Return a coordinate with at most two decimals, the same on every machine."""
    return f"{value:.2f}".rstrip("0").rstrip(".")


@dataclass(slots=True)
class Drawing:
    """A drawing that grows element by element; `name` keeps its patterns apart from those of others on the page."""

    name: str
    width: float
    height: float
    label: str
    pieces: list[Markup] = field(default_factory=list)
    used: dict[str, None] = field(default_factory=dict)

    def rect(self, x: float, y: float, width: float, height: float, part: str) -> None:
        """Fill a rectangle as a part of the month is filled."""
        self._use(part)
        self.pieces.append(
            Markup('<rect x="{}" y="{}" width="{}" height="{}" fill="{}"/>').format(
                *map(coordinate, (x, y, width, height)), self.fill(part)
            )
        )

    def plain(self, x: float, y: float, width: float, height: float, style: str) -> None:
        """Draw a rectangle in one of the styles."""
        piece = Markup('<rect {} x="{}" y="{}" width="{}" height="{}"/>')
        self.pieces.append(piece.format(_style(style), *map(coordinate, (x, y, width, height))))

    def line(self, start: tuple[float, float], end: tuple[float, float], style: str) -> None:
        """Draw a line in one of the styles."""
        piece = Markup('<line {} x1="{}" y1="{}" x2="{}" y2="{}"/>')
        self.pieces.append(piece.format(_style(style), *map(coordinate, (*start, *end))))

    def marks(self, places: Iterable[tuple[float, float, float]], style: str) -> None:
        """Draw upright strokes, all in one element: where, from and to."""
        steps = " ".join(f"M{coordinate(x)},{coordinate(top)}V{coordinate(bottom)}" for x, top, bottom in places)
        self.pieces.append(Markup('<path {} d="{}"/>').format(_style(style), steps))

    def bars(self, places: Iterable[tuple[float, float, float, float]], style: str) -> None:
        """Draw rectangles, all in one element: left, top, width, height."""
        steps = " ".join(
            f"M{coordinate(x)},{coordinate(y)}h{coordinate(width)}v{coordinate(height)}h{coordinate(-width)}z"
            for x, y, width, height in places
        )
        if steps:
            self.pieces.append(Markup('<path {} d="{}"/>').format(_style(style), steps))

    def path(self, points: Iterable[tuple[float, float]], style: str, *, closed: bool = False) -> None:
        """Draw straight lines through points."""
        steps = " ".join(f"{'L' if n else 'M'}{coordinate(x)},{coordinate(y)}" for n, (x, y) in enumerate(points))
        self.pieces.append(Markup('<path {} d="{}"/>').format(_style(style), steps + ("Z" if closed else "")))

    def text(self, x: float, y: float, text: str, style: str) -> None:
        """Write a text in one of the styles."""
        piece = Markup('<text {} x="{}" y="{}">{}</text>')
        self.pieces.append(piece.format(_style(style), coordinate(x), coordinate(y), clean(text)))

    def fill(self, part: str) -> str:
        colour, pattern, _ = FILLS[part]
        return colour if pattern is None else f"url(#{self.name}-{part})"

    def _use(self, part: str) -> None:
        self.used.setdefault(part)

    def _patterns(self) -> Iterator[Markup]:
        for part in self.used:
            colour, pattern, stroke = FILLS[part]
            if pattern is not None:
                yield Markup(
                    '<pattern id="{}-{}" width="6" height="6" patternUnits="userSpaceOnUse">'
                    '<rect width="6" height="6" fill="{}"/><path d="{}" stroke="{}" stroke-width="1.1" fill="none"/>'
                    "</pattern>"
                ).format(self.name, part, colour, pattern, stroke)

    def markup(self) -> Markup:
        """Return the drawing as an element of HTML, read aloud by its label."""
        head = Markup(
            '<svg class="drawing" xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {} {}" role="img" aria-label="{}" '
            'font-family="{}">'
        ).format(coordinate(self.width), coordinate(self.height), clean(self.label), FONTS)
        defs = Markup("").join(self._patterns())
        wrapped = Markup("<defs>{}</defs>").format(defs) if defs else Markup("")
        return head + wrapped + Markup("").join(self.pieces) + Markup("</svg>")
