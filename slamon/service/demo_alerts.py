"""The demo's person on call: a telephone that is a file, and what stands on it."""

from __future__ import annotations

from pathlib import Path

from slamon.core.alerting.facts import Reason
from slamon.service.alerting_attempts import SENT
from slamon.service.demo_commands import DemoFailed
from slamon.service.site import Site

SCREEN = "alerts.txt"
CONFIG = f"""
[alerts]
oncall = "oncall.toml"

[alerts.channels.telephone]
kind = "terminal"
path = "{SCREEN}"
"""
ONCALL = """\
timezone = "Asia/Shanghai"

[people.zhang]
name = "Zhang"
channels = ["telephone"]
language = "en"

[chains.default]
steps = [ { call = ["zhang"], wait_s = 900 } ]
"""


def write_oncall(folder: Path) -> None:
    """Put somebody on call."""
    (folder / "oncall.toml").write_text(ONCALL, encoding="utf-8")


class Telephone:
    """What the person on call reads."""

    def __init__(self, folder: Path) -> None:
        self._screen = folder / SCREEN
        self._read = 0

    def titles(self) -> list[str]:
        """Return the titles of all messages that arrived, oldest first."""
        try:
            lines = self._screen.read_text(encoding="utf-8").splitlines()
        except OSError:  # nothing arrived yet
            return []
        return [line for line in lines if line and not line.startswith(" ")]

    def new(self) -> list[str]:
        """Return the titles that arrived since the last look."""
        found = self.titles()
        fresh, self._read = found[self._read :], len(found)
        return fresh


def verify_alerts(site: Site, line_ids: set[str], titles: list[str]) -> str:
    """Compare what arrived with the ledger's record; return a sentence, or raise `DemoFailed`."""
    sent = [entry.payload["reason"] for entry in site.ledger.entries(kinds={SENT})]
    missing = sorted(line_id for line_id in line_ids if not any(line_id in title for title in titles))
    if missing or Reason.OPENED.value not in sent:
        raise DemoFailed(f"the person on call was not told of {', '.join(missing) or 'anything'}")
    if len(titles) != len(sent):
        raise DemoFailed(f"{len(titles)} messages arrived, and the ledger has {len(sent)} as sent")
    return f"The person on call was told {len(sent)} times: {', '.join(map(str, sent))}; each attempt is in the ledger."
