"""Reads text files so that whatever is wrong with one comes back as a `Problem`."""

from __future__ import annotations

from pathlib import Path

from slamon.config.problems import Problem


def read_bytes(path: Path) -> tuple[bytes | None, list[Problem]]:
    """Return what a file holds."""
    try:
        return path.read_bytes(), []
    except OSError as error:
        return None, [Problem(str(path), "", f"cannot be read: {error.strerror or error}")]


def decoded(raw: bytes, file: str) -> tuple[str | None, list[Problem]]:
    """Return UTF-8 as text, with or without byte order mark."""
    try:
        return raw.decode("utf-8-sig"), []
    except UnicodeDecodeError as error:
        hint = "save it as UTF-8; spreadsheets call it 'CSV UTF-8'"
        return None, [Problem(file, "", f"is not UTF-8 (byte {error.start})", hint)]


def read_text(path: Path) -> tuple[str | None, list[Problem]]:
    """Return the text of a UTF-8 file, with or without byte order mark."""
    raw, problems = read_bytes(path)
    return decoded(raw, str(path)) if raw is not None else (None, problems)
