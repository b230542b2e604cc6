"""Personal texts at rest: unreadable without the key, readable with it, erased for good, and older ones sealed."""

from dataclasses import replace
from typing import Any

import pytest

from slamon.store.errors import LedgerDamaged, NotReadable
from slamon.store.ledger import Ledger
from slamon.store.personal import Seal, key_from_text
from tests.store.facts import draft, stamp, tamper, url

KEY, OTHER = Seal(b"k" * 32), Seal(b"o" * 32)
SAID = "CANARY王小明 13900001234"


def opened(folder, seal, *, read_only=False) -> Ledger:
    return Ledger.open(url(folder / "ledger.db"), writer="x", stamp=stamp, seal=seal, read_only=read_only)


def ref_of(ledger: Ledger) -> str:
    payload: dict[str, Any] = next(iter(ledger.entries())).payload
    return str(payload["personal"]["caller"])


def on_disk(folder) -> bytes:
    return b"".join(file.read_bytes() for file in folder.iterdir())


def filed(folder, seal) -> str:
    with opened(folder, seal) as ledger:
        ledger.append([replace(draft(1), personal={"caller": SAID})])
        return ref_of(ledger)


def test_a_sealed_text_is_read_with_its_key_alone(tmp_path):
    """Without it, or with another, the error names the setting; the file holds no character of the text."""
    ref = filed(tmp_path, KEY)
    assert b"CANARY" not in on_disk(tmp_path)
    with opened(tmp_path, KEY, read_only=True) as ledger:
        assert ledger.personal(ref) == SAID
        assert ledger.verify().sound
    for other in (OTHER, None):
        with opened(tmp_path, other, read_only=True) as ledger:
            with pytest.raises(NotReadable, match="personal_key_file"):
                ledger.personal(ref)
            found = ledger.verify()
            assert (found.sound, found.sealed) == (True, 1)


def test_a_sealed_text_that_was_changed_or_moved_is_found(tmp_path):
    """Whoever copies one person's text to another's reference is found out."""
    ref = filed(tmp_path, KEY)
    tamper(tmp_path / "ledger.db", "UPDATE personal SET ref = 'moved'")
    with opened(tmp_path, KEY, read_only=True) as ledger:
        assert [one.what for one in ledger.verify().problems] == ["personal text moved was changed"]
        with pytest.raises(LedgerDamaged, match="was changed"):
            ledger.personal("moved")
        assert ledger.personal(ref) is None


def test_texts_from_before_there_was_a_key_are_sealed_when_the_ledger_is_opened(tmp_path):
    """Their references stay, their old bytes are overwritten in the file and in its log."""
    ref = filed(tmp_path, None)
    assert b"CANARY" in on_disk(tmp_path)
    with opened(tmp_path, KEY) as ledger:
        assert ledger.personal(ref) == SAID
        assert ledger.verify().sound
        assert b"CANARY" not in on_disk(tmp_path)


@pytest.mark.parametrize("seal", [KEY, None], ids=["sealed", "as it was said"])
def test_an_erased_text_is_gone_from_the_disk(tmp_path, seal):
    """The chain stays sound and says that it was erased; erasing what is gone finds nothing."""
    ref = filed(tmp_path, seal)
    with opened(tmp_path, seal) as ledger:
        said = replace(draft(2, kind="personal.erased"))
        assert ledger.erase([ref], said) == 1
        assert ledger.personal(ref) is None
        assert ledger.verify().sound
        assert ledger.erase([ref], said) == 0
        assert b"CANARY" not in on_disk(tmp_path)


@pytest.mark.parametrize(
    ("text", "right"),
    [
        ("a2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2s=", True),
        ("a2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2s=\n", True),
        ("a2tra2tr", False),
        ("correct horse battery staple", False),
        ("王", False),
    ],
    ids=["32 bytes", "with a line's end", "too few bytes", "a sentence", "what is no base64"],
)
def test_a_key_is_32_bytes_in_base64(text, right):
    if right:
        assert key_from_text(text) == b"k" * 32
    else:
        with pytest.raises(ValueError, match="32 bytes"):
            key_from_text(text)


def test_a_seal_does_not_show_its_key():
    assert "kkk" not in repr(KEY)
    assert "kkk" not in KEY.coding
