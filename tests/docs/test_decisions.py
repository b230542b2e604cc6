"""The list of decisions has every page, and every page a number of its own."""

import re

from tests.docs.pages import DOCS

FOLDER = DOCS / "decisions"


def test_the_list_names_every_decision():
    """In order, each once, linked by its file's name."""
    pages = sorted(path.name for path in FOLDER.glob("[0-9]*.md"))
    listed = re.findall(r"^\| \[(\d{4})\]\((\S+)\)", (FOLDER / "README.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert [file for _, file in listed] == pages
    assert [number for number, _ in listed] == [page[:4] for page in pages]
    assert len({number for number, _ in listed}) == len(pages)
