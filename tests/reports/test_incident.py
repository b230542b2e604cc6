"""Everything about one incident."""

import dataclasses
import io
import unicodedata
from datetime import timedelta

import pytest
from rich.console import Console

from slamon.core.facts import Category, Complaint, Correction, Exclusion, LineFacts, Responsibility
from slamon.core.statement import LineStatement
from slamon.reports.incident import Subject, incident_view
from tests.reports.month import MONTH_END, ONSET, PERIOD, RESTORED, episode, statement


def screen(line: LineStatement, width: int = 140, evidence=(), history=()) -> str:
    """The view of the line's first incident, spaces folded."""
    (shown, *_) = (*line.incidents, *line.pending)
    console = Console(width=width, file=io.StringIO(), color_system=None)
    subject = Subject(line.line, line.period, line.contract, line.zone)
    with console.capture() as captured:
        for part in incident_view(shown, subject, evidence, history):
            console.print(part)
    return captured.get()


def words(text: str) -> str:
    return " ".join(text.split())


COMPLAINT = Complaint(
    1, "GX-0001", ONSET + timedelta(hours=1), Category.INTERRUPTION, "T-1", "hotline", ONSET + timedelta(hours=2)
)
REFUSED = Exclusion(2, episode().id, "force_majeure", ONSET + timedelta(hours=5), ONSET + timedelta(hours=7), "storm")
ACCEPTED = Exclusion(
    3, episode().id, "awaiting_customer", ONSET + timedelta(hours=8), ONSET + timedelta(hours=9), "no [bold] access"
)
FILED = LineFacts(complaints=(COMPLAINT,), exclusions=(REFUSED, ACCEPTED))


@pytest.mark.parametrize("width", [50, 80, 140])
def test_the_view_holds_every_number_with_its_derivation(width):
    """Instants, segments, complaint, decisions, clocks with their limits, compensation: one screen.

    26 h 59 min 50 s over (108000 - 10 - 3600 - 7200 s = 97190 s) are 27 started hours: 27 / 30 * 3900 = 3510.00.
    """
    text = words(screen(statement(episode(), filed=FILED), width))
    for shown in (
        "onset 2026-10-03 08:00:00",
        "alarm 2026-10-03 08:00:10",
        "restored 2026-10-04 14:00:00",
        "confirmed 2026-10-03 08:00:10",
        "T-1 2026-10-03 09:00:00 by hotline, of interruption, answered 2026-10-03 10:00:00",
        "no evidence on file; the contract requires it",
        "1 h excluded",
        "over by 1 d 2 h 59 min 50 s",
        "limit by clause 3.9: interruption, AAA, intra_city",
        "limit by law, urban (Telecommunications Regulations, article 32)",
        "3510.00 CNY restore_overrun, by policy: 27 started hours x 1/30 x (3000.00 + 900.00)",
    ):
        assert shown in text


def test_an_exclusion_shows_its_decision():
    """Accepted or refused, the clause it rests on, and why."""
    text = words(screen(statement(episode(), filed=FILED)))
    assert "refused force_majeure, clause 3.5, 2026-10-03 13:00:00 to 2026-10-03 15:00:00: no evidence" in text
    assert "accepted awaiting_customer, clause 3.7, 2026-10-03 16:00:00 to 2026-10-03 17:00:00: no [bold] acc" in text


def test_what_is_not_paid_says_why():
    """The free days of clause 3.6 lose against the policy's credit."""
    text = words(screen(statement(episode())))
    assert "not paid 2 days (worth 193.55 CNY) service_extension, clause 3.6" in text
    assert "restore_overrun is worth more" in text


def test_an_open_incident_runs():
    """Its clock shows what remains and up to when the line was seen; it has no restore."""
    text = words(screen(statement(episode(MONTH_END - timedelta(hours=1), None))))
    assert "open, interruption, responsibility carrier, since 2026-10-31 23:00:00" in text
    assert "59 min 50 s of 2 h, 1 h 10 s remaining; 2026-10-31 23:00:10 and running, seen to 2026-11-01" in text
    assert "restored 2" not in text


def test_a_reported_incident_has_no_segments():
    """It is named as reported, and its heading of segments is left out."""
    text = screen(statement(filed=LineFacts(complaints=(COMPLAINT,))))
    assert "reported, not measured" in words(text)
    assert "Segments" not in text


def test_a_false_alarm_stays_visible():
    """Struck out by a person: no clocks, nothing earned, but it is there and says so."""
    struck = Correction(4, episode().id, false_alarm=True, reason="fibre test", by="liu")
    text = words(screen(statement(episode(), filed=LineFacts(corrections=(struck,)))))
    assert "false alarm, interruption, responsibility carrier" in text
    assert "Compensation - no rule gives anything" in text
    assert "Clocks" not in text


def test_an_exempt_responsibility_is_the_reason():
    """What the customer caused is worked out and not paid."""
    theirs = Correction(4, episode().id, responsibility=Responsibility.CUSTOMER)
    text = words(screen(statement(episode(), filed=LineFacts(corrections=(theirs,)))))
    assert "not paid 3640.00 CNY restore_overrun" in text
    assert "responsibility customer is exempt" in text


def test_both_bounds_of_an_uncertain_end_are_shown():
    """Where the monitor was blind at the end, the early bound stands beside the late one."""
    fault = dataclasses.replace(episode(), restored_earliest=RESTORED - timedelta(minutes=30))
    assert "at earliest 2026-10-04 13:30:00: the monitor was blind at the end" in words(screen(statement(fault)))


def test_evidence_and_history_are_printed_as_they_were_handed_over():
    """Rows of a label and texts; without rows there is no heading."""
    line = statement(episode())
    text = words(screen(line, evidence=[("readings", "21600 kept")], history=[("10-05", "corrected", "by liu")]))
    assert "Evidence readings 21600 kept" in text
    assert "History 10-05 corrected by liu" in text
    assert "History" not in screen(line)


def test_hostile_texts_reach_the_terminal_as_plain_text():
    """Names, tickets, reasons and rows of history are cleaned, and markup in them is printed, not obeyed."""
    evil = "[red]\x1b[31m\u202e=cmd\r\n"
    period = dataclasses.replace(PERIOD, name=evil, customer_name=evil)
    filed = LineFacts(
        complaints=(dataclasses.replace(COMPLAINT, ticket=evil, channel=evil),),
        exclusions=(dataclasses.replace(ACCEPTED, reason=evil),),
    )
    text = screen(statement(episode(), filed=filed, period=period), history=[(evil, evil)])
    assert all(c == "\n" or unicodedata.category(c) not in {"Cc", "Cf", "Cs"} for c in text)
    assert text.count("[red][31m=cmd") == 7
