"""Finds the files that ship with slamon: contracts, examples, units.

They stand in one place, `configs/` and `systemd/` of the repository. A wheel carries these folders as
`slamon/_configs` and `slamon/_systemd` (pyproject.toml, force-include); an editable install reads them where
they stand.
"""

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent


def shipped_dir() -> Path:
    """The folder that holds what ships, in a wheel and in a checkout alike."""
    return _shipped("configs")


def units_dir() -> Path:
    """The folder of systemd units, drop-ins and kernel settings."""
    return _shipped("systemd")


def _shipped(name: str) -> Path:
    in_wheel = _PACKAGE / f"_{name}"
    return in_wheel if in_wheel.is_dir() else _PACKAGE.parent / name


def contract_files() -> list[Path]:
    """The shipped contracts (`*.toml`), sorted by name."""
    return sorted((shipped_dir() / "contracts").glob("*.toml"))


def example(name: str) -> Path:
    """The shipped example of that file name, such as `slamon.example.toml`.

    Raises:
        FileNotFoundError: nothing of that name ships.
    """
    path = shipped_dir() / name
    if not path.is_file():
        raise FileNotFoundError(path)
    return path
