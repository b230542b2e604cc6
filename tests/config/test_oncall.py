"""``oncall.toml``: what it says arrives in the core, and what is wrong with it is said all at once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, time
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from slamon.config.oncall import Known, Reach, chain_problems, load_oncall, read_oncall
from slamon.config.problems import InvalidInput, printable
from slamon.core.alerting.people import Dates, Quiet, Rota, Shift, Turns
from slamon.core.alerting.policy import Chain, Choice, Policy, Step
from slamon.core.facts import Category
from slamon.core.inventory import Line, Period
from slamon.resources import example

GOOD = """
timezone = "Asia/Shanghai"
monitor = "gold"

[people.zhang]
name = "张伟"
channels = ["wecom", "sms"]
email = "zhang@example.com"
phone = "+86 138-0000-0000"
sms_consent = true
quiet = [ { from = "22:00", to = "07:00", days = ["sat", "sun"] } ]

[people.li]
name = "Li Na"
channels = ["wecom"]
language = "en"
timezone = "Europe/Berlin"

[rotas.noc]
handover = "08:30"
turns = { people = ["zhang", "li"], from = 2026-10-05, days = 7 }

[[rotas.noc.weekly]]
days = ["sat"]
from = "20:00"
to = "08:00"
person = "li"

[[rotas.noc.dates]]
from = 2026-10-01
to = 2026-10-07
person = "li"

[chains.default]
steps = [ { call = ["noc"], wait_s = 900 }, { call = ["li", "zhang"] } ]

[chains.gold]
steps = [ { call = ["zhang"], wait_s = 300 } ]

[[choose]]
chain = "gold"
tier = "AAA"
category = "interruption"

[[choose]]
chain = "gold"
customer = "C1"

[policy]
limit_used = ["0.25", "0.9", 1]
reminder_s = 600
urgent_tiers = ["AAA", "AA"]
tiers = ["AAA", "AA", "A"]
"""
KNOWN = Known(channels={"wecom", "sms"}, customers={"C1", "C2"}, tiers={"AAA", "AA", "A", "standard"})
SHANGHAI = ZoneInfo("Asia/Shanghai")


@pytest.fixture
def said(tmp_path: Path) -> Callable[[str], list[str]]:
    """Everything that is wrong with a text, as an operator reads it."""

    def read(text: str, known: Known = KNOWN) -> list[str]:
        path = tmp_path / "oncall.toml"
        path.write_text(text, "utf-8")
        return [str(problem).removeprefix(f"{path}: ") for problem in read_oncall(path, known)[1]]

    return read


def test_what_the_file_says_arrives_in_the_core(tmp_path: Path) -> None:
    """People without names, rotas with their zones, chains with calls told apart, and the policy over its defaults."""
    path = tmp_path / "oncall.toml"
    path.write_text(GOOD, "utf-8")
    found = load_oncall(path, KNOWN)
    zhang, li = found.oncall.people["zhang"], found.oncall.people["li"]
    assert (zhang.channels, zhang.language, zhang.zone) == (("wecom", "sms"), "zh", SHANGHAI)
    assert zhang.quiet == (Quiet(time(22), time(7), frozenset({5, 6})),)
    assert (li.language, li.zone) == ("en", ZoneInfo("Europe/Berlin"))
    assert found.oncall.rotas["noc"] == Rota(
        "noc",
        SHANGHAI,
        time(8, 30),
        Turns(("zhang", "li"), date(2026, 10, 5), 7),
        (Shift("li", frozenset({5}), time(20), time(8)),),
        (Dates("li", date(2026, 10, 1), date(2026, 10, 7)),),
    )
    assert found.oncall.policy == replace(
        Policy(),
        chains={
            "default": Chain("default", (Step(("rota:noc",), 900), Step(("person:li", "person:zhang"), 600))),
            "gold": Chain("gold", (Step(("person:zhang",), 300),)),
        },
        choices=(Choice("gold", None, "AAA", Category.INTERRUPTION), Choice("gold", "C1")),
        monitor_chain="gold",
        limit_shares=(0.25, 0.9, 1.0),
        reminder_s=600,
        urgent_tiers=frozenset({"AAA", "AA"}),
        tiers=("AAA", "AA", "A"),
    )
    assert found.reach["zhang"] == Reach("zhang", "张伟", "zhang@example.com", "+8613800000000", sms_consent=True)


def test_how_a_person_is_reached_is_not_printed(tmp_path: Path) -> None:
    """What may end up in a log shows the id and nothing personal."""
    path = tmp_path / "oncall.toml"
    path.write_text(GOOD, "utf-8")
    shown = repr(load_oncall(path, KNOWN))
    assert not any(word in shown for word in ("张伟", "Li Na", "zhang@", "138"))


def test_the_example_that_ships_is_in_order() -> None:
    """It loads as it stands, and its comments name every key of the policy with its default."""
    path = example("oncall.example.toml")
    found = load_oncall(path, Known(channels={"noc-screen"}))
    policy = replace(found.oncall.policy, chains={}, choices=())
    assert policy == Policy()
    text = path.read_text("utf-8")
    for key, value in [("limit_used", Policy().limit_shares), ("statutory_used", Policy().statutory_shares)]:
        shares = ", ".join(f'"{share:g}"' for share in value)
        assert f"# {key} = [{shares}]" in text
    durations = [key for key in vars(Policy)["__slots__"] if key.endswith("_s") or key == "storm_causes"]
    for key in durations:
        assert f"# {key} = {getattr(policy, key):g}" in text


WRONG: dict[str, tuple[str, str, str]] = {
    "a key that nobody knows": (
        'language = "en"',
        'langage = "en"',
        "people.li.langage: is not known; Did you mean 'language'?",
    ),
    "a channel that nobody knows": (
        '["wecom", "sms"]',
        '["wecom", "smms"]',
        "people.zhang.channels[1]: 'smms' is no channel; Did you mean 'sms'?",
    ),
    "a channel twice": ('["wecom", "sms"]', '["sms", "sms"]', "people.zhang.channels[1]: 'sms' is there twice"),
    "a person without a channel": (
        'channels = ["wecom"]',
        "channels = []",
        "people.li.channels: List should have at least 1 item after validation, not 0",
    ),
    "a language that is not spoken": ('"en"', '"de"', "people.li.language: 'de' is not known; write zh or en"),
    "a zone that does not exist": (
        '"Europe/Berlin"',
        '"Europe/Bonn"',
        "people.li.timezone: 'Europe/Bonn' is no time zone; such as \"Asia/Shanghai\"",
    ),
    "a folder of zones": (
        'timezone = "Asia/Shanghai"',
        'timezone = "Asia"',
        "timezone: 'Asia' is no time zone; such as \"Asia/Shanghai\"",
    ),
    "a mail address that is none, which is not repeated": (
        '"zhang@example.com"',
        '"zhang at home"',
        "people.zhang.email: is not a mail address; such as noc@example.com",
    ),
    "a number that is none, which is not repeated": (
        '"+86 138-0000-0000"',
        '"extension 12"',
        "people.zhang.phone: is not a telephone number; digits, with a + before the country's code",
    ),
    "a time that is none": (
        '"08:30"',
        '"24:00"',
        'rotas.noc.handover: is not a time of day; such as "09:00", up to "23:59"',
    ),
    "quiet hours without length": (
        'to = "07:00", days',
        'to = "22:00", days',
        "people.zhang.quiet[0]: begins when it ends; quiet hours have two different times",
    ),
    "a day that is none": (
        'days = ["sat"]',
        'days = ["saturday"]',
        "rotas.noc.weekly[0].days[0]: 'saturday' is not known; write mon or tue or wed or thu or fri or sat or sun",
    ),
    "dates the wrong way round": (
        "from = 2026-10-01",
        "from = 2026-10-08",
        "rotas.noc.dates[0]: ends before it begins; `to` is the last day, `from` the first",
    ),
    "somebody who is nobody on a rota": (
        'people = ["zhang", "li"]',
        'people = ["zhagn", "li"]',
        "rotas.noc.turns.people[0]: 'zhagn' is nobody; Did you mean 'zhang'?",
    ),
    "a call that reaches neither a person nor a rota": (
        'call = ["noc"]',
        'call = ["nco"]',
        "chains.default.steps[0].call[0]: 'nco' is neither a person nor a rota; known are li, noc, zhang",
    ),
    "no default chain": (
        "[chains.default]",
        "[chains.silver]",
        "chains: has no chain default; it is called for what no [[choose]] fits, and for the monitor itself",
    ),
    "a chain that is none for the monitor": (
        'monitor = "gold"',
        'monitor = "golf"',
        "monitor: 'golf' is no chain; Did you mean 'gold'?",
    ),
    "a step that waits for nothing": ("wait_s = 300", "wait_s = 0", "chains.gold.steps[0].wait_s: is not above zero"),
    "a choice of a chain that is none": (
        '[[choose]]\nchain = "gold"\ncustomer',
        '[[choose]]\nchain = "god"\ncustomer',
        "choose[1].chain: 'god' is no chain; Did you mean 'gold'?",
    ),
    "a customer who is none": (
        'customer = "C1"',
        'customer = "C9"',
        "choose[1].customer: 'C9' is no customer; known are C1, C2",
    ),
    "a tier of no contract": (
        'tier = "AAA"',
        'tier = "AAAA"',
        "choose[0].tier: 'AAAA' is a tier of no contract; Did you mean 'AAA'?",
    ),
    "a tier of no contract in the policy": (
        'urgent_tiers = ["AAA", "AA"]',
        'urgent_tiers = ["gold"]',
        "policy.urgent_tiers[0]: 'gold' is a tier of no contract; known are A, AA, AAA, standard",
    ),
    "shares that fall": (
        '["0.25", "0.9", 1]',
        '["0.9", "0.25"]',
        'policy: limit_used is not a list of rising shares above zero; such as ["0.5", "0.8", "1"]',
    ),
    "digests closer than the update": (
        "reminder_s = 600",
        "digest_s = 30",
        "policy.digest_s: is below update_s (60); digests are further apart than the update",
    ),
    "a cause shorter than its window": (
        "reminder_s = 600",
        "cause_s = 60",
        "policy.cause_s: is below window_s (300); lines join through cause_s at the longest",
    ),
    "nobody at all": ('name = "Li Na"', "", "people.li.name: is missing"),
}


@pytest.mark.parametrize(("good", "bad", "wanted"), WRONG.values(), ids=WRONG)
def test_what_is_wrong_is_said_with_its_place(
    said: Callable[[str], list[str]], good: str, bad: str, wanted: str
) -> None:
    assert GOOD.count(good) >= 1
    assert wanted in said(GOOD.replace(good, bad, 1))


def test_what_is_wrong_is_said_all_at_once(said: Callable[[str], list[str]]) -> None:
    """Three mistakes in three corners are three problems of one reading."""
    text = (
        GOOD.replace('["wecom", "sms"]', '["fax"]')
        .replace('call = ["zhang"]', 'call = ["zoe"]')
        .replace('"C1"', '"C7"')
    )
    assert len(said(text)) == 3


def test_a_rota_with_the_name_of_a_person_is_refused(said: Callable[[str], list[str]]) -> None:
    """A chain could not tell them apart."""
    assert said(GOOD.replace("rotas.noc", "rotas.zhang").replace('call = ["noc"]', 'call = ["zhang"]')) == [
        "people.zhang: is a rota too; a chain could not tell them apart: rename one"
    ]


GAPS = """
timezone = "Asia/Shanghai"
[people.li]
name = "Li"
channels = ["wecom"]
[[rotas.noc.weekly]]
from = "08:00"
to = "20:00"
person = "li"
[chains.default]
steps = [ { call = ["noc"] } ]
"""


def test_a_chain_that_may_reach_nobody_is_refused(said: Callable[[str], list[str]]) -> None:
    """A rota with gaps needs a person, a rota with turns, or a pattern around the clock beside it in the chain."""
    wanted = "chains.default: has hours in which nobody is called: each of its rotas has gaps"
    hint = "name a person in one step, or give one of its rotas turns"
    assert said(GAPS) == [f"{wanted}; {hint}"]
    assert said(GAPS.replace("] } ]", "] }, { call = ['li'] } ]")) == []
    night = '[[rotas.noc.weekly]]\nfrom = "20:00"\nto = "08:00"\nperson = "li"\n[chains'
    assert said(GAPS.replace("[chains", night)) == []


def test_two_choices_for_the_same_incidents_are_refused(said: Callable[[str], list[str]]) -> None:
    """One of them would never be used, and nobody would know which."""
    text = GOOD.replace("[policy]", '[[choose]]\nchain = "default"\ncustomer = "C1"\n\n[policy]')
    assert said(text) == ["choose[2]: is for the same incidents as choose[1]; leave one of them out"]


def test_what_is_not_known_is_not_checked(said: Callable[[str], list[str]]) -> None:
    """Where channels, customers or tiers could not be read, the file is not blamed for it."""
    text = GOOD.replace('"C1"', '"C9"').replace('["wecom"]', '["fax"]')
    assert said(text, Known()) == []  # type: ignore[call-arg]


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="an empty file"),
        pytest.param("timezone = ", id="no TOML"),
        pytest.param("timezone = 8\npeople = []\nchains = 1", id="other shapes than tables"),
        pytest.param('timezone = "Asia/Shanghai"\n[people]\n[chains]', id="nobody to call"),
        pytest.param(GOOD.replace("zhang@example.com", "\\u202e@example.com"), id="a mark that turns the writing"),
    ],
)
def test_a_file_that_is_of_no_use_is_refused_in_words(text: str, tmp_path: Path) -> None:
    """Whatever stands in it: problems, never a traceback, and nothing that a terminal could take for a command."""
    path = tmp_path / "oncall.toml"
    path.write_text(text, "utf-8")
    with pytest.raises(InvalidInput) as refused:
        load_oncall(path)
    assert refused.value.problems
    assert all(printable(str(problem)) == str(problem) for problem in refused.value.problems)


def test_a_file_that_is_not_there_is_refused_in_words(tmp_path: Path) -> None:
    """The message names the file."""
    found, problems = read_oncall(tmp_path / "none.toml")
    assert found is None
    assert [str(problem) for problem in problems] == [
        f"{tmp_path / 'none.toml'}: cannot be read: No such file or directory"
    ]


def test_a_chain_that_a_line_names_exists(tmp_path: Path) -> None:
    """The inventory's column `oncall` names a chain of this file."""
    path = tmp_path / "oncall.toml"
    path.write_text(GOOD, "utf-8")
    oncall = load_oncall(path, KNOWN).oncall
    period = Period(date(2026, 1, 1), None, "C1", "cmcc-internet-line", Decimal(100))
    lines = [Line(str(name), (replace(period, oncall=name),)) for name in (None, "gold", "golden", "default")]
    assert [str(problem) for problem in chain_problems(oncall, lines, "lines.csv")] == [
        "lines.csv: column oncall: 'golden' is no chain of the on-call file; Did you mean 'gold'?"
    ]
