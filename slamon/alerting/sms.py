"""Short messages through a gateway that takes an HTTP form; its answers are read by the patterns of the config."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal, InvalidOperation
from urllib.parse import urlencode

from slamon.alerting.channel import Answer, Parcel, later, never, sent
from slamon.alerting.segments import segments
from slamon.alerting.web import Reply, Request, Unreached, ask
from slamon.config.channels import Sms


class SmsChannel:
    """Sends what a form's fields make of a message; only to receivers who agreed to that."""

    def __init__(self, way: Sms, timeout_s: float) -> None:
        self._way = way
        self._timeout_s = timeout_s

    def text(self, parcel: Parcel) -> str:
        """Return what the receiver reads: the company's signature and the short form of the message."""
        return self._way.signature + (parcel.short or parcel.title)

    def send(self, parcel: Parcel) -> Answer:
        """Fill in the form and read the gateway's answer."""
        if parcel.to is None:
            return never("the receiver has no telephone number")
        if not parcel.consent:
            return never("the receiver has not agreed to short messages")
        text = self.text(parcel)
        known = {"phone": parcel.to, "text": text, "key": parcel.key}
        if self._way.secret is not None:
            known["secret"] = self._way.secret.reveal()
        form = urlencode({name: _filled(value, known) for name, value in self._way.fields.items()})
        headers = {"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"}
        request = Request(self._way.url.reveal(), form.encode(), headers, self._timeout_s, self._way.ca_file)
        try:
            reply = ask(request)
        except Unreached as error:
            return later(str(error))
        return self._read(reply, segments(text))

    def _read(self, reply: Reply, count: int) -> Answer:
        said = f"HTTP {reply.status}"
        if reply.status == 429 or reply.status >= 500:
            return later(said, reply.retry_after_s)
        if 200 <= reply.status < 300 and self._way.success.search(reply.text):
            cost = count * self._way.price_per_segment
            found = sent(f"{said}, {count} {'segment' if count == 1 else 'segments'}")
            return replace(found, segments=count, cost=cost, low=self._low(reply.text))
        if self._way.later is not None and self._way.later.search(reply.text):
            return later(f"{said}, the gateway asks to try later", reply.retry_after_s)
        return never(f"{said}, the answer does not read as success")

    def _low(self, text: str) -> Decimal | None:
        """Return the balance that the gateway told, where it is below what was configured."""
        if self._way.balance is None or self._way.balance_below is None:
            return None
        found = self._way.balance.search(text)
        try:
            left = Decimal(found[1]) if found is not None else None
        except InvalidOperation:
            left = None
        return left if left is not None and left < self._way.balance_below else None


def _filled(value: str, known: dict[str, str]) -> str:
    # One pass over the template: what a message says is never a placeholder itself.
    parts: list[str] = []
    rest = value
    while rest:
        at = min((i for name in known if (i := rest.find(f"{{{name}}}")) >= 0), default=-1)
        if at < 0:
            return "".join([*parts, rest])
        name = rest[at + 1 : rest.index("}", at)]
        parts += [rest[:at], known[name]]
        rest = rest[at + len(name) + 2 :]
    return "".join(parts)
