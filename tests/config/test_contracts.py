"""The four contracts that ship, copies of them with a number changed, and every reason to refuse one."""

import re
from datetime import date
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest

from slamon.config.contracts import load_contracts, parse_contract, read_contracts, stand_ins
from slamon.core.contract import (
    Basis,
    Contract,
    Contracts,
    CumulativeHours,
    PlannedWorkWaiver,
    RestoreOverrun,
    ServiceExtension,
    StatutoryWaiver,
    StepTable,
)
from slamon.core.facts import Category
from slamon.core.flaws import flaws
from slamon.resources import contract_files

SHIPPED = {path.stem: path.read_text(encoding="utf-8") for path in contract_files()}


def shipped() -> Contracts:
    contracts, problems = load_contracts(contract_files(), None)
    assert contracts is not None, problems
    return contracts


def the(contract_id: str) -> Contract:
    return shipped().on(contract_id, date(2026, 10, 1))


def said(text: str) -> list[str]:
    contract, problems = parse_contract(text, "c.toml")
    assert (contract is None) == bool(problems)
    return [str(problem) for problem in problems]


def changed(name: str, old: str, new: str) -> str:
    assert old in SHIPPED[name]
    return SHIPPED[name].replace(old, new, 1)


def test_four_contracts_ship():
    """Exactly the four contracts of the domain ship, each file named by its id, and none has a flaw."""
    assert sorted(SHIPPED) == ["cmcc-data-line", "cmcc-internet-line", "hourly-credit", "step-table"]
    assert sorted(c.id for c in shipped().versions) == sorted(SHIPPED)
    assert not [flaw for contract in shipped().versions for flaw in flaws(contract)]


HOURS = [
    ("interruption", "intra_city", (2, 4, 6, 8)),
    ("interruption", "inter_city", (2, 4, 6, 8)),
    ("interruption", "inter_province", (4, 4, 6, 8)),
    ("degradation", "intra_city", (24, 24, 48, 48)),
    ("degradation", "inter_city", (24, 24, 48, 48)),
    ("degradation", "inter_province", (24, 24, 48, 48)),
]


@pytest.mark.parametrize(("category", "span", "hours"), HOURS, ids=str)
def test_every_cell_of_the_limit_table(category, span, hours):
    """The restore-time limits are those of clause 3.9, cell by cell."""
    contract = the("cmcc-internet-line")
    found = [contract.limit_s(Category(category), tier, span) for tier in ("AAA", "AA", "A", "standard")]
    assert found == [hour * 3600 for hour in hours]


def test_the_internet_line_agreement():
    """The default contract holds the agreement's numbers, clauses and rules in their order."""
    contract = the("cmcc-internet-line")
    assert (contract.title, contract.version, contract.currency, contract.zone.key) == (
        "互联网专线业务协议", "2019-01-01", "CNY", "Asia/Shanghai")  # fmt: skip
    assert contract.sla_fee_ratio == {
        "AAA": Fraction(3, 10), "AA": Fraction(1, 5), "A": Fraction(1, 10), "standard": Fraction(0)}  # fmt: skip
    assert contract.maintenance is not None
    assert (contract.maintenance.notice_hours, contract.maintenance.channels, contract.maintenance.clause) == (
        24, ("website", "email", "sms"), "3.3")  # fmt: skip
    assert [(e.kind, e.clause, e.evidence, e.notify_within_days) for e in contract.exclusions] == [
        ("planned_maintenance", "3.3", False, None),
        ("force_majeure", "3.5", True, None),
        ("customer_side", "3.7", False, None),
        ("awaiting_customer", "3.7", False, None),
    ]
    assert contract.rules == (
        ServiceExtension("3.6", Basis.AGREEMENT, False, Fraction(24), "up"),
        StatutoryWaiver(None, Basis.LAW, False, {"urban": Fraction(48), "rural": Fraction(72)}),
        RestoreOverrun(None, Basis.POLICY, False,
                       {Category.INTERRUPTION: Fraction(1), Category.DEGRADATION: Fraction(24)}, Fraction(1, 30)),
        PlannedWorkWaiver(None, Basis.LAW, True),
    )  # fmt: skip
    assert (contract.combine, contract.cap_ratio, contract.clock_end) == ("best", Fraction(1), "restored")
    assert (contract.interruption_ends, contract.uncertain_end) == ("normal", "late")
    assert (contract.complaint_joins_s, contract.reopen_within_s, contract.blind_joins_s) == (7200, 600, 3600)
    assert contract.exempt_responsibilities == {"customer", "force_majeure"}


def test_the_data_line_agreement_has_rules_of_law_only():
    """The second agreement has no tiers, spans, limits or fees; only the law pays."""
    contract = the("cmcc-data-line")
    assert (contract.tiers, contract.spans, contract.limits, contract.sla_fee_ratio) == ((), (), (), {})
    assert [(rule.name, rule.basis, rule.beside) for rule in contract.rules] == [
        ("statutory_waiver", Basis.LAW, False), ("planned_work_waiver", Basis.LAW, True)]  # fmt: skip


def test_hourly_credit_pays_a_day_for_each_started_hour():
    """One thirtieth of the monthly charge for every cumulative hour, at most the month's charge."""
    contract = the("hourly-credit")
    assert contract.rules == (CumulativeHours(credit_per_hour=Fraction(1, 30)),)
    assert (contract.tiers, contract.limits, contract.cap_ratio) == ((), (), Fraction(1))


def test_step_table_has_the_agreed_steps():
    """From 30 min 1/90, 1 h 1/30, 12 h 1/10, 24 h 1/5, 72 h the whole fee."""
    (rule,) = the("step-table").rules
    assert isinstance(rule, StepTable)
    assert [(int(step.from_minutes), step.credit) for step in rule.steps] == [
        (30, Fraction(1, 90)), (60, Fraction(1, 30)), (720, Fraction(1, 10)), (1440, Fraction(1, 5)),
        (4320, Fraction(1)),
    ]  # fmt: skip


VAT = [
    ("internet_line", "2016-04-30", None),
    ("internet_line", "2016-05-01", "0.06"),
    ("internet_line", "2025-12-31", "0.06"),
    ("internet_line", "2026-01-01", "0.09"),
    ("circuit", "2018-04-30", "0.11"),
    ("circuit", "2018-05-01", "0.10"),
    ("circuit", "2019-03-31", "0.10"),
    ("circuit", "2019-04-01", "0.09"),
    ("ip_vpn", "2025-12-31", "0.06"),
    ("ip_vpn", "2026-01-01", "0.09"),
]


@pytest.mark.parametrize(("product", "day", "rate"), VAT)
@pytest.mark.parametrize("name", sorted(SHIPPED))
def test_vat_by_product_and_date(name, product, day, rate):
    """Every shipped contract knows the VAT rate of every product on the day of each change of the law."""
    assert the(name).vat_rate(product, date.fromisoformat(day)) == (Decimal(rate) if rate else None)


RULE = re.compile(r"\[\[compensation\]\]\n(?:(?!\[\[).*\n?)+")


@pytest.mark.parametrize("name", sorted(SHIPPED))
def test_a_copy_with_any_rule_removed_just_works(name):
    """Nothing of a contract is in the code: each rule can go, the others stay as they were."""
    for found in RULE.finditer(SHIPPED[name]):
        contract, problems = parse_contract(SHIPPED[name].replace(found[0], ""), "c.toml")
        assert not problems
        assert contract is not None
        assert contract.rules == tuple(r for r in the(name).rules if f'"{r.name}"' not in found[0])
        assert len(contract.rules) == len(the(name).rules) - 1


CHANGES = [
    ("cmcc-internet-line", "AAA = 2, AA = 4", "AAA = 0.5, AA = 4", lambda c: c.limits[0].seconds["AAA"] == 1800),
    ("cmcc-internet-line", 'credit_per_unit = "1/30"', 'credit_per_unit = "0.05"',
     lambda c: c.rules[2].credit_per_unit == Fraction(1, 20)),
    ("cmcc-internet-line", 'cap_ratio = "1"', 'allow_over_100 = true\ncap_ratio = "1.5"',
     lambda c: c.cap_ratio == Fraction(3, 2)),
    ("cmcc-internet-line", "# notify_within_days = 15", "notify_within_days = 15",
     lambda c: c.exclusion("force_majeure").notify_within_days == 15),
    ("cmcc-internet-line", 'combine = "best"', 'combine = "sum"', lambda c: c.combine == "sum"),
    ("cmcc-internet-line", '["customer", "force_majeure"]', '["customer", "third_party"]',
     lambda c: c.exempt_responsibilities == {"customer", "third_party"}),
    ("cmcc-data-line", "# [complaints]\n# answer_hours = 4 ", "[complaints]\nanswer_hours = 4 ",
     lambda c: c.targets == {"answer_hours": 4.0}),
    ("step-table", "from_minutes = 30", "from_minutes = 29.5", lambda c: c.rules[0].steps[0].from_minutes == 29.5),
]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "old", "new", "holds"), CHANGES, ids=lambda value: value if type(value) is str else ""
)
def test_a_copy_with_a_number_changed_just_works(name, old, new, holds):
    """A changed number is the number that is judged by."""
    contract, problems = parse_contract(changed(name, old, new), "c.toml")
    assert not problems
    assert holds(contract)


INTERNET = "cmcc-internet-line"
NUMBER_HINT = 'such as 10 or "0.05"'
RULES_HINT = (
    "rules are cumulative_hours, planned_work_waiver, restore_overrun, service_extension, statutory_waiver, step_table"
)
REFUSED = [
    ("a cap above 100 %", INTERNET, 'cap_ratio = "1"', 'cap_ratio = "1.01"',
     ("cap_ratio: is above 100 % of the monthly charge; a share up to 1, or allow_over_100 = true where the agreement"
     " says so")),
    ("a cap in words", INTERNET, 'cap_ratio = "1"', 'cap_ratio = "all"',
     f"cap_ratio: 'all' is not a number; {NUMBER_HINT}"),
    ("a negative cap", INTERNET, 'cap_ratio = "1"', "cap_ratio = -1",
     'cap_ratio: is negative; a share is zero or more, such as "1/30" or "0.05"'),
    ("a key misspelt", INTERNET, "cap_ratio", "cap_rato", "cap_rato: is not known; Did you mean 'cap_ratio'?"),
    ("a table misspelt", INTERNET, "[maintenance]", "[maintenence]",
     "maintenence: is not known; Did you mean 'maintenance'?"),
    ("not a number", INTERNET, 'cap_ratio = "1"', "cap_ratio = nan",
     "nan is not a plain number; write digits with at most 15 decimals, such as 0.05"),
    ("a number that fills the memory", "hourly-credit", '"1/30"', "1e999999999",
     "1e999999999 is not a plain number; write digits with at most 15 decimals, such as 0.05"),
    ("an unknown word", INTERNET, 'combine = "best"', 'combine = "bests"',
     "combine: 'bests' is not known; Did you mean 'best'?"),
    ("a word unlike any", INTERNET, 'clock_end = "restored"', 'clock_end = "never"',
     "clock_end: 'never' is not known; write restored or handed_back"),
    ("a number for a word", INTERNET, 'uncertain_end = "late"', "uncertain_end = 1",
     "uncertain_end: is not a text; put it in quotes"),
    ("a rule misspelt", INTERNET, '"restore_overrun"', '"restore_overun"',
     "compensation[2].rule: rule 'restore_overun' is not known; Did you mean 'restore_overrun'?"),
    ("a rule unlike any", INTERNET, '"restore_overrun"', '"x"',
     f"compensation[2].rule: rule 'x' is not known; {RULES_HINT}"),
    ("a rule's key misspelt", INTERNET, 'rule = "restore_overrun"', 'rulle = "restore_overrun"',
     "compensation[2].rulle: is not known; Did you mean 'rule'?"),
    ("a rule that is a number", INTERNET, 'rule = "restore_overrun"', "rule = 3",
     f"compensation[2].rule: is not the name of a rule; {RULES_HINT}"),
    ("a rule without a name", INTERNET, 'rule = "planned_work_waiver"\n', "",
     f"compensation[3].rule: is missing; {RULES_HINT}"),
    ("a rule twice", INTERNET, 'rule = "planned_work_waiver"\n',
     'rule = "statutory_waiver"\nhours = { urban = 48, rural = 72 }\n',
     "compensation[3]: rule statutory_waiver stands in compensation[1] too; each rule once"),
    ("a share by zero", INTERNET, '"1/30"', '"1/0"', (f"compensation[2].credit_per_unit: '1/0' is not a number; "
     f"{NUMBER_HINT}")),
    ("an area forgotten", INTERNET, "urban = 48, ", "",
     "compensation[1].hours: no limit for area urban; hours = { urban = 48, rural = 72 }"),
    ("a day of no hours", INTERNET, "at_least_hours = 24", "at_least_hours = 0",
     "compensation[0].at_least_hours: is not above zero"),
    ("true in quotes", INTERNET, "beside = true", 'beside = "true"',
     "compensation[3].beside: is neither true nor false; without quotes"),
    ("a negative limit", INTERNET, "AAA = 2,", "AAA = -2,",
     "limits[0].hours.AAA: a limit is negative; a limit is zero or more hours"),
    ("a zone that is a folder", INTERNET, '"Asia/Shanghai"', '"Asia"',
     "timezone: 'Asia' is not a time zone; a name of the IANA database, such as \"Asia/Shanghai\""),
    ("no zone", INTERNET, 'timezone = "Asia/Shanghai"', "", "timezone: is missing"),
    ("a date in quotes", INTERNET, "effective_from = 2019-01-01", 'effective_from = "2019-01-01"',
     "effective_from: is not a date; write 2019-01-01, without quotes"),
    ("a date with a time", INTERNET, "effective_from = 2019-01-01", "effective_from = 2019-01-01T00:00:00",
     "effective_from: is not a date; write 2019-01-01, without quotes"),
    ("a kind nearly known", INTERNET, 'kind = "force_majeure"', 'kind = "force_majure"',
     "exclusions[1].kind: 'force_majure' is not known; Did you mean 'force_majeure'?"),
    ("a kind twice", INTERNET, 'kind = "awaiting_customer"', 'kind = "customer_side"',
     "exclusions[3]: kind customer_side stands twice; each kind once"),
    ("the carrier exempt", INTERNET, '["customer", "force_majeure"]', '["carrier"]',
     "exempt_responsibilities[0]: 'carrier' is not known; write customer or force_majeure or third_party"),
    ("VAT in percent", INTERNET, 'rate = "0.06"', 'rate = "6"',
     'vat[0].rate: 6 is no VAT rate; a share below one, such as "0.06"'),
    ("VAT with a sign", INTERNET, 'rate = "0.06"', 'rate = "6%"',
     'vat[0].rate: is not a rate; a share below one, such as "0.06"'),
    ("VAT of a product misspelt", INTERNET, 'product = "circuit"', 'product = "circiut"',
     "vat[2].product: 'circiut' is not known; Did you mean 'circuit'?"),
    ("VAT twice", INTERNET, "from = 2026-01-01", "from = 2016-05-01",
     "vat[1]: internet_line from 2016-05-01 stands twice; one rate a product and day"),
    ("a channel misspelt", INTERNET, '"website"', '"web-site"',
     "maintenance.channels[0]: 'web-site' is not known; Did you mean 'website'?"),
    ("a fee forgotten", INTERNET, 'AAA = "0.30"\n', "",
     "sla_fee_ratio: no fee for tier AAA; every tier has its share, 0 where it is free"),
    ("a fee below nothing", INTERNET, 'AAA = "0.30"', 'AAA = "-0.30"',
     "sla_fee_ratio.AAA: a fee is negative; a share of the rent, such as 0.30"),
    ("seconds below nothing", INTERNET, "reopen_within_s = 600", "reopen_within_s = -1",
     "reopen_within_s: is negative"),
    ("half a second", INTERNET, "reopen_within_s = 600", "reopen_within_s = 0.5",
     "reopen_within_s: is not a whole number"),
    ("an id that no file may have", INTERNET, 'id = "cmcc', 'id = "../cmcc',
     "id: '../cmcc-internet-line' is not an id; 1 to 64 letters, digits, dots, hyphens or underscores"),
    ("a currency of one's own", INTERNET, '"CNY"', '"yuan"',
     "currency: 'yuan' is not a currency; three capital letters, such as \"CNY\""),
    ("a tier twice", INTERNET, '"AAA", "AA",', '"AAA", "AA", "AA",', "tiers: 'AA' stands twice"),
    ("a falling step", "step-table", 'credit = "1/30"', 'credit = "1/100"',
     ("compensation[0].steps[1]: from 60 minutes pays 1/100, less than 1/90 for a shorter outage; a longer outage never"
     " pays less")),
    ("steps that overlap", "step-table", "from_minutes = 60", "from_minutes = 30",
     "compensation[0].steps[1]: two steps begin at 30 minutes; steps do not overlap"),
    ("steps in disorder", "step-table", "from_minutes = 60", "from_minutes = 20",
     "compensation[0].steps[1]: steps are not in rising order; sort them by from_minutes"),
    ("a step in words", "step-table", "from_minutes = 60", 'from_minutes = "an hour"',
     "compensation[0].steps[1].from_minutes: is not a number of minutes; zero or more, such as 30"),
    ("a broken file", INTERNET, "[maintenance]", "[maintenance",
     "is not TOML: Expected ']' at the end of a table declaration (at line 96, column 14)"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "old", "new", "message"), [row[1:] for row in REFUSED], ids=[row[0] for row in REFUSED]
)
def test_one_bad_contract_per_message(name, old, new, message):
    """One thing wrong gives one message: file, key, reason, and what would be right."""
    assert [re.sub(r"\(at .*\)", "", text) for text in said(changed(name, old, new))] == [
        re.sub(r"\(at .*\)", "", f"c.toml: {message}")
    ]


def test_a_hole_is_named_cell_by_cell():
    """A limit table without a row for a span is refused, never guessed."""
    text = changed(INTERNET, 'spans = ["inter_province"]', 'spans = ["intra_city"]')
    found = said(text)
    assert any("no limit for interruption, span inter_province, tier AAA" in line for line in found)
    assert any("span intra_city, tier AAA stands in limits[0] too" in line for line in found)


def test_a_table_of_tiers_without_spans_has_no_hole_and_no_overlap():
    """A contract may have tiers and no spans: its table is checked by category and tier."""
    head = (
        'id = "t"\ntitle = "T"\neffective_from = 2019-01-01\ncurrency = "CNY"\ntimezone = "UTC"\ntiers = ["a", "b"]\n'
    )
    rows = [f'[[limits]]\ncategory = "{category}"\nhours = {{ a = 1, b = 2 }}\n' for category in Category]
    assert said(head + rows[0] + rows[1]) == []
    assert said(head + rows[0] + rows[0] + rows[1]) == [
        f"c.toml: limits[1]: interruption, tier {tier} stands in limits[0] too; every cell of the table stands once"
        for tier in "ab"
    ]
    assert said(head + rows[0]) == [
        f"c.toml: limits: no limit for degradation, tier {tier}; the table has one limit for every category, span and"
        " tier" for tier in "ab"
    ]  # fmt: skip


def test_all_problems_of_a_contract_come_at_once():
    """A person who repairs a file sees everything that is wrong with it, rules included."""
    text = SHIPPED[INTERNET].replace('"best"', '"bst"').replace('"1/30"', '"x"').replace('"CNY"', '"cny"')
    assert len(said(text)) == 3


def notes(folder: Path) -> tuple[str, ...]:
    return stand_ins(contract_files(), read_contracts(contract_files(), folder)[0])


def write(folder: Path, name: str, text: str) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(text, encoding="utf-8")
    return folder


def test_a_later_date_makes_a_further_version(tmp_path):
    """The same id with a later effective_from stands beside the shipped version; each is in force in its time."""
    newer = changed(INTERNET, "effective_from = 2019-01-01", "effective_from = 2027-01-01")
    contracts, problems = load_contracts(contract_files(), write(tmp_path, "new.toml", newer))
    assert contracts is not None, problems
    assert contracts.on(INTERNET, date(2026, 12, 31)).version == "2019-01-01"
    assert contracts.on(INTERNET, date(2027, 1, 1)).version == "2027-01-01"
    assert notes(tmp_path) == ()


def test_a_file_of_the_operators_stands_in_for_the_shipped_one(tmp_path):
    """The same id and date in the operator's folder takes the shipped one's place, and that is said."""
    folder = write(tmp_path, "own.toml", changed(INTERNET, "AAA = 2,", "AAA = 1,"))
    contracts, problems = load_contracts(contract_files(), folder)
    assert contracts is not None, problems
    assert len(contracts.of(INTERNET)) == 1
    assert contracts.of(INTERNET)[0].limits[0].seconds["AAA"] == 3600
    assert notes(folder) == (
        f"{tmp_path}/own.toml stands in for the shipped cmcc-internet-line of 2019-01-01",)  # fmt: skip


def test_an_identical_copy_is_no_news(tmp_path):
    """A copy with the same terms changes nothing and nothing is said of it."""
    assert notes(write(tmp_path, "copy.toml", SHIPPED[INTERNET])) == ()


def test_one_version_twice_in_a_folder_is_refused(tmp_path):
    """Two files of one folder with the same id and date: nobody could say which is meant."""
    write(tmp_path, "a.toml", SHIPPED[INTERNET])
    write(tmp_path, "b.toml", SHIPPED[INTERNET])
    contracts, problems = load_contracts([], tmp_path)
    assert contracts is None
    assert [str(problem) for problem in problems] == [
        (
            f"{tmp_path}/b.toml: effective_from: cmcc-internet-line of 2019-01-01 stands in {tmp_path}/a.toml too; "
            "a changed contract is a new version: give it a later effective_from"
        )
    ]


def test_a_version_in_another_zone_is_refused(tmp_path):
    """Versions of one contract share zone and currency; a month could not be settled across them."""
    newer = changed(INTERNET, "effective_from = 2019-01-01", "effective_from = 2027-01-01").replace(
        "Asia/Shanghai", "UTC"
    )
    _, problems = load_contracts(contract_files(), write(tmp_path, "new.toml", newer))
    assert [(problem.where, problem.hint) for problem in problems] == [
        ("timezone", "another zone or currency needs an id of its own")]  # fmt: skip


def test_a_file_that_is_not_utf8_is_refused(tmp_path):
    """A contract saved in GBK is named with the byte that gives it away."""
    (tmp_path / "gbk.toml").write_bytes('title = "互联网"'.encode("gbk"))
    _, problems = load_contracts([], tmp_path)
    assert "is not UTF-8 (byte 9)" in str(problems[0])
