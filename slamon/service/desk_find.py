"""Finding what a person means: an incident by id, by the beginning of its id, or by its number."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from slamon.config.problems import did_you_mean, quoted
from slamon.core.incident import Incident, incident_id
from slamon.reports.wording import named
from slamon.service.desk import DeskError, Facts, LineFile
from slamon.store import filed
from slamon.store.book import EPISODE_KINDS
from slamon.store.entry import Entry
from slamon.store.measured import FOUND, OPENED

_SHORTEST_PREFIX = 8
_NUMBER = re.compile(r"#?(\d{1,15})", re.ASCII)
_PREFIX = re.compile(r"[0-9a-f][0-9a-f-]{7,35}", re.ASCII)
_WHOLE_ID = 36
_HINT = "see `slamon incident list`"


class Found(NamedTuple):
    """An incident in its line's file."""

    file: LineFile
    incident: Incident

    @property
    def name(self) -> str:
        return f"incident {named(self.incident)}"


def incident(facts: Facts, text: str) -> Found:
    """Return the incident that a person names; raises `DeskError`.

    An id that another incident absorbed names that one.
    """
    asked = text.strip().casefold()
    number = _NUMBER.fullmatch(asked)
    if number is not None and (asked.startswith("#") or len(asked) < _SHORTEST_PREFIX):
        return _by_number(facts, int(number[1]))
    if not _PREFIX.fullmatch(asked):
        hint = f"give its number (#17), its id, or at least {_SHORTEST_PREFIX} characters of its id"
        raise DeskError(f"{quoted(text)} names no incident", hint)
    return _by_id(facts, asked)


def incidents(facts: Facts, texts: Sequence[str]) -> list[Found]:
    """Return the incidents that a person names, each once, in that order."""
    found = {one.incident.id: one for one in (incident(facts, text) for text in texts)}
    return list(found.values())


def _by_number(facts: Facts, number: int) -> Found:
    entry = next(facts.reads.entries(after_seq=number - 1), None) if number > 0 else None
    if entry is None or entry.seq != number or entry.line_id is None or entry.line_id not in facts.site.lines:
        raise DeskError(f"there is no incident #{number}", _HINT)
    file = facts.line_file(entry.line_id)
    own_id = _named_by(entry)
    found = None if own_id is None else _holding(file, own_id)
    if found is not None:
        return Found(file, found)
    if entry.kind == filed.COMPLAINT:
        owner = next((x for x in file.timeline.incidents if any(c.seq == number for c in x.complaints)), None)
        joined = f"complaint {entry.subject}" + (f" of incident {named(owner)}" if owner is not None else "")
        raise DeskError(f"there is no incident #{number}", f"#{number} is {joined}")
    if own_id is not None:
        raise DeskError(f"incident #{number} of {entry.line_id} lies outside of the line's service", _HINT)
    raise DeskError(f"there is no incident #{number}", _HINT)


def _named_by(entry: Entry) -> str | None:
    """Return the id of the incident that an entry is the first to name, if it is of such a kind."""
    if entry.kind in EPISODE_KINDS or entry.kind == FOUND:
        return entry.subject
    if entry.kind == filed.COMPLAINT:
        return incident_id(entry.line_id or "", entry.at, reported=True)
    return None


def _holding(file: LineFile, own_id: str) -> Incident | None:
    incidents_ = file.timeline.incidents
    own = next((x for x in incidents_ if x.id == own_id), None)
    return own or next((x for x in incidents_ if own_id in x.derived_from), None)


def _by_id(facts: Facts, asked: str) -> Found:
    ids = dict(_ids(facts, asked))
    if not ids:
        near = did_you_mean(asked, [i for i, _ in _ids(facts, "")][-1000:]) if len(asked) == _WHOLE_ID else ""
        raise DeskError(f"there is no incident {quoted(asked)}", near or _HINT)
    found: dict[str, Found] = {}
    for own_id, line_id in ids.items():
        if line_id in facts.site.lines and len(found) < 2:
            file = facts.line_file(line_id)
            holder = _holding(file, own_id)
            if holder is not None:
                found.setdefault(holder.id, Found(file, holder))
    if len(found) > 1:
        raise DeskError(f"{len(ids)} incidents begin with {asked}", f"give more of it: {', '.join(sorted(ids)[:5])}")
    if not found:
        raise DeskError(f"{quoted(asked)} is no incident as the facts stand now", _HINT)
    return next(iter(found.values()))


def _ids(facts: Facts, prefix: str) -> Iterator[tuple[str, str]]:
    """Yield every id on record that begins so, with its line; a whole id is looked up, the rest gone through."""
    if len(prefix) == _WHOLE_ID:
        measured = list(facts.reads.entries(kinds=EPISODE_KINDS | {FOUND}, subject=prefix))
        if measured:
            yield prefix, measured[0].line_id or ""
            return
    for entry in facts.reads.entries(kinds={OPENED, FOUND, filed.COMPLAINT}):
        own_id = _named_by(entry) or ""
        if own_id.startswith(prefix):
            yield own_id, entry.line_id or ""
