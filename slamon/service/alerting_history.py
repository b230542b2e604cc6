"""What was sent and answered, from the record."""

from __future__ import annotations

from typing import Any

from slamon.core.timespan import iso
from slamon.service import desk_find
from slamon.service.alerting_by_hand import TESTED
from slamon.service.alerting_delivery import ATTEMPTS
from slamon.service.desk import looking
from slamon.service.site import Site


def attempts(site: Site, incident: str | None = None) -> list[dict[str, Any]]:
    """Return every attempt on record, of one incident or of all, oldest first."""
    if incident is None:
        entries = list(site.ledger.entries(kinds=ATTEMPTS | {TESTED}))
    else:
        found = desk_find.incident(looking(site), incident).incident
        entries = [
            entry
            for own in found.derived_from or (found.id,)
            for entry in site.ledger.entries(kinds=ATTEMPTS, subject=own)
        ]
    rows = [
        {"at": iso(one.at), "what": one.kind.rpartition(".")[2], "subject": one.subject} | one.payload
        for one in entries
    ]
    return sorted(rows, key=lambda row: str(row["at"]))
