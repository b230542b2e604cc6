"""Contracts and examples are found in a checkout and in a wheel, and both hold the same files."""

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from slamon import __version__, resources

CONFIGS = Path(__file__).resolve().parents[1] / "configs"


def test_a_checkout_reads_what_ships_from_configs() -> None:
    """An editable install has one copy of each contract, the one under configs/."""
    assert resources.shipped_dir() == CONFIGS
    assert resources.contract_files() == sorted(CONFIGS.glob("contracts/*.toml"))


def test_an_example_that_does_not_ship_is_an_error() -> None:
    """A misspelt name is not answered with a path to nothing."""
    with pytest.raises(FileNotFoundError, match=r"slamon\.exmaple\.toml"):
        resources.example("slamon.exmaple.toml")


def test_a_wheel_carries_configs_beside_the_code(tmp_path: Path) -> None:
    """The wheel holds each file of configs/ once, the mark that slamon is typed, and its version."""
    command = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(tmp_path)]
    subprocess.run(command, cwd=CONFIGS.parent, check=True, capture_output=True)
    with zipfile.ZipFile(tmp_path / f"slamon-{__version__}-py3-none-any.whl") as wheel:
        names = wheel.namelist()
    shipped = sorted(f"slamon/_configs/{path.relative_to(CONFIGS)}" for path in CONFIGS.rglob("*") if path.is_file())
    assert sorted(name for name in names if name.startswith("slamon/_configs/")) == shipped
    assert "slamon/py.typed" in names
