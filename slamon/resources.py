"""Finds the files that ship with slamon: the contracts and the examples.

They stand in one place, `configs/` of the repository. A wheel carries that folder as `slamon/_configs`
(pyproject.toml, force-include); an editable install reads it where it stands.
"""

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent


def shipped_dir() -> Path:
    """The folder that holds what ships, in a wheel and in a checkout alike."""
    in_wheel = _PACKAGE / "_configs"
    return in_wheel if in_wheel.is_dir() else _PACKAGE.parent / "configs"


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
