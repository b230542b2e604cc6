"""Everything that Apprise offers by URL, wrapped once: quiet, in memory, timed, and with our plugins in front."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime
from typing import Any
from urllib.parse import quote

from apprise import Apprise as Library
from apprise import AppriseAsset, NotifyFormat, NotifyType

from slamon.alerting import robots
from slamon.alerting.channel import Answer, Parcel, later, never, sent, worst
from slamon.config.channels import Apprise

_TO = "{to}"


def quieten() -> None:
    """Keep the libraries below from logging: what they say about a URL or an answer may hold a key."""
    for name in ("apprise", "urllib3"):
        logger = logging.getLogger(name)
        logger.setLevel(logging.CRITICAL)
        logger.propagate = False
        if not logger.handlers:
            logger.addHandler(logging.NullHandler())


class AppriseChannel:
    """Sends by a URL of Apprise's; ``{to}`` in it stands for the receiver's address."""

    def __init__(self, way: Apprise, now: Callable[[], datetime], timeout_s: float) -> None:
        quieten()
        robots.register()
        self._way = way
        self._now = now
        self._timeout_s = timeout_s
        # Nothing on disk: caches of services hold tokens.
        self._asset = AppriseAsset(app_id="slamon", app_desc="slamon", storage_mode="memory", secure_logging=True)

    def send(self, parcel: Parcel) -> Answer:
        """Send by an instance of its own: what a service remembers of a message is not shared by threads."""
        url = self._way.url.reveal()
        if _TO in url:
            if parcel.to is None:
                return never("the receiver has no address on this channel")
            url = url.replace(_TO, quote(parcel.to, safe=""))
        service = self._service(url)
        if service is None:
            return never("Apprise does not accept the channel's URL")
        if isinstance(service, robots.Robot):
            service.parcel, service.now, service.timeout_s = parcel, self._now, self._timeout_s
        told = self._notify(service, parcel)
        if isinstance(service, robots.Robot) and service.answers:
            return worst(service.answers)
        return sent("taken, as Apprise says") if told else later("not taken, Apprise does not say why")

    def _service(self, url: str) -> Any:  # noqa: ANN401 - one of a hundred plugins
        service = Library.instantiate(url, asset=self._asset)
        if service is not None:
            service.socket_connect_timeout = service.socket_read_timeout = self._timeout_s
        return service

    def _notify(self, service: Any, parcel: Parcel) -> bool:  # noqa: ANN401
        # The plugin's own notify, in our thread: the library's shares one small pool with everybody.
        told = service.notify(
            body=self._body(service, parcel),
            title=parcel.title,
            notify_type=NotifyType.FAILURE if parcel.urgent else NotifyType.INFO,
            body_format=NotifyFormat.TEXT,
        )
        return told is True  # it may be None, where nobody was told

    def _body(self, service: object, parcel: Parcel) -> str:
        return parcel.body if isinstance(service, robots.Robot) else f"{parcel.body}\n[{parcel.key[:12]}]"


def accepts(way: Apprise) -> bool:
    """Tell whether Apprise knows what to do with a channel's URL."""
    quieten()
    robots.register()
    return Library.instantiate(way.url.reveal().replace(_TO, "13900000000"), asset=AppriseAsset()) is not None
