"""Pages that are drawn from the code say what the code does."""

import re

import pytest

from tests.docs import configuration, events
from tests.docs.pages import DOCS, PAGES


@pytest.mark.parametrize("name", PAGES)
def test_a_drawn_page_is_up_to_date(name: str):
    """`make docs` would change nothing."""
    assert (DOCS / name).read_text(encoding="utf-8") == PAGES[name](), f"docs/{name} is out of date: make docs"


def test_every_table_of_the_settings_is_explained():
    """A section that somebody adds has to have a place on the page."""
    assert configuration.missing() == set()


def test_events_have_names_not_sentences():
    """A name is words with underscores, so that it can be searched for and counted."""
    assert [told.event for told in events.all_told() if not re.fullmatch("[a-z0-9_]+", told.event)] == []
