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

from .language import LANGUAGES, Language
from .model import CustomerStatement, Header
from .said import clock_text, credit_text, decision, facts, lasting, value
from .texts import clean, days, local, money, percent
from .wording import named

STYLES = {"paid": "green", "awaiting": "yellow", "not paid": "dim"}
ID_COLUMNS = 10
NAME_COLUMNS = 32


ENGLISH = LANGUAGES["en"]


def print_statement(
    console: Console, header: Header, customers: Iterable[CustomerStatement], language: Language = ENGLISH
) -> None:
    """Print a month, one customer after the other, as wide as the console is."""
    for part in statement_view(header, customers, console.width, language):
        console.print(part)


def statement_view(
    header: Header, customers: Iterable[CustomerStatement], width: int, language: Language = ENGLISH
) -> Iterator[RenderableType]:
    """Yield what is printed of a month on a terminal of `width` columns."""
    empty = True
    for customer in customers:
        if empty:
            yield _heading(header, customer.lines[0].zone, language)
        empty = False
        yield from _customer(customer, width, language)
    if empty:
        yield _heading(header, ZoneInfo("UTC"), language)
        yield Text(language.word("table.nothing"))


def _heading(header: Header, zone: ZoneInfo, language: Language) -> Text:
    word = language.word
    known = word("nothing_observed")
    if header.as_of is not None:
        known = word("table.as_of", instant=local(header.as_of, zone), zone=zone.key)
    status = word("table.closed" if header.closed else "table.open")
    version = word("table.revision", revision=header.revision, status=status)
    return Text.assemble((word("table.title", month=header.month), "bold"), f"  {version}{word('table.comma')}{known}")


def _customer(customer: CustomerStatement, width: int, language: Language) -> Iterator[RenderableType]:
    word = language.word
    name, account = clean(customer.customer_name), clean(customer.account)
    yield Text()
    title = Text.assemble((clean(customer.customer_id), "bold cyan"), f"  {name}" if name else "")
    if account:
        title.append(f"  {word('table.account', account=account)}", "dim")
    yield title
    yield _lines(customer, width, language)
    for line in customer.lines:
        yield from _details(line, language)
    total = f"{money(customer.credit_total)} {customer.currency}"
    if customer.extension_days:
        total += word("table.free_days", days=days(customer.extension_days))
    before, after = word("table.credit_of").split("{customer}")
    yield Text.assemble(before, (clean(customer.customer_id), "bold"), after, (total, "bold green"))


def _lines(customer: CustomerStatement, width: int, language: Language) -> RenderableType:
    """Return the widest form that fits: a digit of an amount is never cut off."""
    forms = (_wide(customer, language), _narrow(customer, language))
    return next((table for table in forms if _needs(table) <= width), _listed(customer, language))


def _needs(table: Table) -> int:
    """Return how many columns a table takes at least: ids may be broken, numbers may not."""
    return ID_COLUMNS + 4 + sum(_widest([column.header, *column.cells]) + 2 for column in table.columns[1:])


def _widest(cells: Iterable[RenderableType]) -> int:
    return max(cell_len(row) for cell in cells for row in str(cell).split("\n"))


def _table(language: Language, *numbers: str) -> Table:
    """Return an empty table of lines; columns of numbers are never broken, so ids and names give way."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0), header_style="bold")
    table.add_column(language.word("line"), overflow="fold", min_width=ID_COLUMNS)
    for title in numbers:
        table.add_column(language.word(f"table.{title}"), justify="right", no_wrap=True)
    return table


def _wide(customer: CustomerStatement, language: Language) -> Table:
    lost = ("interrupted", "degraded", "blind")
    table = _table(language, "tier", "rent", "availability", "incidents", *lost, "credit", "days", "awaiting")
    for line in customer.lines:
        seconds, totals = line.seconds, line.totals
        table.add_row(
            _id(line, language),
            Text(clean(line.period.tier or "-")),
            Text(money(line.rent)),
            *_course(line, language),
            *(_time(part, language) for part in (seconds.interrupted, seconds.degraded, seconds.blind)),
            Text(money(totals.credit), "green" if totals.credit else ""),
            Text(days(totals.extension_days) if totals.extension_days else "-"),
            Text("\n".join(_awaiting(line, language)) or "-", "yellow"),
        )
    return table


def _narrow(customer: CustomerStatement, language: Language) -> Table:
    table = _table(language, "tier_rent", "availability", "incidents", "interrupted", "credit")
    for line in customer.lines:
        terms = Text(f"{clean(line.period.tier or '-')}\n{money(line.rent)}")
        lost = Text("\n".join(_lost(line, language)))
        table.add_row(
            _id(line, language), terms, *_course(line, language), lost, Text("\n").join(_earned(line, language))
        )
    return table


def _listed(customer: CustomerStatement, language: Language) -> RenderableType:
    """Return the same without columns, for terminals on which no table fits."""
    word, comma = language.word, language.word("table.comma")
    parts: list[RenderableType] = []
    for line in customer.lines:
        availability, incidents = _course(line, language)
        credit = comma.join(part.plain.replace("\n", " ") for part in _earned(line, language))
        parts.append(_id(line, language))
        parts.append(
            item_grid(
                [
                    (word("table.listed.tier"), "", line.period.tier or "-"),
                    (word("table.listed.rent"), "", money(line.rent)),
                    (word("table.listed.availability"), "", availability.plain),
                    (word("table.listed.incidents"), "", incidents.plain.replace("\n", comma)),
                    (word("table.listed.interrupted"), "", comma.join(_lost(line, language))),
                    (word("table.listed.credit"), "", credit),
                ]
            )
        )
    return Group(*parts)


def _lost(line: LineStatement, language: Language) -> Iterator[str]:
    seconds = line.seconds
    yield language.brief(seconds.interrupted) if seconds.interrupted else "-"
    if seconds.degraded:
        yield language.word("table.time_degraded", time=language.brief(seconds.degraded))
    if seconds.blind:
        yield language.word("table.time_blind", time=language.brief(seconds.blind))


def _course(line: LineStatement, language: Language) -> Iterator[Text]:
    yield Text(percent(line.availability.contract))
    still = [language.word("table.still_open", n=len(line.pending))] if line.pending else []
    yield Text("\n".join([str(len(line.incidents)), *still]))


def _id(line: LineStatement, language: Language) -> RenderableType:
    """Return a line's id, whole, and its name below, as far as the column goes."""
    shown = Text(clean(line.line.line_id))
    if line.line.departed:
        shown.append(language.word("table.departed"), "yellow")
    name = Text(clean(line.period.name), "dim", no_wrap=True, overflow="ellipsis")
    name.truncate(NAME_COLUMNS, overflow="ellipsis")
    return Group(shown, name) if name else shown


def _time(seconds: int, language: Language) -> Text:
    return Text(language.brief(seconds) if seconds else "-")


def _earned(line: LineStatement, language: Language) -> Iterator[Text]:
    totals = line.totals
    yield Text(money(totals.credit), "green" if totals.credit else "")
    if totals.extension_days:
        yield Text(language.word("table.some_days", days=days(totals.extension_days)), "green")
    for item in _awaiting(line, language):
        yield Text(f"{item}\n{language.word('table.is_awaiting')}", "yellow")


def _awaiting(line: LineStatement, language: Language) -> Iterator[str]:
    if line.totals.awaiting:
        yield money(line.totals.awaiting)
    if line.totals.awaiting_days:
        yield language.word("table.some_days", days=days(line.totals.awaiting_days))


def _details(line: LineStatement, language: Language) -> Iterator[RenderableType]:
    """Yield a line's incidents that earn or may earn something, what is pending, and what holds for the line."""
    for incident in line.incidents:
        if incident.credits:
            yield from _incident(line, incident, language)
    for incident in line.pending:
        yield from _incident(line, incident, language, pending=True)
    items = [*_credits(line.credits, line.contract.currency, language), *_cut(line, language)]
    if items:
        yield Text.assemble((clean(line.line.line_id), "bold"), f"  {language.word('table.whole_month')}")
        yield item_grid(items)


def _incident(
    line: LineStatement, shown: IncidentStatement, language: Language, *, pending: bool = False
) -> Iterator[RenderableType]:
    comma = language.word("table.comma")
    title = Text.assemble((f"{clean(line.line.line_id)} {named(shown.incident)}", "bold"))
    title.append(f"  {language.word('table.pending')}" if pending else "", "yellow")
    title.append(
        f"  {comma.join(facts(shown.incident, language))}{comma}{lasting(shown.incident, line.zone, language)}"
    )
    yield title
    clocks = [
        (language.name("category", clock.category), "red" if clock.breached else "", clock_text(clock, language))
        for clock in shown.clocks
    ]
    yield item_grid([*clocks, *_credits(shown.credits, line.contract.currency, language), *_located(shown, language)])


Item = tuple[str, str, str]


def _located(shown: IncidentStatement, language: Language) -> Iterator[Item]:
    found = shown.hypothesis
    if found.cause is not None:
        cause = language.name("cause", found.cause)
        yield language.word("hypothesis"), "dim", f"{cause}: {language.say(found.reasons[0])}"


def _credits(found: Iterable[Credit], currency: str, language: Language) -> Iterator[Item]:
    for credit in found:
        label = decision(credit, language)
        text = f"{value(credit, currency, language)}  {credit_text(credit, language)}"
        yield label, STYLES[decision(credit, ENGLISH)], text


def _cut(line: LineStatement, language: Language) -> Iterator[Item]:
    if line.totals.cut_by_cap:
        amount = f"{money(line.totals.cut_by_cap)} {line.contract.currency}"
        yield language.word("table.cut"), "yellow", language.word("table.above_cap", amount=amount)


def item_grid(items: Iterable[Item]) -> RenderableType:
    """Return labels with their texts beside them, indented; label, style and text of each."""
    grid = Table.grid(padding=(0, 2))
    grid.add_column(no_wrap=True)
    grid.add_column(overflow="fold")
    for label, style, text in items:
        grid.add_row(Text(clean(label), style), Text(clean(text), "dim" if style == "dim" else ""))
    return Padding(grid, (0, 0, 0, 2), expand=False)
