"""What the judge must know of each line, from inventory, profiles and suspensions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from slamon.config.credentials import SnmpCredential
from slamon.config.loaded import Loaded
from slamon.core.contract import Contracts
from slamon.core.facts import LineFacts
from slamon.core.inventory import Line, Period
from slamon.core.quality import Profile, Watch
from slamon.core.timeline import LineTerms
from slamon.core.timespan import SpanSet
from slamon.probes.protocol import ProbeLine

DEFAULT_SNMP_INTERVAL_S = 60.0


@dataclass(slots=True)
class Watched:
    """One line as the judge sees it: how to assess it in each of its periods, and when it is in service."""

    terms: LineTerms
    zone: ZoneInfo
    watches: tuple[Watch, ...]
    service: SpanSet[datetime]

    def watch_at(self, instant: datetime) -> Watch:
        """Return how to assess a reading that begins at an instant."""
        if len(self.watches) == 1:
            return self.watches[0]
        day = instant.astimezone(self.zone).date()
        begun = sum(period.first_day <= day for period in self.terms.line.periods)
        return self.watches[max(0, begun - 1)]


def watched(line: Line, loaded: Loaded, facts: LineFacts) -> Watched:
    """Return one line as the judge sees it; `facts` are what people filed about it."""
    terms = LineTerms(line, loaded.contracts)
    watches = tuple(_watch(p, loaded.settings.profiles, loaded.settings.snmp) for p in line.periods)
    return Watched(terms, terms.zone, watches, terms.service(facts))


def _watch(period: Period, profiles: Mapping[str, Profile], credentials: Mapping[str, SnmpCredential]) -> Watch:
    name = (period.snmp_agent or "").partition("@")[0]
    credential = credentials.get(name)
    return Watch(
        has_demarc=period.demarc is not None,
        has_cpe=period.cpe is not None,
        bandwidth_mbps=period.bandwidth_mbps,
        profile=profiles.get(period.profile, profiles["default"]),
        interface_interval_s=DEFAULT_SNMP_INTERVAL_S if credential is None else credential.interval_s,
    )


def known_contracts(contracts: Contracts, line: Line) -> bool:
    """Tell whether every contract that a line ever had can still be read."""
    return all(period.contract in contracts.ids() for period in line.periods)


def probe_line(line: Line, profile: Profile, rank: int) -> ProbeLine:
    """Return what the prober must know of a line; `rank` orders lines by importance, 0 first."""
    period = line.current
    return ProbeLine(
        line_id=line.line_id,
        demarc=period.demarc,
        cpe=period.cpe,
        interval_s=profile.interval_s,
        packets=profile.packets,
        timeout_ms=profile.timeout_ms,
        payload_bytes=profile.payload_bytes,
        dscp=profile.dscp,
        open_after_s=profile.open_after_s,
        rank=rank,
        source=profile.source,
    )
