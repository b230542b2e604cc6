"""Several notices of one piece of planned work: one that is early enough and by an agreed channel is enough."""

from datetime import timedelta

import pytest

from slamon.core.exclusion import announced
from slamon.core.facts import Maintenance
from tests.core.timelines import contract
from tests.core.wallclock import local

START = local("10-03 08:00")
H = timedelta(hours=1)


@pytest.mark.parametrize(
    ("entered", "further", "expected"),
    [
        (None, [], (False, "no notice on record; the contract requires 24 h")),
        (None, [(24, "sms")], (True, "notified 24 h ahead by sms")),
        (None, [(23.9, "sms")], (False, "notified 23.9 h ahead; the contract requires 24 h")),
        ((2, "email"), [(48, "sms")], (True, "notified 48 h ahead by sms")),
        ((48, "website"), [(2, "email")], (True, "notified 48 h ahead by website")),
        ((48, "telephone"), [(25, "email")], (True, "notified 25 h ahead by email")),
        ((2, "email"), [(1, "sms")], (False, "notified 2 h ahead; the contract requires 24 h")),
    ],
    ids=[
        "none at all", "one that followed, exactly in time", "one that followed, too late",
        "a late one does not spoil an early one", "an early one stays good", "an unagreed channel does not spoil it",
        "two late ones are late: the first one's reason stands",
    ],
)  # fmt: skip
def test_one_good_notice_is_enough(entered, further, expected):
    window = Maintenance(
        1,
        START,
        START + 4 * H,
        frozenset({"GX-0001"}),
        notified_at=None if entered is None else START - entered[0] * H,
        channel=None if entered is None else entered[1],
        further=tuple((START - hours * H, channel) for hours, channel in further),
    )
    assert announced(window, contract()) == expected
