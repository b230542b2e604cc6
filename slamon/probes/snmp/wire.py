"""Messages between the daemon and the SNMP process, as frames of `slamon.probes.framing`.

Secrets travel here and nowhere else: over a pair of sockets that only the two processes hold. Instants are seconds of
the machine's monotonic clock, which both share.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any

from slamon.config.credentials import Extra, SnmpCredential, TrapPort
from slamon.config.reading_ports import interface_json, parse_interface
from slamon.config.secret import Secret
from slamon.probes.framing import frame
from slamon.probes.snmp.asking import Peer, Trouble
from slamon.probes.snmp.device import Polled, PortLine
from slamon.probes.snmp.news import AgentNews, News, PollHealth, PortNews

DEVICES = "devices"
CONFIRM = "confirm"
STOP = "stop"
READY = "ready"
ERROR = "error"
POLLED = "polled"
AGENT = "agent"
PORT = "port"
HEALTH = "health"

_SECRETS = ("community", "auth_key", "priv_key")


@dataclass(frozen=True, slots=True)
class Watch:
    """What is to be polled, and where traps are listened for."""

    devices: Mapping[Peer, Sequence[PortLine]]
    traps: TrapPort | None = None


def watch_frame(watch: Watch) -> bytes:
    """Return the frame that sets what is polled."""
    credentials = {peer.credential.name: _credential_row(peer.credential) for peer in watch.devices}
    devices = [
        [peer.host, peer.port, peer.credential.name, [[line.line_id, line.interface] for line in lines]]
        for peer, lines in watch.devices.items()
    ]
    traps = None if watch.traps is None else [watch.traps.listen, _revealed(watch.traps.community)]
    return frame(DEVICES, [credentials, devices, traps])


def watch_of(body: Any) -> Watch:  # noqa: ANN401 - parsed JSON
    """Return what a `watch_frame` sets."""
    rows, devices, traps = body
    credentials = {name: _credential(row) for name, row in rows.items()}
    found = {
        Peer(host, port, credentials[name]): [PortLine(*line) for line in lines] for host, port, name, lines in devices
    }
    return Watch(found, None if traps is None else TrapPort(traps[0], _secret(traps[1])))


def _credential_row(credential: SnmpCredential) -> dict[str, Any]:
    row = {one.name: getattr(credential, one.name) for one in fields(credential)}
    row |= {name: _revealed(row[name]) for name in _SECRETS}
    row["extras"] = [asdict(extra) for extra in credential.extras]
    return row


def _credential(row: dict[str, Any]) -> SnmpCredential:
    secrets = {name: _secret(row[name]) for name in _SECRETS}
    extras = tuple(
        Extra(**{**extra, "oid": tuple(extra["oid"]), "unknown": tuple(extra["unknown"])}) for extra in row["extras"]
    )
    return SnmpCredential(**{**row, **secrets, "extras": extras})


def _revealed(secret: Secret | None) -> str | None:
    return None if secret is None else secret.reveal()


def _secret(text: str | None) -> Secret | None:
    return None if text is None else Secret(text)


def confirm_frame(line_ids: Iterable[str]) -> bytes:
    """Return the frame that asks for the ports of lines out of turn."""
    return frame(CONFIRM, list(line_ids))


def news_frame(news: News) -> bytes:
    """Return what polling hands on as a frame."""
    if isinstance(news, AgentNews):
        return frame(AGENT, asdict(news))
    if isinstance(news, PortNews):
        return frame(PORT, asdict(news))
    if isinstance(news, PollHealth):
        return frame(HEALTH, asdict(news))
    return frame(POLLED, [[one.line_id, one.at_s, interface_json(one.stats), one.changed_s] for one in news])


def news_of(kind: str, body: Any) -> News | None:  # noqa: ANN401 - parsed JSON
    """Return what a `news_frame` holds; None for another kind of message."""
    if kind == POLLED:
        return tuple(Polled(line_id, at_s, parse_interface(port), age) for line_id, at_s, port, age in body)
    if kind == HEALTH:
        return PollHealth(**body)
    if kind in (AGENT, PORT):
        trouble = None if body["trouble"] is None else Trouble(body["trouble"])
        said = {**body, "lines": tuple(body["lines"]), "trouble": trouble}
        return AgentNews(**said) if kind == AGENT else PortNews(**said)
    return None
