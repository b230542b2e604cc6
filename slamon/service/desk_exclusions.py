"""Time that a person wants off an incident's clocks (clauses 3.5, 3.7): entered whole, or as a stop-clock that runs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from slamon.config.problems import did_you_mean, quoted
from slamon.core.contract import ExclusionTerms
from slamon.core.exclusion import PLANNED
from slamon.core.facts import Exclusion
from slamon.reports.texts import local
from slamon.service import desk_find
from slamon.service.desk import DeskError, Filed, Filing, When, filing, free_text, word
from slamon.service.desk_find import Found
from slamon.service.site import Site
from slamon.store import filed
from slamon.store.entry import Draft, blob_id

STOP_CLOCK = "awaiting_customer"
EVIDENCE_AT_MOST_BYTES = 32 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Evidence:
    """A file that proves something, with the name that it had."""

    name: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Claim:
    """What a person wants off the clock; `end` None is a stop-clock that begins to run."""

    kind: str
    start: When
    end: When | None
    reason: str
    evidence: Evidence | None = None
    notified_at: When | None = None


def add_exclusion(site: Site, incidents: Sequence[str], claim: Claim) -> Filed:
    """Record an exclusion on one incident or several, on all or on none."""
    reason = free_text(claim.reason, "the reason")
    with filing(site) as desk:
        found = desk_find.incidents(desk, incidents)
        terms = [_listed(one, claim.kind) for one in found]
        drafts = [_draft(one, claim, reason) for one in found]
        warnings = [
            warning
            for one, accepted_by, draft in zip(found, terms, drafts, strict=True)
            for warning in _warnings(desk, one, accepted_by, draft, claim)
        ]
        entries = desk.append(drafts)
    verb = "stops the clocks of" if claim.end is None else "is recorded for"
    said = tuple(f"{claim.kind} {verb} {one.name} of {one.file.line.line_id}" for one in found)
    return Filed(entries, tuple(one.incident.id for one in found), said, tuple(warnings))


def read_evidence(path: Path) -> Evidence:
    """Return a file as evidence; raises `DeskError` where nothing can be kept of it."""
    with path.open("rb") as stream:
        data = stream.read(EVIDENCE_AT_MOST_BYTES + 1)
    name = word(path.name, "the name of the evidence", longest=255)
    if not data:
        raise DeskError(f"the evidence {quoted(name)} is empty", "give the file that proves it")
    if len(data) > EVIDENCE_AT_MOST_BYTES:
        most = EVIDENCE_AT_MOST_BYTES // (1024 * 1024)
        raise DeskError(f"the evidence {quoted(name)} is too large", f"at most {most} MiB")
    return Evidence(name, data)


def _listed(one: Found, kind: str) -> ExclusionTerms:
    """Return what the contract in force at the onset says of a kind; raises `DeskError` where it does not list it."""
    contract = one.file.terms.contract_at(one.incident.onset)
    kinds = [terms.kind for terms in contract.exclusions if terms.kind != PLANNED]
    if kind == PLANNED:
        raise DeskError(f"{PLANNED} cannot be entered by hand", "announce it: `slamon maintenance add`")
    terms = contract.exclusion(kind)
    if terms is None:
        offered = f"its kinds are {', '.join(kinds)}" if kinds else "it lists none"
        hint = " ".join(filter(None, [did_you_mean(kind, kinds), offered]))
        raise DeskError(f"{contract.id} of {contract.version} does not list {quoted(kind)}", hint)
    return terms


def _draft(one: Found, claim: Claim, reason: str) -> Draft:
    zone = one.file.zone
    start, end = claim.start(zone), None if claim.end is None else claim.end(zone)
    if end is not None and not start < end:
        raise DeskError(f"an exclusion ends after it begins: {local(start, zone)} to {local(end, zone)}")
    running = running_of(one, claim.kind)
    if end is None and running is not None:
        since = local(running.start, zone)
        raise DeskError(f"{claim.kind} runs already for {one.name}, since {since}", "stop it: `slamon exclusion stop`")
    proof = claim.evidence
    notified_at = None if claim.notified_at is None else claim.notified_at(zone)
    payload = {
        "kind": claim.kind,
        "end": filed.moment(end),
        "notified_at": filed.moment(notified_at),
        "evidence": None if proof is None else {"name": proof.name, "sha256": blob_id(proof.data)},
    }
    sha256 = None if proof is None else blob_id(proof.data)
    for known in one.incident.exclusions:
        same = (known.kind, known.start, known.end, known.evidence, known.notified_at)
        if end is not None and same == (claim.kind, start, end, sha256, notified_at):
            raise DeskError(f"this exclusion is on record already for {one.name}", "nothing was changed")
    return Draft(
        filed.EXCLUSION,
        start,
        payload,
        line_id=one.file.line.line_id,
        subject=one.incident.id,
        why=reason,
        blobs=() if proof is None else (proof.data,),
    )


def _warnings(desk: Filing, one: Found, terms: ExclusionTerms, draft: Draft, claim: Claim) -> Iterator[str]:
    """Yield why a recorded exclusion will take nothing off the clock, as far as that can be known now."""
    incident, end = one.incident, None if claim.end is None else claim.end(one.file.zone)
    first = incident.onset if incident.complaint is None else min(incident.onset, incident.complaint)
    last = incident.restored if incident.handed_back is None else incident.handed_back
    if (last is not None and draft.at >= last) or (end is not None and end <= first):
        yield f"it does not overlap {one.name}: it takes nothing off its clocks"
    if terms.evidence and claim.evidence is None:
        yield f"{one.name}: not accepted without evidence; enter it again with --evidence FILE"
    days = terms.notify_within_days
    if days is not None:
        told = None if claim.notified_at is None else claim.notified_at(one.file.zone)
        if told is None or (told - draft.at).total_seconds() > days * 86_400:
            yield f"{one.name}: not accepted without a notice within {days} days (--notified-at)"
    if desk.fleet.as_of is not None and claim.end is None and draft.at < first:
        yield f"the clocks of {one.name} had not begun then"


def running_of(one: Found, kind: str | None) -> Exclusion | None:
    """Return the stop-clock of a kind, or of any, that runs for an incident."""
    return next((e for e in one.incident.exclusions if e.end is None and kind in (None, e.kind)), None)


def stop_exclusion(site: Site, incident: str, kind: str | None, at: When) -> Filed:
    """Let the clocks of an incident run on; without a kind the only stop-clock that runs is meant."""
    with filing(site) as desk:
        one = desk_find.incident(desk, incident)
        running = [e for e in one.incident.exclusions if e.end is None and kind in (None, e.kind)]
        if not running:
            what = f"no {kind}" if kind else "no stop-clock"
            raise DeskError(f"{what} runs for {one.name}", "start one: `slamon exclusion start`")
        if len(running) > 1:
            kinds = ", ".join(sorted(e.kind for e in running))
            raise DeskError(f"{len(running)} stop-clocks run for {one.name}", f"say which: --kind {kinds}")
        ended = _ended(one, running[0], at(one.file.zone))
        entries = desk.append([ended])
    until = local(ended.at, one.file.zone)
    said = f"{running[0].kind} has ended for {one.name} of {one.file.line.line_id}, at {until}"
    return Filed(entries, (one.incident.id,), (said,))


def _ended(one: Found, running: Exclusion, at: datetime) -> Draft:
    if not running.start < at:
        began = local(running.start, one.file.zone)
        raise DeskError(f"a stop-clock ends after it begins; this one began at {began}")
    payload = {"started": running.seq}
    return Draft(filed.EXCLUSION_STOPPED, at, payload, line_id=one.file.line.line_id, subject=one.incident.id)
