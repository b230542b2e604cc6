"""Which chain an incident calls, and how urgent it is."""

from __future__ import annotations

from slamon.core.facts import Category

from .facts import AlertIncident, Reason, Severity
from .policy import Chain, Choice, Policy
from .telling import Due

DEFAULT = "default"
NOBODY = Chain("nobody", ())

# Above this share of a limit a warning is critical whatever the tier: what is left is too short to sleep through.
CRITICAL_SHARE = 0.8


def chain_of(incident: AlertIncident, policy: Policy) -> Chain:
    """Return the chain of an incident: its line's own, else the most specific choice that fits, else the default.

    Customer counts more than tier, tier more than category; among equals the later one in the file.
    """
    if incident.chain is not None and incident.chain in policy.chains:
        return policy.chains[incident.chain]
    fitting = [choice for choice in policy.choices if _fits(choice, incident) and choice.chain in policy.chains]
    if fitting:
        best = max(enumerate(fitting), key=lambda one: (*_specificity(one[1]), one[0]))[1]
        return policy.chains[best.chain]
    return policy.chains.get(DEFAULT, NOBODY)


def monitor_chain(policy: Policy) -> Chain:
    """Return the chain that the monitor's own trouble calls."""
    return policy.chains.get(policy.monitor_chain or DEFAULT, policy.chains.get(DEFAULT, NOBODY))


def _fits(choice: Choice, incident: AlertIncident) -> bool:
    return (
        choice.customer in (None, incident.customer_id)
        and choice.tier in (None, incident.tier)
        and choice.category in (None, incident.category)
    )


def _specificity(choice: Choice) -> tuple[bool, bool, bool]:
    return choice.customer is not None, choice.tier is not None, choice.category is not None


def urgent(incident: AlertIncident, policy: Policy) -> bool:
    """Tell whether an incident may wake somebody: an interruption, or any fault of an urgent tier."""
    return incident.category is Category.INTERRUPTION or incident.tier in policy.urgent_tiers


def severity(incident: AlertIncident, due: Due, policy: Policy) -> Severity:
    """Return how much a message about one incident may disturb."""
    if due.reason in (Reason.RESTORED, Reason.WITHDRAWN, Reason.DECISION_AWAITED):
        return Severity.INFO
    if due.reason is Reason.STATUTORY_MISSED or (due.share is not None and due.share >= CRITICAL_SHARE):
        return Severity.CRITICAL
    return Severity.CRITICAL if urgent(incident, policy) else Severity.WARNING


def passes_quiet_hours(incident: AlertIncident, due: Due, policy: Policy) -> bool:
    """Tell whether quiet hours let it through: what is critical, and the end of what was (go back to bed)."""
    ends_urgency = due.reason is Reason.RESTORED and urgent(incident, policy)
    return ends_urgency or severity(incident, due, policy) is Severity.CRITICAL


def rank(incident: AlertIncident, policy: Policy) -> int:
    """Return the place of an incident's tier, the best one 0; tiers that nobody named come last."""
    return policy.tiers.index(incident.tier) if incident.tier in policy.tiers else len(policy.tiers)
