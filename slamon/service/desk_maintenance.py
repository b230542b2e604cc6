"""Planned work: announcing a window, and cancelling it (clause 3.3)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from slamon.config.problems import did_you_mean, quoted
from slamon.core.contract import Contract
from slamon.core.exclusion import announced
from slamon.core.facts import Maintenance
from slamon.core.inventory import Line
from slamon.core.timespan import iso
from slamon.reports.texts import local
from slamon.service.desk import DeskError, Facts, Filed, When, filing, free_text, line_of, word
from slamon.service.site import Site
from slamon.store import filed
from slamon.store.entry import Draft, Entry


@dataclass(frozen=True, slots=True)
class Window:
    """Planned work as a person announces it: on lines, or on everything below an upstream."""

    line_ids: tuple[str, ...]
    upstream: str | None
    start: When
    end: When
    reason: str
    notified_at: When | None = None
    channel: str | None = None


def add_maintenance(site: Site, window: Window) -> Filed:
    """Put planned work on record, and say where it will count because it was not announced as agreed."""
    lines = _lines(site, window)
    reason = free_text(window.reason, "the reason")
    channel = None if window.channel is None else word(window.channel, "the channel")
    zone = _zone(site, lines, window)
    start, end = window.start(zone), window.end(zone)
    notified_at = None if window.notified_at is None else window.notified_at(zone)
    if not start < end:
        raise DeskError(f"planned work ends after it begins: {local(start, zone)} to {local(end, zone)}")
    payload = {
        "from": filed.moment(start),
        "to": filed.moment(end),
        "lines": sorted(set(window.line_ids)),
        "upstream": window.upstream,
        "notified_at": filed.moment(notified_at),
        "channel": channel,
    }
    with filing(site) as desk:
        known = windows(desk)
        _refuse_double(known, payload, zone)
        key = f"M-{len(known) + 1}"
        entries = desk.append([Draft(filed.MAINTENANCE, start, payload, subject=key, why=reason)])
    what = f"{len(lines)} {'line' if len(lines) == 1 else 'lines'}"
    below = f" below {window.upstream}" if window.upstream is not None else ""
    said = f"planned work {key}: {what}{below}, {local(start, zone)} to {local(end, zone)}"
    contracts = _contracts(site, lines, start)
    return Filed(entries, (key,), (said,), tuple(_shortcomings(contracts, start, notified_at, channel)))


def _lines(site: Site, window: Window) -> list[Line]:
    """Return the lines that the work concerns; raises `DeskError` where there are none."""
    lines = {line_id: line_of(site, line_id) for line_id in window.line_ids}
    if window.upstream is not None:
        below = lines_below(site, window.upstream)
        lines |= {line.line_id: line for line in below}
    if not lines:
        raise DeskError("planned work concerns no line", "give --line ID, several times if need be, or --upstream ID")
    return list(lines.values())


def lines_below(site: Site, upstream: str) -> list[Line]:
    """Return the lines that hang, or ever hung, on an upstream; raises `DeskError` for an unknown one."""
    found = [line for line in site.lines.values() if any(p.upstream == upstream for p in line.periods)]
    if not found:
        known = {p.upstream for line in site.lines.values() for p in line.periods if p.upstream}
        hint = did_you_mean(upstream, known, "upstreams") or "the inventory's column upstream names them"
        raise DeskError(f"no line hangs on upstream {quoted(upstream)}", hint)
    return found


def _zone(site: Site, lines: Sequence[Line], window: Window) -> ZoneInfo:
    """Return the zone in which times without an offset are read; lines of several zones need an offset."""
    zones = {site.terms(line.line_id).zone for line in lines}
    first, *others = sorted(zones, key=str)
    times = (window.start, window.end, *filter(None, [window.notified_at]))
    if any(at(first) != at(other) for other in others for at in times):
        named = ", ".join(zone.key for zone in [first, *others])
        raise DeskError(f"these lines' contracts are in different time zones ({named})", "write times with an offset")
    return first


def windows(facts: Facts) -> dict[str, tuple[Maintenance, Entry]]:
    """Return all planned work on record by its id, with the entry that announced it."""
    entries = list(facts.reads.entries(kinds=filed.MAINTENANCE_KINDS))
    announced = {entry.seq: entry for entry in entries if entry.kind == filed.MAINTENANCE}
    return {announced[one.seq].subject or "": (one, announced[one.seq]) for one in filed.fold_maintenance(entries)}


def _refuse_double(
    known: Mapping[str, tuple[Maintenance, Entry]], payload: Mapping[str, object], zone: ZoneInfo
) -> None:
    for key, (one, entry) in known.items():
        if not one.cancelled and entry.payload == payload:
            hint = "nothing was changed; `slamon maintenance cancel` takes it back"
            raise DeskError(f"this work is on record already: {key}, from {local(one.start, zone)}", hint)


def announced_in_time(site: Site, window: Maintenance) -> bool:
    """Tell whether planned work was announced as every contract that it concerns asks for (clause 3.3)."""
    return all(announced(window, contract)[0] for contract in _contracts(site, lines_of(site, window), window.start))


def lines_of(site: Site, window: Maintenance) -> list[Line]:
    """Return the lines that planned work concerns, as far as they are known."""
    return [x for x in site.lines.values() if x.line_id in window.line_ids or _hangs_on(x, window.upstream)]


def _hangs_on(line: Line, upstream: str | None) -> bool:
    return upstream is not None and any(period.upstream == upstream for period in line.periods)


def _contracts(site: Site, lines: Sequence[Line], at: datetime) -> list[Contract]:
    found = {(c.id, c.version): c for c in (site.terms(line.line_id).contract_at(at) for line in lines)}
    return [found[key] for key in sorted(found)]


def _shortcomings(
    contracts: Sequence[Contract], start: datetime, notified_at: datetime | None, channel: str | None
) -> Iterator[str]:
    """Yield why the work will not leave the clock, by contract; the statement decides and says so again."""
    for contract in contracts:
        terms, listed = contract.maintenance, contract.exclusion("planned_maintenance")
        if terms is None or listed is None:
            why = "takes no planned work off the clock"
        elif notified_at is None:
            why = f"requires {terms.notice_hours:g} h of notice, and none is on record (--notified-at, --channel)"
        elif start - notified_at < timedelta(hours=terms.notice_hours):
            after = "after the start" if notified_at > start else f"{_hours(start - notified_at)} h ahead"
            why = f"requires {terms.notice_hours:g} h of notice, it was given {after}"
        elif channel not in terms.channels:
            given = "none is on record" if channel is None else f"not {channel}"
            why = f"requires a notice by {', '.join(terms.channels)}, {given}"
        else:
            continue
        yield f"the time of this work will count: {contract.id} {why}"


def _hours(ahead: timedelta) -> str:
    return f"{ahead / timedelta(hours=1):.4g}"


def cancel_maintenance(site: Site, key: str, at: datetime, reason: str = "") -> Filed:
    """Take announced work back; `at` is when."""
    why = free_text(reason, "the reason") if reason else ""
    with filing(site) as desk:
        known = windows(desk)
        if key not in known:
            hint = did_you_mean(key, known, "windows") or "see `slamon maintenance list`"
            raise DeskError(f"there is no planned work {quoted(key)}", hint)
        window, _ = known[key]
        if window.cancelled:
            raise DeskError(f"planned work {key} was cancelled already", "nothing was changed")
        entries = desk.append([Draft(filed.MAINTENANCE_CANCELLED, at, {}, subject=key, why=why)])
    late = (f"it began at {iso(window.start)}: its time counts from the start",) if window.start <= at else ()
    return Filed(entries, (key,), (f"planned work {key} is cancelled",), late)
