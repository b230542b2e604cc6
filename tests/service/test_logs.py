"""The log is bounded in a storm, and says what it left out."""

import json
import subprocess
import sys

import pytest
import structlog

from slamon.service.logs import Bound


def told(bound: Bound, name: str, times: int = 1) -> list[dict[str, object]]:
    found = []
    for _ in range(times):
        try:
            found.append(dict(bound(None, "info", {"event": name})))
        except structlog.DropEvent:
            continue
    return found


def test_a_storm_of_one_name_is_bounded_and_others_are_heard():
    """A burst of each name, then nothing until the period is over; the next one says how many were left out.

    Mutant: the `raise` in `Bound` taken out: 5,000 are told.
    """
    now_s = [0.0]
    bound = Bound(lambda: now_s[0], burst=100, period_s=10)
    assert len(told(bound, "incident_opened", 5000)) == 100
    assert told(bound, "prober_lost") == [{"event": "prober_lost"}]
    now_s[0] = 10.0
    assert told(bound, "incident_opened") == [{"event": "incident_opened", "left_out": 4900}]
    now_s[0] = 20.0
    assert told(bound, "incident_opened") == [{"event": "incident_opened"}]


def test_names_without_end_do_not_fill_the_memory():
    """Should a name ever be made of data, the memory of names stays small."""
    bound = Bound(lambda: 0.0)
    for number in range(5000):
        told(bound, f"event-{number}")
    assert len(bound._told) <= 1000  # noqa: SLF001 - what is remembered is seen nowhere else


@pytest.mark.parametrize("form", ["json", "text"])
def test_the_log_goes_to_stderr_line_by_line(form):
    """Stdout is for data; a JSON log has one object a line, with its name, level and time."""
    program = (
        "import structlog; from slamon.service import logs; "
        f"logs.set_up('info', '{form}'); log = structlog.get_logger(); "
        "log.debug('unheard'); log.info('incident_opened', line='GX-0001', name='某银行')"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == ""
    (line,) = done.stderr.splitlines()
    assert "incident_opened" in line
    if form == "json":
        found = json.loads(line)
        assert {"event", "level", "timestamp", "line", "name"} == set(found)
        assert "某银行" in line
