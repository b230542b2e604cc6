"""Robots of WeCom, DingTalk, Feishu, Lark and ServerChan: what is delivered is what their answer says is."""

import base64
import hmac
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from apprise import Apprise as Library
from apprise.plugins.wecombot import NotifyWeComBot
from hypothesis import given
from hypothesis import strategies as st

from slamon.alerting.channel import Answer, Outcome, Parcel
from slamon.alerting.robots import parts
from slamon.alerting.services import AppriseChannel
from slamon.config.channels import Apprise
from slamon.config.secret import Secret
from tests.alerting.receivers import GARBAGE, HANG, RESET, Receiver, Reply, receiver

AT = datetime(2026, 11, 1, 12, tzinfo=UTC)
KEY = "0123456789abcdef0123456789abcdef"
URLS = {
    "wecom": "wecombot://CANARY-KEY",
    "dingtalk": "dingtalk://CANARYSECRET@CANARYTOKEN/13900001111",
    "feishu": "feishu://CANARY-TOKEN",
    "lark": "lark://CANARY-TOKEN",
    "serverchan": "schan://SCTCANARY",
}
PARCEL = Parcel(KEY, "[AAA] GX-0001 interrupted, 1 h 12 min left", "某银行南宁分行\n线路中断", reason="opened")


def channel(robot: str, gateway: str, timeout_s: float = 5) -> AppriseChannel:
    return AppriseChannel(Apprise(Secret(f"{URLS[robot]}?gateway={gateway}")), lambda: AT, timeout_s)


def answered(
    robot: str, *script: Reply | str, parcel: Parcel = PARCEL, timeout_s: float = 5
) -> tuple[Answer, Receiver]:
    with receiver(*script) as found:
        return channel(robot, found.url, timeout_s).send(parcel), found


OK = {
    "wecom": {"errcode": 0, "errmsg": "ok"},
    "dingtalk": {"errcode": 0, "errmsg": "ok"},
    "feishu": {"StatusCode": 0, "StatusMessage": "success", "code": 0, "data": {}, "msg": "success"},
    "lark": {"code": 0, "data": {}, "msg": "success"},
    "serverchan": {"code": 0, "message": "", "data": {"pushid": "1", "readkey": "x", "error": "SUCCESS", "errno": 0}},
}
DROPPED = [
    ("wecom", {"errcode": 93000, "errmsg": "invalid webhook url"}, "never"),
    ("wecom", {"errcode": 45009, "errmsg": "api freq out of limit"}, "later"),
    ("wecom", {"errcode": -1, "errmsg": "system busy"}, "later"),
    ("dingtalk", {"errcode": 310000, "errmsg": "keywords not in content"}, "never"),
    ("dingtalk", {"errcode": 130101, "errmsg": "send too fast, exceed 20 times per minute"}, "later"),
    ("dingtalk", {"errcode": 410100, "errmsg": "发送速度太快而限流"}, "later"),
    ("feishu", {"code": 19021, "msg": "sign match fail or timestamp is not within one hour"}, "never"),
    ("feishu", {"code": 11232, "msg": "create message trigger frequency limit"}, "later"),
    ("feishu", {"code": 9499, "msg": "too many request"}, "later"),
    ("feishu", {"code": 9499, "msg": "Bad Request"}, "never"),
    ("lark", {"code": 19001, "msg": "param invalid"}, "never"),
    ("serverchan", {"code": 40001, "message": "[AUTH]用户不存在"}, "never"),
    ("serverchan", {"code": 40001, "message": "[AUTH]超过当天的发送次数限制[10]"}, "later"),
]


@pytest.mark.parametrize(("robot", "body", "outcome"), DROPPED)
def test_f18_http_200_with_an_error_code_is_a_failure(robot, body, outcome):
    """F18: the service answers 200 and drops the message; slamon says so, and tells what may pass from what will not.

    Mutant: `robots.read` returns `sent` for any 200 (as Apprise's own plugins do): all of these are "sent". The last
    lines show that Apprise's own plugin, asked directly, does take such an answer for a success.
    """
    found, _ = answered(robot, Reply(body))
    assert found.outcome == outcome
    code = body.get("errcode", body.get("code"))
    assert f" {code}" in found.said
    if robot == "wecom":
        with receiver(Reply(body)) as service:
            theirs: Any = NotifyWeComBot("abc")  # type: ignore[no-untyped-call]
            theirs.api_url = service.url
            assert theirs.send("text") is True


@pytest.mark.parametrize("robot", sorted(OK))
def test_what_the_service_took_is_sent_with_its_key(robot):
    """The receiver can tell a message from its repetition by the key at its end."""
    found, service = answered(robot, Reply(OK[robot]))
    assert found.outcome is Outcome.SENT
    assert len(service.got) == 1
    text = service.got[0].form.get("desp") or service.got[0].body.decode()
    assert "某银行南宁分行" in text
    assert KEY[:12] in text


@pytest.mark.parametrize("robot", sorted(OK))
@pytest.mark.parametrize(
    ("script", "outcome", "said"),
    [
        (Reply("", 429, {"Retry-After": "7"}), "later", "HTTP 429"),
        (Reply("", 503), "later", "HTTP 503"),
        (Reply("<html>a proxy's page</html>"), "never", "HTTP 200, and no answer of this service"),
        (Reply({"hello": 1}), "never", "HTTP 200, and no code in the answer"),
        (Reply("", 404), "never", "HTTP 404, and no answer of this service"),
        (Reply("", 302, {"Location": "http://127.0.0.1:1/"}), "never", "HTTP 302, and no answer of this service"),
        (RESET, "later", "not reached (Connection reset by peer)"),
        (GARBAGE, "later", "not reached (BadStatusLine)"),
    ],
    ids=["429", "503", "a page of somebody else", "JSON of something else", "404", "a redirect", "a reset", "no HTTP"],
)
def test_whatever_else_comes_back_is_no_success(robot, script, outcome, said):
    found, _ = answered(robot, script)
    assert (found.outcome, found.said) == (outcome, said)
    assert found.retry_after_s == (7 if said == "HTTP 429" else None)


def test_a_service_that_hangs_is_left_after_the_timeout():
    found, _ = answered("feishu", HANG, timeout_s=0.2)
    assert (found.outcome, found.said) == ("later", "no answer in time")


def test_wecom_gets_no_text_above_its_2048_bytes():
    """A long text of three-byte characters goes in numbered parts, cut at lines, each with the limit kept."""
    body = "\n".join(f"GX-{n:04d} 某银行南宁分行 剩余 1 小时 12 分" for n in range(120))
    parcel = Parcel(KEY, "120 条线路中断", body)
    found, service = answered("wecom", Reply(OK["wecom"]), parcel=parcel)
    texts = [got.json["text"]["content"] for got in service.got]
    assert found.outcome is Outcome.SENT
    assert len(texts) > 2
    assert all(len(text.encode()) <= 2048 for text in texts)
    assert [text.rsplit(" ", 1)[1] for text in texts] == [f"({n}/{len(texts)})" for n in range(1, len(texts) + 1)]
    assert all(f"GX-{n:04d} 某银行南宁分行 剩余 1 小时 12 分" in "\n".join(texts) for n in range(120))


def test_a_part_that_is_not_taken_fails_the_message_and_ends_it():
    parcel = Parcel(KEY, "t", "\n".join("长" * 300 for _ in range(10)))
    found, service = answered("wecom", Reply(OK["wecom"]), Reply({"errcode": 45009, "errmsg": "freq"}), parcel=parcel)
    assert found.outcome is Outcome.LATER
    assert len(service.got) == 2


def test_dingtalk_is_signed_as_it_asks_and_mentions_the_one_on_call():
    _, service = answered("dingtalk", Reply(OK["dingtalk"]))
    query = {name: values[0] for name, values in parse_qs(urlsplit(service.got[0].path).query).items()}
    stamp = str(int(AT.timestamp() * 1000))
    expected = hmac.new(b"CANARYSECRET", f"{stamp}\nCANARYSECRET".encode(), sha256).digest()
    assert query == {"access_token": "CANARYTOKEN", "timestamp": stamp, "sign": base64.b64encode(expected).decode()}
    assert service.got[0].json["at"]["atMobiles"] == ["13900001111"]


@pytest.mark.parametrize("length", [32, 33])
def test_serverchan_gets_no_title_above_32_characters(length):
    """One that is longer stands whole in the text."""
    title = "标" * length
    _, service = answered("serverchan", Reply(OK["serverchan"]), parcel=Parcel(KEY, title, "正文"))
    form = service.got[0].form
    assert len(form["title"]) <= 32
    assert (title in form["desp"]) == (length == 33)


def test_the_webhook_url_that_wecom_shows_is_a_url_of_ours_too():
    url = "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=abc-def"
    channel("wecom", "http://127.0.0.1:1")  # registers
    found = Library.instantiate(url)
    assert type(found).__name__ == "WeComRobot"


@given(st.text(alphabet="ab 中😀\n", max_size=400), st.integers(40, 200))
def test_parts_keep_the_limit_and_lose_nothing(text, limit):
    found = parts(text, limit)
    assert all(len(part.encode()) <= limit for part in found)
    plain = [part.rsplit(" (", 1)[0] for part in found] if len(found) > 1 else found
    assert "".join("".join(plain).split()) == "".join(text.split())
