"""Which pages are drawn, and from what."""

from collections.abc import Callable
from pathlib import Path

from tests.docs import lifecycle

DOCS = Path(__file__).resolve().parents[2] / "docs"
PAGES: dict[str, Callable[[], str]] = {"lifecycle.md": lifecycle.page}
