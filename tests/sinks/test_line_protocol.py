"""One point as one line: what was meant is what a server reads, whatever the texts hold."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slamon.config.problems import printable
from slamon.sinks.line_protocol import Point, line
from tests.sinks.reading_lines import read_line

TEXTS = st.text(max_size=20)
VALUES = st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.floats() | TEXTS
KEYS = st.text(st.characters(categories=["L", "N"]), min_size=1, max_size=8)


def in_tag(text: str) -> str:
    """What a tag can hold of a text."""
    return printable(text).replace("\\", "/")


@given(st.dictionaries(KEYS, TEXTS, max_size=4), st.dictionaries(KEYS, VALUES, max_size=5), st.integers(0, 2**62))
def test_a_point_is_read_back_as_it_was_meant(tags, fields, at_ns):
    """Every value comes back with its type and to the bit; control characters as escapes, a tag's backslash as a slash.

    Mutant: without the quote in `_TEXT` a text field with a quote ends early.
    """
    text = line(Point("m", tags, fields, at_ns))
    wanted = {
        key: printable(value) if isinstance(value, str) else value
        for key, value in fields.items()
        if value is not None and not (isinstance(value, float) and not math.isfinite(value))
    }
    if not wanted:
        assert text is None
        return
    assert text is not None
    assert "\n" not in text
    found = read_line(text)
    assert found.at_ns == at_ns
    assert found.tags == {key: in_tag(value) for key, value in tags.items() if value}
    assert found.fields == wanted
    assert {key: type(value) for key, value in found.fields.items()} == {key: type(v) for key, v in wanted.items()}


@pytest.mark.parametrize(
    ("value", "written"),
    [(1, "1i"), (1.0, "1.0"), (True, "true"), ('a"b', r'"a\"b"'), (2**63, None), (float("nan"), None)],
    ids=[
        "a whole number is an integer",
        "a float stays one",
        "a truth value is no number",
        "a quote in a text is escaped",
        "what 64 bits cannot hold is left out",
        "no number is left out",
    ],
)
def test_a_value_is_typed(value, written):
    text = line(Point("m", {}, {"f": value}, 7))
    assert text == (None if written is None else f"m f={written} 7")


def test_tags_stand_in_the_order_of_their_keys_and_empty_ones_are_left_out():
    """So equal points are equal lines."""
    point = Point("m", {"b": "2", "a": "1 ,=", "c": "", "d": None}, {"f": 1}, 7)
    assert line(point) == r"m,a=1\ \,\=,b=2 f=1i 7"
