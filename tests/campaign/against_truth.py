"""A report against the truth: what was missed, what was invented, how far edges are off, how late alarms came."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from tests.campaign.recorded import Recorded
from tests.campaign.site import LOSS_WINDOW_S, Pace, Subject
from tests.campaign.truth import NEVER, Stretch, Trouble, Truth, total_s, union, without

# The kernel obeys a little after the command, ticks take their time, and the machine is busy.
SLACK_S = 0.5
# The clocks of the report are cut to microseconds, and a deed takes effect before its command returns.
EARLY_S = 0.02
ADMITTED = {"stall", "overload", "suspended", "clock_step", "socket_drops"}


@dataclass
class Findings:
    """What is wrong, in sentences, and the figures."""

    missed: list[str] = field(default_factory=list)
    invented: list[str] = field(default_factory=list)
    edges: list[str] = field(default_factory=list)
    blind: list[str] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)
    late: list[str] = field(default_factory=list)
    outages: int = 0
    must_be_found: int = 0
    edge_errors_s: list[float] = field(default_factory=list)
    latencies_s: list[float] = field(default_factory=list)
    unplanned_blind_s: float = 0.0

    def wrong(self) -> list[str]:
        """Everything that should not be."""
        return [*self.missed, *self.invented, *self.edges, *self.blind, *self.lost, *self.late]


@dataclass(frozen=True)
class Bench:
    """Holds one campaign's report, record and truth against each other."""

    pace: Pace
    lines: list[Subject]
    truth: Truth
    recorded: Recorded
    report: dict[str, dict[str, Any]]
    opened: dict[str, float]

    def findings(self) -> Findings:
        """Everything that is to be said."""
        found = Findings()
        for line in self.lines:
            self._missed(found, line.line_id)
            self._invented(found, line.line_id)
            self._own_blindness(found, line)
        for line in self.lines:
            if line.group in {"long", "mass"}:
                self._alarms(found, line.line_id)
        return found

    def zones(self) -> list[Stretch]:
        """When the monitor could not see, with the windows around: those are blind as a whole."""
        pace = self.pace
        before_s = pace.interval_s + pace.gap_s + pace.timeout_s + SLACK_S
        # A reference is asked about once a second; a dead prober is started again, which takes a second or two.
        after_s = before_s + 1.0
        more = {"killed": 5.0}
        return union((a.before - before_s, b.after + after_s + more.get(name, 0)) for name, a, b in self.truth.blind)

    def _admitted(self) -> list[Stretch]:
        around_s = 2 * self.pace.interval_s
        events = (event for event in self.recorded.events if event[0] in ADMITTED)
        return union((at - around_s - 5, at + around_s) for _, at, _ in events)

    def _excused(self) -> list[Stretch]:
        return union([*self.zones(), *self._admitted()])

    def _missed(self, found: Findings, line_id: str) -> None:
        shown = segments(self.report[line_id], "interruption")
        for trouble in self.truth.of(line_id, "dead"):
            span = (trouble.start.after, trouble.end.before)
            found.outages += 1
            seen = without([span], self._excused())
            if max((b - a for a, b in seen), default=0) > self.pace.found_within_s:
                found.must_be_found += 1
                if not any(start < span[1] and span[0] < end for start, end in shown):
                    found.missed.append(f"{line_id}: an outage of {trouble.lasted_s:.1f} s is not in the report")
            self._edges(found, line_id, trouble, shown)

    def _edges(self, found: Findings, line_id: str, trouble: Trouble, shown: list[Stretch]) -> None:
        """Hold the edges of a segment against the trouble that made it, where the monitor could see both."""
        most_s = self.pace.gap_s + self.pace.timeout_s + SLACK_S
        own = [s for s in shown if s[0] < trouble.end.before and trouble.start.after < s[1]]
        if not own:
            return
        excused = self._excused()
        for edge, at in ((trouble.start, own[0][0]), (trouble.end, own[-1][1])):
            if edge.before == NEVER or any(a <= edge.before <= b or a <= at <= b for a, b in excused):
                continue
            found.edge_errors_s.append(at - edge.before)
            if not edge.before - EARLY_S <= at <= edge.after + most_s:
                found.edges.append(f"{line_id}: an edge is {at - edge.before:+.2f} s off the truth")

    def _invented(self, found: Findings, line_id: str) -> None:
        pace = self.pace
        step_s = pace.gap_s + pace.timeout_s + SLACK_S
        dead = self.truth.of(line_id)
        reach = [(t.start.before - EARLY_S, t.end.after + step_s) for t in dead]
        wide = [
            (t.start.before - pace.interval_s - step_s, t.end.after + LOSS_WINDOW_S + 2 * pace.interval_s) for t in dead
        ]
        for kind, allowed in (("interruption", reach), ("degradation", wide)):
            shown = segments(self.report[line_id], kind)
            left = without(shown, union([*allowed, *(self._excused() if dead else [])]))
            if left:
                found.invented.append(f"{line_id}: {total_s(left):.2f} s of {kind} that nobody made")
        clean = {"dead"} >= {t.kind for t in dead} and not line_id.startswith("flap")
        degraded = total_s(without(segments(self.report[line_id], "degradation"), self._excused()))
        if clean and degraded:
            found.invented.append(f"{line_id}: a clean cut shows as {degraded:.2f} s of degradation")
        for incident in every_incident(self.report[line_id]):
            if not any(a < seconds(incident["restored"]) and seconds(incident["onset"]) < b for a, b in wide):
                found.invented.append(f"{line_id}: an incident at {incident['onset']} that nobody made")

    def _own_blindness(self, found: Findings, line: Subject) -> None:
        blind = union(self.recorded.blind(line.line_id))
        unplanned = without(blind, self.zones())
        found.unplanned_blind_s += total_s(unplanned)
        if self.recorded.overlaps(line.line_id):
            found.blind.append(f"{line.line_id}: readings overlap")
        hidden = without(unplanned, self._admitted())
        if hidden:
            found.blind.append(f"{line.line_id}: blind for {total_s(hidden):.2f} s without a reason")
        for name, start, end in self.truth.blind:
            # The last good window reaches to the next packet; one that was stopped for longer than a window ends there.
            since = start.after + self.pace.gap_s + SLACK_S
            seen = without([(since, end.before - SLACK_S / 2)], blind) if since < end.before else []
            if total_s(seen) > 0:
                found.blind.append(f"{line.line_id}: {total_s(seen):.2f} s are not blind though {name}")
        if not self.truth.of(line.line_id):
            for at, count in self.recorded.lost(line.line_id):
                after_s = {name: round(at - start.before, 1) for name, start, _ in self.truth.blind}
                found.lost.append(f"{line.line_id}: {count} packets lost that nobody took, s after deeds: {after_s}")

    def _alarms(self, found: Findings, line_id: str) -> None:
        """An alarm is on disk within `open_after_s`, a packet gap, the timeout and half a second of the first loss."""
        bound_s = self.pace.open_after_s + self.pace.gap_s + self.pace.timeout_s + 0.5
        for incident in every_incident(self.report[line_id]):
            recorded = self.opened.get(incident["incident_id"])
            onset = seconds(incident["onset"])
            if recorded is None or any(a <= onset <= b for a, b in self._excused()):
                continue
            found.latencies_s.append(recorded - onset)
            if recorded - onset > bound_s + LATE_S:
                found.late.append(f"{line_id}: the alarm came {recorded - onset:.2f} s after the onset")


# A machine that runs other tests beside.
LATE_S = 3.0


def seconds(text: str | None) -> float:
    """An instant of the report as wall seconds."""
    return NEVER if text is None else datetime.fromisoformat(text).timestamp()


def every_incident(line: dict[str, Any]) -> Iterable[dict[str, Any]]:
    """Incidents of a line, restored and pending."""
    return [*line["incidents"], *line["pending"]]


def segments(line: dict[str, Any], kind: str) -> list[Stretch]:
    """All segments of a kind in a line's month."""
    return [
        (seconds(segment["start"]), seconds(segment["end"]))
        for incident in every_incident(line)
        for segment in incident["segments"]
        if segment["kind"] == kind
    ]
