"""What import-linter cannot say: the core's imports are an allow-list, and the locks name no machine."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]

PURE = {
    "__future__",
    "abc",
    "base64",
    "bisect",
    "calendar",
    "collections",
    "contextlib",
    "copy",
    "dataclasses",
    "datetime",
    "decimal",
    "enum",
    "fractions",
    "functools",
    "hashlib",
    "heapq",
    "itertools",
    "json",
    "math",
    "operator",
    "re",
    "statistics",
    "string",
    "struct",
    "textwrap",
    "types",
    "typing",
    "unicodedata",
    "uuid",
    "zlib",
    "zoneinfo",
}


def imported_names(source: str) -> set[str]:
    """The modules that a source imports, at any depth of its functions; neighbours begin with a dot."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            found.add("." * node.level + (node.module or ""))
    return found


def is_pure(module: str) -> bool:
    """Whether the core may import it: itself, or the part of the standard library that touches nothing."""
    if module.startswith("."):
        return not module.startswith("..")
    return module.partition(".")[0] in PURE or f"{module}.".startswith("slamon.core.")


CORE = ROOT / "slamon/core"


@pytest.mark.parametrize("path", sorted(CORE.rglob("*.py")), ids=lambda path: str(path.relative_to(CORE)))
def test_the_core_imports_the_pure_part_of_the_standard_library_only(path: Path) -> None:
    """A module of the core imports nothing that is not on the list above; to lengthen the list is a decision."""
    assert [module for module in sorted(imported_names(path.read_text("utf-8"))) if not is_pure(module)] == []


def test_an_impure_import_would_be_seen() -> None:
    """The check above sees imports inside functions, with aliases and from submodules."""
    source = (
        "import os.path as p\ndef f():\n    from time import sleep\n    import slamon.store\nfrom ..store import x\n"
    )
    impure = {module for module in imported_names(source) if not is_pure(module)}
    assert impure == {"os.path", "time", "slamon.store", "..store"}


@pytest.mark.parametrize("lock", sorted((ROOT / "requirements").glob("*.lock")), ids=lambda path: path.name)
def test_a_lock_pins_by_hash_and_names_no_host_or_folder(lock: Path) -> None:
    """Whoever installs decides where from; the lock says only what."""
    text = lock.read_text("utf-8")
    assert not re.search(r"://|^-|(^|\s)/|@ ", text, re.MULTILINE)
    pins = re.findall(r"^[a-z0-9][\w.-]*==\S+ \\\n    --hash=sha256:", text, re.MULTILINE)
    names = re.findall(r"^[a-z0-9]\S*", text, re.MULTILINE)
    assert len(pins) == len(names) > 0
