"""The PDF: the same page on paper."""

import hashlib
import io
import re
import subprocess
import sys
from collections import Counter
from functools import cache

import pypdf
import pytest

from slamon.reports.language import LANGUAGES
from slamon.reports.pdf import OutsideReference, pdf_of
from tests.reports.test_printed import AMOUNT, Page, page


@cache
def made(code: str) -> bytes:
    return pdf_of(page(code))


@cache
def pages_of(code: str) -> list[str]:
    reader = pypdf.PdfReader(io.BytesIO(made(code)))
    return [one.extract_text() for one in reader.pages]


def bare(text: str) -> str:
    return re.sub(r"\s+", "", text)


@pytest.mark.parametrize("code", ["zh", "en"])
def test_the_pdf_says_what_the_page_says(code):
    """Every text of the page is in the PDF's text, and every amount as often."""
    html, pages = Page(page(code)), pages_of(code)
    words = bare("".join(pages))
    missing = [text for text in html.texts if len(text) < 40 and bare(text) not in words]
    assert missing == []
    assert Counter(AMOUNT.findall("\n".join(pages))) == Counter(AMOUNT.findall(html.text))


@pytest.mark.parametrize("code", ["zh", "en"])
def test_every_page_has_its_number_the_revision_and_the_ledger_head(code):
    """One sheet alone still says what it belongs to."""
    pages = pages_of(code)
    assert len(pages) > 5
    for number, text in enumerate(pages, 1):
        assert f"{number}/{len(pages)}" in bare(text)
        assert "sha256:" + "ab12" * 16 in bare(text)
        assert bare(LANGUAGES[code].word("revision_text", revision=0)) in bare(text)


def test_the_fonts_are_in_the_file():
    """Chinese is printed everywhere, not as boxes."""
    reader = pypdf.PdfReader(io.BytesIO(made("zh")))
    found = [one._get_fonts() for one in reader.pages]  # noqa: SLF001 -- pypdf's own list: embedded fonts, others
    fonts = {name for embedded, _ in found for name in embedded}
    assert [others for _, others in found if others] == []
    assert any("CJK" in name for name in fonts)
    assert all("+" in name for name in fonts)


@pytest.mark.parametrize(
    "inside",
    [
        pytest.param('<img src="https://192.0.2.1/x.png">', id="https"),
        pytest.param('<img src="http://192.0.2.1/x.png">', id="http"),
        pytest.param('<img src="file:///etc/passwd">', id="a file"),
        pytest.param('<link rel="stylesheet" href="https://192.0.2.1/x.css">', id="a sheet"),
        pytest.param('<style>@import "file:///etc/passwd";</style>', id="an import"),
        pytest.param('<p style="background: url(file:///etc/passwd)">x</p>', id="a background"),
        pytest.param('<a rel="attachment" href="file:///etc/passwd">x</a>', id="an attachment"),
        pytest.param('<object data="file:///etc/passwd"></object>', id="an object"),
        pytest.param(
            "<style>@font-face { font-family: x; src: url(file:///etc/passwd) } p { font-family: x }</style><p>x",
            id="a font",
        ),
    ],
)
def test_nothing_is_fetched_for_a_page(inside):
    """Even if it got into a page: no file is read and no host asked, and there is no PDF that could carry it.

    Mutant: with WeasyPrint's own fetcher the attachment carries the file's bytes.
    """
    with pytest.raises(OutsideReference, match="nothing outside of itself"):
        pdf_of(f"<!doctype html><html><body><p>before</p>{inside}</body></html>")


@pytest.mark.parametrize("piece", ["image", "use"])
def test_a_drawing_shows_nothing_from_elsewhere(piece):
    """A reference inside of a drawing draws nothing."""
    drawing = f'<svg width="9" height="9"><{piece} href="file:///usr/share/x.svg#y" width="9" height="9"/></svg>'
    reader = pypdf.PdfReader(io.BytesIO(pdf_of(f"<!doctype html><html><body>{drawing}</body></html>")))
    assert [len(one.images) for one in reader.pages] == [0]


def test_another_process_makes_the_same_pdf():
    """Byte for byte: no date, no drawn id, no order of hashes."""
    program = (
        "import sys, hashlib; from tests.reports.test_printed import page; from slamon.reports.pdf import pdf_of; "
        "print(hashlib.sha256(pdf_of(page('zh'))).hexdigest())"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={"PYTHONHASHSEED": "7", "PYTHONPATH": ".", "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == hashlib.sha256(made("zh")).hexdigest()
