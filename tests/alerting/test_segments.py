"""What is paid for: segments of short messages at their edges."""

import pytest

from slamon.alerting.segments import segments


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", 0),
        ("a", 1),
        ("a" * 160, 1),
        ("a" * 161, 2),
        ("a" * 306, 2),
        ("a" * 307, 3),
        ("€" * 80, 1),
        ("€" * 81, 2),
        ("a" * 152 + "€" + "a" * 152, 3),
        ("中" * 70, 1),
        ("中" * 71, 2),
        ("中" * 134, 2),
        ("中" * 135, 3),
        ("中" + "a" * 69, 1),
        ("中" + "a" * 70, 2),
        ("😀" * 35, 1),
        ("😀" * 36, 2),
        ("中" * 66 + "😀" + "中" * 66, 3),
        ("`" * 71, 2),
    ],
    ids=[
        "nothing", "one letter", "160 letters are one", "161 are two", "153 each in a chain", "306 are all of two",
        "an escaped letter counts twice", "81 of them are two", "an escape is not torn apart", "70 characters are one",
        "71 are two", "67 each in a chain", "134 are all of two", "one Chinese character makes all of them wide",
        "and the 71st is too many", "an emoji counts twice", "36 of them are two", "an emoji is not torn apart",
        "what the seven-bit alphabet lacks is wide",
    ],
)  # fmt: skip
def test_segments(text, expected):
    assert segments(text) == expected
