"""`slamon demo`: what the product is, in under a minute and without a config.

Real lines in a network of the demo's own, watched by the real daemon; then a month judged by the real replay.
Everything it makes is gone afterwards, however it ends.
"""

from __future__ import annotations

import signal
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from types import FrameType

from rich.console import Console
from rich.rule import Rule
from rich.text import Text

from slamon.config.problems import InvalidInput
from slamon.core.calendar import BillingMonth
from slamon.core.case import Credit
from slamon.core.statement import LineStatement
from slamon.reports.model import Header, customers
from slamon.reports.table import print_statement
from slamon.reports.texts import clean, money
from slamon.reports.wording import credit_text
from slamon.service import clock
from slamon.service.demo_commands import Commands, DemoFailed
from slamon.service.demo_month import entries, last_month, write_readings
from slamon.service.demo_net import NoNetwork, demo_net
from slamon.service.demo_site import CUT, write_live, write_month
from slamon.service.demo_watch import DEFAULT_S, LEAST_S, pace_of, watch
from slamon.service.site import Site, open_site
from slamon.service.statements import Wanted, statements, survey
from slamon.store.errors import LedgerError

# What five hours of interruption on an AAA line of 3000.00 earn: 3 started hours over the limit of 2, 130.00 each.
PROMISED = Decimal("390.00")


def main(seconds: float | None, console: Console, environ: Mapping[str, str]) -> int:
    """Run the demo and return its exit code; `seconds` bounds its live part."""
    month = last_month(clock.now())
    try:
        with _ended_by_signal(), tempfile.TemporaryDirectory(prefix="slamon-demo-") as name:
            folder = Path(name)
            bound_s = DEFAULT_S if seconds is None else seconds
            live = write_live(folder, month.first_day, pace_of(bound_s))
            _live(console, live, environ, bound_s)
            _month(console, write_month(folder, month.first_day), environ, month)
    except KeyboardInterrupt:
        console.print("Stopped; what the demo had made is gone.")
        raise
    except (DemoFailed, LedgerError, InvalidInput) as error:
        console.print(Text.assemble(("The demo failed: ", "bold red"), clean(str(error))))
        return 1
    _what_now(console, month)
    return 0


@contextmanager
def _ended_by_signal() -> Iterator[None]:
    """Let SIGTERM, and a terminal that is closed, unwind the stack as Ctrl-C does: everything is taken away."""

    def end(number: int, _: FrameType | None) -> None:
        sys.exit(128 + number)

    before = {number: signal.signal(number, end) for number in (signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        for number, was in before.items():
            signal.signal(number, was)


def _live(console: Console, folder: Path, environ: Mapping[str, str], seconds: float) -> None:
    """Show lines live, or say precisely why not."""
    _title(console, "1  Real lines, watched live")
    if seconds < LEAST_S:
        _no_live(console, f"an alarm needs time, {LEAST_S:.0f} s at least, and --seconds allows {seconds:g}")
        return
    try:
        with demo_net(environ, lambda text: _dim(console, text)) as net:
            whose = "owned by a user namespace" if net.rootless else "made as root"
            _dim(console, f"(near# and far#: two network namespaces of the demo's own, {whose})")
            watch(console, net, folder, environ, seconds)
    except NoNetwork as missing:
        _no_live(console, str(missing))


def _no_live(console: Console, why: str) -> None:
    console.print(Text.assemble(("No live part here: ", "bold yellow"), clean(why), "."))
    console.print("What follows needs none of that: a recorded month, judged by replay.")


def _month(console: Console, folder: Path, environ: Mapping[str, str], month: BillingMonth) -> None:
    """Judge the month that was made up, and print what it costs and why."""
    _title(console, f"2  A generated month, {month}: judged by replay, with what people filed")
    config = str(folder / "slamon.toml")
    with open_site(config, environ, by="demo") as site:
        lines = site.loaded.inventory.lines.items()
        targets = {line_id: "cpe" if line.current.demarc is None else "demarc" for line_id, line in lines}
    write_readings(folder, month, targets)
    commands = Commands(folder, environ, lambda text: _dim(console, text))
    for arguments in entries(month):
        commands.run(arguments)
    with open_site(config, environ, read_only=True) as site:
        found = _print_month(console, site, month)
    _explain(console, found)


def _print_month(console: Console, site: Site, month: BillingMonth) -> list[LineStatement]:
    surveyed = survey(site, Wanted(month))
    found = list(statements(surveyed, lambda line: line))
    _dim(console, f"$ slamon report {month}")
    header = Header(month, surveyed.as_of, clock.now(), site.ledger.heads())
    print_statement(console, header, customers(found))
    return found


def _explain(console: Console, found: list[LineStatement]) -> None:
    """Say why the first line earns what it earns; raises `DemoFailed` where it earns something else."""
    paid = [credit for credit in _credits(found) if credit.applied and credit.worth == PROMISED]
    if not paid:
        worth = ", ".join(money(credit.worth) for credit in _credits(found)) or "nothing"
        raise DemoFailed(f"{CUT} should earn {money(PROMISED)} for its interruption, the statement says: {worth}")
    console.print()
    console.print(
        Text.assemble(("Why ", "bold"), (money(PROMISED), "bold green"), ("? ", "bold"), credit_text(paid[0]), ".")
    )
    console.print(
        "AAA within a city has 2 h to restore (clause 3.9). The planned work was announced 6 h ahead, 24 h are agreed "
        "(clause 3.3), so its two hours count. `slamon incident show` prints the ground of every number."
    )


def _credits(found: list[LineStatement]) -> list[Credit]:
    return [credit for line in found if line.line.line_id == CUT for one in line.incidents for credit in one.credits]


def _what_now(console: Console, month: BillingMonth) -> None:
    _title(console, "What now")
    rows = (
        ("slamon check", "say what is wrong with a slamon.toml and lines.csv"),
        ("slamon run", "watch your own lines; configs/ has examples of both files"),
        (f"slamon report {month.following()}", "what the month costs and pays back (--format pdf)"),
    )
    for command, does in rows:
        console.print(Text.assemble((f"  {command:<22}", "bold cyan"), f" {does}"))


def _title(console: Console, text: str) -> None:
    console.print()
    console.print(Rule(Text(text, "bold"), align="left", style="cyan"))


def _dim(console: Console, text: str) -> None:
    console.print(Text(clean(text), "dim"))
