"""Group robots of WeCom, DingTalk, Feishu/Lark and ServerChan, as Apprise plugins that read what the service answers.

Apprise's own take any HTTP 200 as delivered; these services answer 200 and say in the body that they dropped the
message (F18). Ours stand in for them under the same URLs, and know the services' limits, which count bytes: a long
text is cut at lines and sent in parts. ``?gateway=https://...`` names a private deployment of the service.
"""

from __future__ import annotations

import base64
import hmac
import json
import re
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any, ClassVar
from urllib.parse import quote, urlencode

from apprise.manager_plugins import NotificationManager
from apprise.plugins.dingtalk import NotifyDingTalk
from apprise.plugins.feishu import NotifyFeishu
from apprise.plugins.lark import NotifyLark
from apprise.plugins.serverchan import NotifyServerChan
from apprise.plugins.wecombot import NotifyWeComBot

from slamon.alerting.channel import Answer, Parcel, later, never, sent
from slamon.alerting.web import Reply, Request, Unreached, ask

_JSON = {"Content-Type": "application/json; charset=utf-8"}


@dataclass(frozen=True, slots=True)
class Dialect:
    """How a service answers: where its code stands, which codes mean not now, which words do."""

    codes: tuple[str, ...]
    busy: frozenset[int]
    words: re.Pattern[str]
    words_in: tuple[str, ...]
    pause_s: float = 60


# Codes from the services' own pages: -1 is "system busy" everywhere.
WECOM = Dialect(("errcode",), frozenset({-1, 45009, 45033}), re.compile("freq|limit"), ("errmsg",))
DINGTALK = Dialect(
    ("errcode",),
    frozenset({-1, 90018, 90030, 130101, 130102, 410100}),
    re.compile("too fast|too frequent|over limit|限流"),
    ("errmsg",),
)
FEISHU = Dialect(
    ("code", "StatusCode"),
    frozenset({11232, 11247, 230020, 99991400}),
    re.compile("frequency limit|too many request|rate limit"),
    ("msg", "StatusMessage"),
)
SERVERCHAN = Dialect(
    ("code", "errno"), frozenset({40026}), re.compile("次数限制|too many|频"), ("message", "errmsg"), 600
)


def read(reply: Reply, dialect: Dialect) -> Answer:
    """Return what a service's answer means, body first; an answer without a code it knows is no success."""
    if reply.status == 429 or reply.status >= 500:
        return later(f"HTTP {reply.status}", reply.retry_after_s)
    try:
        said = json.loads(reply.body)
    except ValueError:
        said = None
    if not isinstance(said, dict):
        return never(f"HTTP {reply.status}, and no answer of this service")
    name, code = next(((name, said[name]) for name in dialect.codes if name in said), ("", None))
    if not isinstance(code, int) or isinstance(code, bool):
        return never(f"HTTP {reply.status}, and no code in the answer")
    told = f"HTTP {reply.status}, {name} {code}"
    if code == 0 and 200 <= reply.status < 300:
        return sent(told)
    words = " ".join(str(said.get(key, "")) for key in dialect.words_in)
    if code in dialect.busy or dialect.words.search(words):
        return later(f"{told} (limited)", reply.retry_after_s or dialect.pause_s)
    return never(told)


def parts(text: str, limit_bytes: int) -> list[str]:
    """Return the text in parts of at most so many bytes of UTF-8, cut at lines where they fit, numbered."""
    if len(text.encode()) <= limit_bytes:
        return [text]
    room = limit_bytes - len(" (999/999)")
    found, part = [], ""
    for line in text.splitlines(keepends=True):
        for piece in _pieces(line, room):
            if part and len((part + piece).encode()) > room:
                found.append(part)
                part = ""
            part += piece
    found.append(part)
    return [f"{one.rstrip()} ({number}/{len(found)})" for number, one in enumerate(found, 1)]


def _pieces(line: str, room: int) -> list[str]:
    found, piece, size = [], "", 0
    for c in line:
        width = len(c.encode())
        if size + width > room:
            found.append(piece)
            piece, size = "", 0
        piece, size = piece + c, size + width
    return [*found, piece]


class Robot:
    """What our plugins share: the request is made here, and its answer read before anybody is told of a success."""

    dialect: ClassVar[Dialect]
    limit_bytes: ClassVar[int]

    # Apprise counts characters, the services bytes: it hands the text over whole, and we cut it.
    body_maxlen = 1_000_000
    title_maxlen = 1000

    timeout_s: float = 15
    parcel: Parcel | None = None
    now: Callable[[], datetime]

    def __init__(self, *args: Any, gateway: str = "", **kwargs: Any) -> None:  # noqa: ANN401 - Apprise's signature
        super().__init__(*args, **kwargs)
        self.gateway = gateway.rstrip("/")
        self.answers: list[Answer] = []

    @classmethod
    def parse_url(cls, url: str) -> dict[str, Any] | None:
        """Return the URL's parts, the gateway among them."""
        results: dict[str, Any] | None = super().parse_url(url)  # type: ignore[misc]  # the plugin's beside us
        if results:
            results["gateway"] = results["qsd"].get("gateway", "")
            if results.get("token") == "":  # Apprise's pattern for ServerChan wants nothing after the key
                results["token"] = results["host"]
        return results

    def send(self, body: str, title: str = "", **_: Any) -> bool:  # noqa: ANN401 - Apprise's signature
        """Send a message in as many parts as it needs; true when the service says that it took all of them."""
        mark = f"\n[{self.parcel.key[:12]}]" if self.parcel is not None else ""
        for text in parts(self.whole(title, body) + mark, self.limit_bytes):
            try:
                answer = read(ask(self.request(title, text)), self.dialect)
            except Unreached as error:
                answer = later(str(error))
            self.answers.append(answer)
            if answer.outcome != "sent":
                return False
        return True

    def whole(self, title: str, body: str) -> str:
        """Return the text of a message whose service has no titles."""
        return f"{title}\n{body}" if title else body

    def request(self, title: str, text: str) -> Request:
        """Return the request that carries a part."""
        raise NotImplementedError

    def posting(self, url: str, payload: Mapping[str, object]) -> Request:
        """Return a POST of JSON."""
        return Request(url, json.dumps(payload, ensure_ascii=False).encode(), _JSON, self.timeout_s)


class WeComRobot(Robot, NotifyWeComBot):  # type: ignore[misc, no-untyped-call]
    """``wecombot://KEY``: a text has at most 2048 bytes."""

    dialect = WECOM
    limit_bytes = 2048

    def request(self, title: str, text: str) -> Request:  # noqa: ARG002 - one signature for all
        """Return the request that carries a part."""
        host = self.gateway or "https://qyapi.weixin.qq.com"
        url = f"{host}/cgi-bin/webhook/send?key={quote(self.key)}"
        return self.posting(url, {"msgtype": "text", "text": {"content": text}})


class DingTalkRobot(Robot, NotifyDingTalk):  # type: ignore[misc, no-untyped-call]
    """``dingtalk://[SECRET@]TOKEN/[PHONE]``: a message has at most 20000 bytes, its wrapping included."""

    dialect = DINGTALK
    limit_bytes = 16_000

    def request(self, title: str, text: str) -> Request:  # noqa: ARG002
        """Return the request that carries a part."""
        query = {"access_token": self.token}
        if self.secret:
            query |= self._signed(int(self.now().timestamp() * 1000))
        url = f"{self.gateway or 'https://oapi.dingtalk.com'}/robot/send?{urlencode(query)}"
        at = {"atMobiles": self.targets, "isAtAll": False}
        return self.posting(url, {"msgtype": "text", "text": {"content": text}, "at": at})

    def _signed(self, at_ms: int) -> dict[str, str]:
        secret = str(self.secret)
        made = hmac.new(secret.encode(), f"{at_ms}\n{secret}".encode(), sha256).digest()
        return {"timestamp": str(at_ms), "sign": base64.b64encode(made).decode()}


class FeishuRobot(Robot, NotifyFeishu):  # type: ignore[misc, no-untyped-call]
    """``feishu://TOKEN``: a request has at most 20 KB."""

    dialect = FEISHU
    limit_bytes = 16_000

    def request(self, title: str, text: str) -> Request:  # noqa: ARG002
        """Return the request that carries a part."""
        url = f"{self.gateway or 'https://open.feishu.cn'}/open-apis/bot/v2/hook/{quote(self.token)}"
        return self.posting(url, {"msg_type": "text", "content": {"text": text}})


class LarkRobot(Robot, NotifyLark):  # type: ignore[misc, no-untyped-call]
    """``lark://TOKEN``: Feishu outside China."""

    dialect = FEISHU
    limit_bytes = 16_000

    def request(self, title: str, text: str) -> Request:  # noqa: ARG002
        """Return the request that carries a part."""
        url = f"{self.gateway or 'https://open.larksuite.com'}/open-apis/bot/v2/hook/{quote(self.token)}"
        return self.posting(url, {"msg_type": "text", "content": {"text": text}})


class ServerChanRobot(Robot, NotifyServerChan):  # type: ignore[misc, no-untyped-call]
    """``schan://SENDKEY``: a title has at most 32 characters, a text 32 KB; keys ``sctpNt..`` have own hosts."""

    dialect = SERVERCHAN
    limit_bytes = 30_000

    def whole(self, title: str, body: str) -> str:
        """Return the text; the title goes beside it, and in it where it is too long for that."""
        return body if len(title) <= 32 else f"{title}\n\n{body}"

    def request(self, title: str, text: str) -> Request:
        """Return the request that carries a part."""
        own = re.match(r"sctp(\d+)t", self.token)
        host = self.gateway or (f"https://{own[1]}.push.ft07.com/send" if own else "https://sctapi.ftqq.com")
        short = title if len(title) <= 32 else title[:31] + "…"
        form = urlencode({"title": short or "slamon", "desp": text}).encode()
        headers = {"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"}
        return Request(f"{host}/{quote(self.token)}.send", form, headers, self.timeout_s)


ROBOTS = (WeComRobot, DingTalkRobot, FeishuRobot, LarkRobot, ServerChanRobot)


def register() -> None:
    """Put our plugins in the place of Apprise's; to do so twice changes nothing."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of modules that its hundred plugins load
        _register()


def _register() -> None:
    known: Any = NotificationManager()  # type: ignore[no-untyped-call]
    for robot in ROBOTS:
        schema = robot.secure_protocol
        if known[schema] is not robot:
            known.add(robot, schemas=schema, force=True)
