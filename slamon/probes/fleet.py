"""All wheels, who turns in which, and the way off a wheel and back onto it."""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from zlib import crc32

import numpy as np

from slamon.probes.closing import Blindness
from slamon.probes.columns import HAS_CPE, HAS_DEMARC
from slamon.probes.flights import Flight, Flights
from slamon.probes.icmp_socket import EchoSocket
from slamon.probes.lane import ABSENT, NO_RTT, UNSENT, Lane, state_of
from slamon.probes.laying import reshape
from slamon.probes.outgoing import Reasons
from slamon.probes.pace import Pace, Schedule
from slamon.probes.packet import SECOND_NS, Outcome, Packet
from slamon.probes.protocol import ProbeLine
from slamon.probes.resolve import literal
from slamon.probes.track import LineTrack, Track
from slamon.probes.walltime import ClockReading
from slamon.probes.wheel import ALIVE, AWAY, DEAD, Profile, Wheel
from slamon.probes.window import LineWindows

# Beyond this, an offset is surely not the one a packet left with: its RTT is dropped.
_NEVER_NS = 1 << 62


def adopted(index: int, sequence: int) -> int:
    """Return the number by which `Flights` knows a packet of a wheel; single packets have positive ones."""
    return -(index << 16 | sequence) - 1


class Fleet:
    """The lines that turn in wheels; `lanes`, `positions`, `roster` go by the index that packets carry."""

    def __init__(
        self, sockets: dict[int, EchoSocket], flights: Flights[Track], reasons: Reasons, started_ns: int
    ) -> None:
        self._sockets, self._flights, self.reasons, self._started_ns = sockets, flights, reasons, started_ns
        self.wheels: list[Wheel] = []
        self.lanes: list[Lane] = []
        self.positions = array("q")
        self.roster = array("q")
        self.ended_us = array("q")
        self.blind: list[Blindness] = []
        self.moved_ns = -1
        self._places: dict[str, int] = {}
        self._by_profile: dict[Profile, Wheel] = {}

    def __contains__(self, line_id: str) -> bool:
        return line_id in self._places

    def __len__(self) -> int:
        return len(self._places)

    @property
    def per_s(self) -> float:
        """Return how many packets are due each second."""
        return sum(
            len(wheel.lines) * len(wheel.lanes) * wheel.packets * SECOND_NS / wheel.pace.interval_ns
            for wheel in self.wheels
        )

    @property
    def largest(self) -> int:
        """Return the size of the largest packet."""
        return max((lane.size for wheel in self.wheels for lane in wheel.lanes), default=0)

    def profile(self, line: ProbeLine) -> Profile | None:
        """Return the profile of a line, None where it cannot turn in a wheel: it has a name, or there is no socket."""
        addresses = [literal(target) for target in line.targets]
        families = tuple(address.family for address in addresses if address is not None)
        if len(families) < len(addresses) or any(family not in self._sockets for family in families):
            return None
        targets = (HAS_DEMARC if line.demarc else 0) | (HAS_CPE if line.cpe else 0)
        return Profile(line.rank, Pace.of(line), line.payload_bytes, line.dscp, line.source, families, targets)

    def set_lines(
        self, wanted: dict[str, tuple[Profile, ProbeLine]], away: dict[str, LineTrack], clock: Callable[[], int]
    ) -> None:
        """Let these lines turn; of new ones those in `away` walk by themselves at first."""
        groups: dict[Profile, list[ProbeLine]] = {}
        for profile, line in wanted.values():
            groups.setdefault(profile, []).append(line)
        for profile in {*groups, *self._by_profile}:
            wheel, mine = self._by_profile.get(profile), groups.get(profile, [])
            # Lines that stay are the same objects: laying out a hundred thousand anew would be a stall.
            if wheel is not None and {*map(id, wheel.lines)} == {*map(id, mine)}:
                continue
            lines = sorted(((_offset(line, profile), line.line_id, line) for line in mine), key=lambda entry: entry[:2])
            if wheel is None:
                wheel = self._by_profile[profile] = Wheel(
                    profile, self._sockets, self._flights.shape, self.reasons.number, self._started_ns
                )
            self._reshape(wheel, lines, away, clock)
        self._by_profile = {profile: wheel for profile, wheel in self._by_profile.items() if wheel.lines}
        self.wheels = sorted(self._by_profile.values(), key=lambda wheel: wheel.profile.rank)
        self._places = {
            line.line_id: place
            for wheel in self.wheels
            for place, line in zip(wheel.lanes[0].index, wheel.lines, strict=True)
        }

    def _reshape(
        self,
        wheel: Wheel,
        lines: list[tuple[int, str, ProbeLine]],
        away: dict[str, LineTrack],
        clock: Callable[[], int],
    ) -> None:
        added = reshape(wheel, lines, clock, self._places_of)
        for lane in wheel.lanes:
            np.frombuffer(self.positions, np.int64)[lane.index] = np.arange(len(lane.index))
        for position in added:
            track = away.get(wheel.lines[position].line_id)
            if track is not None:
                wheel.mode[position] = AWAY
                track.place = wheel.lanes[0].index[position]
        wheel.count()

    def _places_of(self, wheel: Wheel, line: ProbeLine) -> list[tuple[int, str]]:
        return [self._place(lane, target) for lane, target in zip(wheel.lanes, line.targets, strict=True)]

    def _place(self, lane: Lane, target: str) -> tuple[int, str]:
        address = literal(target)
        assert address is not None  # noqa: S101 - `profile` looked
        self.lanes.append(lane)
        for each in (self.positions, self.roster, self.ended_us):
            each.append(0)
        return len(self.lanes) - 1, address.host

    def number(self, numbers: dict[str, int]) -> None:
        """Take the numbers of the roster."""
        for line_id, place in self._places.items():
            self.roster[place] = numbers[line_id]

    def where(self, place: int) -> tuple[Wheel, int]:
        """Return the wheel and the position of a place."""
        return self.lanes[place].wheel, self.positions[place]

    def source(self, place: int) -> str | None:
        """Return the source address of the line that has, or had, a place."""
        return self.lanes[place].wheel.profile.source

    def place(self, line_id: str) -> int:
        """Return the place of a line."""
        return self._places[line_id]

    def set_blind(self, start_ns: int, end_ns: int, reason: str) -> None:
        """Book that nothing was seen in a span."""
        self.blind.append(Blindness(start_ns, end_ns, self.reasons.number(reason)))
        kept_ns = max((wheel.cycles * wheel.pace.interval_ns for wheel in self.wheels), default=0)
        self.blind = [span for span in self.blind if span.end_ns >= end_ns - kept_ns]

    def doubt(self) -> None:
        """Say that answers to what is on its way may have been dropped by ourselves."""
        for wheel in self.wheels:
            for lane in wheel.lanes:
                lane.doubt()

    def release(self, place: int, clocks: ClockReading, behind: int) -> LineTrack:
        """Take a line off its wheel: what its open window holds walks on by itself."""
        wheel, position = self.where(place)
        line = wheel.lines[position]
        start_ns = int(wheel.start[position])
        packets = self._packets(wheel, position)
        phase_ns = wheel.base_ns + wheel.offsets[position]
        windows = LineWindows(wheel.pace, phase_ns, start_ns, len(wheel.lanes))
        if wheel.mode[position] == DEAD:
            windows.resume_dead()
        windows.last_good_ns = _last_good(wheel.lanes[0], position)
        track = LineTrack(line, self._started_ns, clocks.steady_ns)
        for packet, flight_number, lane in packets:
            if packet.at_ns >= start_ns:
                windows.add(packet)
            if packet.outcome is Outcome.PENDING:
                wall_ns = packet.at_ns + clocks.offset_ns
                offset_ns = clocks.offset_ns if packet.at_ns > self.moved_ns else _NEVER_NS
                host = lane.hosts[position]
                flight: Flight[Track] = Flight(track, packet, host, 0, lane.timeout_ns, wall_ns, offset_ns)
                self._flights.adopt(flight_number, flight)
        for span in self.blind:
            windows.blind(span.start_ns, span.end_ns, self.reasons.texts[span.reason])
        schedule = Schedule(wheel.pace, phase_ns, clocks.steady_ns)
        if packets:
            schedule.resume(packets[-1][0].at_ns)
        track.take_on(place, windows, schedule, behind)
        for lane in wheel.lanes:
            lane.rtts[:, position] = ABSENT
        wheel.set_mode(position, AWAY)
        return track

    def _packets(self, wheel: Wheel, position: int) -> list[tuple[Packet, int, Lane]]:
        found = []
        for target, lane in enumerate(wheel.lanes):
            for slot in np.flatnonzero(lane.rtts[:, position] != ABSENT).tolist():
                packet = lane.packet(slot, position, target, self.reasons.texts)
                if packet is not None:
                    number = adopted(lane.index[position], lane.seqs[slot * lane.n + position])
                    found.append((packet, number, lane))
        return sorted(found, key=lambda entry: (entry[0].at_ns, entry[0].target))

    def take_back(self, track: LineTrack, now_ns: int) -> bool:
        """Put a line back onto its wheel if it is quiet and the wheel can go on exactly where it stands."""
        if track.place is None or track.waits or not track.alive or track.schedule.due_ns != track.schedule.slot_ns:
            return False
        quiet = track.windows.quiet(now_ns)
        if quiet is None:
            return False
        wheel, position = self.where(track.place)
        interval_ns = wheel.pace.interval_ns
        begin_ns = wheel.base_ns + wheel.offsets[position]
        k = (quiet.next_grid_ns - begin_ns) // interval_ns - 1
        edge_ns = begin_ns + k * interval_ns
        slots: list[dict[int, Packet]] = [{} for _ in wheel.lanes]
        for packet in quiet.packets:
            j = bisect_right(wheel.gaps, packet.at_ns - edge_ns) - 1
            if packet.at_ns < edge_ns or packet.at_ns >= quiet.next_grid_ns or j in slots[packet.target]:
                return False
            slots[packet.target][j] = packet
        next_ns = track.schedule.slot_ns
        if any(wheel.passed(j, k, position) != (edge_ns + gap < next_ns) for j, gap in enumerate(wheel.gaps)):
            return False
        if wheel.passed(0, k + 1, position) or (k, position) < wheel.closed:
            return False
        for lane, packets in zip(wheel.lanes, slots, strict=True):
            lane.rtts[:, position] = ABSENT
            for j, packet in packets.items():
                slot = (k * wheel.packets + j) % wheel.ring
                lane.sents[slot, position] = packet.at_ns
                unsent = packet.outcome is Outcome.UNSENT
                state = UNSENT - self.reasons.number(packet.reason or "") if unsent else state_of(packet)
                lane.rtts[slot, position] = state
        wheel.start[position] = quiet.start_ns
        wheel.set_mode(position, DEAD if quiet.dead else ALIVE)
        # A fresh track has handed nothing on yet: rows of its wheel may be newer than its own mark.
        self.ended_us[track.place] = max(self.ended_us[track.place], track.ended_us)
        return True


def _offset(line: ProbeLine, profile: Profile) -> int:
    return crc32(line.line_id.encode()) * profile.pace.interval_ns // 2**32


def _last_good(lane: Lane, position: int) -> int | None:
    states = lane.rtts[:, position]
    answered = lane.sents[:, position][(states >= 0) | (states == NO_RTT)]
    return int(answered.max()) if len(answered) else None


def shared_addresses(lines: Iterable[ProbeLine], references: Sequence[str]) -> set[str]:
    """Return the targets that more than one line, or a reference too, probes: they are watched one by one (F7)."""
    seen = set(references)
    found: set[str] = set()
    for line in lines:
        for target in line.targets:
            (found if target in seen else seen).add(target)
    return found
