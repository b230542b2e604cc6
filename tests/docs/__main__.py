"""`make docs`: write the pages that are drawn from the code."""

from tests.docs.pages import DOCS, PAGES

for name, draw in PAGES.items():
    (DOCS / name).write_text(draw(), encoding="utf-8")
