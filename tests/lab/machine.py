"""A Debian machine with a real systemd: a tree made by debootstrap, booted by systemd-nspawn, thrown away after use.

The tree is kept under build/ from run to run; slamon is installed into it anew each time, from a wheel of this checkout
and the locked wheels of what it needs. The machine has a network of its own with nothing but a loopback link.
"""

from __future__ import annotations

import contextlib
import hashlib
import secrets
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]
BUILD = CHECKOUT / "build" / "lab"
SUITE = "bookworm"
PACKAGES = "systemd,systemd-sysv,dbus,python3,python3-venv,iproute2,nftables,procps"
TOOLS = ("systemd-nspawn", "debootstrap", "nsenter")
VENV = "/opt/slamon"
BOOT_S = 60.0
TRIES = 3


def obstacle() -> str | None:
    """Why no such machine can be had here, or `None` where it can."""
    missing = [tool for tool in TOOLS if shutil.which(tool) is None]
    return f"needs {', '.join(missing)}" if missing else None


@dataclass(frozen=True)
class Machine:
    """A booted machine; `root` is its tree, `init` its first process as seen from here."""

    root: Path
    init: int

    def run(self, *command: str, check: bool = True, text: str | None = None, timeout_s: float = 60.0) -> str:
        """Run a command inside as root and return what it said; raises `RuntimeError` where it failed."""
        done = self.ask(*command, text=text, timeout_s=timeout_s)
        if check and done.returncode != 0:
            raise RuntimeError(f"{' '.join(command)}: {done.returncode}: {done.stdout}{done.stderr}")
        return done.stdout

    def ask(self, *command: str, text: str | None = None, timeout_s: float = 60.0) -> subprocess.CompletedProcess[str]:
        """Run a command inside as root and return how it ended."""
        entered = ["nsenter", "--target", str(self.init), "--all", "--root", "--wd=/", "--"]
        environ = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C.UTF-8"}
        return subprocess.run(
            [*entered, *command],
            input=text,
            env=environ,
            capture_output=True,
            text=True,
            check=False,
            timeout=timeout_s,
        )

    def write(self, path: str, text: str, mode: int = 0o644) -> None:
        """Write a file inside."""
        place = self.root / path.lstrip("/")
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text, encoding="utf-8")
        place.chmod(mode)

    def show(self, unit: str, name: str) -> str:
        """Return a property of a unit."""
        return self.run("systemctl", "show", unit, "--property", name, "--value").strip()

    def until(self, holds: Callable[[], bool], what: str, within_s: float = 60.0) -> None:
        """Wait until something holds; raises `TimeoutError` with the journal's end."""
        deadline = time.monotonic() + within_s
        while not holds():
            if time.monotonic() > deadline:
                journal = self.run("journalctl", "--no-pager", "-n", "60", "-o", "cat", check=False)
                raise TimeoutError(f"{what} did not come to pass within {within_s:g} s\n{journal}")
            time.sleep(0.1)  # another machine's clockwork is waited for


@contextlib.contextmanager
def machine() -> Iterator[Machine]:
    """Boot a machine with slamon's venv in it, and power it off in the end."""
    tree = _tree()
    _install(tree)
    name = f"slamon-{secrets.token_hex(4)}"
    command = ["systemd-nspawn", "--quiet", "--directory", str(tree), "--boot", "--private-network", "--register=no"]
    command += ["--keep-unit", f"--machine={name}", "--console=pipe"]
    console = (BUILD / "console.log").open("wb")
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=console, stderr=console)
    try:
        found = Machine(tree, _init_of(process))
        found.until(
            lambda: found.ask("systemctl", "is-system-running").stdout.strip() in {"running", "degraded"}, "boot"
        )
        yield found
    finally:
        process.terminate()  # nspawn asks the machine to power off
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(20)
        process.kill()
        process.wait()
        console.close()


def _init_of(process: subprocess.Popen[bytes]) -> int:
    deadline = time.monotonic() + BOOT_S
    while time.monotonic() < deadline:
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text(encoding="ascii").split()
        for child in children:
            with contextlib.suppress(OSError):
                if Path(f"/proc/{child}/comm").read_text(encoding="ascii").strip() == "systemd":
                    return int(child)
        if process.poll() is not None:
            break
        time.sleep(0.05)
    raise RuntimeError(f"systemd-nspawn did not boot:\n{(BUILD / 'console.log').read_text(errors='replace')[-3000:]}")


def _tree() -> Path:
    """Return a fresh copy of the tree, which is made when it is not there yet."""
    stamp = hashlib.sha256(f"{SUITE} {PACKAGES}".encode()).hexdigest()[:12]
    kept = BUILD / f"debian-{stamp}"
    if not kept.is_dir():
        BUILD.mkdir(parents=True, exist_ok=True)
        making = BUILD / f"debian-{stamp}.making"
        for left in reversed(range(TRIES)):  # a mirror may have a bad moment
            shutil.rmtree(making, ignore_errors=True)
            try:
                _run("debootstrap", "--variant=minbase", f"--include={PACKAGES}", SUITE, str(making), timeout_s=300)
            except RuntimeError:
                if not left:
                    raise
            else:
                break
        making.rename(kept)
    tree = BUILD / "machine"
    shutil.rmtree(tree, ignore_errors=True)
    _run("cp", "--archive", "--reflink=auto", str(kept), str(tree), timeout_s=120)
    return tree


def _install(tree: Path) -> None:
    """Put a venv with slamon into the tree: locked wheels fetched here, installed there without a network."""
    wheels = tree / "root" / "wheels"
    wheels.mkdir()
    pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check"]
    lock = CHECKOUT / "requirements" / "runtime.lock"
    fetched = BUILD / f"wheels-{hashlib.sha256(lock.read_bytes()).hexdigest()[:12]}"
    if not fetched.is_dir():
        making = fetched.with_suffix(".making")
        shutil.rmtree(making, ignore_errors=True)
        _run(
            *pip, "download", "--no-deps", "--require-hashes", "--only-binary=:all:", "--python-version", "3.11",
            *("--platform=manylinux2014_x86_64", "--platform=manylinux_2_28_x86_64", "--platform=any"),
            *("-d", str(making), "-r", str(lock)), timeout_s=600,
        )  # fmt: skip
        making.rename(fetched)
    for wheel in fetched.iterdir():
        shutil.copy(wheel, wheels)
    _run(sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(wheels), cwd=CHECKOUT)
    inside = ["systemd-nspawn", "--quiet", "--register=no", "--keep-unit", "--directory", str(tree), "--pipe"]
    _run(*inside, "python3", "-m", "venv", VENV)
    _run(
        *(*inside, f"{VENV}/bin/pip", "--quiet", "--disable-pip-version-check", "install", "--no-index"),
        *("--find-links", "/root/wheels", "--no-cache-dir", "slamon"),
        timeout_s=300,
    )
    shutil.rmtree(wheels)


def _run(*command: str, cwd: Path | None = None, timeout_s: float = 120.0) -> None:
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False, timeout=timeout_s)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(command)}: {done.stdout[-2000:]}{done.stderr[-2000:]}")
