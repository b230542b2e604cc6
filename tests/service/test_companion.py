"""What runs beside the judging sees what was judged, and cannot hold it up."""

import asyncio
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from slamon.core.quality import Verdict
from slamon.service.companion import Note, Seen
from slamon.service.site import Site
from slamon.store.measured import CLOSED
from slamon.store.rows import VERDICTS
from tests.service.places import LINES, Place, place
from tests.service.test_daemon import serving


class Watcher:
    """Notes what it was shown, as pictures, and the steps it was taken through."""

    name = "watcher"

    def __init__(self) -> None:
        self.verdicts: dict[str, list[Verdict]] = {}
        self.steps: list[str] = []

    async def begin(self, site: Site, note: Note) -> None:
        self.steps.append(f"begin {site.vantage}")
        note("watcher.ready", {"detail": "begun"}, None)

    async def adopt(self, site: Site) -> None:
        self.steps.append(f"adopt {len(site.lines)}")

    def see(self, seen: Seen) -> None:
        for one in seen.rows:
            self.verdicts.setdefault(seen.ids[one["line"]], []).append(VERDICTS[one["verdict"]])

    async def run(self) -> None:
        await asyncio.Event().wait()

    async def end(self) -> None:
        self.steps.append("end")


class Broken(Watcher):
    """Fails at whatever it is asked to do."""

    name = "broken"

    async def begin(self, site: Site, note: Note) -> None:  # noqa: ARG002 - the protocol's
        raise OSError("cannot begin")

    def see(self, seen: Seen) -> None:  # noqa: ARG002
        raise ValueError("cannot see")

    async def run(self) -> None:
        raise RuntimeError("cannot run")

    async def end(self) -> None:
        raise KeyError("cannot end")


@pytest.fixture
def somewhere(tmp_path: Path) -> Place:
    return place(tmp_path)


def test_a_companion_sees_every_judged_row_and_a_broken_one_disturbs_nobody(somewhere: Place):
    """Fast rows and slow ones come with their verdicts, once each; whoever fails is logged, and judging goes on."""

    async def scenario() -> None:
        watcher, broken = Watcher(), Broken()
        with capture_logs() as logs:
            async with serving(somewhere, companions=[broken, watcher]) as service:
                service.show("..xx......", LINES[0])
                service.show("....", LINES[1])
                await service.recorded(CLOSED, LINES[0])
                await service.recorded("watcher.ready")
        up, down = Verdict.UP, Verdict.DOWN
        assert watcher.verdicts[LINES[0]] == [up, up, down, down, up, up, up, up, up, up]
        assert watcher.verdicts[LINES[1]] == [up] * 4
        assert watcher.steps == ["begin nanning-1", "end"]
        failed = {one.get("doing", "run") for one in logs if one["event"] == "companion_failed"}
        assert failed == {"begin", "see", "run", "end"}

    asyncio.run(scenario())
