"""How the delivery to InfluxDB stands: one value for `slamon status`, the metrics and the log.

The daemon leaves it beside the spool every few seconds, for commands that run in another process.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from pathlib import Path
from typing import Any

from slamon.core.timespan import iso, parse_iso
from slamon.store import filed, measured
from slamon.store.entry import Entry
from slamon.store.issued import ISSUED
from slamon.store.reads import Reads

SINK = "influxdb"
FILE = "progress.json"


@dataclass(frozen=True, slots=True)
class Progress:
    """How a delivery stands at an instant; counters are since the start of the daemon.

    `state`: ``starting``, ``delivering``, ``replaying`` (live data goes out, and beside it what had to wait), or why
    nothing goes out (``unreachable``, ``busy``, ``refused``), with the `reason` then.
    `waiting_points` are on their way, `backlog_points` of them from before, the oldest of `oldest`; `events_behind`
    are ledger entries not looked at yet. `held_back_points` wait because it is not certain yet how they are sent.
    """

    at: datetime
    state: str = "starting"
    reason: str = ""
    since: datetime | None = None
    waiting_points: int = 0
    backlog_points: int = 0
    held_back_points: int = 0
    waiting_bytes: int = 0
    limit_bytes: int = 0
    oldest: datetime | None = None
    events_behind: int = 0
    sent_points: int = 0
    sent_bytes: int = 0
    requests: int = 0
    failures: int = 0
    aside_points: int = 0
    too_old_requests: int = 0
    rolled_from_points: int = 0
    rolled_to_points: int = 0
    lost_points: int = 0
    disk: str = ""

    @property
    def object(self) -> dict[str, Any]:
        """The value as JSON has it."""
        found = asdict(self)
        return {key: iso(value) if isinstance(value, datetime) else value for key, value in found.items()}


def folder_of(state_dir: Path) -> Path:
    """Return where everything about this delivery stands."""
    return state_dir / SINK


def leave(folder: Path, progress: Progress) -> None:
    """Write how it stands; on a full disk the last one stays."""
    part = folder / (FILE + ".part")
    with suppress(OSError):
        part.write_text(json.dumps(progress.object), encoding="utf-8")
        part.replace(folder / FILE)


def read_progress(state_dir: Path) -> Progress | None:
    """Return how it stood when the daemon last said so; None where it never did."""
    try:
        found: dict[str, Any] = json.loads((folder_of(state_dir) / FILE).read_text(encoding="utf-8"))
        known = {one.name for one in fields(Progress)}
        for key in ("at", "since", "oldest"):
            found[key] = None if found.get(key) is None else parse_iso(found[key])
        return Progress(**{key: value for key, value in found.items() if key in known})
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return None


def events_behind(ledger: Reads) -> int:
    """Return how many entries of the ledger wait to be sent."""
    return sum(1 for entry in ledger.entries(after_seq=ledger.delivered(SINK)) if concerns(entry))


# What an entry is called as an event of an incident; what is not here is none.
EVENTS: Mapping[str, str] = {
    measured.OPENED: "opened",
    measured.WORSENED: "category_changed",
    measured.CLOSED: "restored",
    measured.FOUND: "found",
    filed.CORRECTED: "corrected",
    filed.HANDED_BACK: "handed_back",
    filed.ACKED: "acknowledged",
    filed.COMPLAINT: "complaint",
    filed.COMPLAINT_CLOSED: "complaint_closed",
    filed.EXCLUSION: "exclusion",
    filed.EXCLUSION_STOPPED: "exclusion_stopped",
}
HEALTH = ("vantage.", "service.", "delivery.")


def concerns(entry: Entry) -> bool:
    """Tell whether an entry becomes a point."""
    return entry.kind in EVENTS or entry.kind == ISSUED or entry.kind.startswith(HEALTH)
