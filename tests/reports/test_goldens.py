"""One statement in every format and both languages, kept as files; PDF is held against its page by test_pdf."""

import pytest

from tests.reports.goldens import FOLDER, GOLDENS


@pytest.mark.parametrize("name", GOLDENS)
def test_it_is_shown_as_before(name):
    """A difference is meant, or a bug: `python -m tests.reports.goldens` writes them anew, `git diff` shows it."""
    assert GOLDENS[name]().encode("utf-8") == (FOLDER / name).read_bytes()


def test_nothing_else_is_kept():
    """A format that went away takes its file with it."""
    assert sorted(path.name for path in FOLDER.iterdir()) == sorted(GOLDENS)
