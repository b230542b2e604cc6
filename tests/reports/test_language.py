"""Words, numbers and dates in both languages."""

import ast
import re
from datetime import UTC, date, datetime
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from slamon.core.calendar import BillingMonth
from slamon.core.phrase import Phrase, listed
from slamon.reports.language import LANGUAGES
from slamon.reports.words.definitions import DEFINITIONS, READINGS
from slamon.reports.words.sentences import ZH
from slamon.reports.words.terms import DOMAIN, SHEETS, TABLE

ROOT = Path(__file__).resolve().parents[2]
CHINA = ZoneInfo("Asia/Shanghai")
ZH_CN, EN = LANGUAGES["zh"], LANGUAGES["en"]
NAMES = re.compile(r"{(\w+)}")


def templates_of_the_core() -> set[str]:
    """Every string of the core that may become a phrase: what `Phrase` is called with, or a name stands for."""
    found: set[str] = set()
    for path in sorted((ROOT / "slamon/core").glob("*.py")):
        source = path.read_text("utf-8")
        if "Phrase(" not in source or path.stem == "phrase":
            continue
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and "{" in node.value:
                found.add(node.value)
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Phrase":
                found |= {str(arg.value) for arg in node.args if isinstance(arg, ast.Constant)}
    return found | {"{first}; {rest}"}


def test_every_sentence_of_the_core_is_translated():
    """And nothing is translated that the core does not say.

    Mutant: with the line of "worth {days} x ..." taken out of the table, this names it.
    """
    assert templates_of_the_core() - set(ZH) == set()
    assert set(ZH) - templates_of_the_core() == set()


def test_a_translation_has_the_values_of_its_sentence():
    """No value is lost on the way, and none is made up; who is worth more may be said without it."""
    assert [text for text, zh in ZH.items() if set(NAMES.findall(text)) != set(NAMES.findall(zh))] == []


TABLES = {
    "domain": DOMAIN,
    "sheets": SHEETS,
    "table": TABLE,
    "readings": READINGS,
    "definitions": {f"{key} {n}": term for key, pair in DEFINITIONS.items() for n, term in enumerate(pair)},
}


@pytest.mark.parametrize("table", TABLES.values(), ids=TABLES)
def test_every_word_is_there_in_both_languages_with_the_same_values(table):
    """Neither side is empty."""
    for en, zh in table.values():
        assert en
        assert zh
        assert set(NAMES.findall(en)) == set(NAMES.findall(zh))


def test_chinese_words_use_chinese_punctuation():
    """No comma, semicolon or bracket of ASCII beside a Chinese character, and no blank between two of them."""
    said = [zh for table in TABLES.values() for _, zh in table.values()] + list(ZH.values())
    assert [text for text in said if re.search(r"[\u4e00-\u9fff][,;:()?!]|[\u4e00-\u9fff] [\u4e00-\u9fff]", text)] == []


@pytest.mark.parametrize(
    ("shown", "en", "zh"),
    [
        pytest.param(lambda x: x.money(Decimal("1234567.50")), "1,234,567.50", "1,234,567.50", id="money"),
        pytest.param(lambda x: x.money(None), "–", "–", id="no money"),
        pytest.param(
            lambda x: x.priced(Decimal("3640.00"), "CNY"), "CN¥3,640.00", "¥3,640.00", id="money with currency"
        ),
        pytest.param(lambda x: x.priced(Decimal("3640.00"), "EUR"), "€3,640.00", "€3,640.00", id="another currency"),
        pytest.param(lambda x: x.percent("0.959677"), "95.9677%", "95.9677%", id="a ratio keeps its decimals"),
        pytest.param(lambda x: x.percent("1.000000"), "100.0000%", "100.0000%", id="one"),
        pytest.param(lambda x: x.percent(Decimal("0.09")), "9%", "9%", id="a rate of VAT"),
        pytest.param(lambda x: x.percent(None), "–", "–", id="no ratio"),
        pytest.param(lambda x: x.share(Fraction(1)), "100%", "100%", id="a cap"),
        pytest.param(lambda x: x.share(Fraction(1, 3)), "1/3", "1/3", id="a cap that no percentage says"),
        pytest.param(lambda x: x.duration(108_010), "1 d 6 h 10 s", "1天6小时10秒", id="a duration"),
        pytest.param(lambda x: x.duration(0), "0 s", "0秒", id="nothing"),
        pytest.param(lambda x: x.duration(-60), "−1 min", "−1分", id="a duration that is over"),
        pytest.param(lambda x: x.brief(107_990), "1 d 5 h", "1天5小时", id="the two largest units of it"),
        pytest.param(lambda x: x.hours(172_800), "48 h", "48小时", id="a limit is printed in hours"),
        pytest.param(lambda x: x.hours(5_400), "1 h 30 min", "1小时30分", id="a limit that is not"),
        pytest.param(lambda x: x.hours(None), "–", "–", id="no limit"),
        pytest.param(lambda x: x.counted("days_count", Decimal(1)), "1 day", "1天", id="one day"),
        pytest.param(lambda x: x.counted("days_count", Decimal("1.25")), "1.25 days", "1.25天", id="more days"),
        pytest.param(lambda x: x.counted("incidents_count", 0), "0 incidents", "0起故障", id="none"),
        pytest.param(lambda x: x.number(Decimal(100)), "100", "100", id="a round number"),
        pytest.param(lambda x: x.day(date(2026, 10, 3)), "3 Oct 2026", "2026年10月3日", id="a day"),
        pytest.param(lambda x: x.month(BillingMonth(2026, 10)), "October 2026", "2026年10月", id="a month"),
        pytest.param(
            lambda x: x.instant(datetime(2026, 10, 3, 0, 0, 9, 500_000, tzinfo=UTC), CHINA),
            "3 Oct 2026 08:00:10",
            "2026-10-03 08:00:10",
            id="an instant is rounded half-up to the second, as the accounts do",
        ),
        pytest.param(lambda x: x.instant(None, CHINA), "–", "–", id="no instant"),
        pytest.param(lambda x: x.name("responsibility", "third_party"), "third party", "第三方", id="a name"),
        pytest.param(lambda x: x.name("kind", "black_swan"), "black_swan", "black_swan", id="a contract's own name"),
        pytest.param(lambda x: x.name("tier", None), "–", "–", id="no name"),
    ],
)
def test_each_language_writes_it_its_own_way(shown, en, zh):
    """By CLDR, as Babel has it."""
    assert (shown(EN), shown(ZH_CN)) == (en, zh)


def test_a_phrase_is_its_english():
    """As a text, in JSON and when compared; with words and values apart it can be said in Chinese."""
    phrase = listed([Phrase("{days} days", days=2), Phrase("together {days}", days=Phrase("1 day"))])
    assert phrase == "2 days; together 1 day"
    assert ZH_CN.say(phrase) == "2天；合计1天"
    assert EN.say(phrase) == "2 days; together 1 day"


def test_names_of_the_domain_are_said_inside_of_sentences():
    """The JSON has `restore_overrun`, a reader has its name."""
    phrase = Phrase("{rule} is worth more", rule="restore_overrun")
    assert str(phrase) == "restore_overrun is worth more"
    assert EN.say(phrase) == "restore time over the limit is worth more"
    assert ZH_CN.say(phrase) == "已按金额更高的“修复超时补偿”补偿"


def test_what_a_person_wrote_is_not_translated():
    """It stays as it is."""
    assert ZH_CN.say("notified 6 h ahead") == "notified 6 h ahead"


def test_an_unknown_word_is_a_defect():
    """It is not printed as a key."""
    with pytest.raises(KeyError):
        EN.word("no such word")
