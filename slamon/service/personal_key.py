"""The key that seals personal texts: the operator's, else one that slamon makes in its own folder.

A key of slamon's own protects every copy of the ledger that leaves the machine (backups above all); whoever has the
whole folder has both. So the config names one from elsewhere, and `slamon check` says so while it does not.
"""

from __future__ import annotations

import base64
import os
import secrets
from contextlib import suppress
from pathlib import Path

from slamon.config.settings import Settings
from slamon.store.errors import LedgerError
from slamon.store.personal import KEY_BYTES, Seal, key_from_text

KEY_FILE = "personal.key"


def seal_for(settings: Settings, *, create: bool) -> Seal | None:
    """Return what personal texts are sealed with; None where there is no key and none is to be made.

    Raises `LedgerError` where a key cannot be read or made.
    """
    if settings.personal_key is not None:
        return Seal(key_from_text(settings.personal_key.reveal()))
    path = settings.state_dir / KEY_FILE
    try:
        if create and not path.exists():
            _make(path)
        return Seal(key_from_text(path.read_text(encoding="ascii"))) if path.exists() else None
    except ValueError:
        hint = "put back the file from a backup, or give [ledger] personal_key_file"
        raise LedgerError(f"{path} holds no key of personal texts; {hint}") from None
    except OSError as error:
        raise LedgerError(f"{path}: {error.strerror or error}; it holds the key of personal texts") from None


def _make(path: Path) -> None:
    """Make a key, complete from its first moment; who comes second finds the first one's."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    part = path.with_name(f"{KEY_FILE}.{secrets.token_hex(4)}")
    handle = os.open(part, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    try:
        os.write(handle, base64.b64encode(secrets.token_bytes(KEY_BYTES)) + b"\n")
        os.fsync(handle)
    finally:
        os.close(handle)
    with suppress(FileExistsError):
        os.link(part, path)
    part.unlink()
