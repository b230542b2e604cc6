"""The statement as a readable table for the terminal; names reach it cleaned and never as markup."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from zoneinfo import ZoneInfo

from rich import box
from rich.cells import cell_len
from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from slamon.core.case import Credit
from slamon.core.statement import IncidentStatement, LineStatement

from .model import CustomerStatement, Header
from .texts import brief_duration, clean, days, local, money, percent
from .wording import CAUSES, clock_text, credit_text, decision, facts, lasting, named, value

STYLES = {"paid": "green", "awaiting": "yellow", "not paid": "dim"}
ID_COLUMNS = 10
NAME_COLUMNS = 32


def print_statement(console: Console, header: Header, customers: Iterable[CustomerStatement]) -> None:
    """Print a month, one customer after the other, as wide as the console is."""
    for part in statement_view(header, customers, console.width):
        console.print(part)


def statement_view(header: Header, customers: Iterable[CustomerStatement], width: int) -> Iterator[RenderableType]:
    """Yield what is printed of a month on a terminal of `width` columns."""
    empty = True
    for customer in customers:
        if empty:
            yield _heading(header, customer.lines[0].zone)
        empty = False
        yield from _customer(customer, width)
    if empty:
        yield _heading(header, ZoneInfo("UTC"))
        yield Text("No line had service or an incident in this month.")


def _heading(header: Header, zone: ZoneInfo) -> Text:
    known = "nothing observed" if header.as_of is None else f"as of {local(header.as_of, zone)} {zone.key}"
    version = f"revision {header.revision}, {'closed' if header.closed else 'open'}"
    return Text.assemble((f"Statement {header.month}", "bold"), f"  {version}, {known}")


def _customer(customer: CustomerStatement, width: int) -> Iterator[RenderableType]:
    name, account = clean(customer.customer_name), clean(customer.account)
    yield Text()
    title = Text.assemble((clean(customer.customer_id), "bold cyan"), f"  {name}" if name else "")
    if account:
        title.append(f"  account {account}", "dim")
    yield title
    yield _lines(customer, width)
    for line in customer.lines:
        yield from _details(line)
    total = f"{money(customer.credit_total)} {customer.currency}"
    free = f" and {days(customer.extension_days)} free days" if customer.extension_days else ""
    yield Text.assemble("Credit of ", (clean(customer.customer_id), "bold"), ": ", (f"{total}{free}", "bold green"))


def _lines(customer: CustomerStatement, width: int) -> RenderableType:
    """Return the widest form that fits: a digit of an amount is never cut off."""
    forms = (_wide(customer), _narrow(customer))
    return next((table for table in forms if _needs(table) <= width), _listed(customer))


def _needs(table: Table) -> int:
    """Return how many columns a table takes at least: ids may be broken, numbers may not."""
    return ID_COLUMNS + 4 + sum(_widest([column.header, *column.cells]) + 2 for column in table.columns[1:])


def _widest(cells: Iterable[RenderableType]) -> int:
    return max(cell_len(row) for cell in cells for row in str(cell).split("\n"))


def _table(*numbers: str) -> Table:
    """Return an empty table of lines; columns of numbers are never broken, so ids and names give way."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0), header_style="bold")
    table.add_column("Line", overflow="fold", min_width=ID_COLUMNS)
    for title in numbers:
        table.add_column(title, justify="right", no_wrap=True)
    return table


def _wide(customer: CustomerStatement) -> Table:
    lost = ("Interrupted", "Degraded", "Blind")
    table = _table("Tier", "Rent", "Avail. %", "Inc.", *lost, "Credit", "Days", "Awaiting")
    for line in customer.lines:
        seconds, totals = line.seconds, line.totals
        table.add_row(
            _id(line),
            Text(clean(line.period.tier or "-")),
            Text(money(line.rent)),
            *_course(line),
            *(_time(part) for part in (seconds.interrupted, seconds.degraded, seconds.blind)),
            Text(money(totals.credit), "green" if totals.credit else ""),
            Text(days(totals.extension_days) if totals.extension_days else "-"),
            Text("\n".join(_awaiting(line)) or "-", "yellow"),
        )
    return table


def _narrow(customer: CustomerStatement) -> Table:
    table = _table("Tier, rent", "Avail. %", "Inc.", "Interrupted", "Credit")
    for line in customer.lines:
        terms = Text(f"{clean(line.period.tier or '-')}\n{money(line.rent)}")
        table.add_row(_id(line), terms, *_course(line), Text("\n".join(_lost(line))), Text("\n").join(_earned(line)))
    return table


def _listed(customer: CustomerStatement) -> RenderableType:
    """Return the same without columns, for terminals on which no table fits."""
    parts: list[RenderableType] = []
    for line in customer.lines:
        availability, incidents = _course(line)
        parts.append(_id(line))
        parts.append(
            item_grid(
                [
                    ("tier", "", line.period.tier or "-"),
                    ("rent", "", money(line.rent)),
                    ("avail. %", "", availability.plain),
                    ("incidents", "", incidents.plain.replace("\n", ", ")),
                    ("interrupted", "", ", ".join(_lost(line))),
                    ("credit", "", ", ".join(part.plain.replace("\n", " ") for part in _earned(line))),
                ]
            )
        )
    return Group(*parts)


def _lost(line: LineStatement) -> Iterator[str]:
    seconds = line.seconds
    yield brief_duration(seconds.interrupted) if seconds.interrupted else "-"
    if seconds.degraded:
        yield f"{brief_duration(seconds.degraded)} degraded"
    if seconds.blind:
        yield f"{brief_duration(seconds.blind)} blind"


def _course(line: LineStatement) -> Iterator[Text]:
    yield Text(percent(line.availability.contract))
    yield Text("\n".join([str(len(line.incidents)), *([f"{len(line.pending)} open"] if line.pending else [])]))


def _id(line: LineStatement) -> RenderableType:
    """Return a line's id, whole, and its name below, as far as the column goes."""
    shown = Text(clean(line.line.line_id))
    if line.line.departed:
        shown.append(" (departed)", "yellow")
    name = Text(clean(line.period.name), "dim", no_wrap=True, overflow="ellipsis")
    name.truncate(NAME_COLUMNS, overflow="ellipsis")
    return Group(shown, name) if name else shown


def _time(seconds: int) -> Text:
    return Text(brief_duration(seconds) if seconds else "-")


def _earned(line: LineStatement) -> Iterator[Text]:
    totals = line.totals
    yield Text(money(totals.credit), "green" if totals.credit else "")
    if totals.extension_days:
        yield Text(f"{days(totals.extension_days)} days", "green")
    for item in _awaiting(line):
        yield Text(f"{item}\nawaiting", "yellow")


def _awaiting(line: LineStatement) -> Iterator[str]:
    if line.totals.awaiting:
        yield money(line.totals.awaiting)
    if line.totals.awaiting_days:
        yield f"{days(line.totals.awaiting_days)} days"


def _details(line: LineStatement) -> Iterator[RenderableType]:
    """Yield a line's incidents that earn or may earn something, what is pending, and what holds for the line."""
    for incident in line.incidents:
        if incident.credits:
            yield from _incident(line, incident)
    for incident in line.pending:
        yield from _incident(line, incident, pending=True)
    items = [*_credits(line.credits, line.contract.currency), *_cut(line)]
    if items:
        yield Text.assemble((clean(line.line.line_id), "bold"), "  the whole month")
        yield item_grid(items)


def _incident(line: LineStatement, shown: IncidentStatement, *, pending: bool = False) -> Iterator[RenderableType]:
    title = Text.assemble((f"{clean(line.line.line_id)} {named(shown.incident)}", "bold"))
    title.append("  pending" if pending else "", "yellow")
    title.append(f"  {', '.join(facts(shown.incident))}, {lasting(shown.incident, line.zone)}")
    yield title
    clocks = [(clock.category, "red" if clock.breached else "", clock_text(clock)) for clock in shown.clocks]
    yield item_grid([*clocks, *_credits(shown.credits, line.contract.currency), *_located(shown)])


Item = tuple[str, str, str]


def _located(shown: IncidentStatement) -> Iterator[Item]:
    hypothesis = shown.hypothesis
    if hypothesis.cause is not None:
        yield "seems", "dim", f"{CAUSES['en'][hypothesis.cause]}: {hypothesis.reasons[0]}"


def _credits(found: Iterable[Credit], currency: str) -> Iterator[Item]:
    for credit in found:
        label = decision(credit)
        yield label, STYLES[label], f"{value(credit, currency)}  {credit_text(credit)}"


def _cut(line: LineStatement) -> Iterator[Item]:
    if line.totals.cut_by_cap:
        yield "cut", "yellow", f"{money(line.totals.cut_by_cap)} {line.contract.currency} above the cap of the month"


def item_grid(items: Iterable[Item]) -> RenderableType:
    """Return labels with their texts beside them, indented; label, style and text of each."""
    grid = Table.grid(padding=(0, 2))
    grid.add_column(no_wrap=True)
    grid.add_column(overflow="fold")
    for label, style, text in items:
        grid.add_row(Text(clean(label), style), Text(clean(text), "dim" if style == "dim" else ""))
    return Padding(grid, (0, 0, 0, 2), expand=False)
