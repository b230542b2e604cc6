"""The report against a second judge: every number of every line, worked out from the recorded readings alone."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from fractions import Fraction
from typing import Any

from tests.campaign.recorded import Recorded
from tests.campaign.site import Pace, Subject, contract
from tests.oracle import impairment
from tests.oracle.nouns import Case, Seen
from tests.oracle.oracle import judge_month

EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
MICROSECOND = dt.timedelta(microseconds=1)


def case_of(line: Subject, pace: Pace, seen: tuple[Seen, ...], month: tuple[int, int], as_of: int) -> Case:
    """What is on file about a line: its readings, and that nothing was seen after them."""
    if seen[-1].end < as_of:
        seen = (*seen, Seen(seen[-1].end, as_of, blind=True))
    return Case(
        month=month,
        contract=contract(line.contract),
        periods=(line.period(),),
        seen=seen,
        profile=pace.profile,
        vat_rate=Fraction(9, 100),
    )


def differences(
    lines: list[Subject], pace: Pace, recorded: Recorded, report: dict[str, dict[str, Any]], month: tuple[int, int]
) -> Iterator[str]:
    """Everything in which the report and the second judge differ."""
    as_of = max(int(rows["end"].max()) for rows in recorded.rows.values())
    for line in lines:
        case = case_of(line, pace, recorded.seen(line.line_id), month, as_of)
        ours, theirs = judged(judge_month(case)), told(report[line.line_id])
        impairment.judgements.cache_clear()
        for key, value in ours.items():
            if theirs[key] != value:
                yield f"{line.line_id}: {key} is {theirs[key]} in the report, {value} by the second judge"


def judged(month: dict[str, Any]) -> dict[str, Any]:
    """A month of the second judge, as far as it is compared."""
    plain = ("seconds", "availability", "rent", "sla_fee", "net", "tax", "credit", "credit_cut_by_cap")
    return {
        **{key: month[key] for key in (*plain, "extension_days", "by_basis")},
        "incidents": [_judged_incident(each) for each in (*month["incidents"], *month["pending"])],
        "notices": [start for start, _ in month["notices"]],
        "compensation": [_item(row) for row in month["compensation"]],
    }


def told(line: dict[str, Any]) -> dict[str, Any]:
    """The same of a line of the report."""
    money = ("rent", "sla_fee", "net", "tax", "credit", "credit_cut_by_cap", "extension_days")
    return {
        "seconds": line["seconds"],
        "availability": line["availability"],
        **{key: Fraction(line[key]) for key in money},
        "by_basis": {basis: Fraction(amount) for basis, amount in line["by_basis"].items()},
        "incidents": [_told_incident(each) for each in (*line["incidents"], *line["pending"])],
        "notices": [_micros(notice["start"]) for notice in line["notices"]],
        "compensation": [item for row in line["compensation"] if (item := _told_item(row))],
    }


_INSTANTS = ("onset", "alarm", "restored", "restored_earliest")
_CLOCK = ("category", "excluded_seconds", "restore_seconds", "limit_seconds", "breached", "overrun_seconds")


def _judged_incident(each: dict[str, Any]) -> dict[str, Any]:
    return {
        **{key: each[key] for key in ("state", "category", "responsibility", *_INSTANTS, "segments")},
        "clocks": sorted(tuple(clock[key] for key in ("start", "end", *_CLOCK)) for clock in each["clocks"]),
        "compensation": sorted(_item(row) for row in each["compensation"]),
    }


def _told_incident(each: dict[str, Any]) -> dict[str, Any]:
    clocks = (
        (
            _micros(c["start"]),
            _micros(c["end"]),
            *(c[key] or 0 if key == "overrun_seconds" else c[key] for key in _CLOCK),
        )
        for c in each["clocks"]
    )
    return {
        **{key: each[key] for key in ("state", "category", "responsibility")},
        **{key: _micros(each[key]) for key in _INSTANTS},
        "segments": [(s["kind"], _micros(s["start"]), _micros(s["end"])) for s in each["segments"]],
        "clocks": sorted(clocks),
        "compensation": sorted(item for row in each["compensation"] if (item := _told_item(row))),
    }


def _item(row: dict[str, Any]) -> tuple[str, Fraction, Fraction, bool]:
    return row["rule"], row["amount"] or Fraction(0), row["days"] or Fraction(0), row["applied"]


def _told_item(row: dict[str, Any]) -> tuple[str, Fraction, Fraction, bool] | None:
    """One item of compensation, None of a rule that gives nothing."""
    item = row["rule"], Fraction(row["amount"] or 0), Fraction(row["days"] or 0), row["applied"]
    return item if item[1] or item[2] else None


def _micros(text: str | None) -> int | None:
    return None if text is None else (dt.datetime.fromisoformat(text) - EPOCH) // MICROSECOND
