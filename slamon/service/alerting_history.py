"""What was sent and answered, from the record."""

from __future__ import annotations

from typing import Any

from slamon.core.timespan import iso
from slamon.service import desk_find
from slamon.service.alerting_attempts import ATTEMPTS
from slamon.service.alerting_by_hand import TESTED
from slamon.service.alerting_record import DECIDED
from slamon.service.desk import looking
from slamon.service.site import Site


def attempts(site: Site, incident: str | None = None) -> list[dict[str, Any]]:
    """Return every attempt on record, of one incident (whose messages may speak of others too) or of all."""
    entries = list(site.ledger.entries(kinds=ATTEMPTS | {TESTED}))
    if incident is not None:
        found = desk_find.incident(looking(site), incident).incident
        causes = _causes(site, frozenset(found.derived_from or (found.id,)))
        entries = [one for one in entries if one.payload.get("cause") in causes]
    return [
        {"at": iso(one.at), "what": one.kind.rpartition(".")[2], "subject": one.subject} | one.payload
        for one in entries
    ]


def _causes(site: Site, ids: frozenset[str]) -> set[str]:
    """Return the causes under which an incident was told."""
    found = set()
    for entry in site.ledger.entries(kinds={DECIDED}):
        payload: dict[str, Any] = entry.payload
        if not ids.isdisjoint(payload["subjects"]):
            found.add(str(payload["cause"]["id"]))
    return found
