"""What people say about incidents: seen, noted, corrected, handed back."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from slamon.core.facts import Responsibility
from slamon.core.incident import Incident
from slamon.reports.texts import local
from slamon.reports.wording import named
from slamon.service import desk_find
from slamon.service.desk import DeskError, Facts, Filed, LineFile, When, filing, free_text
from slamon.service.desk_find import Found
from slamon.service.desk_maintenance import lines_below
from slamon.service.site import Site
from slamon.store import filed
from slamon.store.entry import Draft


@dataclass(frozen=True, slots=True)
class Change:
    """What a person corrects; None leaves a member as it is."""

    onset: When | None = None
    restored: When | None = None
    responsibility: Responsibility | None = None
    false_alarm: bool | None = None

    @property
    def empty(self) -> bool:
        members = (self.onset, self.restored, self.responsibility, self.false_alarm)
        return all(member is None for member in members)


@dataclass(frozen=True, slots=True)
class Cause:
    """Many incidents of one cause: those below an upstream that are open, or that touch ``[since, until)``."""

    upstream: str
    since: When | None = None
    until: When | None = None


Meant = Callable[[Facts], list[Found]]


def these(texts: Sequence[str]) -> Meant:
    """Return the incidents that are named one by one."""
    return lambda facts: desk_find.incidents(facts, texts)


def caused_by(cause: Cause) -> Meant:
    """Return the incidents of one cause."""
    return lambda facts: list(_below(facts, cause))


def _below(facts: Facts, cause: Cause) -> Iterator[Found]:
    count = 0
    for file in facts.line_files([line.line_id for line in lines_below(facts.site, cause.upstream)]):
        for incident in file.timeline.incidents:
            if file.terms.period_at(incident.onset).upstream == cause.upstream and _touches(file, incident, cause):
                count += 1
                yield Found(file, incident)
    if not count:
        which = "open" if cause.since is None and cause.until is None else "in that time"
        hint = "incidents that are over are named by --since and --until" if which == "open" else "widen the window"
        raise DeskError(f"no incident below {cause.upstream} is {which}", hint)


def _touches(file: LineFile, incident: Incident, cause: Cause) -> bool:
    if cause.since is None and cause.until is None:
        return incident.restored is None
    begun = cause.until is None or incident.onset < cause.until(file.zone)
    return begun and (cause.since is None or incident.restored is None or incident.restored > cause.since(file.zone))


def correct(site: Site, meant: Meant, change: Change, reason: str, at: datetime) -> Filed:
    """Correct one incident or many, all or none; `at` is when."""
    if change.empty:
        hint = "--onset, --restored, --responsibility, --false-alarm or --no-false-alarm"
        raise DeskError("a correction changes something", f"give {hint}")
    why = free_text(reason, "the reason")
    with filing(site) as desk:
        found = meant(desk)
        drafts = [_correction(one, change, why, at) for one in found]
        entries = desk.append(drafts)
        after = [Found(file, _again(file, one)) for one in found for file in [desk.line_file(one.file.line.line_id)]]
    said = tuple(f"{one.name} of {one.file.line.line_id} is corrected: {_now(one)}" for one in after)
    warnings = [warning for one in after for warning in _doubts(one, change)]
    if site.loaded.settings.four_eyes:
        warnings.append("[ledger] four_eyes is set, but this version cannot ask for a second person yet: it holds now")
    return Filed(entries, tuple(one.incident.id for one in found), said, tuple(warnings))


def _again(file: LineFile, one: Found) -> Incident:
    return next((x for x in file.timeline.incidents if one.incident.id in x.derived_from), one.incident)


def _correction(one: Found, change: Change, why: str, at: datetime) -> Draft:
    zone, incident = one.file.zone, one.incident
    payload: dict[str, object] = {}
    onset, restored = incident.onset, incident.restored
    if change.onset is not None:
        onset = change.onset(zone)
        payload["onset"] = filed.moment(onset)
    if change.restored is not None:
        restored = change.restored(zone)
        payload["restored"] = filed.moment(restored)
    if change.responsibility is not None:
        payload["responsibility"] = change.responsibility.value
    if change.false_alarm is not None:
        payload["false_alarm"] = change.false_alarm
    if restored is not None and not onset < restored:
        reason = f"{one.name} would be restored at {local(restored, zone)}, before its onset at {local(onset, zone)}"
        raise DeskError(reason, "onset lies before restored")
    return Draft(filed.CORRECTED, at, payload, line_id=incident.line_id, subject=incident.id, why=why)


def _now(one: Found) -> str:
    incident, zone = one.incident, one.file.zone
    until = "open" if incident.restored is None else f"restored {local(incident.restored, zone)}"
    struck = ", struck out as a false alarm" if incident.false_alarm else ""
    return f"onset {local(incident.onset, zone)}, {until}, responsibility {incident.responsibility}{struck}"


def _doubts(one: Found, change: Change) -> Iterator[str]:
    """Yield what the corrector may not have meant."""
    incident = one.incident
    reported_half = incident.reported is not None and not incident.segments
    if reported_half and (change.onset is not None or change.restored is not None):
        yield f"{one.name} was reported, not measured: its time counts once both --onset and --restored are given"
    for other in one.file.timeline.incidents:
        apart = other.id == incident.id or other.false_alarm or incident.false_alarm
        before = incident.restored is not None and incident.restored <= other.onset
        after = other.restored is not None and other.restored <= incident.onset
        if not (apart or before or after):
            yield f"{one.name} now overlaps incident {named(other)} of the same line"


def hand_back(site: Site, incident: str, at: When) -> Filed:
    """Record that both sides accepted the restored line."""
    with filing(site) as desk:
        one = desk_find.incident(desk, incident)
        found, zone = one.incident, one.file.zone
        accepted = at(zone)
        if accepted <= found.onset:
            raise DeskError(f"{one.name} began at {local(found.onset, zone)}", "a line is handed back after that")
        draft = Draft(filed.HANDED_BACK, accepted, {}, line_id=found.line_id, subject=found.id)
        entries = desk.append([draft])
    doubts = []
    if found.restored is None:
        doubts.append(f"{one.name} is still open: the line was not seen to be back")
    elif accepted < found.restored:
        doubts.append(f"{one.name} was restored later, at {local(found.restored, zone)}")
    said = f"{one.name} of {found.line_id} is handed back as of {local(accepted, zone)}"
    return Filed(entries, (found.id,), (said,), tuple(doubts))


def acknowledge(site: Site, incidents: Sequence[str], at: datetime, until: When | None = None) -> Filed:
    """Record that somebody looks after these incidents; `until` None is as long as the on-call file says."""
    with filing(site) as desk:
        found = desk_find.incidents(desk, incidents)
        entries = desk.append([_ack(one, at, until) for one in found])
    said = tuple(f"{one.name} of {one.incident.line_id} is acknowledged" for one in found)
    return Filed(entries, tuple(one.incident.id for one in found), said)


def note(site: Site, incidents: Sequence[str], text: str, at: datetime) -> Filed:
    """Note something about incidents; the text may speak of people, so it stands outside the chain."""
    said = free_text(text, "the note")
    with filing(site) as desk:
        found = desk_find.incidents(desk, incidents)
        entries = desk.append([_remark(filed.NOTED, one, at, said) for one in found])
    told = tuple(f"noted for {one.name} of {one.incident.line_id}" for one in found)
    return Filed(entries, tuple(one.incident.id for one in found), told)


def _ack(one: Found, at: datetime, until: When | None) -> Draft:
    draft = _remark(filed.ACKED, one, at)
    if until is None:
        return draft
    end = until(one.file.zone)
    if end <= at:
        raise DeskError(f"an acknowledgement until {local(end, one.file.zone)} is over already", "give a later time")
    return replace(draft, payload={"until": filed.moment(end)})


def _remark(kind: str, one: Found, at: datetime, text: str | None = None) -> Draft:
    personal = None if text is None else {"note": text}
    return Draft(kind, at, {}, line_id=one.incident.line_id, subject=one.incident.id, personal=personal)
