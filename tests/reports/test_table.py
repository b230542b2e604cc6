"""The readable table of a month."""

import dataclasses
import io
import unicodedata
from datetime import timedelta
from decimal import Decimal

import pytest
from rich.cells import cell_len
from rich.console import Console

from slamon.core.customers import customers
from slamon.core.quality import Verdict
from slamon.core.statement import LineStatement
from slamon.reports.table import print_statement
from tests.reports.month import HEADER, MONTH_END, ONSET, PERIOD, RESTORED, episode, of_customer, statement

WIDTHS = (50, 80, 140)


def screen(*lines: LineStatement, width: int = 80, colour: bool = False, header=HEADER) -> str:
    console = Console(
        width=width,
        file=io.StringIO(),
        force_terminal=colour,
        color_system="truecolor" if colour else None,
        legacy_windows=False,
    )
    with console.capture() as captured:
        print_statement(console, header, customers(lines))
    return captured.get()


def words(text: str) -> str:
    return " ".join(text.split())


@pytest.mark.parametrize("width", WIDTHS)
def test_the_example_shows_its_numbers_at_every_width(width):
    """Rent, availability, time lost and credit of the documented example, and how the credit came about."""
    text = words(screen(statement(episode()), width=width))
    for shown in ("GX-0001", "AAA", "3000.00", "95.9677", "1 d 6 h", "3640.00", "Credit of C1: 3640.00 CNY"):
        assert shown in text
    assert "28 started hours x 1/30 x (3000.00 + 900.00)" in text
    assert "restore_overrun is worth more" in text


@pytest.mark.parametrize("width", WIDTHS)
def test_no_row_is_wider_than_the_terminal(width):
    """Chinese names count two columns a character, ids of 64 characters are broken."""
    period = of_customer("C1", name="桂林分行 一条名称很长的专线电路" * 5, customer_name="x" * 60)
    text = screen(statement(episode(line_id="y" * 64), line_id="y" * 64, period=period), width=width)
    assert max(cell_len(row) for row in text.splitlines()) <= width


def test_times_are_those_of_the_contracts_zone():
    """2026-10-03T00:00Z is eight in the morning in Nanning, and the month is known up to its end there."""
    text = words(screen(statement(episode()), width=140))
    assert "2026-10-03 08:00:00 to 2026-10-04 14:00:00" in text
    assert "as of 2026-11-01 00:00:00 Asia/Shanghai" in text


def test_a_pending_incident_shows_what_is_left():
    """An hour before the month's end with a limit of two hours."""
    text = words(screen(statement(episode(MONTH_END - timedelta(hours=1), None)), width=140))
    assert "GX-0001 #17 pending open, interruption" in text
    assert "1 h 10 s remaining" in text
    assert "1 open" in text


def test_what_awaits_a_decision_is_not_paid_yet():
    """A CPE-only fault of 9 h on a standard line: two started hours at 3000 / 30 wait for somebody's decision."""
    period = dataclasses.replace(PERIOD, tier="standard")
    fault = episode(ONSET, ONSET + timedelta(hours=9, minutes=2), source="cpe")
    text = words(screen(statement(fault, period=period), width=140))
    assert "awaiting 200.00 CNY restore_overrun" in text
    assert "Credit of C1: 0.00 CNY" in text


def test_what_the_cap_cuts_off_is_shown():
    """Three times 22 started hours come to 8580.00; the month's charge of 3900.00 is the cap."""
    faults = [episode(ONSET + timedelta(days=4 * i), ONSET + timedelta(days=4 * i + 1)) for i in range(3)]
    text = words(screen(statement(*faults), width=140))
    assert "GX-0001 the whole month cut 4680.00 CNY above the cap of the month" in text
    assert "Credit of C1: 3900.00 CNY" in text


def test_free_days_are_part_of_the_total():
    """Where the days are what is paid, the customer's total names them."""
    line = statement(episode())
    earned = dataclasses.replace(line.totals, credit=Decimal("0.00"), extension_days=Decimal("2.00"))
    text = words(screen(dataclasses.replace(line, totals=earned)))
    assert "Credit of C1: 0.00 CNY and 2 free days" in text


def test_degraded_time_stands_beside_the_interruption():
    """Three hours of loss are no interruption, and earn nothing within the limit."""
    fault = episode(ONSET, ONSET + timedelta(hours=3), verdict=Verdict.DEGRADED)
    assert "3 h degraded" in words(screen(statement(fault), width=80))
    assert " 3 h " in words(screen(statement(fault), width=140))


def test_a_line_that_left_the_inventory_is_marked():
    """Its month is still stated."""
    assert "(departed)" in screen(statement(episode(), departed=True))


def test_a_month_without_lines_says_so():
    """Nothing is no empty table."""
    text = screen(header=dataclasses.replace(HEADER, as_of=None))
    assert "nothing observed" in text
    assert "No line had service" in text


HOSTILE = [
    "=cmd|x",
    "[bold]x[/bold]",
    "[red]",
    "\x1b[31mred\x1b[0m",
    "\u202eevil\u2066",
    "x" * 200,
    "\x9b31m",
    "a\r\nb",
    ":x:",
]


@pytest.mark.parametrize("name", HOSTILE, ids=ascii)
@pytest.mark.parametrize("width", WIDTHS)
def test_a_hostile_name_reaches_the_terminal_as_plain_text(name, width):
    """No control character, no mark of direction, and no markup is obeyed.

    Mutant: without `clean` the escape of a circuit name arrives at the terminal and colours what follows.
    """
    period = of_customer("C1", name=name, customer_name=name, account=name)
    text = screen(statement(episode(), period=period), width=width)
    assert all(c == "\n" or unicodedata.category(c) not in {"Cc", "Cf", "Cs"} for c in text)
    if name.startswith("["):
        assert name in text
    assert "3640.00" in text


def test_markup_in_a_name_is_not_obeyed_in_colour_either():
    """With colours on, ``[red]`` in a name is printed and not obeyed."""
    name = "[red]x[/red]"
    text = screen(statement(period=of_customer("C1", name=name, customer_name=name)), colour=True)
    assert text.count(name) == 2
    assert "\x1b[31m" not in text


def test_incidents_without_credit_are_counted_and_not_listed():
    """A line's short fault stands in the count; only what earns or may earn something is derived below."""
    text = screen(statement(episode(ONSET, ONSET + timedelta(minutes=20))), width=140)
    assert "#17" not in text
    assert RESTORED.isoformat() not in text
