"""`slamon check --online`: do those answer whom the configuration names."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from slamon.config.loaded import Loaded

# One that was asked: its address, whether it answered as it should, and what it said or what is wrong with it.
Answer = dict[str, Any]


def ask(loaded: Loaded) -> dict[str, list[Answer]]:
    """Ask everybody whom a configuration names; return their answers by kind."""
    return {kind: question(loaded) for kind, question in QUESTIONS.items()}


def _references(loaded: Loaded) -> list[Answer]:
    from slamon.probes.oneshot import ping
    from slamon.probes.protocol import ProbeError

    found: list[Answer] = []
    for address, source in ways(loaded):
        one = {"address": address} if source is None else {"address": address, "source": source}
        try:
            result = ping(address, packets=3, source=source)
        except ProbeError as error:
            found.append({**one, "answered": False, "said": str(error)})
            continue
        got, sent = (result.stats.received, result.stats.sent) if result.stats is not None else (0, 0)
        said = f"{got} of {sent} packets answered" if sent else result.pings[0].error
        found.append({**one, "answered": got > 0, "said": said if source is None else f"from {source}: {said}"})
    return found


def ways(loaded: Loaded) -> list[tuple[str, str | None]]:
    """Return the references with the source addresses of lines' profiles that they are asked from."""
    from slamon.config.addresses import family_of

    return [
        (address, source)
        for address in loaded.settings.reference
        for source in sources_of(loaded)
        if source is None or family_of(address) in (None, family_of(source))
    ]


def sources_of(loaded: Loaded) -> list[str | None]:
    """Return the source addresses in use, in order."""
    profiles = loaded.settings.profiles
    return sorted({profiles[line.current.profile].source for line in loaded.inventory.lines.values()}, key=str)


def _agents(loaded: Loaded) -> list[Answer]:
    from slamon.service.snmp_ask import answering, peer_of

    named = {line.current.snmp_agent for line in loaded.inventory.lines.values()}
    peers = [peer_of(loaded, text) for text in sorted(text for text in named if text is not None)]
    if not peers:
        return []
    return [
        {"address": peer.name, "answered": trouble is None, "said": trouble or "answers"}
        for peer, trouble in answering(peers)
    ]


def _influx(loaded: Loaded) -> list[Answer]:
    """Tell whether URL, token and bucket are right, and what to do where one is not; nothing without InfluxDB."""
    from slamon.service import clock

    target = loaded.settings.influx
    if target is None:
        return []
    from slamon.sinks.delivery_errors import NotDelivered
    from slamon.sinks.influx_setup import ask_server, try_writing

    try:
        server = ask_server(target, clock.now)
        try_writing(target, loaded.settings.vantage, clock.now)
    except NotDelivered as error:
        return [{"address": target.url, "answered": False, "said": str(error), "version": None}]
    known = f"InfluxDB {server.version}" if server.version else "a server that does not say its version"
    said = f"{known}; the token may write to bucket {target.bucket!r}"
    return [{"address": target.url, "answered": True, "said": said, "version": server.version or None}]


def _channels(loaded: Loaded) -> list[Answer]:
    """Ask mail servers whether they let us in; the other channels cannot be asked without sending something."""
    from slamon.alerting.smtp import SmtpChannel
    from slamon.config.channels import Smtp
    from slamon.service import clock

    found: list[Answer] = []
    for name, spec in loaded.settings.alerts.channels.items() if loaded.settings.alerts else ():
        if isinstance(spec.way, Smtp):
            answer = SmtpChannel(spec.way, clock.now, spec.timeout_s).greet()
            answered = answer.outcome == "sent"
            found.append({"address": name, "answered": answered, "said": answer.said})
    return found


QUESTIONS: dict[str, Callable[[Loaded], list[Answer]]] = {
    "references": _references,
    "agents": _agents,
    "influxdb": _influx,
    "channels": _channels,
}
