"""Whom to tell at a customer's about planned work: ``contacts.csv``, personal data that stays in that file.

Columns: ``customer_id`` (required), ``contact`` (an id, required), ``email``, ``phone``, ``sms_consent`` (yes or no;
without a yes no SMS goes there), ``language`` (zh, the default, or en).
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from slamon.config.channels_file import mailbox
from slamon.config.contract_file import identifier
from slamon.config.problems import Problem, Unfit, did_you_mean, quoted
from slamon.config.textfile import read_text

COLUMNS = ("customer_id", "contact", "email", "phone", "sms_consent", "language")
REQUIRED = ("customer_id", "contact")

_WORDS = {"sms_consent": ("yes", "no"), "language": ("zh", "en")}
_PHONE = re.compile(r"\+?[0-9]{5,20}")


@dataclass(frozen=True, slots=True)
class Contact:
    """Somebody at a customer's; shows as its id alone, addresses and numbers are personal."""

    id: str
    customer_id: str
    email: str | None = field(default=None, repr=False)
    phone: str | None = field(default=None, repr=False)
    sms_consent: bool = False
    language: str = "zh"


def phone(text: str) -> str:
    """Return a telephone number without spaces and hyphens; raises `Unfit`, which does not repeat it."""
    found = re.sub(r"[\s-]", "", text)
    if not _PHONE.fullmatch(found):
        raise Unfit("is not a telephone number", "digits, with a + before the country's code")
    return found


def load_contacts(path: Path) -> tuple[tuple[Contact, ...], list[Problem]]:
    """Return the contacts in a file, with everything that is wrong with it."""
    text, problems = read_text(path)
    if text is None:
        return (), problems
    rows = list(csv.reader(io.StringIO(text)))
    header = [cell.strip() for cell in rows[0]] if rows else []
    for name in header:
        if name not in COLUMNS:
            problems.append(Problem(str(path), f"column {quoted(name)}", "is not known", did_you_mean(name, COLUMNS)))
    problems += [Problem(str(path), f"column {name}", "is missing") for name in REQUIRED if name not in header]
    if problems:
        return (), problems
    found: dict[tuple[str, str], Contact] = {}
    for number, row in enumerate(rows[1:], 2):
        if not any(cell.strip() for cell in row):
            continue
        cells = dict(zip(header, (cell.strip() for cell in row), strict=False))
        contact = _contact(cells, str(path), number, problems)
        if contact is not None and (contact.customer_id, contact.id) in found:
            problems.append(Problem(str(path), f"row {number}", f"contact {contact.id} is there already"))
        elif contact is not None:
            found[contact.customer_id, contact.id] = contact
    return tuple(found.values()), problems


def _contact(cells: Mapping[str, str], file: str, number: int, problems: list[Problem]) -> Contact | None:
    before = len(problems)

    def refuse(name: str, reason: str, hint: str = "") -> None:
        problems.append(Problem(file, f"row {number}{f', column {name}' if name else ''}", reason, hint))

    def taken(name: str, parse: Callable[[str], str]) -> str | None:
        try:
            return parse(cells[name]) if cells.get(name) else None
        except Unfit as unfit:
            refuse(name, "is not what it should be", unfit.hint)  # what stands there is personal
            return None

    own, customer = taken("contact", identifier), taken("customer_id", identifier)
    email, telephone = taken("email", mailbox), taken("phone", phone)
    for name in (name for name in REQUIRED if not cells.get(name)):
        refuse(name, "is empty")
    for name, words in _WORDS.items():
        if cells.get(name, "") not in ("", *words):
            refuse(name, "is not known", f"write {' or '.join(words)}")
    if not cells.get("email") and not cells.get("phone"):
        refuse("", "has neither email nor phone")
    if len(problems) > before or own is None or customer is None:
        return None
    language = cells.get("language") or "zh"
    return Contact(own, customer, email, telephone, cells.get("sms_consent") == "yes", language)
