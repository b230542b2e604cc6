"""Files that are there whole or not at all."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, TextIO


@contextmanager
def written(path: Path, *, encoding: str = "utf-8", newline: str | None = None) -> Iterator[TextIO]:
    """Write a text file beside its place and put it there once it is whole and on disk; else nothing has changed."""
    with _whole(path) as handle, os.fdopen(handle, "w", encoding=encoding, newline=newline) as stream:
        yield stream
        _settle(stream)


def put(path: Path, content: bytes) -> None:
    """Put a file of these bytes into its place, whole or not at all."""
    with _whole(path) as handle, os.fdopen(handle, "wb") as stream:
        stream.write(content)
        _settle(stream)


@contextmanager
def _whole(path: Path) -> Iterator[int]:
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, part = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".part")
    try:
        yield handle
        Path(part).replace(path)
    except BaseException:
        Path(part).unlink(missing_ok=True)
        raise


def _settle(stream: IO[Any]) -> None:
    stream.flush()
    os.fchmod(stream.fileno(), 0o666 & ~_umask())
    os.fsync(stream.fileno())


def _umask() -> int:
    mask = os.umask(0o077)
    os.umask(mask)
    return mask
