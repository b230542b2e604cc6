"""The words of a message: titles for a telephone's first line, bodies with the facts, short ones for SMS; zh and en.

Templates are Jinja2, in a sandbox. An operator's folder may hold others of the same name: `template_problems` says
what is wrong with them before they are needed, and where one fails all the same, the shipped one speaks.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import jinja2
import structlog
from jinja2.sandbox import ImmutableSandboxedEnvironment

from slamon.core.alerting.people import Person
from slamon.core.alerting.telling import Message

from .wording_facts import facts_of
from .wording_text import LOCALES, clock, duration, fitted, moment, packed, percent

SHIPPED = Path(__file__).parent / "templates"
PIECES = ("title", "why", "body", "sms")
NAMES = frozenset(f"{piece}.{language}.j2" for piece in (*PIECES, "words") for language in LOCALES)

TITLE_COLUMNS = 64  # what a telephone shows of a notification's first line
SMS_UNITS = 70  # one segment (3GPP TS 23.038, UCS-2)

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Worded:
    """A message in somebody's language; `title`, `why` and `sms` are single lines, `sms` is one segment."""

    title: str
    body: str
    sms: str
    why: str


class Wording:
    """Words messages, by the operator's templates where there are some."""

    def __init__(self, folder: Path | None = None) -> None:
        self._shipped = environment(jinja2.FileSystemLoader(SHIPPED))
        self._own = None if folder is None else environment(loader_of(folder))

    def render(self, message: Message, person: Person, sms_room: int = SMS_UNITS) -> Worded:
        """Return a message in a person's language and time zone.

        `sms_room` is how many UTF-16 units of a segment are left beside the sender's signature.
        """
        language = person.language if person.language in LOCALES else "zh"
        facts = facts_of(message) | {"zone": person.zone, "language": language}
        facts["why"] = one_line(self._text("why", language, facts))
        title = fitted(one_line(self._text("title", language, facts)), TITLE_COLUMNS)
        body = self._text("body", language, facts).strip() + "\n"
        pieces = self._text("sms", language, facts).splitlines()
        sms = packed(map(one_line, pieces), sms_room, between="，" if language == "zh" else ", ")
        return Worded(title, body, sms, str(facts["why"]))

    def _text(self, piece: str, language: str, facts: dict[str, Any]) -> str:
        name = f"{piece}.{language}.j2"
        if self._own is not None:
            try:
                return self._own.get_template(name).render(facts)
            except Exception as error:  # noqa: BLE001 - a template may fail in any way; the alert goes out all the same
                log.warning("template_failed", template=name, error=type(error).__name__)
        return self._shipped.get_template(name).render(facts)


def one_line(text: str) -> str:
    """Return a rendered text on one line."""
    return " ".join(text.split())


def loader_of(folder: Path) -> jinja2.BaseLoader:
    """Return a loader that takes what the folder has, and what ships for the rest."""
    return jinja2.ChoiceLoader([jinja2.FileSystemLoader(folder), jinja2.FileSystemLoader(SHIPPED)])


def environment(loader: jinja2.BaseLoader) -> jinja2.Environment:
    """Return the sandbox of templates: what they name must exist, and nothing can be reached but the facts.

    The texts are plain, so nothing is escaped: escaping belongs to whoever puts them into HTML or Markdown.
    """
    made = ImmutableSandboxedEnvironment(
        loader=loader,
        undefined=jinja2.StrictUndefined,
        autoescape=False,
        keep_trailing_newline=True,
        auto_reload=False,
    )
    made.filters |= {"duration": _duration, "moment": _moment, "clock": _clock, "percent": _percent}
    return made


@jinja2.pass_context
def _duration(context: jinja2.runtime.Context, seconds: float) -> str:
    return duration(seconds, context["language"])


@jinja2.pass_context
def _moment(context: jinja2.runtime.Context, at: datetime) -> str:
    return moment(at, _zone(context), context["language"])


@jinja2.pass_context
def _clock(context: jinja2.runtime.Context, at: datetime) -> str:
    return clock(at, _zone(context), context["language"])


@jinja2.pass_context
def _percent(context: jinja2.runtime.Context, share: float) -> str:
    return percent(share, context["language"])


def _zone(context: jinja2.runtime.Context) -> ZoneInfo:
    zone = context["zone"]
    return zone if isinstance(zone, ZoneInfo) else ZoneInfo("UTC")
