"""What the judge measured, as payloads of entries and as states of a line; both ways, without loss."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from slamon.core.fusion import PortState
from slamon.core.incident import EndedBy, Episode, Notice, Run, Thresholds
from slamon.core.judge import Aside, Blindness, Coverage, Judge
from slamon.core.lifecycle import Change, Course, Happening, Phase
from slamon.core.location import Path
from slamon.core.quality import Sight, Verdict
from slamon.core.scene import NOTHING_SEEN, PortScene, Sights, Told, Trouble
from slamon.core.timespan import MICROSECOND, from_micros, micros
from slamon.store.entry import Draft, Entry

OPENED = "incident.opened"
WORSENED = "incident.worsened"
CLOSED = "incident.restored"
FOUND = "incident.found"
BLIND = "line.blind"
MANY_BLIND = "lines.blind"
NOTICE = "line.customer_side"
OBSERVED = "lines.observed"
EVIDENCE = "incident.evidence"
ONSET = "incident.onset"

_encode = json.JSONEncoder(separators=(",", ":"), check_circular=False).encode
_KINDS = {Change.OPENED: OPENED, Change.WORSENED: WORSENED, Change.CLOSED: CLOSED}
_LETTERS = {Verdict.UP: "u", Verdict.DEGRADED: "d", Verdict.DOWN: "x"}
_VERDICTS = {letter: verdict for verdict, letter in _LETTERS.items()}

# From here on one entry holds the blind time of many lines: a stop of slamon is one thing that happened, not 100,000.
MANY = 64
MANY_AT_MOST = 2000


def _us(instant: datetime | None) -> int | None:
    return None if instant is None else micros(instant)


def _at(value: int | None) -> datetime | None:
    return None if value is None else from_micros(value)


def run_values(run: Run) -> list[object]:
    """Return a run as ``[verdict letter, start us, step us, count, source]``, with its targets' letters behind."""
    values = [_LETTERS[run.verdict], micros(run.start), run.step // MICROSECOND, run.count, run.source]
    return values if run.letters is None else [*values, run.letters]


def run_of(values: Sequence[Any]) -> Run:
    """Return the run of `run_values`."""
    letter, start, step, count, source, *letters = values
    step_length = timedelta(microseconds=step)
    return Run(_VERDICTS[letter], from_micros(start), step_length, count, source, letters[0] if letters else None)


def episode_payload(episode: Episode) -> dict[str, object]:
    """Return an episode as an entry's payload; instants in microseconds since the epoch."""
    thresholds = episode.thresholds
    return {
        "onset": micros(episode.onset),
        "alarm": micros(episode.alarm),
        "interruption_at": _us(episode.interruption_at),
        "restored": _us(episode.restored),
        "restored_earliest": _us(episode.restored_earliest),
        "ended_by": episode.ended_by,
        "runs": [run_values(run) for run in episode.runs],
        "thresholds": [thresholds.open_after_s, thresholds.degraded_open_after_s, thresholds.close_after_s],
        "vantage": episode.vantage,
        "sights": sights_values(episode.sights),
    }


def sights_values(sights: Sights | None) -> list[object] | None:
    """Return what a port showed as plain values, none for nothing; instants in microseconds since the epoch."""
    if sights is None or sights == NOTHING_SEEN:
        return None if sights is None else []
    told = [[micros(w.start), micros(w.end), w.port.state, _us(w.port.changed), *w.port[2:]] for w in sights.told]
    troubles = [[name, micros(start), micros(end)] for name, start, end in sights.troubles]
    return [sights.spoke, told, _us(sights.polled_to), troubles]


def sights_of(values: Sequence[Any] | None) -> Sights | None:
    """Return the sights of `sights_values`."""
    if not values:
        return None if values is None else NOTHING_SEEN
    spoke, told, polled_to, troubles = values
    words = (
        Told(from_micros(start), from_micros(end), PortScene(PortState(state), _at(changed), *rest))
        for start, end, state, changed, *rest in told
    )
    spans = (Trouble(name, from_micros(start), from_micros(end)) for name, start, end in troubles)
    return Sights(spoke, tuple(words), _at(polled_to), tuple(spans))


def episode_of(line_id: str, payload: Mapping[str, Any], recorded_as: str | None = None) -> Episode:
    """Return the episode of `episode_payload`; `recorded_as` is the id under which it stands in the ledger."""
    ended_by = payload["ended_by"]
    return Episode(
        line_id=line_id,
        onset=from_micros(payload["onset"]),
        alarm=from_micros(payload["alarm"]),
        runs=tuple(map(run_of, payload["runs"])),
        thresholds=Thresholds(*payload["thresholds"]),
        interruption_at=_at(payload["interruption_at"]),
        restored=_at(payload["restored"]),
        restored_earliest=_at(payload["restored_earliest"]),
        ended_by=None if ended_by is None else EndedBy(ended_by),
        vantage=payload["vantage"],
        sights=sights_of(payload.get("sights")) or NOTHING_SEEN,
        recorded_as=recorded_as,
    )


def happening_draft(happening: Happening) -> Draft:
    """Return the entry of a transition; its subject is the episode's id."""
    episode = happening.episode
    payload = episode_payload(episode)
    return Draft(_KINDS[happening.change], happening.at, payload, line_id=episode.line_id, subject=episode.id)


def blind_drafts(spans: Sequence[Blindness]) -> list[Draft]:
    """Return entries of blind time that ended: one a line, or one for many lines of one reason."""
    if len(spans) < MANY:
        return [_blind_draft(span) for span in spans]
    by_reason: dict[str, list[Blindness]] = {}
    for span in spans:
        by_reason.setdefault(span.reason, []).append(span)
    drafts: list[Draft] = []
    for reason, found in by_reason.items():
        for low in range(0, len(found), MANY_AT_MOST):
            part = found[low : low + MANY_AT_MOST]
            lines: dict[str, list[list[int]]] = {}
            for span in part:
                lines.setdefault(span.line_id, []).append([micros(span.start), micros(span.end)])
            drafts.append(Draft(MANY_BLIND, max(s.end for s in part), {"reason": reason, "lines": lines}))
    return drafts


def _blind_draft(span: Blindness) -> Draft:
    payload = {"start": micros(span.start), "end": micros(span.end), "reason": span.reason}
    return Draft(BLIND, span.end, payload, line_id=span.line_id)


def blindness_of(entry: Entry, line_id: str | None = None) -> list[Blindness]:
    """Return the blind time of an entry of either kind; of one line alone where it is named."""
    payload: dict[str, Any] = entry.payload
    if entry.kind == BLIND:
        start, end = from_micros(payload["start"]), from_micros(payload["end"])
        return [Blindness(entry.line_id or "", start, end, payload["reason"])]
    lines = payload["lines"] if line_id is None else {line_id: payload["lines"].get(line_id, ())}
    return [
        Blindness(one, from_micros(start), from_micros(end), payload["reason"])
        for one, spans in lines.items()
        for start, end in spans
    ]


def notice_draft(notice: Notice) -> Draft:
    """Return the entry of a customer-side notice that is over."""
    payload = {
        "start": micros(notice.start),
        "end": _us(notice.end),
        "open_after_s": notice.open_after_s,
        "silent_to": _us(notice.silent_to),
    }
    return Draft(NOTICE, notice.end or notice.start, payload, line_id=notice.line_id)


def notice_of(entry: Entry) -> Notice:
    """Return the notice of an entry."""
    payload: dict[str, Any] = entry.payload
    start, end = from_micros(payload["start"]), _at(payload["end"])
    silent_to = _at(payload["silent_to"])
    return Notice(entry.line_id or "", start, end, open_after_s=payload["open_after_s"], silent_to=silent_to)


def path_of(entry: Entry) -> Path | None:
    """Return the path that an entry of an onset has, None where there was no traceroute."""
    payload: dict[str, Any] = entry.payload
    hops = payload.get("traceroute")
    if hops is None:
        return None
    answered = [hop for hop in hops if hop["address"] is not None]
    return Path(answered[-1]["address"], answered[-1]["hop"]) if answered else Path(None)


CoverageValues = tuple[int | None, int | None, int | None, str]


def coverage_values(coverage: Coverage) -> CoverageValues:
    """Return how far a line was observed as plain values."""
    return (_us(coverage.since), _us(coverage.until), _us(coverage.blind_from), coverage.blind_reason)


def coverage_of(values: Sequence[Any]) -> Coverage:
    """Return the coverage of `coverage_values`."""
    since, until, blind_from, reason = values
    return Coverage(_at(since), _at(until), _at(blind_from), reason)


class Collecting(NamedTuple):
    """Evidence being collected for an incident: readings up to `until` (None: not restored yet), kept up to `kept`."""

    incident_id: str
    kept: datetime
    until: datetime | None


def state_text(judge: Judge, collecting: Collecting | None = None) -> str:
    """Return the state of a line that is not quiet; trailing windows are not in it, they come from the tail."""
    course, aside = judge.course, judge.aside
    thresholds = course.thresholds
    return _encode(
        {
            "coverage": coverage_values(judge.coverage),
            "aside": [_us(aside.start), _us(aside.end), aside.open_after_s],
            "phase": course.phase,
            "runs": [run_values(run) for run in course.runs],
            "impaired_count": course.impaired_count,
            "down": [_us(course.down_start), course.down_count],
            "interruption_at": _us(course.interruption_at),
            "alarm": _us(course.alarm),
            "thresholds": [thresholds.open_after_s, thresholds.degraded_open_after_s, thresholds.close_after_s],
            "up": [_us(course.up_start), _us(course.up_after_blind), course.up_total // MICROSECOND],
            "vantage": course.vantage,
            "sights": sights_values(course.sights),
            "evidence": None if collecting is None else [collecting[0], micros(collecting.kept), _us(collecting.until)],
        }
    )


def coverage_in(text: str) -> Coverage:
    """Return the coverage in a `state_text`, which begins with it, without reading the rest."""
    return coverage_of(json.loads(text[len(_COVERAGE_FIRST) : text.index("]") + 1]))


_COVERAGE_FIRST = '{"coverage":'


def judge_of(line_id: str, text: str) -> Judge:
    """Return the judge of `state_text`."""
    state = json.loads(text)
    up_start, up_after_blind, up_total = state["up"]
    course = Course(
        line_id=line_id,
        phase=Phase(state["phase"]),
        runs=[run_of(values) for values in state["runs"]],
        impaired_count=state["impaired_count"],
        down_start=_at(state["down"][0]),
        down_count=state["down"][1],
        interruption_at=_at(state["interruption_at"]),
        alarm=_at(state["alarm"]),
        thresholds=Thresholds(*state["thresholds"]),
        up_start=_at(up_start),
        up_after_blind=_at(up_after_blind),
        up_total=timedelta(microseconds=up_total),
        vantage=state["vantage"],
        sights=sights_of(state.get("sights")),
    )
    aside = Aside(_at(state["aside"][0]), _at(state["aside"][1]), state["aside"][2])
    return Judge(course, Sight(deque()), coverage_of(state["coverage"]), aside)


def collecting_of(text: str) -> Collecting | None:
    """Return what evidence was being collected when a state was written."""
    values = json.loads(text).get("evidence")
    return None if values is None else Collecting(values[0], from_micros(values[1]), _at(values[2]))
