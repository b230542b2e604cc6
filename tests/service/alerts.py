"""A site with people on call, and channels that remember what they were given."""

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

from slamon.alerting.channel import Channel, Parcel
from slamon.alerting.scripted import ScriptedChannel
from slamon.config import channels as config
from slamon.core.reading import Reading
from slamon.service import clock
from tests.service.places import CONFIG, Place, place, row
from tests.service.playing import in_time, pictured

ALERTS = """
[alerts]
oncall = "oncall.toml"

[alerts.channels.first]
kind = "terminal"

[alerts.channels.second]
kind = "terminal"
"""
ONCALL = """
timezone = "Asia/Shanghai"

[people.zhang]
name = "CANARY张伟"
channels = ["first", "second"]
email = "canary-zhang@example.com"
phone = "+8613900001111"
language = "en"

[people.li]
name = "CANARY李娜"
channels = ["second"]
phone = "+8613900002222"

[people.wang]
name = "CANARY Wang"
channels = ["second"]

[chains.default]
steps = [ { call = ["zhang"], wait_s = WAIT }, { call = ["li"], wait_s = 3600 }, { call = ["wang"], wait_s = 3600 } ]

[policy]
condition_after_s = 1
"""


def staffed(folder: Path, *rows: str, alerts: str = ALERTS, oncall: str = ONCALL, wait_s: float = 2) -> Place:
    """Make a site whose first on-call has so long to acknowledge."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "oncall.toml").write_text(oncall.replace("WAIT", str(wait_s)), encoding="utf-8")
    return place(folder, *(rows or [row("GX-0001"), row("GX-0002")]), config=CONFIG + alerts)


class Channels:
    """Scripted channels by name, in the place of those that the config describes."""

    def __init__(self, **channels: ScriptedChannel) -> None:
        self.of = channels

    def open(self, spec: config.Channel, _: Callable[[], datetime]) -> Channel:
        return self.of.setdefault(spec.name, ScriptedChannel())

    def given(self, name: str) -> list[Parcel]:
        return self.of[name].given if name in self.of else []

    def reasons(self, name: str) -> list[str]:
        return [parcel.reason for parcel in self.given(name)]


class Lately:
    """Readings that end about now, so that clocks of people and of lines agree."""

    def __init__(self) -> None:
        self._since = clock.now().replace(microsecond=0) - timedelta(seconds=80)
        self._next: dict[str, datetime] = {}

    def show(self, picture: str, *line_ids: str) -> list[Reading]:
        """Return readings of lines, in time order, from where each was left off."""
        found = []
        for line_id in line_ids:
            since = self._next.get(line_id, self._since)
            found.append(pictured(line_id, picture, since))
            self._next[line_id] = since + len(picture) * timedelta(seconds=10)
        return in_time(*found)
