"""The public JSON of a statement."""

import dataclasses
import io
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slamon.core.customers import CustomerStatement, customers
from slamon.core.facts import Category, Complaint, Exclusion, LineFacts
from slamon.core.incident import Notice
from slamon.core.statement import LineStatement
from slamon.reports.json import (
    customer_object,
    customer_text,
    encode,
    header_object,
    incident_object,
    line_object,
    write,
    write_texts,
)
from tests.reports.month import (
    HEADER,
    MONTH_END,
    ONSET,
    RESTORED,
    episode,
    of_customer,
    statement,
)

FORCE_MAJEURE = Exclusion(2, episode().id, "force_majeure", ONSET, ONSET + timedelta(hours=2), "storm")
COMPLAINT = Complaint(3, "GX-0001", ONSET + timedelta(hours=1), Category.INTERRUPTION, "T-1", "hotline")


def document(*lines: LineStatement) -> str:
    stream = io.StringIO()
    write(stream, HEADER, customers(lines))
    return stream.getvalue()


def ordered(value: object) -> object:
    """Objects as lists of pairs, so that the order of names counts."""
    if isinstance(value, dict):
        return [(key, ordered(member)) for key, member in value.items()]
    return [ordered(member) for member in value] if isinstance(value, list) else value


# The example of the public interface, its numbers worked out by hand:
# 30 h = 108000 s of October's 31 * 86400 = 2678400 s, so 1 - 108000 / 2678400 = 0.959677...
# 108000 - 10 s after the alarm - 7200 s = 100790 s over = 27.997 h, 28 started; 28 / 30 * 3900 = 3640.00 exactly
# 30 h = 1.25 days, 2 days free; 2 * 3000 / 31 = 193.548...
# 3640 / 1.09 = 3339.449..., 3900 / 1.09 = 3577.981...
EXAMPLE = {
    "line_id": "GX-0001",
    "name": "南宁—桂林 100M",
    "product": "internet_line",
    "contract": "cmcc-internet-line",
    "contract_version": "2019-01-01",
    "timezone": "Asia/Shanghai",
    "tier": "AAA",
    "span": "intra_city",
    "periods": [
        {
            "from": "2026-10-01",
            "to": "2026-10-31",
            "tier": "AAA",
            "monthly_rent": "3000.00",
            "monthly_sla_fee": "900.00",
        }
    ],
    "rent": "3000.00",
    "sla_fee": "900.00",
    "net": "3577.98",
    "tax": "322.02",
    "vat_rate": "0.09",
    "seconds": {
        "service": 2678400,
        "excluded": 0,
        "interrupted": 108000,
        "degraded": 0,
        "blind": 0,
        "up": 2570400,
    },
    "availability": {"contract": "0.959677", "lower_bound": "0.959677", "as_seen": "0.959677"},
    "incidents": [
        {
            "incident_id": episode().id,
            "number": 17,
            "state": "restored",
            "category": "interruption",
            "responsibility": "carrier",
            "evidence": ["demarc"],
            "onset": "2026-10-03T00:00:00Z",
            "alarm": "2026-10-03T00:00:10Z",
            "complaint": None,
            "complaints": [],
            "restored": "2026-10-04T06:00:00Z",
            "restored_earliest": "2026-10-04T06:00:00Z",
            "handed_back": None,
            "segments": [{"kind": "interruption", "start": "2026-10-03T00:00:00Z", "end": "2026-10-04T06:00:00Z"}],
            "exclusions": [
                {
                    "kind": "force_majeure",
                    "start": "2026-10-03T00:00:00Z",
                    "end": "2026-10-03T02:00:00Z",
                    "accepted": False,
                    "why": "no evidence on file; the contract requires it",
                    "clause": "3.5",
                }
            ],
            "clocks": [
                {
                    "category": "interruption",
                    "start": "2026-10-03T00:00:10Z",
                    "end": "2026-10-04T06:00:00Z",
                    "excluded_seconds": 0,
                    "restore_seconds": 107990,
                    "limit_seconds": 7200,
                    "breached": True,
                    "overrun_seconds": 100790,
                }
            ],
            "compensation": [
                {
                    "rule": "service_extension",
                    "clause": "3.6",
                    "basis": "agreement",
                    "applied": False,
                    "amount": None,
                    "days": "2",
                    "worth": "193.55",
                    "derivation": "30 h interrupted = 1.25 days, rounded up to 2; worth 2 x 3000.00 / 31",
                    "why": "restore_overrun is worth more",
                },
                {
                    "rule": "restore_overrun",
                    "clause": None,
                    "basis": "policy",
                    "applied": True,
                    "amount": "3640.00",
                    "days": None,
                    "worth": "3640.00",
                    "derivation": "28 started hours x 1/30 x (3000.00 + 900.00)",
                    "why": None,
                },
            ],
            "hypothesis": {
                "cause": None,
                "reasons": ["nothing was seen that tells the access from the core", "demarc silent"],
            },
        }
    ],
    "pending": [],
    "notices": [],
    "compensation": [],
    "credit": "3640.00",
    "credit_net": "3339.45",
    "credit_tax": "300.55",
    "credit_cut_by_cap": "0.00",
    "extension_days": "0",
    "awaiting_decision": "0.00",
    "awaiting_days": "0",
    "by_basis": {"agreement": "0.00", "law": "0.00", "policy": "3640.00"},
}


def test_the_documented_example_is_printed_name_by_name():
    """The whole document of the public example, order of names included."""
    line = statement(episode(), filed=LineFacts(exclusions=(FORCE_MAJEURE,)))
    assert ordered(json.loads(document(line))) == ordered(
        {
            "schema": "slamon.statement/1",
            "month": "2026-10",
            "revision": 0,
            "closed": False,
            "as_of": "2026-10-31T16:00:00Z",
            "generated_at": "2026-11-01T01:02:03Z",
            "ledger_heads": {"nanning-1": "sha256:ab"},
            "customers": [
                {
                    "customer_id": "C1",
                    "customer_name": "某银行南宁分行",
                    "account": "A-77",
                    "currency": "CNY",
                    "credit_total": "3640.00",
                    "extension_days": "0",
                    "lines": [EXAMPLE],
                }
            ],
        }
    )


def test_a_pending_incident_has_no_end_and_says_what_is_left():
    """One hour before the month's end: 59 min 50 s of two hours are used, 3610 s remain."""
    line = statement(episode(MONTH_END - timedelta(hours=1), None))
    (pending,) = line_object(line)["pending"]
    assert (pending["state"], pending["restored"], pending["restored_earliest"]) == ("open", None, None)
    (clock,) = pending["clocks"]
    assert clock["end"] == "2026-10-31T16:00:00Z"
    assert (clock["restore_seconds"], clock["remaining_seconds"], clock["breached"]) == (3590, 3610, False)


def test_a_restored_incident_has_no_remaining_time():
    """What is over does not count down."""
    (incident,) = statement(episode()).incidents
    assert "remaining_seconds" not in incident_object(incident)["clocks"][0]


def test_a_clock_without_a_limit_is_never_breached():
    """Where nothing sets a limit there is no overrun either: null, not 0."""
    (incident,) = statement(episode()).incidents
    unlimited = dataclasses.replace(incident, clocks=(dataclasses.replace(incident.clocks[0], limit_s=None),))
    (clock,) = incident_object(unlimited)["clocks"]
    assert (clock["limit_seconds"], clock["breached"], clock["overrun_seconds"]) == (None, False, None)


def test_complaints_stand_with_their_course():
    """Ticket, time, category, channel, and when it was answered, settled and closed; null where it was not."""
    filed = LineFacts(complaints=(dataclasses.replace(COMPLAINT, answered_at=ONSET + timedelta(hours=2)),))
    (incident,) = line_object(statement(episode(), filed=filed))["incidents"]
    assert incident["complaint"] == "2026-10-03T01:00:00Z"
    assert incident["complaints"] == [
        {
            "ticket": "T-1",
            "at": "2026-10-03T01:00:00Z",
            "category": "interruption",
            "channel": "hotline",
            "answered_at": "2026-10-03T02:00:00Z",
            "settled_at": None,
            "closed_at": None,
        }
    ]


def test_an_unsettled_complaint_without_measurement_is_a_reported_incident():
    """It is pending, in the state `reported`, without alarm and without segments."""
    (pending,) = line_object(statement(filed=LineFacts(complaints=(COMPLAINT,))))["pending"]
    assert (pending["state"], pending["alarm"], pending["segments"]) == ("reported", None, [])


def test_a_notice_of_the_customers_side_stands_at_its_line():
    """Demarc alive and CPE dead is shown, and costs nothing."""
    notice = Notice("GX-0001", ONSET, None)
    shown = line_object(statement(notices=[notice]))
    assert shown["notices"] == [
        {"kind": "customer_side", "start": "2026-10-03T00:00:00Z", "end": None, "complaints": []}
    ]
    assert shown["credit"] == "0.00"


def test_incidents_stand_by_onset():
    """Whatever order the statement has them in."""
    line = statement(episode(), episode(ONSET + timedelta(days=9), RESTORED + timedelta(days=9)))
    shown = line_object(dataclasses.replace(line, incidents=line.incidents[::-1]))
    assert [incident["number"] for incident in shown["incidents"]] == [17, 18]


def test_a_fraction_of_a_second_is_shown_where_it_exists():
    """Instants are exact, durations whole seconds between the rounded instants."""
    onset = ONSET + timedelta(milliseconds=250)
    (incident,) = line_object(statement(episode(onset, onset + timedelta(hours=3))))["incidents"]
    assert incident["onset"] == "2026-10-03T00:00:00.250000Z"
    assert incident["clocks"][0]["restore_seconds"] == 10_790


def test_a_line_that_left_the_inventory_says_so():
    """`departed` is true there and absent everywhere else."""
    assert line_object(statement(departed=True))["departed"] is True
    assert "departed" not in line_object(statement())


def test_a_line_of_another_account_names_it():
    """The customer's account is that of its first line; a line that is billed elsewhere does not hide it."""
    lines = [statement(line_id="A"), statement(line_id="B", period=of_customer("C1", account="B-88"))]
    shown = customer_object(customers(lines)[0])
    assert [shown["account"], *(line.get("account") for line in shown["lines"])] == ["A-77", None, "B-88"]


def test_what_does_not_exist_is_null():
    """Names that nobody gave, and a month that nobody observed."""
    (customer,) = customers([statement(period=of_customer("C1", customer_name="", account="", name=""))])
    shown = customer_object(customer)
    assert (shown["customer_name"], shown["account"], shown["lines"][0]["name"]) == (None, None, None)
    assert header_object(dataclasses.replace(HEADER, as_of=None))["as_of"] is None


def test_a_month_without_lines_is_a_document():
    """It parses, and has no customers."""
    assert json.loads(document())["customers"] == []


def test_equal_statements_give_equal_bytes():
    """Neither the order of lines nor that of ledger heads shows in the document."""
    one, two = statement(episode()), statement(line_id="GX-0002", period=of_customer("C2"))
    assert document(one, two) == document(two, one)
    heads = {"b": "sha256:2", "a": "sha256:1"}
    assert list(header_object(dataclasses.replace(HEADER, ledger_heads=heads))["ledger_heads"]) == ["a", "b"]


def test_the_stream_holds_what_the_objects_say():
    """`write`, `write_texts` and the objects are one document."""
    found = customers([statement(episode()), statement(line_id="GX-0002", period=of_customer("C2"))])
    stream = io.StringIO()
    write_texts(stream, HEADER, map(customer_text, found))
    assert stream.getvalue() == document(*(line for customer in found for line in customer.lines))
    assert json.loads(stream.getvalue()) == {
        **header_object(HEADER),
        "customers": [customer_object(customer) for customer in found],
    }


def test_customers_are_written_one_after_the_other():
    """A customer is asked for only when the one before is written: memory does not grow with their number."""
    found = customers([statement(line_id=f"L{i}", period=of_customer(f"C{i}")) for i in range(3)])
    stream = io.StringIO()
    written: list[int] = []

    def asked() -> Iterator[CustomerStatement]:
        for customer in found:
            written.append(stream.getvalue().count('"customer_id"'))
            yield customer

    write(stream, HEADER, asked())
    assert written == [0, 1, 2]


HOSTILE = [
    '=cmd|"/C calc"!A0',
    "[bold]x[/bold]",
    "\x1b[31mred",
    "\u202eevil\u2066",
    "x" * 200,
    "\x9b31m",
    "</script>",
    "\udc80",
]


@pytest.mark.parametrize("name", HOSTILE, ids=ascii)
def test_a_hostile_name_comes_back_as_it_was_and_steers_nothing(name):
    """JSON keeps what was entered, but no raw control character or mark of direction reaches whoever prints it."""
    text = document(statement(period=of_customer("C1", name=name, customer_name=name)))
    assert json.loads(text)["customers"][0]["lines"][0]["name"] == name
    assert all(c.isprintable() or c == "\n" for c in text)
    assert text.encode("utf-8")


@given(st.text())
def test_every_text_survives(text):
    """Whatever is escaped reads back as itself."""
    assert json.loads(encode({"text": text})) == {"text": text}


def test_a_closed_month_is_dated_by_its_close():
    """Revision, closed and generated_at are the header's; nothing is read from a clock."""
    closed = dataclasses.replace(HEADER, revision=1, closed=True, generated_at=datetime(2026, 11, 2, tzinfo=UTC))
    shown = header_object(closed)
    assert (shown["revision"], shown["closed"], shown["generated_at"]) == (1, True, "2026-11-02T00:00:00Z")
