"""`slamon ledger`: is it sound, what does it say, and a copy of it."""

from __future__ import annotations

import os
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from slamon.cli.errors import INTEGRITY, Failure
from slamon.cli.options import Invocation, by_option, json_option, pass_invocation, reason_option
from slamon.cli.output import data_stream, put_filed, put_json, say, warn

if TYPE_CHECKING:
    from slamon.store.ledger import Ledger
    from slamon.store.verify import Broken, Verification


@click.group("ledger")
def command() -> None:
    """Verify, export and back up the ledger."""


def _opened(invocation: Invocation) -> AbstractContextManager[Ledger]:
    """Open the ledger alone: a broken inventory must not keep anybody from checking it."""
    from slamon.config.settings import find_config, load_settings
    from slamon.service import clock
    from slamon.service.personal_key import seal_for
    from slamon.store.ledger import Ledger

    settings = load_settings(find_config(invocation.config, os.environ), os.environ)
    return Ledger.open(
        settings.ledger_url,
        writer=settings.vantage,
        stamp=clock.stamp,
        create=False,
        read_only=True,
        seal=seal_for(settings, create=False),
    )


@command.command("verify")
@click.option(
    "--head", "heads", metavar="WRITER=HASH", multiple=True, help="A head kept elsewhere, which must be in the chain."
)
@json_option
@pass_invocation
@click.pass_context
def verify(ctx: click.Context, invocation: Invocation, heads: tuple[str, ...], *, as_json: bool) -> None:
    """Check that nothing was changed, removed or reordered; name the first bad entry (exit code 4)."""
    known = dict(map(_head, heads))
    with _opened(invocation) as ledger:
        found = ledger.verify(known)
    if as_json:
        problems = [{"seq": one.seq, "writer": one.writer, "what": one.what} for one in found.problems]
        heads_now = dict(found.heads)
        shown = {"sound": found.sound, "entries": found.entries, "heads": heads_now, "problems": problems}
        put_json({**shown, "unchecked_personal_texts": found.sealed})
        if not found.sound:
            ctx.exit(INTEGRITY)
        return
    _refuse_unsound(found, "the ledger")
    say(f"{found.entries} entries, nothing was changed, removed or reordered")
    if found.sealed:
        warn([f"{found.sealed} personal texts are sealed with a key that is not here: they could not be checked"])
    say(*(f"head of {writer}: {head}" for writer, head in sorted(found.heads.items())))


def _head(text: str) -> tuple[str, str]:
    writer, equals, head = text.partition("=")
    if not (writer and equals and head):
        raise click.BadParameter(f"{text!r} is not WRITER=HASH, such as nanning-1=sha256:...", param_hint="--head")
    return writer, head


def _refuse_unsound(found: Verification, what: str) -> None:
    if not found.sound:
        lines = [_broken(one) for one in found.problems]
        raise Failure([f"{what} is not as it was recorded; the first bad place comes first", *lines], INTEGRITY)


def _broken(one: Broken) -> str:
    entry = f"entry {one.seq}" if one.seq is not None else "no single entry"
    writer = f" of {one.writer}" if one.writer is not None else ""
    return f"{entry}{writer}: {one.what}"


@command.command("export")
@click.option("-o", "--output", metavar="FILE", default="-", help="- for stdout, which is the default.")
@pass_invocation
def export(invocation: Invocation, output: str) -> None:
    """Write all entries as JSON Lines, with their hashes."""
    from slamon.cli.files import written

    with _opened(invocation) as ledger:
        if output == "-":
            ledger.export(data_stream())
            return
        with written(Path(output)) as stream:
            count = ledger.export(stream)
    say(f"{count} entries in {output}")


@command.command("backup")
@click.argument("file", type=click.Path(path_type=Path))
@json_option
@pass_invocation
def backup(invocation: Invocation, file: Path, *, as_json: bool) -> None:
    """Copy the ledger to FILE while others go on writing, and check the copy."""
    with _opened(invocation) as ledger:
        found = ledger.backup(file)
    _refuse_unsound(found, f"the copy {file}")
    if as_json:
        put_json({"file": str(file), "entries": found.entries, "heads": dict(found.heads)})
    else:
        say(f"{found.entries} entries copied to {file} and checked")


@command.command("erase")
@click.argument("entries", nargs=-1, required=True, type=click.IntRange(min=1), metavar="ENTRY...")
@reason_option("On whose request, and why; without the words themselves.")
@by_option
@json_option
@pass_invocation
def erase(invocation: Invocation, entries: tuple[int, ...], reason: str, by: str | None, *, as_json: bool) -> None:
    """Erase the personal texts (callers, notes, notices) to which entries refer; the chain stays sound."""
    from slamon.service import clock
    from slamon.service.desk_personal import erase as erase_texts

    with invocation.site(by) as site:
        filed = erase_texts(site, entries, reason, clock.now())
    put_filed(filed, as_json=as_json)
