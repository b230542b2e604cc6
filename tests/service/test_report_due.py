"""Last month's statements make themselves once, from a day of the month on, and go out by mail once."""

import json
import subprocess
from datetime import UTC, datetime
from email import message_from_bytes, policy
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from slamon.config.problems import InvalidInput
from slamon.config.settings import load_settings
from slamon.core.calendar import BillingMonth
from slamon.service import clock
from slamon.service.report_due import MADE, MAILED, Due, due, month_before
from tests.alerting.receivers import mail_server
from tests.service.places import CONFIG, Place, place
from tests.service.playing import in_time, pictured
from tests.service.runs import SLAMON

SHANGHAI, NEW_YORK = ZoneInfo("Asia/Shanghai"), ZoneInfo("America/New_York")
PLAN = '\n[report]\nday = {day}\nformats = ["json", "csv", "html"]\n'
CHANNEL = """mail = "billing"
[alerts.channels.billing]
kind = "smtp"
host = "127.0.0.1"
port = {port}
tls = "none"
sender = "slamon@example.com"
to = ["billing@example.com"]
"""


def planned(folder: Path, more: str = "", day: int = 1) -> Place:
    made = place(folder / "site", config=CONFIG + PLAN.format(day=day) + more)
    with made.open():
        pass
    return made


@pytest.mark.parametrize(
    ("now", "month"),
    [
        pytest.param("2026-11-20T00:00:00+08:00", "2026-10", id="in the middle of a month"),
        pytest.param("2026-11-01T00:00:00+08:00", "2026-09", id="over in one zone, not in the other"),
        pytest.param("2026-11-01T13:00:00+08:00", "2026-10", id="over in both"),
        pytest.param("2027-01-15T00:00:00+08:00", "2026-12", id="over a year's end"),
    ],
)
def test_the_month_before_is_over_everywhere(now: str, month: str):
    """A month is reported once it has ended in the time zone of every contract."""
    assert str(month_before(datetime.fromisoformat(now), [SHANGHAI, NEW_YORK])) == month


def test_nothing_is_due_before_its_day_and_nothing_twice(tmp_path):
    """From the day on; a missed day is made up for; what was made is not made again, what was not mailed is mailed."""
    where = planned(tmp_path, CHANNEL.format(port=25), day=3)
    with where.open() as site:
        plan = site.loaded.settings.report
        assert plan is not None
        assert due(site, plan, datetime(2026, 11, 2, 15, tzinfo=UTC)) is None
        month = BillingMonth(2026, 10)
        late = datetime(2026, 11, 25, tzinfo=UTC)
        assert due(site, plan, datetime(2026, 11, 2, 16, tzinfo=UTC)) == Due(month, make=True, mail=True)
        assert due(site, plan, late) == Due(month, make=True, mail=True)


def run(where: Place) -> tuple[int, str, str]:
    command = [*SLAMON, "-c", str(where.config), "report", "--due"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    return done.returncode, done.stdout, done.stderr


def test_statements_are_made_and_mailed_once(tmp_path):
    """A mail server that is away costs nothing but time: the files stand, and the next run mails them."""
    month = month_before(clock.now(), [SHANGHAI])
    with mail_server() as (box, port):
        where = planned(tmp_path, CHANNEL.format(port=port))
        readings = in_time(pictured("GX-0001", "..xx........"))
        with where.open():
            pass
        subprocess.run([*SLAMON, "-c", str(where.config), "replay", str(where.readings(readings))], check=True)
        code, said, _ = run(where)
        folder = where.state_dir / "statements" / str(month)
        assert code == 0, said
        names = sorted(path.name for path in folder.iterdir())
        assert len(names) == 5
        assert json.loads((folder / f"statement-{month}.json").read_text(encoding="utf-8"))["month"] == str(month)
        assert run(where)[:2] == (0, "nothing is due\n")
    (taken,) = box.taken
    assert isinstance(taken.content, bytes)
    mail = message_from_bytes(taken.content, policy=policy.default)
    assert sorted(part.get_filename() or "" for part in mail.iter_attachments()) == names
    assert mail["Subject"] == f"{month} 月账单"
    with where.open() as site:
        (made,) = site.ledger.entries(kinds={MADE})
        (mailed,) = site.ledger.entries(kinds={MAILED})
    assert mailed.payload["files"] == names
    digests = made.payload["files"]
    assert isinstance(digests, dict)
    assert sorted(digests) == names


def test_a_mail_server_that_is_away_is_tried_again(tmp_path):
    """The command fails, so that the timer's unit shows it; what was made stays made.

    Mutant: `MAILED` recorded whatever the answer was: the second run has nothing to do.
    """
    where = planned(tmp_path, CHANNEL.format(port=1))
    code, _, errors = run(where)
    assert code == 1
    assert "was not mailed by billing" in errors
    with mail_server() as (box, port):
        where.configure(where.config.read_text(encoding="utf-8").replace("port = 1\n", f"port = {port}\n"))
        code, said, _ = run(where)
        assert (code, said) == (0, "mailed by billing: 5 files\n")
    assert len(box.taken) == 1


@pytest.mark.parametrize(
    ("text", "said"),
    [
        pytest.param(
            'mail = "biling"', "report.mail: there is no mail channel 'biling'", id="a channel that is not there"
        ),
        pytest.param("day = 31", "report.day: is above 28", id="a day that some months do not have"),
        pytest.param('formats = ["docx"]', "report.formats[0]: 'docx' is not known", id="a format that nobody writes"),
    ],
)
def test_a_wrong_plan_is_refused(tmp_path, text: str, said: str):
    """With file, key and what would be right."""
    path = tmp_path / "slamon.toml"
    path.write_text(f'[monitor]\nvantage = "x"\n[report]\n{text}\n', encoding="utf-8")
    with pytest.raises(InvalidInput) as refused:
        load_settings(path, {})
    assert any(said in str(problem) for problem in refused.value.problems)
