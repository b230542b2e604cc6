"""Complaints: taking one down, and what happens to its ticket (clause 3.2)."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from slamon.config.problems import did_you_mean, quoted
from slamon.core.facts import Category, Complaint
from slamon.core.incident import Incident
from slamon.core.timeline import Timeline
from slamon.reports.texts import local
from slamon.reports.wording import named
from slamon.service.desk import DeskError, Facts, Filed, LineFile, When, filing, free_text, line_of, word
from slamon.service.site import Site
from slamon.store import filed
from slamon.store.entry import Draft


class Step(NamedTuple):
    """What happens to a ticket: the entry's kind, the member of `Complaint` that it sets, its word."""

    kind: str
    member: str
    word: str


STEPS = {
    "answer": Step(filed.ANSWERED, "answered_at", "answered"),
    "settle": Step(filed.SETTLED, "settled_at", "settled"),
    "close": Step(filed.COMPLAINT_CLOSED, "closed_at", "closed"),
}


def add_complaint(  # noqa: PLR0913 - a complaint has these members
    site: Site,
    line_id: str,
    at: When,
    *,
    ticket: str,
    category: Category,
    channel: str | None = None,
    caller: str | None = None,
) -> Filed:
    """Take down a complaint; what it joins follows from all facts and is said."""
    line_of(site, line_id)
    ticket = word(ticket, "the ticket number")
    payload = {"category": category.value, "channel": None if channel is None else word(channel, "the channel")}
    personal = None if caller is None else {"caller": free_text(caller, "the caller")}
    with filing(site) as desk:
        before = desk.line_file(line_id)
        known = next((c for c in before.book.filed.complaints if c.ticket == ticket), None)
        if known is not None:
            made = local(known.at, before.zone)
            hint = "every complaint has a ticket of its own; `slamon complaint answer|settle|close` goes on with this"
            raise DeskError(f"ticket {ticket} is on record already for line {line_id}, at {made}", hint)
        draft = Draft(filed.COMPLAINT, at(before.zone), payload, line_id=line_id, subject=ticket, personal=personal)
        entries = desk.append([draft])
        after = desk.line_file(line_id)
        return Filed(entries, (ticket,), (_where(after, ticket, entries[0]),), tuple(_replaced(before, after)))


def _where(file: LineFile, ticket: str, seq: int) -> str:
    """Say where a complaint went."""
    said = f"complaint {ticket} on {file.line.line_id}"
    owner = _owner(file.timeline, seq)
    if owner is not None:
        onset = local(owner.onset, file.zone)
        own = next(c for c in owner.complaints if c.seq == seq)
        if owner.reported is not None and owner.number == seq:
            return f"{said} opens incident {named(owner)}: reported, nothing was measured; `complaint close` ends it"
        if owner.restored is not None and own.at >= owner.restored:
            return f"{said} is noted with incident {named(owner)}, restored before it: no clock moves"
        return f"{said} joins incident {named(owner)} ({owner.category} since {onset})"
    notice = next((n for n in file.timeline.notices if any(c.seq == seq for c in n.complaints)), None)
    if notice is not None:
        start = local(notice.start, file.zone)
        return f"{said} is attached to the customer-side notice of {start}; it opens no incident"
    return f"{said} is recorded; the line was not in service then, so it joins nothing"


def _owner(timeline: Timeline, seq: int) -> Incident | None:
    return next((x for x in timeline.incidents if any(c.seq == seq for c in x.complaints)), None)


def _replaced(before: LineFile, after: LineFile) -> list[str]:
    """Say which reported incidents are not there any more: an earlier complaint takes their place."""
    left = {x.id for x in after.timeline.incidents}
    return [f"incident {named(x)} is now part of another one" for x in before.timeline.incidents if x.id not in left]


def step_complaint(site: Site, ticket: str, step: Step, at: When) -> Filed:
    """Answer, settle or close a ticket on every line that it stands for and where that is still to be done."""
    ticket = word(ticket, "the ticket number")
    with filing(site) as desk:
        files = complaints_of(desk, ticket)
        due = [(file, c) for file, c in files if getattr(c, step.member) is None]
        if not due:
            file, complaint = files[0]
            done = local(getattr(complaint, step.member), file.zone)
            raise DeskError(f"ticket {ticket} was {step.word} already, at {done}", "nothing was changed")
        drafts = [_step_draft(file, complaint, step, at(file.zone)) for file, complaint in due]
        entries = desk.append(drafts)
        said = [
            _stepped(file, desk.line_file(file.line.line_id), complaint, step, draft.at)
            for (file, complaint), draft in zip(due, drafts, strict=True)
        ]
        return Filed(entries, (ticket,), tuple(said))


def complaints_of(facts: Facts, ticket: str) -> list[tuple[LineFile, Complaint]]:
    """Return a ticket's complaints, one a line; raises `DeskError` for an unknown ticket."""
    line_ids = [entry.line_id or "" for entry in facts.reads.entries(kinds={filed.COMPLAINT}, subject=ticket)]
    found = []
    for line_id in line_ids:
        file = facts.line_file(line_of(facts.site, line_id).line_id)
        found += [(file, c) for c in file.book.filed.complaints if c.ticket == ticket]
    if not found:
        known = {entry.subject or "" for entry in facts.reads.entries(kinds={filed.COMPLAINT})}
        hint = did_you_mean(ticket, known, "tickets") or "see `slamon complaint list`"
        raise DeskError(f"there is no ticket {quoted(ticket)}", hint)
    return found


def _step_draft(file: LineFile, complaint: Complaint, step: Step, at: datetime) -> Draft:
    if at < complaint.at:
        made = local(complaint.at, file.zone)
        reason = f"ticket {complaint.ticket} cannot be {step.word} at {local(at, file.zone)}"
        raise DeskError(reason, f"the complaint was made at {made}")
    return Draft(step.kind, at, {}, line_id=file.line.line_id, subject=complaint.ticket)


def _stepped(before: LineFile, after: LineFile, complaint: Complaint, step: Step, at: datetime) -> str:
    said = f"ticket {complaint.ticket} on {complaint.line_id} is {step.word} as of {local(at, after.zone)}"
    owner = _owner(after.timeline, complaint.seq)
    was = _owner(before.timeline, complaint.seq)
    if step.kind != filed.COMPLAINT_CLOSED or owner is None:
        return said
    if owner.reported is not None and owner.restored is not None:
        return f"{said}; incident {named(owner)} is restored as of {local(owner.restored, after.zone)}"
    if owner.restored is None and was is not None:
        return f"{said}; incident {named(owner)} was measured, and stays open until the line is back"
    return said
