"""The printed page: what stands on it, in both languages, and what can never get into it."""

import dataclasses
import re
import subprocess
import sys
from collections import Counter
from datetime import timedelta
from decimal import Decimal
from html.parser import HTMLParser

import pytest
from hypothesis import given, settings

from slamon.core.customers import customers
from slamon.core.location import Cause, Hypothesis
from slamon.core.phrase import Phrase
from slamon.core.statement import LineStatement
from slamon.reports.agreed import why_nothing
from slamon.reports.language import LANGUAGES
from slamon.reports.printed import Extras, printed
from tests.reports.gallery import CREDIT, FULL_HEADER, customer, extras, lines
from tests.reports.month import HEADER, MONTH_END, ONSET, episode, of_customer, statement
from tests.reports.test_sums import months

HOSTILE = {
    "a formula": '=cmd|"/C calc"!A0',
    "a script": "<script>alert(1)</script>",
    "an attribute": '" onload="alert(1)" x=\'',
    "a template": "{{ 7 * 7 }}{% raw %}",
    "an entity": "&lt;b&gt; &#x202e;",
    "marks that turn the direction": "\u202eevil\u202c \u2066x\u2069",
    "control characters": "\x1b[31mred\x00\x07",
    "a style": "</style><style>*{display:none}</style>",
    "an end of a comment": "--> ]]>",
    "a file": "file:///etc/passwd",
    "two hundred signs": "长" * 200,
    "two hundred letters": "x" * 200,
    "a lone surrogate": "a\ud800b",
}


class Page(HTMLParser):
    """The elements and texts of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: Counter[str] = Counter()
        self.attributes: list[tuple[str, str, str]] = []
        self.texts: list[str] = []
        self.open: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.tags[tag] += 1
        self.attributes += [(tag, name, value or "") for name, value in attrs]
        if tag not in {"meta", "br", "rect", "line", "path"}:
            self.open.append(tag)

    def handle_endtag(self, tag):
        if tag in self.open:
            while self.open.pop() != tag:
                pass

    def handle_data(self, data):
        if not {"style", "title", "svg"} & set(self.open) and data.strip():
            self.texts.append(data.strip())

    @property
    def text(self) -> str:
        return "\n".join(self.texts)


def page(code: str = "en") -> str:
    return printed(FULL_HEADER, customer(), LANGUAGES[code], extras())


AMOUNT = re.compile(r"(?<![\d.,])[\d,]+\.\d\d(?![\d.])")


@pytest.mark.parametrize("code", ["zh", "en"])
def test_the_page_says_what_the_customer_gets(code):
    """The credit worked out by hand stands on the cover, in the summary and in the table of lines."""
    found = AMOUNT.findall(Page(page(code)).text)
    assert found.count("3,384.58") >= 4
    assert customer().credit_total == CREDIT


@pytest.mark.parametrize("code", ["zh", "en"])
def test_every_line_and_incident_is_on_the_page_with_all_that_was_worked_out(code):
    """Each clock, exclusion and item of compensation, paid or not, with its derivation."""
    language, text = LANGUAGES[code], re.sub(r"\s+", "", Page(page(code)).text)
    for line in lines():
        assert line.line.line_id in text
        for shown in (*line.incidents, *line.pending):
            facts = [
                language.instant(shown.incident.onset, line.zone),
                language.instant(shown.incident.alarm, line.zone),
            ]
            facts += [language.duration(clock.restore_s) for clock in shown.clocks]
            facts += [language.hours(clock.limit_s) for clock in shown.clocks]
            facts += [language.say(one.why) for one in shown.adjudged]
            facts += [language.say(credit.derivation) for credit in shown.credits]
            facts += [language.say(credit.why) for credit in shown.credits if credit.why]
            facts += [] if shown.credits else [language.word(f"nothing.{why_nothing(shown, line)}")]
            missing = [fact for fact in facts if re.sub(r"\s+", "", fact) not in text]
            assert missing == []


def test_a_hypothesis_stands_beside_the_responsibility():
    """Its cause in words and what speaks for it, in the page's language; where nothing tells, that is said."""
    for cause, reason, said in (
        (Cause.CARRIER_ACCESS, Phrase("the carrier's port counts errors"), ("运营商接入侧", "运营商侧端口有误码")),
        (None, Phrase("it fell alone"), ("无法判断", "仅此一条线路中断")),
    ):
        line = statement(episode())
        told = dataclasses.replace(line.incidents[0], hypothesis=Hypothesis(cause, (reason,)))
        (owner,) = customers([dataclasses.replace(line, incidents=(told,))])
        shown = printed(HEADER, owner, LANGUAGES["zh"], Extras())
        assert [text for text in ("原因推断", *said) if text not in shown] == []


@pytest.mark.parametrize(
    ("kept", "said"),
    [
        pytest.param(None, "本月未留存每小时测量数据", id="no rollups are kept here"),
        pytest.param({}, "本月未对该专线进行测量", id="the line was never measured"),
    ],
)
def test_a_missing_chart_says_why(kept, said):
    """The absence of a chart is never read as a good month."""
    assert said in printed(FULL_HEADER, customer(), LANGUAGES["zh"], Extras(kept))


def test_a_gap_in_a_chart_says_why():
    """Hours without figures, and hours in which nothing was sent, are hatched and named."""
    text = Page(page("en")).text
    assert "no figures kept" in text
    assert "not observed" in text


def test_nothing_refers_to_anything_outside():
    """No address, no import, no script; links stay on the page, patterns in their own drawing."""
    shown = page("zh")
    found = Page(shown)
    refers = [value for _, name, value in found.attributes if name in {"href", "src", "action", "data", "xlink:href"}]
    assert [value for value in refers if not value.startswith("#")] == []
    assert not {"script", "link", "iframe", "object", "embed", "img", "base", "form"} & set(found.tags)
    assert not re.search(r"@import|url\((?!#)|https?://(?!www\.w3\.org/2000/svg)", shown)


def supposed(line: LineStatement, reason: str) -> LineStatement:
    """A statement whose incidents have a reason for where the fault seems to lie, such as a device's name."""
    found = Hypothesis(None, (reason,))
    told = tuple(dataclasses.replace(one, hypothesis=found) for one in line.incidents)
    return dataclasses.replace(line, incidents=told)


@pytest.mark.parametrize("name", [pytest.param(text, id=kind) for kind, text in HOSTILE.items()])
def test_a_hostile_name_is_a_text(name):
    """In every place a person can fill: it makes no element, no attribute, and steers nothing.

    Mutant: with `autoescape=False` the script is an element; without `finalize` the control signs stay.
    """
    line = statement(episode(), period=of_customer("C1", name=name, customer_name=name, account=name))
    (owner,) = customers([supposed(line, name)])
    plain = statement(episode(), period=of_customer("C1", name="n", customer_name="n", account="n"))
    hostile = printed(HEADER, owner, LANGUAGES["en"], Extras({}))
    (other,) = customers([supposed(plain, "n")])
    harmless = printed(HEADER, other, LANGUAGES["en"], Extras({}))
    assert Page(hostile).tags == Page(harmless).tags
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]", hostile)
    hostile.encode("utf-8")


@settings(max_examples=25)
@given(months())
def test_the_page_adds_up_to_the_statement(found):
    """Each line's and the customer's credit stand on the page with all their digits."""
    for owner in customers(found):
        amounts = {
            Decimal(text.replace(",", ""))
            for text in AMOUNT.findall(Page(printed(HEADER, owner, LANGUAGES["en"])).text)
        }
        assert owner.credit_total in amounts
        assert {line.totals.credit for line in owner.lines} <= amounts


@pytest.mark.parametrize("code", ["zh", "en"])
def test_the_same_statement_gives_the_same_bytes(code):
    """Twice in one process."""
    assert page(code) == page(code)


def test_another_process_makes_the_same_bytes():
    """Whatever the seed of its hashes.

    Mutant: without `sorted` around the exempt responsibilities (a set) their order changes from process to process.
    """
    program = (
        "import hashlib; from tests.reports.test_printed import page; "
        "print(hashlib.sha256(page('zh').encode()).hexdigest())"
    )
    sums = {
        subprocess.run(
            [sys.executable, "-c", program],
            env={"PYTHONHASHSEED": seed, "PYTHONPATH": "."},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(sums) == 1


def test_an_open_incident_within_its_limit_has_nothing_so_far():
    """An hour before the month's end: whether a limit will be kept is not known yet."""
    line = statement(episode(MONTH_END - timedelta(hours=1), None))
    assert why_nothing(line.pending[0], line) == "so_far"


@pytest.mark.parametrize(
    ("change", "why"),
    [
        pytest.param({}, "kept", id="every limit was kept"),
        pytest.param({"false_alarm": True}, "false_alarm", id="it was struck out"),
    ],
)
def test_an_incident_that_earns_nothing_says_why(change, why):
    """An incident of half an hour within every limit; the same struck out."""
    line = statement(episode(restored=ONSET + timedelta(minutes=30)))
    (shown,) = line.incidents
    shown = dataclasses.replace(shown, incident=dataclasses.replace(shown.incident, **change))
    assert why_nothing(shown, line) == why
