"""Which pages are drawn, and from what."""

from collections.abc import Callable
from pathlib import Path

from tests.docs import configuration, events, lifecycle

DOCS = Path(__file__).resolve().parents[2] / "docs"
PAGES: dict[str, Callable[[], str]] = {
    "configuration.md": configuration.page,
    "lifecycle.md": lifecycle.page,
    "log-events.md": events.page,
}
