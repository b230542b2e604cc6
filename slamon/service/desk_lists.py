"""What is on file, to look at: incidents, complaints, exclusions, planned work, lines."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from slamon.core.calendar import BillingMonth
from slamon.core.exclusion import Adjudged, adjudicate
from slamon.core.facts import Complaint, Maintenance
from slamon.core.incident import Incident
from slamon.core.statement import IncidentStatement, line_statement
from slamon.reports.texts import local
from slamon.service.desk import DeskError, Facts, LineFile, line_of
from slamon.service.desk_find import Found
from slamon.service.desk_maintenance import windows
from slamon.store import filed
from slamon.store.entry import Entry
from slamon.store.errors import NotReadable
from slamon.store.measured import EVIDENCE, FOUND, ONSET, OPENED

_WITH_INCIDENTS = frozenset({OPENED, FOUND, filed.COMPLAINT})
_REMARKS = {
    filed.CORRECTED: "corrected",
    filed.ACKED: "acknowledged",
    filed.NOTED: "noted",
    filed.HANDED_BACK: "handed back",
    filed.EXCLUSION: "exclusion",
    filed.EXCLUSION_STOPPED: "stop-clock ended",
}


def files(facts: Facts, kinds: frozenset[str], line_id: str | None = None) -> Iterator[LineFile]:
    """Yield the files of lines that have entries of these kinds, by line id; a named line always."""
    if line_id is not None:
        yield facts.line_file(line_of(facts.site, line_id).line_id)
        return
    found = {entry.line_id for entry in facts.reads.entries(kinds=kinds)}
    yield from facts.line_files(one for one in found if one is not None)


def incidents(
    facts: Facts, line_id: str | None = None, *, open_only: bool = False, month: BillingMonth | None = None
) -> Iterator[Found]:
    """Yield incidents by line and onset: all, those that are open, or those that touch a month."""
    for file in files(facts, _WITH_INCIDENTS, line_id):
        bounds = None if month is None else month.span(file.zone)
        for incident in file.timeline.incidents:
            if open_only and incident.restored is not None:
                continue
            over = incident.restored is not None and bounds is not None and incident.restored < bounds.start
            if bounds is None or (incident.onset < bounds.end and not over):
                yield Found(file, incident)


def complaints(
    facts: Facts, line_id: str | None = None, *, open_only: bool = False
) -> Iterator[tuple[LineFile, Complaint, Incident | None]]:
    """Yield complaints by line and time, each with the incident that it belongs to."""
    for file in files(facts, frozenset({filed.COMPLAINT}), line_id):
        owners = {c.seq: x for x in file.timeline.incidents for c in x.complaints}
        for complaint in sorted(file.book.filed.complaints, key=lambda c: (c.at, c.seq)):
            if not open_only or complaint.closed_at is None:
                yield file, complaint, owners.get(complaint.seq)


def exclusions(facts: Facts, line_id: str | None = None) -> Iterator[tuple[Found, Adjudged]]:
    """Yield what people recorded as exclusions, with the contract's decision on each; planned work stands apart."""
    for file in files(facts, frozenset({filed.EXCLUSION}), line_id):
        for incident in file.timeline.incidents:
            contract = file.terms.contract_at(incident.onset)
            for adjudged in adjudicate(incident, contract, (), None):
                yield Found(file, incident), adjudged


def planned_work(facts: Facts) -> list[tuple[str, Maintenance, Entry]]:
    """Return all planned work with its id and the entry that announced it, by start."""
    found = [(key, window, entry) for key, (window, entry) in windows(facts).items()]
    return sorted(found, key=lambda one: (one[1].start, one[1].seq))


def as_it_stands(one: Found, now: datetime) -> IncidentStatement:
    """Return an incident with its clocks and credits: an open one up to now, a restored one as its month has it."""
    file, incident = one.file, one.incident
    measured = file.neighbours.around(file.line.line_id, file.book.measured)
    until = max(measured.until, incident.onset + timedelta(microseconds=1), now)
    month = BillingMonth.of(until if incident.restored is None else incident.restored, file.zone)
    if incident.restored is None:
        measured = replace(measured, until=until)
    stated = line_statement(file.terms, month, until, measured, file.book.filed)
    found = () if stated is None else (*stated.incidents, *stated.pending)
    shown = next((each for each in found if each.incident.id == incident.id), None)
    if shown is None:
        raise DeskError(f"{one.name} is in no statement")
    return shown


@dataclass(frozen=True, slots=True)
class Remark:
    """Something that a person did about an incident."""

    entry: Entry
    what: str
    text: str


def history(facts: Facts, one: Found) -> list[Remark]:
    """Return what people did about an incident, oldest first; erased texts say so."""
    found = [
        Remark(entry, _REMARKS[entry.kind], _text(facts, one, entry))
        for entry in _entries(facts, one, frozenset(_REMARKS))
    ]
    return sorted(found, key=lambda remark: remark.entry.seq)


def _entries(facts: Facts, one: Found, kinds: frozenset[str]) -> Iterable[Entry]:
    for own_id in dict.fromkeys(one.incident.derived_from):
        yield from facts.reads.entries(kinds=kinds, subject=own_id)


def _text(facts: Facts, one: Found, entry: Entry) -> str:
    payload, zone = entry.payload, one.file.zone
    if entry.kind == filed.NOTED:
        refs = payload.get("personal")
        return _kept(facts, str(refs["note"])) if isinstance(refs, dict) and "note" in refs else "(erased)"
    if entry.kind == filed.CORRECTED:
        said = ", ".join(f"{key} {value}" for key, value in payload.items() if value is not None)
        return f"{said}: {entry.why}"
    if entry.kind == filed.EXCLUSION:
        proof = payload.get("evidence")
        shown = f", evidence {proof['name']} sha256:{proof['sha256']}" if isinstance(proof, dict) else ""
        return f"{payload['kind']} from {local(entry.at, zone)}: {entry.why}{shown}"
    return f"as of {local(entry.at, zone)}" if entry.kind in (filed.HANDED_BACK, filed.EXCLUSION_STOPPED) else ""


def _kept(facts: Facts, ref: str) -> str:
    try:
        text = facts.reads.personal(ref)
    except NotReadable:
        return "(sealed with a key that is not here)"
    return text if text is not None else "(erased)"


def evidence(facts: Facts, one: Found) -> list[dict[str, object]]:
    """Return which readings are kept for an incident: blob, count, from and to."""
    found = sorted(_entries(facts, one, frozenset({EVIDENCE})), key=lambda entry: entry.seq)
    return [{key: entry.payload[key] for key in ("blob", "count", "from", "to")} for entry in found]


def onsets(facts: Facts, one: Found) -> list[dict[str, Any]]:
    """Return what was seen when an incident began (`slamon.service.onset`), one for each that it is made of."""
    found = sorted(_entries(facts, one, frozenset({ONSET})), key=lambda entry: entry.seq)
    latest = {entry.subject: entry.payload for entry in found}  # the one with the path stands for the one before it
    return list(latest.values())
