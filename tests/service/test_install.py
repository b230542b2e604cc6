"""What `slamon install` puts where, and what it leaves alone; the units as systemd reads them."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from slamon import resources
from slamon.config.settings import load_settings
from slamon.service import install
from slamon.service.install import Act, NotInstallable

PREFIX = Path(sys.prefix)


def installed(root: Path) -> list[tuple[Act, str]]:
    steps = install.plan(install.pieces(PREFIX), root)
    install.carry_out(steps, root)
    return [(step.act, step.piece.path) for step in steps]


def test_a_first_install_makes_everything_and_a_second_nothing(tmp_path):
    """Idempotent: what is as wanted stays, what is the operator's is kept."""
    assert {act for act, _ in installed(tmp_path)} == {Act.MAKE}
    again = installed(tmp_path)
    assert {act for act, _ in again} == {Act.SAME, Act.KEEP}
    assert not list(tmp_path.rglob("*.new"))


def test_an_upgrade_replaces_units_and_keeps_what_the_operator_wrote(tmp_path):
    """Ours is put right, theirs is never touched."""
    installed(tmp_path)
    unit, config = tmp_path / "etc/systemd/system/slamon.service", tmp_path / "etc/slamon/slamon.toml"
    unit.write_text("[Unit]\n")
    config.write_text("# mine\n")
    acts = {path: act for act, path in installed(tmp_path)}
    assert acts["/etc/systemd/system/slamon.service"] is Act.REPLACE
    assert acts["/etc/slamon/slamon.toml"] is Act.KEEP
    assert unit.read_bytes().startswith(b"# What it takes")
    assert config.read_text() == "# mine\n"


def test_uninstall_takes_ours_and_keeps_theirs(tmp_path):
    """Config and credentials stay where they are; what is not there is not named."""
    installed(tmp_path)
    steps = install.plan_removal(install.pieces(PREFIX), tmp_path)
    install.carry_out(steps, tmp_path)
    left = {str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*") if not path.is_dir()}
    assert left == {"etc/slamon/slamon.toml", "etc/slamon/lines.csv"}
    assert {step.act for step in install.plan_removal(install.pieces(PREFIX), tmp_path)} == {Act.KEEP}


def test_the_skeleton_is_a_valid_config_of_a_service(tmp_path):
    """State lies under /var/lib/slamon, the inventory beside the config."""
    installed(tmp_path)
    settings = load_settings(tmp_path / "etc/slamon/slamon.toml", {})
    assert settings.state_dir == Path("/var/lib/slamon")
    assert settings.lines_file == tmp_path / "etc/slamon/lines.csv"


def test_credentials_are_roots_alone(tmp_path):
    """The folder of secrets is closed from the first moment."""
    installed(tmp_path)
    assert (tmp_path / "etc/slamon/credentials").stat().st_mode & 0o777 == 0o700


def test_a_place_that_cannot_be_written_is_said(tmp_path):
    """The path and the reason, no traceback."""
    (tmp_path / "etc").write_text("a file where a folder is wanted")
    with pytest.raises(NotInstallable, match="etc/systemd/system/slamon"):
        installed(tmp_path)


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="needs systemd-analyze")
@pytest.mark.parametrize("unit", ["slamon.service", "slamon-report.service", "slamon-admin@.service"])
def test_units_expose_no_more_than_promised(unit):
    """`systemd-analyze security` with the threshold of reliability.md."""
    command = ["systemd-analyze", "security", "--offline=yes", "--threshold=14", str(resources.units_dir() / unit)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="needs systemd-analyze")
def test_units_are_what_systemd_understands(tmp_path):
    """`systemd-analyze verify` has nothing to say about any of them."""
    installed(tmp_path)
    units = [str(tmp_path / "etc/systemd/system" / name) for name in install.UNITS]
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", *units], capture_output=True, text=True, check=False, timeout=60
    )
    assert (done.returncode, done.stderr) == (0, "")
