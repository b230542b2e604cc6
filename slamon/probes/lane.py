"""The packets of one target of a wheel's lines, as arrays: slot by slot, in each slot line by line.

What became of a packet is one integer: its RTT in ns, or one of the codes below. The plain arrays are for single
packets (fast to index from Python), the numpy views of the same memory for slices.
"""

from __future__ import annotations

from array import array
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from slamon.probes.icmp_socket import EchoSocket
from slamon.probes.packet import Outcome, Packet

if TYPE_CHECKING:
    from slamon.probes.wheel import Wheel

PENDING = -1
NO_RTT = -2  # answered, but the clocks moved under it
LOST = -3
VOID = -4  # its answer may have been lost by ourselves
ABSENT = -5  # no packet in this slot
DOUBTFUL = -6  # pending, but its answer may have been lost by ourselves
DEAD_PENDING = -7  # pending, for a line of which no answer is expected
UNSENT = -16  # less the number of the reason
# Not a state of a packet but of the way to a target (`Lane.sight`): a packet that is not answered says nothing.
DOUBTED = 1

Ints = npt.NDArray[np.int64]
Marks = npt.NDArray[np.bool_]


class Lane:
    """The slots of one target; `index` is each line's place among all lanes, as its packets carry it.

    `sight` says by position which ways are `DOUBTED`, and to which targets nothing is sent (`UNSENT` less the
    reason); None: all is well.
    """

    # fmt: off
    __slots__ = (
        "_seqs", "bodies", "dests", "head", "hosts", "index", "n", "reply_checksum", "ring", "rtt", "rtts", "sent",
        "sents", "seqs", "sight", "size", "sock", "tail", "target", "timeout_ns", "wheel",
    )
    # fmt: on

    def __init__(self, wheel: Wheel, target: int, sock: EchoSocket, ring: int) -> None:
        self.wheel, self.target, self.sock, self.ring = wheel, target, sock, ring
        self.timeout_ns = wheel.pace.timeout_ns
        self.hosts: list[str] = []
        self.dests: list[tuple[str, int]] = []
        self.bodies: list[bytes] = []
        self.index: list[int] = []
        self.n = 0
        self.sight: Ints | None = None
        shape = wheel.shape(sock)
        self.head, self.tail, self.reply_checksum = shape.head, shape.tail, shape.reply_checksum
        self.size = len(shape.packet(0, 0))
        self._allocate(0)

    def _allocate(self, n: int) -> None:
        self.n = n
        self.sent = array("q", bytes(8 * n * self.ring))
        self.rtt = array("q", bytes(8 * n * self.ring))
        self.seqs = array("H", bytes(2 * n * self.ring))
        self.sents: Ints = np.frombuffer(self.sent, np.int64).reshape(self.ring, n)
        self.rtts: Ints = np.frombuffer(self.rtt, np.int64).reshape(self.ring, n)
        self._seqs = np.frombuffer(self.seqs, np.uint16).reshape(self.ring, n)
        self.rtts[:] = ABSENT

    def reshape(self, n: int, old: Ints, new: Ints) -> None:
        """Make room for `n` lines; what stood at positions `old` stands at `new` afterwards."""
        sents, rtts, seqs, self.sight = self.sents, self.rtts, self._seqs, None
        self._allocate(n)
        for now, before in ((self.sents, sents), (self.rtts, rtts), (self._seqs, seqs)):
            now[:, new] = before[:, old]

    def begin(self, slot: int, start: int, end: int, sequence: int) -> None:
        """Let a slot of some lines be on its way."""
        self._seqs[slot, start:end] = sequence
        self.rtts[slot, start:end] = PENDING

    def doubt(self) -> None:
        """Say that answers to what is on its way may have been dropped by ourselves."""
        self.rtts[(self.rtts == PENDING) | (self.rtts == DEAD_PENDING)] = DOUBTFUL

    def packet(self, slot: int, position: int, target: int, reasons: list[str]) -> Packet | None:
        """Return the packet of a slot, None where there is none."""
        place = slot * self.n + position
        state = self.rtt[place]
        if state == ABSENT:
            return None
        packet = Packet(self.sent[place], target)
        if state >= 0:
            packet.answer(state)
        elif state == NO_RTT:
            packet.answer(None)
        elif state == LOST:
            packet.outcome = Outcome.LOST
        elif state == VOID:
            packet.outcome = Outcome.VOID
        elif state <= UNSENT:
            packet.outcome, packet.reason = Outcome.UNSENT, reasons[UNSENT - state]
        else:
            packet.voidable = state == DOUBTFUL
        return packet


def state_of(packet: Packet) -> int:
    """Return the code of a packet that is decided and was sent."""
    if packet.outcome is Outcome.ANSWERED:
        return packet.rtt_ns if packet.rtt_ns is not None else NO_RTT
    return LOST if packet.outcome is Outcome.LOST else VOID
