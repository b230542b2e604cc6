"""Tries an operator's templates before they are needed: what is wrong with them, where, and what would be right."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Any
from zoneinfo import ZoneInfo

import jinja2
from jinja2 import meta

from slamon.config.problems import Problem, did_you_mean, quoted

from .wording import NAMES, PIECES, environment, loader_of
from .wording_facts import facts_of
from .wording_samples import samples

_NO_MEMBER = re.compile(r"has no attribute '(\w+)'")
GIVEN = frozenset({"zone", "language"})


def template_problems(folder: Path) -> list[Problem]:
    """Return everything that is wrong with the templates in a folder; each is tried on a message of every reason."""
    if not folder.is_dir():
        return [Problem(str(folder), "", "is no folder", "make it, or leave alerts.templates out")]
    problems: list[Problem] = []
    templates = environment(loader_of(folder))
    for path in sorted(folder.glob("*.j2")):
        if path.name not in NAMES:
            hint = did_you_mean(path.name, NAMES, "templates")
            problems.append(Problem(str(path), "", "is the name of no template", hint))
            continue
        found = list(_unparsed(path, templates)) or list(_unknown(path, templates)) or list(_failing(path, templates))
        problems += found
    return problems


def _unparsed(path: Path, templates: jinja2.Environment) -> Iterator[Problem]:
    try:
        templates.get_template(path.name)
    except jinja2.TemplateSyntaxError as error:
        yield Problem(str(path), f"line {error.lineno}", f"is not a template: {error.message}")
    except (UnicodeDecodeError, OSError) as error:
        yield Problem(str(path), "", f"cannot be read as UTF-8: {type(error).__name__}")


def _unknown(path: Path, templates: jinja2.Environment) -> Iterator[Problem]:
    """Yield the variables that no message has, whether or not a sample would come by them."""
    known = set(facts_of(next(samples()))) | GIVEN
    source = path.read_text("utf-8")
    for name in sorted(meta.find_undeclared_variables(templates.parse(source)) - known):
        hint = did_you_mean(name, known, "variables")
        yield Problem(str(path), _line_of(source, name), f"{quoted(name)} is no variable", hint)


def _line_of(source: str, name: str) -> str:
    numbers = (number for number, line in enumerate(source.splitlines(), 1) if name in line)
    return f"line {next(numbers, 1)}"


def _failing(path: Path, templates: jinja2.Environment) -> Iterator[Problem]:
    """Yield the first failure of a template on the samples; words are tried through the pieces that use them."""
    piece, language, _ = path.name.split(".")
    for name in PIECES if piece == "words" else (piece,):
        template = templates.get_template(f"{name}.{language}.j2")
        for message in samples():
            facts = facts_of(message, why="-") | {"zone": ZoneInfo("Asia/Shanghai"), "language": language}
            try:
                said = template.render(facts)
            except Exception as error:  # noqa: BLE001 - whatever an operator's template does is the operator's to know
                where = _place(error.__traceback__, path)
                reason = f"fails for a message of reason {message.reason}: {error}"
                yield Problem(str(path), where, reason, _meant(str(error), facts))
                return
            if not said.strip():
                yield Problem(str(path), "", f"says nothing for a message of reason {message.reason}")
                return


def _meant(said: str, facts: dict[str, Any]) -> str:
    """Return which member was meant, where one is missing."""
    missing = _NO_MEMBER.search(said)
    parts = [facts["lead"], *facts["lines"], *facts["conditions"], *facts["windows"]]
    members = {key for part in parts if part for key in part}
    return did_you_mean(missing[1], members) if missing else ""


def _place(trace: TracebackType | None, path: Path) -> str:
    """Return the line of the template in which it failed; Jinja2 maps its code back to the template's lines."""
    found = ""
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == str(path):
            found = f"line {trace.tb_lineno}"
        trace = trace.tb_next
    return found
