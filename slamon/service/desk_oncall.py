"""Who is on call, seen from the desk: as the file has it and people stood in for each other; and standing in."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from slamon.config.oncall import OnCallFile
from slamon.config.problems import did_you_mean, quoted
from slamon.core.alerting.callees import Callees
from slamon.core.alerting.people import OnCall, Override, Stint
from slamon.core.alerting.rota import schedule
from slamon.reports.texts import local
from slamon.service.alerting_record import OVERRIDDEN, override_draft, override_of
from slamon.service.desk import DeskError, Filed, When, filing, free_text
from slamon.service.site import Site

AHEAD = timedelta(days=14)


@dataclass(frozen=True, slots=True)
class Standing:
    """Who is called at an instant: rotas with their stints from there on, chains with the people of each step."""

    at: datetime
    rotas: dict[str, tuple[Stint, ...]]
    chains: dict[str, tuple[tuple[float, tuple[str, ...]], ...]]
    names: dict[str, str]


def people_of(site: Site) -> OnCallFile:
    """Return the site's on-call file; raises `DeskError` where it has none."""
    if site.loaded.oncall is None:
        raise DeskError("nobody is on call here", '[alerts] oncall = "oncall.toml" in slamon.toml names the file')
    return site.loaded.oncall


def standing_in(site: Site, oncall: OnCall) -> OnCall:
    """Return who is on call with the overrides on record."""
    overrides = tuple(override_of(entry) for entry in site.ledger.entries(kinds={OVERRIDDEN}))
    return replace(oncall, overrides=overrides)


def on_duty(site: Site, at: datetime, ahead: timedelta = AHEAD) -> Standing:
    """Return who is called at an instant, and who after that."""
    file = people_of(site)
    oncall = standing_in(site, file.oncall)
    callees = Callees(oncall, at)
    return Standing(
        at=at,
        rotas={name: schedule(rota, oncall.overrides, at, at + ahead) for name, rota in oncall.rotas.items()},
        chains={
            name: tuple((step.wait_s, callees.of(name, i, i)[1]) for i, step in enumerate(chain.steps))
            for name, chain in oncall.policy.chains.items()
        },
        names={name: reach.name for name, reach in file.reach.items()},
    )


@dataclass(frozen=True, slots=True)
class StandIn:
    """Somebody takes a rota over from an instant to another; times without an offset are in the rota's zone."""

    rota: str
    person: str
    start: When
    end: When


def override(site: Site, wanted: StandIn, reason: str, at: datetime) -> Filed:
    """Put on record that somebody stands in; raises `DeskError` where that means nothing."""
    oncall = people_of(site).oncall
    rota = oncall.rotas.get(wanted.rota)
    if rota is None:
        hint = did_you_mean(wanted.rota, oncall.rotas, "rotas") or "see `slamon oncall show`"
        raise DeskError(f"there is no rota {quoted(wanted.rota)}", hint)
    if wanted.person not in oncall.people:
        hint = did_you_mean(wanted.person, oncall.people, "people") or "see `slamon oncall show`"
        raise DeskError(f"there is nobody called {quoted(wanted.person)}", hint)
    start, end = wanted.start(rota.zone), wanted.end(rota.zone)
    if not start < end:
        raise DeskError(f"it ends after it begins: {local(start, rota.zone)} to {local(end, rota.zone)}")
    why = free_text(reason, "the reason") if reason else ""
    with filing(site) as desk:
        before = {
            stint.person
            for stint in schedule(rota, standing_in(site, oncall).overrides, start, end)
            if stint.person not in (None, wanted.person)
        }
        entries = desk.append([override_draft(Override(rota.id, wanted.person, start, end), at, why)])
    instead = f" instead of {', '.join(sorted(map(str, before)))}" if before else ""
    said = (
        f"{wanted.person} is on call for {rota.id} from {local(start, rota.zone)} to {local(end, rota.zone)}{instead}"
    )
    over = ("all of it lies in the past",) if end <= at else ()
    return Filed(entries, (rota.id,), (said,), over)
