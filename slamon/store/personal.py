"""Personal data at rest: texts about people are sealed (AES-256-GCM), and whoever has only the file reads none.

A sealed text stands in the ledger as ``base64(nonce + ciphertext)``, bound to the reference under which it is kept,
so that it cannot be moved to another. Its coding, ``aesgcm:`` and the beginning of the key's SHA-256, says which key
opens it. ``plain`` are texts of ledgers made before there was a key; they are sealed when the ledger is next opened.
"""

from __future__ import annotations

import base64
import binascii
import secrets
from hashlib import sha256

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from slamon.store.errors import LedgerDamaged, NotReadable

PLAIN = "plain"
KEY_BYTES = 32

_SEALED = "aesgcm:"
_NONCE_BYTES = 12


class Seal:
    """Closes and opens personal texts with one key; what it shows of itself does not tell the key."""

    __slots__ = ("_box", "coding")

    def __init__(self, key: bytes) -> None:
        if len(key) != KEY_BYTES:
            raise ValueError(f"a key has {KEY_BYTES} bytes, not {len(key)}")
        self._box = AESGCM(key)
        self.coding = _SEALED + sha256(b"slamon.personal" + key).hexdigest()[:16]

    def __repr__(self) -> str:
        return f"Seal({self.coding})"

    def close(self, ref: str, text: str) -> str:
        """Return the text sealed, for the reference under which it is kept."""
        nonce = secrets.token_bytes(_NONCE_BYTES)
        return base64.b64encode(nonce + self._box.encrypt(nonce, text.encode(), ref.encode())).decode()

    def open(self, ref: str, data: str) -> str:
        """Return what was sealed under a reference; raises `LedgerDamaged` where it was changed or moved."""
        try:
            raw = base64.b64decode(data, validate=True)
            return self._box.decrypt(raw[:_NONCE_BYTES], raw[_NONCE_BYTES:], ref.encode()).decode()
        except (InvalidTag, ValueError, binascii.Error, TypeError):
            raise LedgerDamaged(f"personal text {ref} was changed") from None


def key_from_text(text: str) -> bytes:
    """Return the key that a text holds, 32 bytes in base64 (``openssl rand -base64 32``); raises `ValueError`."""
    try:
        key = base64.b64decode(text.strip().replace("-", "+").replace("_", "/"), validate=True)
    except ValueError:
        key = b""
    if len(key) != KEY_BYTES:
        raise ValueError(f"is not {KEY_BYTES} bytes in base64")
    return key


def closed(seal: Seal | None, ref: str, text: str) -> tuple[str, str]:
    """Return how a text is stored, and its coding; without a seal it is stored as it is."""
    return (text, PLAIN) if seal is None else (seal.close(ref, text), seal.coding)


def opened(seal: Seal | None, ref: str, data: str, coding: str) -> str:
    """Return a stored text; raises `NotReadable` without its key, and `LedgerDamaged` where it was changed."""
    if coding == PLAIN:
        return data
    if seal is None or seal.coding != coding:
        raise NotReadable(
            f"personal text {ref[:12]} is sealed with another key ({coding}); give that one: [ledger] personal_key_file"
        )
    return seal.open(ref, data)
