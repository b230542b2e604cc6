"""How the demo calls slamon: as anybody would, by its commands, each said before it is run."""

from __future__ import annotations

import shlex
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from slamon.service.demo_net import DemoNet

Say = Callable[[str], None]

SLAMON = (sys.executable, "-m", "slamon")
_COMMAND_AT_MOST_S, _STOP_AT_MOST_S = 60, 10
# Of this process only: what a service manager or a user set for another slamon is not the demo's business.
_NOT_OURS = ("SLAMON_CONFIG", "NOTIFY_SOCKET")


class DemoFailed(Exception):
    """The demo did not show what it promises; the text says what was missing."""


@dataclass(frozen=True, slots=True)
class Commands:
    """Runs slamon in a folder that holds a ``slamon.toml``."""

    folder: Path
    environ: Mapping[str, str]
    say: Say

    def run(self, arguments: Sequence[str]) -> list[str]:
        """Say a command, run it, say what it printed; raises `DemoFailed`."""
        self.say(f"$ slamon {shlex.join(arguments)}")
        try:
            done = subprocess.run(
                [*SLAMON, *arguments],
                cwd=self.folder,
                env=own_environ(self.environ),
                stdin=subprocess.DEVNULL,
                capture_output=True,
                encoding="utf-8",
                check=False,
                timeout=_COMMAND_AT_MOST_S,
            )
        except subprocess.TimeoutExpired:
            raise DemoFailed(f"slamon {arguments[0]} took longer than {_COMMAND_AT_MOST_S} s") from None
        said = [*done.stdout.splitlines(), *done.stderr.splitlines()]
        if done.returncode != 0:
            raise DemoFailed(f"slamon {arguments[0]} ended with exit code {done.returncode}: {' '.join(said)}")
        for line in said:
            self.say(f"  {line}")
        return said


def own_environ(environ: Mapping[str, str]) -> dict[str, str]:
    """Return the environment of the demo's own processes; their pipes carry UTF-8, whatever the locale says."""
    return {key: value for key, value in environ.items() if key not in _NOT_OURS} | {"PYTHONIOENCODING": "utf-8"}


@dataclass(frozen=True, slots=True)
class Running:
    """The daemon of the demo."""

    process: subprocess.Popen[bytes]
    log: Path

    def check(self) -> None:
        """Raise `DemoFailed` with its last words where it has ended."""
        code = self.process.poll()
        if code is not None:
            words = self.log.read_text(encoding="utf-8", errors="replace").split("\n")[-4:]
            raise DemoFailed(f"slamon run ended with exit code {code}: {' '.join(words).strip()}")


@contextmanager
def daemon(commands: Commands, net: DemoNet) -> Iterator[Running]:
    """Run `slamon run` inside the near namespace until the block is left; then it is stopped as an operator would."""
    commands.say("near# slamon run &")
    log = commands.folder / "daemon.log"
    with log.open("wb") as words:
        process = subprocess.Popen(
            net.inside(net.near, [*net.dying_with_us, *SLAMON, "run"]),
            cwd=commands.folder,
            env=own_environ(commands.environ),
            stdin=subprocess.DEVNULL,
            stdout=words,
            stderr=words,
            start_new_session=True,  # Ctrl-C is for the demo, which then stops the daemon
        )
    try:
        yield Running(process, log)
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(_STOP_AT_MOST_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
