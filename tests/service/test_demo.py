"""`slamon demo` as a newcomer runs it: for real, where nothing can be made, and stopped halfway."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.service.runs import until

DEMO = [sys.executable, "-m", "slamon", "demo"]


def run_demo(*arguments: str, environ: Mapping[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*DEMO, *arguments],
        env=dict(os.environ if environ is None else environ) | {"PYTHONIOENCODING": "utf-8"},
        capture_output=True,
        encoding="utf-8",
        check=False,
        timeout=120,
    )


def left_behind(output: str) -> list[str]:
    """Return what is still there of a demo: its folder, the keeper of a namespace, processes at work in its folder."""
    folder = re.search(r"(\S*/slamon-demo-[^/\s]+)", output)
    keeper = re.search(r"netns (\d+)", output)
    assert folder is not None, output
    assert keeper is not None, output
    left = [path for path in (folder[1], f"/proc/{keeper[1]}/exe") if Path(path).exists()]
    for process in Path("/proc").glob("[0-9]*/cwd"):
        try:
            where = str(process.readlink())
        except OSError:  # ended meanwhile, or a zombie
            continue
        if where.startswith(folder[1]):
            left.append(str(process))
    return left


@pytest.mark.lab
def test_the_demo_cuts_and_degrades_real_lines_and_its_ledger_says_so():
    """A cut line gets an interruption, a lossy one a degradation, the month its credits, and nothing stays behind."""
    done = run_demo("--seconds", "35")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "No live part" not in done.stdout
    assert re.search(r"incident #\d+: interruption on GX-1001", done.stdout)
    assert re.search(r"incident #\d+: degradation on GX-1002", done.stdout)
    assert re.search(r"complaint T-1001 on GX-1001 joins incident #\d+ \(interruption", done.stdout)
    assert "1:59:5" in done.stdout  # the countdown of 2 h runs
    assert "no other line has anything" in done.stdout
    assert re.search(r"alert to the person on call: \[AAA\] GX-1001", done.stdout)
    assert re.search(r"The person on call was told \d times: opened", done.stdout)
    assert_the_month(done.stdout)
    assert left_behind(done.stdout) == []


def test_without_its_tools_the_demo_says_which_and_shows_the_recorded_month():
    """Where nothing can be cut nothing is faked: the live part is left out with the reason, the month is shown."""
    done = run_demo(environ=dict(os.environ) | {"PATH": ""})
    assert done.returncode == 0, done.stdout + done.stderr
    assert "No live part here: ip, nft," in done.stdout
    assert "apt-get install" in done.stdout
    assert "is DOWN" not in done.stdout
    assert_the_month(done.stdout)


def test_a_live_part_too_short_for_an_alarm_is_left_out():
    """`--seconds 5` bounds the live part by having none, and says so."""
    said = "".join(stopped("No live part here", signal.SIGTERM, "--seconds", "5")[1])
    assert "an alarm needs time, 20 s at least" in said
    assert "near#" not in said


def stopped(after: str, number: signal.Signals, *arguments: str) -> tuple[int, list[str]]:
    """Return exit code and output of a demo that got a signal when it had said a line."""
    with subprocess.Popen([*DEMO, *arguments], stdout=subprocess.PIPE, encoding="utf-8") as demo:
        assert demo.stdout is not None
        said = []
        for line in demo.stdout:
            said.append(line)
            if line.startswith(after):
                break
        demo.send_signal(number)
        said.append(demo.stdout.read())
    return demo.returncode, said


def assert_the_month(output: str) -> None:
    assert "3 started hours x 1/30 x (3000.00 + 900.00)" in output
    assert "Credit of C1001: 4" in output  # 390.00 and 88.00, and two hours of planned work by the length of the month
    assert "Credit of C2001: 208.00 CNY" in output
    assert "awaiting a decision" in output
    assert "Why 390.00?" in output
    for command in ("slamon check", "slamon run", "slamon report"):
        assert command in output.partition("What now")[2]


@pytest.mark.lab
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)], ids=["Ctrl-C", "SIGTERM"])
def test_a_demo_that_is_stopped_halfway_takes_everything_away(number: signal.Signals, code: int):
    """Mutant: no `_ended_by_signal` in `main`: SIGTERM leaves folder and daemon behind."""
    ended, said = stopped("near# slamon run", number)
    assert ended == code
    # A process whose daemon was killed ends by itself, within a moment.
    until(lambda: not left_behind("".join(said)), "nothing left behind", 5)
