"""A customer's statement as a workbook: summary, lines, incidents, compensation, definitions.

Nothing is computed here: sums are formulas over the cells, their values come from the statement's own summary.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import BinaryIO

from slamon.core.case import Credit
from slamon.core.statement import IncidentStatement, LineStatement
from slamon.core.summary import Summary, summarize

from .agreed import contracts_of, definitions_of, readings, why_nothing
from .language import Language
from .model import CustomerStatement, Header
from .texts import clean
from .wording import named
from .workbook import Column, Total, Value, Workbook, letters, wall, workbook, write_facts, write_table
from .xlsx_lines import BOUNDS, line_columns, line_rows, line_totals

CLOCKS = ("interruption", "degradation", "statutory")


def write_xlsx(stream: BinaryIO, header: Header, customer: CustomerStatement, language: Language) -> None:
    """Write one customer's workbook."""
    word = language.word
    created = header.generated_at
    made = workbook(stream, f"{word('title')} {header.month} {customer.customer_id}", created)
    summary = summarize(customer.lines)
    lines = list(line_rows(customer.lines, language))
    write_facts(made, word("summary"), _summary(header, customer, summary, language))
    columns = line_columns(language)
    write_table(made, word("lines"), columns, lines, line_totals(columns, customer, summary))
    write_table(made, word("incidents"), _incident_columns(language), list(_incidents(customer.lines, language)))
    credits_ = list(_credits(customer.lines, language))
    write_table(made, word("compensation"), _credit_columns(language), credits_, _credit_totals(summary))
    _definitions(made, customer, language)
    made.close()


def _incident_columns(language: Language) -> list[Column]:
    word = language.word
    return [
        Column(word("line"), width=16),
        Column(word("incident"), width=12),
        Column(word("category"), width=12),
        Column(word("state"), width=12),
        Column(word("responsibility"), width=14),
        Column(word("evidence"), width=24),
        *(Column(word(key), "time") for key in _INSTANTS),
        *(
            Column(f"{word(f'clock.{clock}')}{language.colon}{word(part)}", "duration")
            for clock in CLOCKS
            for part in ("restore_time", "excluded", "limit", "overrun")
        ),
        Column(word("complaints"), width=18),
        Column(word("exclusions"), width=60),
        Column(word("result"), width=60),
        Column("id", width=38),
    ]


_INSTANTS = ("onset", "alarm", "complaint", "restored", "restored_earliest", "handed_back")


def _incidents(lines: Sequence[LineStatement], language: Language) -> Iterator[list[Value]]:
    for line in lines:
        for shown in (*line.incidents, *line.pending):
            incident, zone = shown.incident, shown.contract.zone
            instants: list[datetime | None] = [getattr(incident, key) for key in _INSTANTS]
            yield [
                line.line.line_id,
                named(incident),
                language.name("category", incident.category),
                language.name("state", incident.state),
                language.name("responsibility", incident.responsibility),
                language.list_of(language.name("evidence", one) for one in incident.evidence),
                *(wall(instant, zone) for instant in instants),
                *(part for clock in CLOCKS for part in _clock(shown, clock)),
                language.list_of(clean(one.ticket) for one in incident.complaints),
                language.also(_decisions(shown, language)),
                "" if shown.credits else language.word(f"nothing.{why_nothing(shown, line)}"),
                incident.id,
            ]


def _clock(shown: IncidentStatement, category: str) -> tuple[int | None, int | None, int | None, int | None]:
    clock = next((one for one in shown.clocks if one.category == category), None)
    return (
        (None, None, None, None)
        if clock is None
        else (clock.restore_s, clock.excluded_s, clock.limit_s, clock.overrun_s)
    )


def _decisions(shown: IncidentStatement, language: Language) -> Iterator[str]:
    for one in shown.adjudged:
        decided = language.word("accepted" if one.accepted else "refused")
        said = (language.name("kind", one.kind), decided, clean(language.say(one.why)))
        yield language.colon.join(said)


def _credit_columns(language: Language) -> list[Column]:
    word = language.word
    return [
        Column(word("line"), width=16),
        Column(word("incident"), width=12),
        Column(word("rule"), width=26),
        Column(word("basis"), width=16),
        Column(word("clause"), width=9),
        Column(word("result"), width=14),
        Column(word("credited_amount"), "money"),
        Column(word("credited_days"), "days"),
        Column(word("value"), "money"),
        Column(word("derivation"), width=70),
        Column(word("why"), width=50),
    ]


_CREDITED_AMOUNT, _CREDITED_DAYS = 6, 7


def _credit_totals(summary: Summary) -> list[Total]:
    """Return the sums of what is credited: amounts stand before the cap, as `by_basis` does."""
    return [
        Total(_CREDITED_AMOUNT, summary.credit_before_cap),
        Total(_CREDITED_DAYS, summary.extension_days),
    ]


def _credits(lines: Sequence[LineStatement], language: Language) -> Iterator[list[Value]]:
    for line in lines:
        for shown in line.incidents:
            for credit in shown.credits:
                yield _credit(line, named(shown.incident), credit, language, pending=False)
        for shown in line.pending:
            for credit in shown.credits:
                yield _credit(line, named(shown.incident), credit, language, pending=True)
        for credit in line.credits:
            yield _credit(line, "", credit, language, pending=False)


def _credit(line: LineStatement, incident: str, credit: Credit, language: Language, *, pending: bool) -> list[Value]:
    paid = credit.applied and not pending
    result = "paid" if paid else "accrued_one" if credit.applied else "awaiting_one" if credit.awaiting else "not_paid"
    return [
        line.line.line_id,
        incident,
        language.name("rule", credit.rule),
        language.name("basis", credit.basis),
        credit.clause,
        language.word(result),
        credit.amount if paid else None,
        credit.days if paid else None,
        credit.worth,
        clean(language.say(credit.derivation)),
        clean(language.say(credit.why)) if credit.why else None,
    ]


def _summary(
    header: Header, customer: CustomerStatement, summary: Summary, language: Language
) -> Iterator[tuple[str, Value, str, str]]:
    word = language.word
    zone = customer.lines[0].zone
    yield word("title"), language.month(header.month), "text", ""
    yield word("customer"), f"{customer.customer_id} {customer.customer_name}".strip(), "text", ""
    yield word("account"), customer.account or None, "text", ""
    for contract in contracts_of(customer.lines):
        text = word("contract_text", title=contract.title, id=contract.id, version=contract.version)
        yield word("contract"), text, "text", ""
    revision = word("revision_text", revision=header.revision)
    yield word("revision"), f"{revision}{language.dot}{word('closed' if header.closed else 'draft')}", "text", ""
    yield word("timezone"), zone.key, "text", ""
    yield word("as_of"), wall(header.as_of, zone), "time", ""
    yield word("generated"), wall(header.generated_at, zone), "time", ""
    for writer, head in sorted(header.ledger_heads.items()):
        yield f"{word('ledger_heads')} {writer}", head, "text", ""
    yield from _sums(customer, summary, language)


def _sums(customer: CustomerStatement, summary: Summary, language: Language) -> Iterator[tuple[str, Value, str, str]]:
    """Yield the sums of the statement, each a formula over the sheet of lines."""
    word = language.word
    columns = line_columns(language)
    last = len(customer.lines) + 2
    yield word("amounts_in", currency=language.currency(customer.currency)), None, "text", ""
    for total in line_totals(columns, customer, summary):
        column = columns[total.column]
        letter = letters(total.column)
        yield column.title, total.value, column.kind, f"=SUM('{word('lines')}'!{letter}3:{letter}{last})"
    for bound, ratio in zip(BOUNDS, _ratios(summary), strict=True):
        yield f"{word('availability')}{language.colon}{word(f'availability.{bound}')}", ratio, "ratio", ""
    yield word("incidents_by_category"), None, "text", ""
    for tally in summary.tallies:
        name = language.name("category", tally.category)
        yield f"{name}{language.colon}{word('restored_count')}", tally.restored, "count", ""
        yield f"{name}{language.colon}{word('pending_count')}", tally.pending, "count", ""
        yield f"{name}{language.colon}{word('breaches')}", tally.breached, "count", ""
        yield f"{name}{language.colon}{word('mean_restore')}", tally.mean_s, "duration", ""
        yield f"{name}{language.colon}{word('longest_restore')}", tally.longest_s, "duration", ""
    yield word("breaches_law"), summary.statutory_breaches, "count", ""
    yield word("false_alarms"), summary.false_alarms, "count", ""


def _ratios(summary: Summary) -> tuple[str | None, str | None, str | None]:
    found = summary.availability
    return found.contract, found.as_seen, found.lower_bound


def _definitions(made: Workbook, customer: CustomerStatement, language: Language) -> None:
    rows: list[list[Value]] = [list(language.definition(key)) for key in definitions_of(customer.lines)]
    for contract in contracts_of(customer.lines):
        name = f"{contract.id} {contract.version}"
        rows += [[name, reading] for reading in readings(contract, language)]
    columns = [Column(language.word("definitions"), width=34), Column(language.word("meaning"), width=110)]
    write_table(made, language.word("definitions"), columns, rows)
