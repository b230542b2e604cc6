"""Months: their length, their edges, terms that change inside them, service that begins, ends or is suspended."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from slamon.core.calendar import BillingMonth
from slamon.core.proration import UnknownVatRate
from slamon.core.statement import line_statement
from tests.core.filings import filed, maintenance, suspension
from tests.core.telling import Fact, check, sentences, told
from tests.core.timelines import AAA, A, Story, contract, drawn, measured, no_policy, statement

HOUR = 60  # windows of a minute


def of_february(year: int, *pictures, filed=(), **kept) -> Story:
    """Return a story of a February."""
    return Story(pictures, filed, since=f"{year}-02-01 00:00", until=f"{year}-03-01 00:00", **kept)


BERLIN = replace(contract(), zone=ZoneInfo("Europe/Berlin"))
NIGHT_WORK = maintenance("10-15 01:00", "10-15 05:00", notified="10-13 09:00")

FACTS = [
    Fact(
        "a February of 28 days divides by 28",
        of_february(2026, periods=(replace(AAA, first_day=date(2026, 2, 11)),)),
        # 18 of 28 days: 3000 x 18/28 = 1928.571 -> 1928.57; 900 x 18/28 = 578.571 -> 578.57
        {"rent": "1928.57", "sla_fee": "578.57", "service": 18 * 86400},
        "2026-02",
    ),
    Fact(
        "a February of 29 days divides by 29",
        of_february(2028, periods=(replace(AAA, first_day=date(2028, 2, 11)),)),
        # 19 of 29 days: 3000 x 19/29 = 1965.517 -> 1965.52; 900 x 19/29 = 589.655 -> 589.66
        {"rent": "1965.52", "sla_fee": "589.66", "service": 19 * 86400},
        "2028-02",
    ),
    Fact(
        "a free day of a February of 28 days is worth a 28th of the rent",
        of_february(2026, drawn("2026-02-05 00:00", "x" * 24 * HOUR), contracts=(no_policy(),)),
        # 3000 / 28 = 107.142... -> 107.14
        {"0 applied": {"service_extension": "1 days"}, "0 worth": {"service_extension": "107.14"}},
        "2026-02",
    ),
    Fact(
        "a free day of a February of 29 days is worth a 29th of the rent",
        of_february(2028, drawn("2028-02-05 00:00", "x" * 24 * HOUR), contracts=(no_policy(),)),
        # 3000 / 29 = 103.448... -> 103.45
        {"0 worth": {"service_extension": "103.45"}},
        "2028-02",
    ),
    Fact(
        "planned hours of a leap day are a share of 29 days",
        of_february(
            2028,
            drawn("2028-02-29 01:00", "x" * 4 * HOUR),
            filed=(maintenance("2028-02-29 01:00", "2028-02-29 05:00", notified="2028-02-27 09:00"),),
        ),
        # 3900 x 14400 / (29 x 86400 = 2505600) = 22.413... -> 22.41
        {"0 applied": {"planned_work_waiver": "22.41"}},
        "2028-02",
    ),
    Fact(
        "an incident open at the end of the month is pending there with what it has earned so far",
        Story((drawn("10-31 20:00", "x" * 7 * HOUR),), until="12-01 00:00"),
        # 20:02 to midnight is 14280 s; overrun 7080 -> 2 x 130 = 260.00 so far; 4 h of outage in October
        {
            "incidents": 0,
            "pending": 1,
            "p0 state": "open",
            "p0 restored": None,
            "p0 interruption to": "11-01 00:00",
            "p0 interruption restore_s": 14280,
            "p0 applied": {"restore_overrun": "260.00"},
            "credit": "0.00",
            "interrupted": 14400,
        },
    ),
    Fact(
        "what was pending is booked whole in the month in which it was restored",
        Story((drawn("10-31 20:00", "x" * 7 * HOUR),), until="12-01 00:00"),
        # 20:02 to 03:00 is 25080 s; overrun 17880 -> 5 x 130 = 650.00; 3 h of outage in November
        {
            "incidents": 1,
            "pending": 0,
            "0 onset": "10-31 20:00",
            "0 interruption restore_s": 25080,
            "0 applied": {"restore_overrun": "650.00"},
            "credit": "650.00",
            "interrupted": 10800,
        },
        "2026-11",
    ),
    Fact(
        "restored exactly at the end of the month is pending in the old month",
        Story((drawn("10-31 20:00", "x" * 4 * HOUR),), until="12-01 00:00"),
        {"incidents": 0, "pending": 1, "credit": "0.00", "interrupted": 14400},
    ),
    Fact(
        "restored exactly at the end of the month is booked in the new month, which has none of its time",
        Story((drawn("10-31 20:00", "x" * 4 * HOUR),), until="12-01 00:00"),
        # 20:02 to midnight: overrun 7080 -> 2 x 130
        {"incidents": 1, "0 restored": "11-01 00:00", "credit": "260.00", "interrupted": 0},
        "2026-11",
    ),
    Fact(
        "an onset exactly at the end of the month is nothing to the old month",
        Story((drawn("11-01 00:00", "x" * 3 * HOUR),), until="12-01 00:00"),
        {"incidents": 0, "pending": 0, "interrupted": 0},
    ),
    Fact(
        "an interruption over three months is pending in the middle one, all of it",
        Story((drawn("10-31 23:00", "x" * (1 + 30 * 24 + 2), 3600),), until="12-15 00:00"),
        {"incidents": 0, "pending": 1, "service": 2592000, "interrupted": 2592000, "availability": "0.000000"},
        "2026-11",
    ),
    Fact(
        "later months know nothing of it",
        Story((drawn("10-05 00:00", "x" * 3 * HOUR),), until="12-01 00:00"),
        {"incidents": 0, "pending": 0, "credit": "0.00", "interrupted": 0, "up": 2592000},
        "2026-11",
    ),
    Fact(
        "an incident is judged by the tier at its onset, and fees are prorated by period",
        Story(
            (drawn("10-15 20:00", "x" * 7 * HOUR),),
            periods=(replace(A, last_day=date(2026, 10, 15)), replace(AAA, first_day=date(2026, 10, 16))),
        ),
        # tier A: 20:02 to 03:00 is 25080 s; limit 21600; overrun 3480 -> 1 x 3300/30 = 110.00
        # fee 300 x 15/31 + 900 x 16/31 = 145.1613 + 464.5161 = 609.6774 -> 609.68; rent 3000 in all
        {
            "0 interruption limit_s": 21600,
            "0 applied": {"restore_overrun": "110.00"},
            "rent": "3000.00",
            "sla_fee": "609.68",
        },
    ),
    Fact(
        "an incident that begins with the new tier is judged by it",
        Story(
            (drawn("10-16 00:00", "x" * 3 * HOUR),),
            periods=(replace(A, last_day=date(2026, 10, 15)), replace(AAA, first_day=date(2026, 10, 16))),
        ),
        # 00:02 to 03:00 is 10680 s; limit 7200; overrun 3480 -> 1 x 130
        {"0 interruption limit_s": 7200, "0 applied": {"restore_overrun": "130.00"}},
    ),
    Fact(
        "a rent that rises in the month is prorated in one sum, rounded once",
        Story(
            periods=(
                replace(AAA, last_day=date(2026, 10, 10)),
                replace(AAA, first_day=date(2026, 10, 11), monthly_rent=Decimal("6000.00")),
            )
        ),
        # 3000 x 10/31 + 6000 x 21/31 = 967.7419 + 4064.5161 = 5032.2580 -> 5032.26
        # 900 x 10/31 + 1800 x 21/31 = 290.3226 + 1219.3548 = 1509.6774 -> 1509.68
        {"rent": "5032.26", "sla_fee": "1509.68"},
    ),
    Fact(
        "two periods whose rents would each be rounded up are summed first",
        Story(
            periods=(
                replace(AAA, monthly_rent=Decimal("0.05"), sla_fee=Decimal(0), last_day=date(2026, 10, 10)),
                replace(AAA, monthly_rent=Decimal("0.10"), sla_fee=Decimal(0), first_day=date(2026, 10, 11)),
            )
        ),
        # 0.05 x 10/31 + 0.10 x 21/31 = 0.016129 + 0.067742 = 0.083871 -> 0.08, not 0.02 + 0.07
        {"rent": "0.08"},
    ),
    Fact(
        "an agreed SLA fee replaces the share of the rent",
        Story((drawn("10-05 00:00", "x" * 3 * HOUR),), periods=(replace(AAA, sla_fee=Decimal("450.00")),)),
        # charge 3450.00; one started hour is 3450/30 = 115.00
        {"sla_fee": "450.00", "0 applied": {"restore_overrun": "115.00"}},
    ),
    Fact(
        "the SLA fee is rounded to the cent before a thirtieth of the charge is taken",
        Story((drawn("10-05 00:00", "x" * 3 * HOUR),), periods=(replace(AAA, monthly_rent=Decimal("999.99")),)),
        # 30 % of 999.99 = 299.997 -> 300.00; (999.99 + 300.00)/30 = 43.333 -> 43.33
        {"sla_fee": "300.00", "0 applied": {"restore_overrun": "43.33"}},
    ),
    Fact(
        "the last month is charged by the days used, the last day included",
        Story(periods=(replace(AAA, last_day=date(2026, 10, 20)),)),
        # 3000 x 20/31 = 1935.4839 -> 1935.48; 900 x 20/31 = 580.6452 -> 580.65
        {"rent": "1935.48", "sla_fee": "580.65", "service": 20 * 86400, "up": 20 * 86400},
    ),
    Fact(
        "the end of service restores an open incident, without any doubt about when",
        Story((drawn("10-20 21:00", "x" * 6 * HOUR),), periods=(replace(AAA, last_day=date(2026, 10, 20)),)),
        # 21:02 to midnight is 10680 s; overrun 3480 -> 130.00; 3 h of outage
        {
            "0 restored": "10-21 00:00",
            "0 restored_earliest": "10-21 00:00",
            "0 interruption restore_s": 10680,
            "credit": "130.00",
            "interrupted": 10800,
        },
    ),
    Fact(
        "the end of service restores an incident that went blind before it",
        Story((drawn("10-20 21:00", "x" * 60 + "?" * 60 * 3),), periods=(replace(AAA, last_day=date(2026, 10, 20)),)),
        {
            "0 restored": "10-21 00:00",
            "0 restored_earliest": "10-21 00:00",
            "0 segments": [("interruption", 3600), ("blind", 7200)],
            "interrupted": 3600,
            "blind": 7200,
        },
    ),
    Fact(
        "days between two periods of a line are no service and cost nothing",
        Story(
            (drawn("10-12 00:00", "x" * 60),),
            periods=(replace(AAA, last_day=date(2026, 10, 10)), replace(AAA, first_day=date(2026, 10, 16))),
        ),
        # 10 + 16 of 31 days: 3000 x 26/31 = 2516.129 -> 2516.13; what failed between is nobody's
        {"rent": "2516.13", "service": 26 * 86400, "incidents": 0, "interrupted": 0},
    ),
    Fact(
        "whole suspended days cost nothing, the two half days are charged",
        Story(filed=(suspension("10-10 12:00", "10-13 12:00"),)),
        # days 11 and 12: 29 of 31: 3000 x 29/31 = 2806.4516 -> 2806.45; 900 x 29/31 = 841.9355 -> 841.94
        {"rent": "2806.45", "sla_fee": "841.94", "service": 2678400 - 3 * 86400},
    ),
    Fact(
        "days suspended from midnight to midnight cost nothing",
        Story(filed=(suspension("10-10 00:00", "10-13 00:00"),)),
        # 28 of 31: 2709.6774 -> 2709.68; 812.9032 -> 812.90
        {"rent": "2709.68", "sla_fee": "812.90", "service": 28 * 86400},
    ),
    Fact(
        "23 suspended hours are charged, though they are not service time",
        Story(filed=(suspension("10-10 00:00", "10-10 23:00"),)),
        {"rent": "3000.00", "service": 2678400 - 23 * 3600},
    ),
    Fact(
        "a day suspended in two pieces that touch is a whole day",
        Story(filed=(suspension("10-10 00:00", "10-10 12:00"), suspension("10-10 12:00", "10-11 00:00"))),
        # 30 of 31: 2903.2258 -> 2903.23
        {"rent": "2903.23", "service": 30 * 86400},
    ),
    Fact(
        "a suspension that was not resumed lasts",
        Story(filed=(suspension("10-30 12:00", None),)),
        # 30 of 31 days (the 31st is whole): 2903.2258 -> 2903.23; 870.9677 -> 870.97
        {"rent": "2903.23", "sla_fee": "870.97", "service": 29 * 86400 + 43200},
    ),
    Fact(
        "a month suspended from end to end costs nothing and has no availability",
        Story(filed=(suspension("09-15 00:00", "11-15 00:00"), NIGHT_WORK), since="09-01 00:00", until="12-01 00:00"),
        {"rent": "0.00", "sla_fee": "0.00", "net": "0.00", "service": 0, "availability": None},
    ),
    Fact(
        "the month in which summer time ends has an hour more",
        Story((drawn("10-15 01:00", "x" * 4 * HOUR),), (NIGHT_WORK,), contracts=(BERLIN,), until="11-02 00:00"),
        # 31 x 86400 + 3600 = 2682000 s; 3900 x 14400/2682000 = 20.9396 -> 20.94
        {"service": 2682000, "0 applied": {"planned_work_waiver": "20.94"}, "rent": "3000.00"},
    ),
    Fact(
        "the month in which summer time begins has an hour less",
        Story(contracts=(BERLIN,), since="03-01 00:00", until="04-02 00:00"),
        {"service": 2674800, "up": 2674800, "rent": "3000.00"},
        "2026-03",
    ),
    Fact(
        "a month that has only begun is accounted as far as it was observed",
        Story((drawn("10-05 00:00", "x" * 3 * HOUR),), until="10-10 00:00"),
        {"service": 9 * 86400, "interrupted": 10800, "up": 9 * 86400 - 10800, "rent": "3000.00"},
    ),
    Fact(
        "an incident open as far as was observed is pending to there",
        Story((drawn("10-09 20:00", "x" * 4 * HOUR),), until="10-10 00:00"),
        # 20:02 to midnight: 14280 s, 2 x 130 so far
        {"pending": 1, "p0 interruption restore_s": 14280, "p0 applied": {"restore_overrun": "260.00"}},
    ),
    Fact(
        "a month that has not begun has no seconds and no availability",
        Story(until="10-10 00:00"),
        {"service": 0, "up": 0, "availability": None, "lower_bound": None, "as_seen": None},
        "2026-11",
    ),
    Fact(
        "a line in service that was not observed yet is blind, not up",
        Story(since="10-02 00:00"),
        {"blind": 86400, "up": 30 * 86400},
    ),
]


@pytest.mark.parametrize("fact", FACTS, ids=sentences(FACTS))
def test_a_month(fact: Fact):
    check(fact)


VAT = [
    # 3900/1.06 = 3679.245 -> 3679.25; /1.09 = 3577.98; /1.10 = 3545.45; /1.11 = 3513.51
    pytest.param("internet_line", "2025-12", "0.06", "3679.25", "220.75", id="internet line in the last month at 6 %"),
    pytest.param("internet_line", "2026-01", "0.09", "3577.98", "322.02", id="internet line in the first month at 9 %"),
    pytest.param("circuit", "2018-04", "0.11", "3513.51", "386.49", id="circuit in the last month at 11 %"),
    pytest.param("circuit", "2018-05", "0.10", "3545.45", "354.55", id="circuit in the first month at 10 %"),
    pytest.param("circuit", "2019-03", "0.10", "3545.45", "354.55", id="circuit in the last month at 10 %"),
    pytest.param("circuit", "2019-04", "0.09", "3577.98", "322.02", id="circuit in the first month at 9 %"),
    pytest.param("ip_vpn", "2026-01", "0.09", "3577.98", "322.02", id="IP VPN is taxed like the internet line"),
]


def untaxed(product: str) -> Story:
    """Return a line whose inventory leaves the VAT rate to the contract."""
    return Story(periods=(replace(AAA, product=product, vat_rate=None, first_day=date(2017, 1, 1)),))


@pytest.mark.parametrize(("product", "month", "rate", "net", "tax"), VAT)
def test_vat_follows_product_and_date(product: str, month: str, rate: str, net: str, tax: str):
    says = told(statement(untaxed(product), month))
    assert (says["vat_rate"], says["net"], says["tax"]) == (rate, net, tax)


def test_the_rate_of_the_inventory_goes_before_the_contract():
    """A vat_rate in the line's row is the agreed one, whatever the table says."""
    story = Story(periods=(replace(AAA, vat_rate=Decimal("0.13")),))
    # 3900 / 1.13 = 3451.327 -> 3451.33
    assert told(statement(story))["net"] == "3451.33"


def test_a_product_without_a_rate_is_refused():
    """No rate is guessed: the line, the contract, the product and the day are named."""
    story = Story(periods=(replace(AAA, vat_rate=None, product="satellite"),))
    with pytest.raises(UnknownVatRate, match="GX-0001: contract cmcc-internet-line has no VAT rate for satellite"):
        statement(story)


def test_a_line_without_service_in_the_month_has_no_statement():
    """After its last day a line is not listed any more."""
    story = Story(periods=(replace(AAA, last_day=date(2026, 10, 20)),), until="12-01 00:00")
    what = measured(story)
    assert line_statement(story.terms, BillingMonth.parse("2026-11"), what.until, what, filed(())) is None


def test_an_incident_is_judged_by_the_contract_version_at_its_onset():
    """From 2026-10-10 the limit of AAA is 3 h and its fee 40 %; what began before keeps 2 h and 30 %."""
    old = contract()
    row = replace(old.limits[0], seconds={**old.limits[0].seconds, "AAA": 3 * 3600})
    new = replace(
        old,
        effective_from=date(2026, 10, 10),
        limits=(row, *old.limits[1:]),
        sla_fee_ratio={**old.sla_fee_ratio, "AAA": old.sla_fee_ratio["AAA"] + old.sla_fee_ratio["A"]},
    )
    pictures = (drawn("10-09 20:00", "x" * 5 * HOUR), drawn("10-20 20:00", "x" * 5 * HOUR))
    says = told(statement(Story(pictures, contracts=(old, new))))
    # 5 h less two minutes: 17880 s. Old: overrun 10680 -> 3 x 3900/30 = 390.00. New: 7080 -> 2 x 4200/30 = 280.00
    assert (says["0 interruption limit_s"], says["0 applied"]) == (7200, {"restore_overrun": "390.00"})
    assert (says["1 interruption limit_s"], says["1 applied"]) == (10800, {"restore_overrun": "280.00"})
    # 900 x 9/31 + 1200 x 22/31 = 261.2903 + 851.6129 = 1112.9032 -> 1112.90
    assert says["sla_fee"] == "1112.90"
