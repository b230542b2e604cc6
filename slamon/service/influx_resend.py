"""`slamon influx resend`: what the ledger has of a stretch of time, written again; nothing is doubled.

Incidents, credits and health events come from the entries, measurements from the evidence: the readings around every
incident, each ten minutes before and after. What is written are the points that were written live, over themselves.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any

from slamon.core.timespan import Span, micros, parse_iso
from slamon.service.influx_events import event_points
from slamon.service.influx_progress import concerns
from slamon.service.influx_series import own_of, tier_at
from slamon.service.site import Site
from slamon.sinks.delivering import PutAside, deliver
from slamon.sinks.influx import Writer
from slamon.sinks.line_protocol import Point, line
from slamon.sinks.points import interface_point, ns, quality_points
from slamon.sinks.quality_lines import TARGETS
from slamon.store.entry import Entry
from slamon.store.evidence import unpack_readings
from slamon.store.issued import ISSUED
from slamon.store.measured import EVIDENCE

PAGE = 500


@dataclass(slots=True)
class Resent:
    """What was written again, in points; `aside` were not taken by the server."""

    events: int = 0
    measurements: int = 0
    aside: int = 0


@dataclass(frozen=True, slots=True)
class Resending:
    """A writer, where bad lines go, and how many points a request holds."""

    writer: Writer
    put_aside: PutAside
    batch_points: int


def resend(site: Site, span: Span[datetime], means: Resending, progress: Callable[[int], None]) -> Resent:
    """Write again what the ledger has of a span; raises `NotDelivered`. `progress` is told of points written."""
    done = Resent()
    for count, aside in _write(site, _events(site, span), means):
        done.events += count - aside
        done.aside += aside
        progress(count)
    for count, aside in _write(site, _measurements(site, span), means):
        done.measurements += count - aside
        done.aside += aside
        progress(count)
    return done


def _write(site: Site, points: Iterator[Point], means: Resending) -> Iterator[tuple[int, int]]:
    plain = f"slamon_health,vantage={site.vantage} delivery_check=true".encode()
    while chosen := list(islice(points, means.batch_points)):
        lines = [text for point in chosen if (text := line(point)) is not None]
        if lines:
            block = "".join(f"{text}\n" for text in lines).encode()
            yield len(lines), deliver(means.writer, block, means.put_aside, plain).aside


def _events(site: Site, span: Span[datetime]) -> Iterator[Point]:
    for page in _pages(entry for entry in site.ledger.entries() if concerns(entry) and _may_tell(entry, span)):
        for point in event_points(site, site.ledger, page):
            if ns(span.start) <= point.at_ns < ns(span.end):
                yield point


def _may_tell(entry: Entry, span: Span[datetime]) -> bool:
    """Tell whether an entry may be about the span; a statement is about the end of its month, not its own instant."""
    return entry.kind == ISSUED or micros(span.start) <= entry.at_us < micros(span.end)


def _pages(entries: Iterable[Entry]) -> Iterator[list[Entry]]:
    left = iter(entries)
    while page := list(islice(left, PAGE)):
        yield page


def _measurements(site: Site, span: Span[datetime]) -> Iterator[Point]:
    for entry in site.ledger.entries(kinds={EVIDENCE}):
        payload: dict[str, Any] = entry.payload
        if parse_iso(payload["to"]) <= span.start or parse_iso(payload["from"]) >= span.end:
            continue
        own = own_of(site, entry.line_id or "")
        targets = [name for name, bit in TARGETS.items() if own[1] & bit]
        for blob in payload["blobs"]:
            for reading, verdict in unpack_readings(site.ledger.blob(blob)):
                vantage = reading.vantage or entry.writer
                if reading.start in span:
                    tags = {"line": reading.line_id, "tier": tier_at(own, micros(reading.start)), "vantage": vantage}
                    yield from quality_points(reading, verdict, tags, targets)
                if reading.interface is not None and reading.end in span:
                    yield interface_point(reading.line_id, vantage, reading.interface, reading.end)
