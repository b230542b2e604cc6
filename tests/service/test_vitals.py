"""What the service manager is told, and when."""

import contextlib
import socket
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from slamon.probes.protocol import Health
from slamon.service.judging import Judging
from slamon.service.notify import Notifier
from slamon.service.vitals import Vitals

AT = datetime(2026, 11, 20, 8, tzinfo=UTC)


class Clock:
    def __init__(self) -> None:
        self.at = AT

    def __call__(self) -> datetime:
        return self.at


@pytest.fixture
def told(tmp_path: Path):
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(tmp_path / "notify"))
        manager.setblocking(False)

        found: list[str] = []

        def read() -> list[str]:
            with contextlib.suppress(BlockingIOError):
                while True:
                    found.append(manager.recv(4096).decode())
            return found

        yield read


def test_the_watchdog_is_fed_by_measuring_and_judging_alone(tmp_path, told):
    """Each batch that came further feeds it; one that measured nothing new does not.

    Mutant: the comparison with `_measured_to` taken out: a prober that repeats itself keeps the service up.
    """
    vitals = Vitals(Notifier({"NOTIFY_SOCKET": str(tmp_path / "notify")}), Judging({}), Clock())
    vitals.beat(Health(AT))
    vitals.beat(Health(AT))
    vitals.beat(Health(AT + timedelta(seconds=1)))
    vitals.beat(Health(AT - timedelta(hours=1)))
    assert [state for state in told() if state == "WATCHDOG=1"] == ["WATCHDOG=1"] * 3


def test_the_status_says_what_matters_and_not_more_often_than_need_be(tmp_path, told):
    """Lines, open incidents, how far behind; every ten seconds, and at once after a step of the clock."""
    clock = Clock()
    vitals = Vitals(Notifier({"NOTIFY_SOCKET": str(tmp_path / "notify")}), Judging({}), clock)
    for second in range(25):
        clock.at = AT + timedelta(seconds=second)
        vitals.beat(Health(clock.at - timedelta(seconds=2)))
        told()
    clock.at = AT - timedelta(hours=2)
    vitals.beat(Health(clock.at))
    said = [state for state in told() if state.startswith("STATUS=")]
    assert said == [
        *["STATUS=0 lines watched, no incident open, judged to 2.0 s ago"] * 3,
        "STATUS=0 lines watched, no incident open, judged to 0.0 s ago",
    ]


def test_a_manager_that_does_not_read_holds_nothing_up(tmp_path, told):
    """The kernel keeps ten datagrams; the eleventh is lost, not waited for.

    Mutant: the blocking socket of before: the test never ends.
    """
    vitals = Vitals(Notifier({"NOTIFY_SOCKET": str(tmp_path / "notify")}), Judging({}), Clock())
    for second in range(50):
        vitals.beat(Health(AT + timedelta(seconds=second)))
    assert "WATCHDOG=1" in told()
