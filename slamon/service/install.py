"""What an installed slamon consists of beside its venv, and how it gets there and away again.

Units, kernel settings, completion and the command's link are ours: they are replaced at an upgrade and removed by
`uninstall`. Configuration, credentials and everything measured are the operator's: made once, never touched again.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from slamon import resources

HOME = "/opt/slamon"  # where the shipped units look for the venv; another prefix is written in its place
CONFIG = "/etc/slamon"
COMMAND = "/usr/local/bin/slamon"
UNITS = (
    *("slamon.service", "slamon-report.service", "slamon-report.timer"),
    *("slamon-admin.socket", "slamon-admin@.service"),
)
DROP_INS = ("100k-lines.conf", "no-capability.conf")
SHELLS = {
    "bash": "/usr/share/bash-completion/completions/slamon",
    "zsh": "/usr/share/zsh/vendor-completions/_slamon",
    "fish": "/usr/share/fish/vendor_completions.d/slamon.fish",
}


class NotInstallable(Exception):
    """The installation cannot be made here; the text says what to do."""


class Act(StrEnum):
    """What is done about one piece."""

    MAKE = "make"
    REPLACE = "replace"
    KEEP = "keep"
    SAME = "same"
    REMOVE = "remove"


@dataclass(frozen=True, slots=True)
class Piece:
    """A file (`content`), a link (`target`) or else a folder of the installed system; `own`: never replaced by us."""

    path: str
    mode: int = 0o644
    content: bytes | None = None
    target: str | None = None
    own: bool = False


@dataclass(frozen=True, slots=True)
class Step:
    """What is to be done about one piece."""

    act: Act
    piece: Piece


def pieces(prefix: Path) -> tuple[Piece, ...]:
    """Return everything that belongs to a slamon whose venv is `prefix`."""
    return (
        *(Piece(f"/etc/systemd/system/{name}", content=_placed(name, prefix)) for name in UNITS),
        *(Piece(f"/usr/share/slamon/{name}", content=_placed(name, prefix)) for name in DROP_INS),
        Piece("/usr/lib/sysusers.d/slamon.conf", content=_shipped("slamon.sysusers")),
        Piece("/etc/sysctl.d/60-slamon.conf", content=_shipped("60-slamon.conf")),
        *(Piece(place, content=_completion(shell)) for shell, place in SHELLS.items()),
        Piece(COMMAND, target=str(prefix / "bin" / "slamon")),
        Piece(CONFIG, 0o755, own=True),
        Piece(f"{CONFIG}/credentials", 0o700, own=True),
        Piece(f"{CONFIG}/contracts", 0o755, own=True),
        Piece(f"{CONFIG}/slamon.toml", 0o644, content=_skeleton(), own=True),
        Piece(f"{CONFIG}/lines.csv", 0o640, content=_header(), own=True),
        Piece(f"{CONFIG}/oncall.example.toml", 0o640, content=_example("oncall.example.toml")),
    )


def _shipped(name: str) -> bytes:
    return (resources.units_dir() / name).read_bytes()


def _placed(name: str, prefix: Path) -> bytes:
    return _shipped(name).replace(HOME.encode(), str(prefix).encode())


def _completion(shell: str) -> bytes:
    """Return a file that asks the installed command itself, so that it is never out of date."""
    if shell == "zsh":
        return b'#compdef slamon\neval "$(_SLAMON_COMPLETE=zsh_source slamon)"\n'
    if shell == "fish":
        return b"_SLAMON_COMPLETE=fish_source slamon | source\n"
    return b'eval "$(_SLAMON_COMPLETE=bash_source slamon)"\n'


def _skeleton() -> bytes:
    """Return the example config as a service uses it: state under /var/lib, inventory and people's files beside it."""
    text = resources.example("slamon.example.toml").read_text(encoding="utf-8")
    lines = []
    for line in text.splitlines(keepends=True):
        key = line.partition("=")[0].strip()
        if key == "state_dir":
            line = 'state_dir = "/var/lib/slamon"       # everything that slamon writes\n'  # noqa: PLW2901 - as it is read
        elif key == "lines":
            line = 'lines = "lines.csv"\n'  # noqa: PLW2901
        elif key == "oncall":  # whom to call is not to be guessed: the example lies beside, to be filled in
            line = '# oncall = "oncall.toml"\n'  # noqa: PLW2901
        lines.append(line)
    return "".join(lines).encode()


def _example(name: str) -> bytes:
    return resources.example(name).read_bytes()


def _header() -> bytes:
    return _example("lines.example.csv").splitlines(keepends=True)[0]


def plan(wanted: Iterable[Piece], root: Path) -> list[Step]:
    """Return what an installation below `root` would do; what is already as wanted is `SAME`."""
    return [Step(_act(piece, place(piece, root)), piece) for piece in wanted]


def plan_removal(wanted: Sequence[Piece], root: Path) -> list[Step]:
    """Return what `uninstall` would do: what is ours goes, what is the operator's stays."""
    there = [piece for piece in reversed(wanted) if os.path.lexists(place(piece, root))]
    return [Step(Act.KEEP if piece.own else Act.REMOVE, piece) for piece in there]


def place(piece: Piece, root: Path) -> Path:
    """Return where a piece stands below a root."""
    return root / piece.path.lstrip("/")


def _act(piece: Piece, path: Path) -> Act:
    if not os.path.lexists(path):
        return Act.MAKE
    if piece.own:
        return Act.KEEP
    if piece.target is not None:
        return Act.SAME if path.is_symlink() and str(path.readlink()) == piece.target else Act.REPLACE
    same = path.is_file() and not path.is_symlink() and path.read_bytes() == piece.content
    return Act.SAME if same and path.stat().st_mode & 0o777 == piece.mode else Act.REPLACE


def carry_out(steps: Iterable[Step], root: Path) -> None:
    """Do what was planned, each file whole or not at all; raises `NotInstallable`."""
    for step in steps:
        path = place(step.piece, root)
        try:
            if step.act is Act.REMOVE:
                path.unlink()
            elif step.act in (Act.MAKE, Act.REPLACE):
                _put(step.piece, path)
        except OSError as error:
            hint = "; run it as root" if isinstance(error, PermissionError) else ""
            raise NotInstallable(f"{path}: {error.strerror or error}{hint}") from None


def _put(piece: Piece, path: Path) -> None:
    if piece.content is None and piece.target is None:
        path.mkdir(parents=True, exist_ok=True)
        path.chmod(piece.mode)
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.new")
    beside.unlink(missing_ok=True)
    if piece.target is not None:
        beside.symlink_to(piece.target)
    else:
        beside.touch(mode=0o600)
        beside.write_bytes(piece.content or b"")
        beside.chmod(piece.mode)
    beside.replace(path)


def tell_system(root: Path, *, removing: bool = False) -> list[str]:
    """Let a running systemd know; return what was asked of it. Below another root there is nobody to tell."""
    if root != Path("/") or not Path("/run/systemd/system").is_dir():
        return []
    enabled = [unit for unit in UNITS if "@" not in unit and not unit.startswith("slamon-report.service")]
    orders = (
        [["systemctl", "disable", "--now", *enabled], ["systemctl", "daemon-reload"]]
        if removing
        else [["systemd-sysusers", "slamon.conf"], ["systemctl", "daemon-reload"], ["sysctl", "--quiet", "--system"]]
    )
    done = []
    for order in orders:
        if shutil.which(order[0]) is None:
            continue
        found = subprocess.run(order, capture_output=True, text=True, check=False, timeout=120)
        said = f": {found.stderr.strip().splitlines()[-1]}" if found.returncode and found.stderr.strip() else ""
        done.append(f"{' '.join(order)}{said}")
    return done
