"""What packets and port say of a line together: two tables (domain, section 3, "Verdict").

The law: a line is `DOWN` when packets were sent and none came back from the target that decides, *or* when the
carrier's port is operationally down. Whatever else a port or its silence says takes nothing away from what the
packets say. docs/fusion.md is printed from these tables.
"""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

from .reading import InterfaceStats


class Verdict(StrEnum):
    """What a line was in a window."""

    UP = "UP"
    DEGRADED = "DEGRADED"
    DOWN = "DOWN"
    NO_DATA = "NO_DATA"


class Packets(StrEnum):
    """What the packets to the target that decides came to: the demarc, or the CPE where no demarc is configured."""

    BLIND = "blind"
    UNSENT = "unsent"
    SILENT = "silent"
    ANSWERED = "answered"


class PortState(StrEnum):
    """The carrier's port as its last word has it (RFC 2863, ifOperStatus); `SILENT` is no word that still counts."""

    SILENT = "no word that counts"
    UP = "up"
    DOWN = "down"
    ADMIN_DOWN = "administratively down"
    LOWER_LAYER_DOWN = "lower layer down"
    NOT_PRESENT = "not present"
    TESTING = "testing"
    DORMANT = "dormant"
    UNKNOWN = "unknown"


class Says(StrEnum):
    """What the state of a port says of the line."""

    NOTHING = "nothing"
    CARRIES = "it carries"
    DOWN = "it is down"


class Said(NamedTuple):
    """What a state says, and why."""

    says: Says
    because: str


PORT_SAYS: dict[PortState, Said] = {
    PortState.SILENT: Said(
        Says.NOTHING,
        "no port is asked, its agent does not answer, or its last word is older than two of its intervals: "
        "an agent that is away is a notice about the agent",
    ),
    PortState.UP: Said(Says.CARRIES, "ready to pass packets"),
    PortState.DOWN: Said(Says.DOWN, "operationally down"),
    PortState.ADMIN_DOWN: Said(
        Says.DOWN,
        "switched off by the carrier: operationally down all the same; whether it was planned work or a suspension is "
        "on file, not in the port",
    ),
    PortState.LOWER_LAYER_DOWN: Said(Says.DOWN, "down because of what it runs on (RFC 2863: a refinement of down)"),
    PortState.NOT_PRESENT: Said(Says.DOWN, "the module or card is missing (RFC 2863: a refinement of down)"),
    PortState.TESTING: Said(Says.NOTHING, "in a test: not operationally down; the packets tell whether it carries"),
    PortState.DORMANT: Said(Says.NOTHING, "waiting for an event, such as a dial-up: the packets tell"),
    PortState.UNKNOWN: Said(Says.NOTHING, "the agent cannot tell: the packets do"),
}


class Part(StrEnum):
    """Whose word decided."""

    TARGET = "target"
    PORT = "port"


class Fused(NamedTuple):
    """What both come to: `verdict` None leaves it to the criteria, `parts` are those whose word decided."""

    verdict: Verdict | None
    parts: tuple[Part, ...]
    because: str


FUSION: dict[tuple[Packets, Says], Fused] = {
    (Packets.BLIND, Says.NOTHING): Fused(Verdict.NO_DATA, (), "the monitor could not see"),
    (Packets.BLIND, Says.CARRIES): Fused(Verdict.NO_DATA, (), "the monitor could not see, whatever a port said"),
    (Packets.BLIND, Says.DOWN): Fused(Verdict.NO_DATA, (), "the monitor could not see, whatever a port said"),
    (Packets.UNSENT, Says.NOTHING): Fused(Verdict.NO_DATA, (), "nothing was asked and nothing said"),
    (Packets.UNSENT, Says.CARRIES): Fused(Verdict.NO_DATA, (), "a port that is up does not prove the line behind it"),
    (Packets.UNSENT, Says.DOWN): Fused(Verdict.DOWN, (Part.PORT,), "a port that is down needs no packet as a witness"),
    (Packets.SILENT, Says.NOTHING): Fused(Verdict.DOWN, (Part.TARGET,), "none came back; nobody contradicts"),
    (Packets.SILENT, Says.CARRIES): Fused(
        Verdict.DOWN, (Part.TARGET,), "none came back; the fault lies beyond the port, or before it"
    ),
    (Packets.SILENT, Says.DOWN): Fused(Verdict.DOWN, (Part.TARGET, Part.PORT), "both say so"),
    (Packets.ANSWERED, Says.NOTHING): Fused(None, (), "the criteria decide"),
    (Packets.ANSWERED, Says.CARRIES): Fused(None, (), "the criteria decide, the port's among them"),
    (Packets.ANSWERED, Says.DOWN): Fused(
        Verdict.DOWN,
        (Part.PORT,),
        "the port is down though packets pass: another path carries them, or the inventory names another port",
    ),
}

_STATES = {
    "up": PortState.UP,
    "down": PortState.DOWN,
    "lowerlayerdown": PortState.LOWER_LAYER_DOWN,
    "notpresent": PortState.NOT_PRESENT,
    "testing": PortState.TESTING,
    "dormant": PortState.DORMANT,
    "unknown": PortState.UNKNOWN,
}


def port_state(port: InterfaceStats | None) -> PortState:
    """Return the state that a port's word has it in; None is a port without a word that counts."""
    if port is None or port.oper is None:
        return PortState.SILENT
    state = _STATES.get(port.oper.lower(), PortState.UNKNOWN)
    switched_off = port.admin is not None and port.admin.lower() == "down"
    return PortState.ADMIN_DOWN if switched_off and PORT_SAYS[state].says is Says.DOWN else state


def fuse(packets: Packets, state: PortState) -> Fused:
    """Return what packets and port come to."""
    return FUSION[packets, PORT_SAYS[state].says]


# The parts of a line that evidence may rest on, the carrier's first; a mark's `source` joins those that decided.
SOURCES = ("demarc", "interface", "cpe")


def joined(sources: frozenset[str] | set[str]) -> str | None:
    """Return the sources that decided as one word, such as ``demarc+interface``; None for none."""
    return "+".join(source for source in SOURCES if source in sources) or None


def parted(source: str | None) -> frozenset[str]:
    """Return the sources of such a word."""
    return frozenset() if source is None else frozenset(source.split("+"))
