"""The words of messages: what a telephone shows, in two languages, whatever stands in names and templates."""

from __future__ import annotations

import unicodedata
from dataclasses import replace
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from structlog.testing import capture_logs

from slamon.alerting.segments import segments
from slamon.alerting.wording import NAMES, SHIPPED, SMS_UNITS, TITLE_COLUMNS, Worded, Wording
from slamon.alerting.wording_check import template_problems
from slamon.alerting.wording_samples import samples
from slamon.alerting.wording_text import columns, duration, fitted, neutral, packed, units
from slamon.core.alerting.facts import Reason
from slamon.core.alerting.people import Person
from slamon.core.alerting.telling import Message

NANNING = ZoneInfo("Asia/Shanghai")
ZHANG = Person("zhang", ("screen",), NANNING, "zh")
WANG = Person("wang", ("screen",), NANNING, "en")
BOTH = (ZHANG, WANG)
SAMPLES = list(samples())
WORDING = Wording()


def first(reason: Reason) -> Message:
    """The plain sample of a reason: one line, one agent, one window."""
    return next(message for message in SAMPLES if message.reason is reason)


TITLES: dict[Reason, tuple[str, str]] = {
    Reason.OPENED: (
        "[AAA] GX-0001 中断，剩 1 小时 12 分，某银行南宁分行",
        "[AAA] GX-0001 interrupted, 1 h 12 min left, 某银行南宁分行",
    ),
    Reason.WORSENED: (
        "[AAA] GX-0001 恶化为中断，剩 1 小时 12 分，某银行南宁分行",
        "[AAA] GX-0001 now interrupted, 1 h 12 min left, 某银行南宁分行",
    ),
    Reason.LIMIT_USED: (
        "[AAA] GX-0001 中断，时限已用 50%，剩 1 小时 12 分，某银行南宁分…",
        "[AAA] GX-0001 interrupted, 50% of limit used, 1 h 12 min left…",
    ),
    Reason.STATUTORY_MISSED: (
        "[AAA] GX-0001 超出法定时限，须告知客户，某银行南宁分行",
        "[AAA] GX-0001 law's limit missed, tell the customer, 某银行南宁…",
    ),
    Reason.REMINDER: (
        "[AAA] GX-0001 仍中断，无人确认，剩 1 小时 12 分，某银行南宁分行",
        "[AAA] GX-0001 still interrupted, not acknowledged, 1 h 12 min l…",
    ),
    Reason.ESCALATED: (
        "[AAA] GX-0001 中断，无人确认，剩 1 小时 12 分，某银行南宁分行",
        "[AAA] GX-0001 interrupted, not acknowledged, 1 h 12 min left…",
    ),
    Reason.RESTORED: (
        "[AAA] GX-0001 已恢复，历时 48 分 10 秒，某银行南宁分行",
        "[AAA] GX-0001 restored after 48 min 10 s, 某银行南宁分行",
    ),
    Reason.REOPENED: (
        "[AAA] GX-0001 再次中断，剩 1 小时 12 分，某银行南宁分行",
        "[AAA] GX-0001 interrupted again, 1 h 12 min left, 某银行南宁分行",
    ),
    Reason.WITHDRAWN: (
        "[AAA] GX-0001 误报，已撤销，某银行南宁分行",
        "[AAA] GX-0001 false alarm, withdrawn, 某银行南宁分行",
    ),
    Reason.DECISION_AWAITED: (
        "[AAA] GX-0001 责任待定，某银行南宁分行",
        "[AAA] GX-0001 responsibility undecided, 某银行南宁分行",
    ),
    Reason.BLIND_VANTAGE: ("slamon：监测点 nanning-1 失去视野", "slamon: monitor nanning-1 is blind"),
    Reason.AGENT_SILENT: ("slamon：SNMP 代理 nanning-1 无应答", "slamon: SNMP agent nanning-1 is silent"),
    Reason.DELIVERY_BACKLOG: ("slamon：12 条告警未送达：nanning-1", "slamon: 12 messages stuck: nanning-1"),
    Reason.MAINTENANCE_STARTING: (
        "计划作业 M-3 09:18 开始，2 条专线",
        "Planned work M-3 starts 09:18, 2 lines",
    ),
    Reason.MAINTENANCE_ENDING: (
        "[AAA] GX-0001 中断，作业 09:18 结束，剩 1 小时 12 分，某银行南…",
        "[AAA] GX-0001 interrupted, planned work ends 09:18, 1 h 12 min…",
    ),
    Reason.MAINTENANCE_OVERRUNNING: (
        "[AAA] GX-0001 作业结束后仍中断，剩 1 小时 12 分，某银行南宁分行",
        "[AAA] GX-0001 interrupted after planned work, 1 h 12 min left…",
    ),
}


@pytest.mark.parametrize("reason", list(Reason))
def test_titles_say_the_line_what_is_wrong_and_what_is_left(reason: Reason) -> None:
    """For each reason, word by word; what does not fit the first line is cut where it stands."""
    said = tuple(WORDING.render(first(reason), person).title for person in BOTH)
    assert said == TITLES[reason]


def test_a_body_has_the_facts_the_clock_the_hypothesis_and_the_command_to_type() -> None:
    """The whole text of an escalation, as it arrives."""
    assert WORDING.render(first(Reason.ESCALATED), WANG).body == (
        "Why: nobody has acknowledged; you are step 2 of chain default.\n"
        "\n"
        "[AAA] GX-0001 某银行南宁分行互联网专线, 某银行南宁分行\n"
        "#17 interrupted since 2026-10-03 08:00 (48 min 10 s)\n"
        "restore limit (interruption): 48 min used of 2 h, 1 h 12 min left, until 2026-10-03 10:00\n"
        "limit of the law: 30 min used of 2 d, 1 d 23 h left, until 2026-10-05 08:18\n"
        "Responsibility: carrier (seen at: demarc)\n"
        "Perhaps: 端口 GE1/0/3 自 08:00 起关闭 (port down)\n"
        "\n"
        "To answer: slamon incident ack 17\n"
    )
    assert WORDING.render(first(Reason.ESCALATED), ZHANG).body == (
        "原因：无人确认；您是值班链 default 的第 2 级。\n"
        "\n"
        "[AAA] GX-0001 某银行南宁分行互联网专线，某银行南宁分行\n"
        "#17 中断 自 2026-10-03 08:00 起（已 48 分 10 秒）\n"
        "中断修复时限：已用 48 分 / 2 小时，剩 1 小时 12 分，至 2026-10-03 10:00\n"
        "法定修复时限：已用 30 分 / 2 天，剩 1 天 23 小时，至 2026-10-05 08:18\n"
        "责任：运营商（依据：demarc）\n"
        "推测：端口 GE1/0/3 自 08:00 起关闭 (port down)\n"
        "\n"
        "确认：slamon incident ack 17\n"
    )


def test_a_digest_lists_twenty_lines_and_counts_the_others() -> None:
    """Thirty lines: their tiers, twenty of them one a line, ten by number, one command for all."""
    digest = next(message for message in SAMPLES if message.reason is Reason.OPENED and len(message.points) == 30)
    body = WORDING.render(digest, WANG).body.splitlines()
    assert body[:3] == [
        "Why: 30 further lines belong to it.",
        "Common: upstream OLT-3; 30 lines down.",
        "Lines: 1 AAA, 29 A.",
    ]
    assert sum(line.startswith("[A] GX-0002 #18 interrupted 48 min 10 s, Example Ltd") for line in body) == 19
    assert body[-3:] == ["and 10 more: slamon status", "", "To answer for all of them: slamon incident ack 17"]
    assert WORDING.render(digest, WANG).title == "[AAA] GX-0001 +29 interrupted, 1 h 12 min left, upstream OLT-3"


def test_times_are_those_of_the_receiver() -> None:
    """Somebody in Berlin reads Berlin's time."""
    berlin = replace(WANG, zone=ZoneInfo("Europe/Berlin"))
    assert "since 2026-10-03 02:00" in WORDING.render(first(Reason.OPENED), berlin).body


COMMANDS = {
    Reason.STATUTORY_MISSED: "slamon incident note 17 --text",
    Reason.RESTORED: "slamon incident show 17",
    Reason.WITHDRAWN: "slamon incident show 17",
    Reason.DECISION_AWAITED: "slamon incident correct 17 --responsibility carrier --reason",
    Reason.BLIND_VANTAGE: "slamon status",
    Reason.AGENT_SILENT: "slamon status",
    Reason.DELIVERY_BACKLOG: "slamon status",
    Reason.MAINTENANCE_STARTING: "slamon maintenance list",
}


@pytest.mark.parametrize("person", BOTH, ids=["in Chinese", "in English"])
@pytest.mark.parametrize("reason", list(Reason))
def test_every_message_says_why_it_is_sent_and_what_to_type(reason: Reason, person: Person) -> None:
    said = WORDING.render(first(reason), person)
    assert said.why
    assert said.why in said.body.splitlines()[0]
    assert COMMANDS.get(reason, "slamon incident ack 17") in said.body


def test_no_two_reasons_are_told_by_the_same_words() -> None:
    """What a message is about can be told from its reason line alone."""
    for person in BOTH:
        assert len({WORDING.render(first(reason), person).why for reason in Reason}) == len(Reason)


@pytest.mark.parametrize("person", BOTH, ids=["in Chinese", "in English"])
def test_whatever_the_message_its_pieces_fit(person: Person) -> None:
    """Titles fit a telephone's first line, short ones a segment beside any signature; nothing is left unfilled."""
    for message in SAMPLES:
        for room in (40, 60):
            assert 0 < units(WORDING.render(message, person, room).sms) <= room
        said = WORDING.render(message, person)
        assert 0 < columns(said.title) <= TITLE_COLUMNS
        assert 0 < units(said.sms) <= SMS_UNITS
        assert segments(said.sms) == 1
        for text in (said.title, said.why, said.sms):
            assert text == " ".join(text.split())
        for text in (said.title, said.why, said.sms, said.body):
            assert not any(word in text for word in ("None", "{{", "{%", "Undefined", "[]", "  "))
        assert "\n\n\n" not in said.body


def test_a_short_message_keeps_what_matters_most() -> None:
    """Less room costs the customer's name first, then the command, then what is left; never the line."""
    said = [WORDING.render(first(Reason.OPENED), ZHANG, room).sms for room in (70, 40, 30, 20, 8)]
    assert said == [
        "[AAA]GX-0001 中断，剩 1 小时 12 分，ack 17，某银行南宁分行",
        "[AAA]GX-0001 中断，剩 1 小时 12 分，ack 17",
        "[AAA]GX-0001 中断，剩 1 小时 12 分",
        "[AAA]GX-0001 中断",
        "[AAA]GX-",
    ]


# --- names from outside ---

EVIL = "某\u202e银行\u200b\x1b[31m\r\nBcc: all@example.com\u2028{{ 7 * 7 }}<b>&\ud83d\ude00".encode(
    "utf-16", "surrogatepass"
)
NASTY = EVIL.decode("utf-16") + "o" + "\u0301" * 40


def named(message: Message, name: str) -> Message:
    """The same message about a line and a customer of that name."""
    points = tuple(
        replace(
            point,
            incident=replace(
                point.incident, line_name=name, customer_name=name, tier=name, hypothesis=name, upstream=name
            ),
        )
        for point in message.points
    )
    conditions = tuple(replace(one, subject=name) for one in message.conditions)
    windows = tuple(replace(one, upstream=name, line_ids=(name,)) for one in message.windows)
    cause = replace(message.cause, keys=frozenset({f"upstream:{name}", "site:NN"}))
    return replace(message, points=points, conditions=conditions, windows=windows, cause=cause)


@pytest.mark.parametrize("person", BOTH, ids=["in Chinese", "in English"])
def test_names_cannot_break_out_of_their_line(person: Person) -> None:
    """No control character, no mark that turns the writing, no line of their own, no template in a name."""
    for message in SAMPLES:
        plain, said = (WORDING.render(named(message, name), person) for name in ("Bank", NASTY))
        assert said.body.count("\n") == plain.body.count("\n")
        assert "{{ 7 * 7 }}" in said.body or "Bank" not in plain.body
        for text in (said.title, said.why, said.sms, *said.body.splitlines()):
            assert text.isprintable()
            assert not any(unicodedata.category(c) in ("Cc", "Cf", "Cs", "Zl", "Zp") for c in text)


@given(st.text())
def test_a_neutral_text_is_one_printable_line_and_stays_what_it_is(text: str) -> None:
    """Whatever comes in; and what is neutral already is left as it is."""
    said = neutral(text)
    assert not any(unicodedata.category(c) in ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp") for c in said)
    assert neutral(said) == said.strip()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        pytest.param("某银行 (南宁) Ltd. & Söhne", "某银行 (南宁) Ltd. & Söhne", id="an honest name stays as it is"),
        pytest.param("a\r\nb\tc\u2028d", "a b c d", id="breaks become spaces"),
        pytest.param("\u202eabc\u2069", "abc", id="marks that turn the writing go"),
        pytest.param("\x1b[31mred", "[31mred", id="a terminal's commands are disarmed"),
        pytest.param("o" + "\u0301" * 40, "o" + "\u0301" * 4, id="towers of accents are cut down"),
    ],
)
def test_what_becomes_of_names(text: str, said: str) -> None:
    assert neutral(text) == said


# --- durations, widths ---


@pytest.mark.parametrize(
    ("seconds", "english", "chinese"),
    [
        pytest.param(0, "0 s", "0 秒", id="nothing is said as such"),
        pytest.param(59.9, "59 s", "59 秒", id="what is left is never rounded up"),
        pytest.param(60, "1 min", "1 分", id="a unit that is nought is left out"),
        pytest.param(4320, "1 h 12 min", "1 小时 12 分", id="two units are enough"),
        pytest.param(3605, "1 h", "1 小时", id="the third one is dropped, though the second is nought"),
        pytest.param(-90, "1 min 30 s", "1 分 30 秒", id="the sign is told in words elsewhere"),
        pytest.param(200_000, "2 d 7 h", "2 天 7 小时", id="days are the largest"),
    ],
)
def test_durations_read_as_people_say_them(seconds: float, english: str, chinese: str) -> None:
    assert (duration(seconds, "en"), duration(seconds, "zh")) == (english, chinese)


@given(st.text(), st.integers(2, 80))
def test_a_fitted_text_fits_and_begins_like_the_whole(text: str, width: int) -> None:
    """Wide characters count twice, and what is cut says so."""
    said = fitted(text, width)
    assert columns(said) <= width
    assert said == text or text.startswith(said.removesuffix("…"))


@given(st.lists(st.integers(0, 30), max_size=6), st.integers(0, 70), st.booleans())
def test_packed_pieces_fit_and_keep_their_order(lengths: list[int], room: int, wide: bool) -> None:
    """Characters beyond the basic plane count as two, as a gateway counts them; whole pieces or none, but the first."""
    letters = "\U00020000\U00020001\U00020002\U00020003\U00020004\U00020005" if wide else "abcdef"
    pieces = [letter * length for letter, length in zip(letters, lengths, strict=False)]
    said = packed(pieces, room, ", ")
    assert units(said) <= room
    kept = said.split(", ") if said else []
    assert kept[1:] == [piece for piece in pieces if piece in kept[1:]]
    assert not kept or kept[0] in pieces or next(piece for piece in pieces if piece).startswith(kept[0])


# --- an operator's templates ---


def test_an_operators_template_takes_the_place_of_the_shipped_one(tmp_path: Path) -> None:
    """One file, one piece in one language; everything else stays as it ships."""
    (tmp_path / "title.zh.j2").write_text("值班:{{ lead.id }} {{ lead.left_s | duration }}", "utf-8")
    own = Wording(tmp_path)
    assert own.render(first(Reason.OPENED), ZHANG).title == "值班:GX-0001 1 小时 12 分"
    assert own.render(first(Reason.OPENED), WANG) == WORDING.render(first(Reason.OPENED), WANG)
    assert own.render(first(Reason.OPENED), ZHANG).body == WORDING.render(first(Reason.OPENED), ZHANG).body


@pytest.mark.parametrize(
    "template",
    [
        pytest.param("{{ lead.custmer }}", id="a variable that is missing"),
        pytest.param("{% if %}", id="a template that is none"),
        pytest.param("{{ 1 / 0 }}", id="arithmetic that fails"),
        pytest.param("{{ lines.__class__.__mro__ }}", id="a way out of the sandbox"),
        pytest.param("{% for i in range(10 ** 9) %}x{% endfor %}", id="a loop without end"),
    ],
)
def test_a_template_that_fails_never_costs_an_alert(template: str, tmp_path: Path) -> None:
    """The shipped one speaks instead, and the log says which one failed, not what it was about."""
    (tmp_path / "title.en.j2").write_text(template, "utf-8")
    with capture_logs() as logged:
        said = Wording(tmp_path).render(first(Reason.OPENED), WANG)
    assert said == WORDING.render(first(Reason.OPENED), WANG)
    assert [(one["event"], one["template"]) for one in logged] == [("template_failed", "title.en.j2")]
    assert "某银行" not in str(logged)


BAD: dict[str, tuple[str, str, str]] = {
    "a name of no template": ("tilte.en.j2", "x", "is the name of no template; Did you mean 'title.en.j2'?"),
    "a variable of no message": (
        "why.en.j2",
        "{{ resaon }}",
        "line 1: 'resaon' is no variable; Did you mean 'reason'?",
    ),
    "a member of nothing": (
        "title.zh.j2",
        "x\n{{ lead.teir }}",
        "line 2: fails for a message of reason opened: 'dict object' has no attribute 'teir'; Did you mean 'tier'?",
    ),
    "a template that is none": (
        "sms.en.j2",
        "x\n\n{% if %}",
        "line 3: is not a template: Expected an expression, got 'end of statement block'",
    ),
    "one that has nothing to say of the monitor": (
        "title.en.j2",
        "{{ lead.id if lead }}",
        "says nothing for a message of reason blind_vantage",
    ),
    "a way out of the sandbox": (
        "body.zh.j2",
        "{{ lines.__class__ }}",
        "line 1: fails for a message of reason opened: access to attribute '__class__' of 'list' object is unsafe.",
    ),
    "a filter that there is none of": (
        "body.en.j2",
        "{{ why | loud }}",
        "line 1: is not a template: No filter named 'loud'.",
    ),
}


@pytest.mark.parametrize(("name", "template", "wanted"), BAD.values(), ids=BAD)
def test_what_is_wrong_with_a_template_is_said_before_it_is_needed(
    name: str, template: str, wanted: str, tmp_path: Path
) -> None:
    path = tmp_path / name
    path.write_text(template, "utf-8")
    assert [str(problem) for problem in template_problems(tmp_path)] == [f"{path}: {wanted}"]


def test_the_templates_that_ship_are_in_order_and_complete() -> None:
    """Each piece in each language, tried on every sample; and a folder that is not there is a problem."""
    assert {path.name for path in SHIPPED.glob("*.j2")} == NAMES
    assert template_problems(SHIPPED) == []
    assert [problem.reason for problem in template_problems(SHIPPED / "none")] == ["is no folder"]


def test_there_is_a_sample_of_every_reason_and_every_shape() -> None:
    """Alone, with fellows, without name, number and limit; trouble that begins, ends and has many subjects."""
    assert {message.reason for message in SAMPLES} == set(Reason)
    assert isinstance(WORDING.render(SAMPLES[0], ZHANG), Worded)
    assert {len(message.points) for message in SAMPLES} == {0, 1, 30}
