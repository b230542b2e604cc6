"""A printed page as PDF, by WeasyPrint: nothing is fetched, and equal pages give equal bytes."""

from __future__ import annotations

import gc
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import NoReturn

PACKAGES = "apt-get install libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0 fonts-noto-cjk"


class CannotPrint(Exception):
    """What a PDF needs is missing on this machine; the text says how to get it."""


class OutsideReference(ValueError):
    """A page named something outside of itself: a defect, or a try."""


def check() -> None:
    """Raise `CannotPrint` where WeasyPrint, its libraries or a font with Chinese characters are missing."""
    _weasyprint()
    _check_font()


def pdf_of(page: str) -> bytes:
    """Return a page as PDF.

    Raises `CannotPrint` where WeasyPrint or its libraries are missing, `OutsideReference` where the page refers to
    anything outside of itself, whatever the scheme.
    """
    weasyprint = _weasyprint()
    try:
        with _few_collections():
            made: bytes = weasyprint.HTML(string=page, url_fetcher=_refusing(weasyprint)).write_pdf()
    except weasyprint.urls.FatalURLFetchingError as reason:
        raise OutsideReference(f"a report refers to nothing outside of itself: {reason}") from None
    return made


@contextmanager
def _few_collections() -> Iterator[None]:
    """Collect garbage seldom while a page is laid out, and once afterwards.

    Boxes are made by the hundred thousand and all are needed until the end: looking for cycles among them again and
    again takes a quarter of the time.
    """
    before = gc.get_threshold()
    gc.set_threshold(100_000, 20, 100)
    try:
        yield
    finally:
        gc.set_threshold(*before)
        gc.collect()


def _refusing(weasyprint: ModuleType) -> object:
    """Return a fetcher that fetches nothing, and ends the printing when it is asked to."""

    class Refusing(weasyprint.urls.URLFetcher):  # type: ignore[name-defined,misc]  # known once the extra is loaded
        def fetch(self, url: str, headers: object = None) -> NoReturn:
            raise OutsideReference(f"{url[:200]!r} {headers!r}")

    return Refusing(fail_on_errors=True)


def _weasyprint() -> ModuleType:
    try:
        import weasyprint  # noqa: PLC0415 -- an extra: who prints no PDF does not need it
    except ModuleNotFoundError:
        raise CannotPrint("PDF needs WeasyPrint: pip install 'slamon[pdf]'") from None
    except OSError as reason:
        first = str(reason).splitlines()[0] if str(reason) else "a library is missing"
        raise CannotPrint(f"PDF needs Pango ({first}); on Debian: {PACKAGES}") from None
    found: ModuleType = weasyprint
    return found


def _check_font() -> None:
    """Refuse to print boxes instead of Chinese names; where nothing can tell which fonts there are, go on."""
    tool = shutil.which("fc-list")
    if tool is None:
        return
    found = subprocess.run([tool, ":lang=zh", "family"], capture_output=True, text=True, check=False, timeout=20)
    if found.returncode == 0 and not found.stdout.strip():
        raise CannotPrint(f"PDF needs a font with Chinese characters; on Debian: {PACKAGES}")
