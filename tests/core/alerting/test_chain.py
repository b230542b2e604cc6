"""Which chain an incident calls, whom its steps reach, and what may wake them."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, time

import pytest

from slamon.core.alerting.callees import Callees
from slamon.core.alerting.chain import chain_of, monitor_chain, passes_quiet_hours, severity
from slamon.core.alerting.facts import AlertIncident, Reason, Severity
from slamon.core.alerting.people import Dates, OnCall, Override, Rota, Turns
from slamon.core.alerting.policy import Chain, Choice, Policy, Step
from slamon.core.alerting.telling import Due

from .scenes import DEGRADATION, HOUR, INTERRUPTION, ZONE, crew, incident, s

NAMES = ("default", "customer", "tier", "category", "both", "line", "all")
CHAINS = {name: Chain(name, (Step((f"person:{name}",), 60),)) for name in NAMES}
POLICY = Policy(
    chains=CHAINS,
    choices=(
        Choice("customer", customer="C1"),
        Choice("both", tier="AAA", category=INTERRUPTION),
        Choice("tier", tier="AAA"),
        Choice("category", category=DEGRADATION),
    ),
)


@pytest.mark.parametrize(
    ("one", "chain"),
    [
        pytest.param(incident(tier="A"), "default", id="what no choice fits calls the default"),
        pytest.param(incident(tier="A", category=DEGRADATION), "category", id="a category is a choice"),
        pytest.param(incident(category=DEGRADATION), "tier", id="a tier counts more than a category"),
        pytest.param(incident(), "both", id="tier and category count more than a tier"),
        pytest.param(incident(customer_id="C1"), "customer", id="a customer counts more than both"),
        pytest.param(incident(customer_id="C1", chain="line"), "line", id="the line's own chain counts most"),
        pytest.param(incident(tier="A", chain="gone"), "default", id="a chain that is no more is as if not named"),
    ],
)
def test_the_most_specific_choice_wins(one: AlertIncident, chain: str) -> None:
    assert chain_of(one, POLICY).id == chain


def test_without_any_chain_nothing_fails_and_the_monitor_calls_its_own() -> None:
    """A policy without chains has one that calls nobody; `monitor_chain` is the named one, else the default."""
    assert chain_of(incident(), Policy()).steps == ()
    assert monitor_chain(replace(POLICY, monitor_chain="line")).id == "line"
    assert monitor_chain(POLICY).id == "default"
    assert monitor_chain(replace(POLICY, monitor_chain="gone")).id == "default"


ROTA = Rota("noc", ZONE, time(9), Turns(("ana", "bo"), date(2026, 10, 2), 1))
GAPPED = Rota("gap", ZONE, time(9), dates=(Dates("ana", date(2027, 1, 1), date(2027, 1, 2)),))
TEAM = OnCall(
    crew("ana", "bo", "mia"),
    {"noc": ROTA, "gap": GAPPED},
    Policy(
        chains={
            "day": Chain("day", (Step(("rota:noc", "person:mia"), 60), Step(("person:bo",), 60))),
            "holes": Chain("holes", (Step(("rota:gap",), 60), Step(("person:mia",), 60))),
            "void": Chain("void", (Step(("rota:gap",), 60),)),
            "gone": Chain("gone", (Step(("person:zoe", "rota:none"), 60),)),
        }
    ),
)


@pytest.mark.parametrize(
    ("chain", "low", "high", "reached"),
    [
        pytest.param("day", 0, 0, (0, ("bo", "mia")), id="a step calls whoever is on call and the people it names"),
        pytest.param("day", 0, 1, (1, ("bo", "mia")), id="who is called by two steps is called once"),
        pytest.param("holes", 0, 0, (1, ("mia",)), id="a step that reaches nobody is passed over"),
        pytest.param("void", 0, 0, (0, ("ana", "bo", "mia")), id="where no step reaches anybody everybody is called"),
        pytest.param("gone", 0, 0, (0, ("ana", "bo", "mia")), id="people and rotas that are no more reach nobody"),
        pytest.param("unknown", 0, 0, (0, ("ana", "bo", "mia")), id="a chain that is no more calls everybody"),
        pytest.param("day", 0, 7, (7, ("bo", "mia")), id="steps beyond a chain's end are those of its end"),
    ],
)
def test_whom_steps_reach(chain: str, low: int, high: int, reached: tuple[int, tuple[str, ...]]) -> None:
    assert Callees(TEAM, s(2 * HOUR)).of(chain, low, high) == reached


def test_an_override_is_who_is_called() -> None:
    """A stand-in on the rota is called in place of whose turn it is."""
    team = replace(TEAM, overrides=(Override("noc", "mia", s(0), s(3 * HOUR)),))
    assert Callees(team, s(2 * HOUR)).of("day", 0, 0) == (0, ("mia",))


R = Reason
WEAK = incident(tier="A", category=DEGRADATION)


@pytest.mark.parametrize(
    ("one", "due", "disturbs", "passes"),
    [
        pytest.param(incident(), Due(R.OPENED, "d", 0), 2, True, id="an interruption wakes"),
        pytest.param(WEAK, Due(R.OPENED, "d", 0), 1, False, id="a degradation waits for the morning"),
        pytest.param(WEAK, Due(R.ESCALATED, "d", 1), 1, False, id="and so does its escalation"),
        pytest.param(
            replace(WEAK, tier="AAA"), Due(R.ESCALATED, "d", 1), 2, True, id="the escalation of an AAA line never waits"
        ),
        pytest.param(WEAK, Due(R.LIMIT_USED, "d", 0, share=0.5), 1, False, id="half of a degradation's limit waits"),
        pytest.param(WEAK, Due(R.LIMIT_USED, "d", 0, share=0.8), 2, True, id="four fifths of any limit wake"),
        pytest.param(WEAK, Due(R.STATUTORY_MISSED, "d", 0), 2, True, id="the law's limit missed wakes"),
        pytest.param(incident(), Due(R.RESTORED, "d", 0), 0, True, id="the end of what woke is told at once"),
        pytest.param(WEAK, Due(R.RESTORED, "d", 0), 0, False, id="the end of what waited waits"),
        pytest.param(incident(), Due(R.DECISION_AWAITED, "d", 0), 0, False, id="a decision is office work"),
        pytest.param(incident(), Due(R.WITHDRAWN, "d", 0), 0, False, id="a withdrawal wakes nobody"),
    ],
)
def test_what_may_wake_people(one: AlertIncident, due: Due, disturbs: int, passes: bool) -> None:
    assert severity(one, due, POLICY) is Severity(disturbs)
    assert passes_quiet_hours(one, due, POLICY) is passes
