"""Targets of the complaint service."""

from dataclasses import replace
from datetime import timedelta

import pytest

from slamon.core.facts import Category, Complaint
from slamon.core.targets import targets_of
from tests.core.timelines import contract
from tests.core.wallclock import LINE, local

MADE = local("10-05 10:00")
TERMS = replace(
    contract("cmcc-internet-line"), targets={"answer_hours": 4.0, "handover_hours": 12.0, "settle_hours": 48.0}
)


@pytest.mark.parametrize(
    ("after_h", "met"),
    [(3.99, True), (4, True), (4.01, False), (None, None)],
    ids=["before the hour", "at the hour is met", "after the hour is missed", "not answered yet"],
)
def test_an_answer_is_due_hours_after_the_complaint(after_h: float | None, met: bool | None):
    """A target has a due time and is met up to it; without the deed nobody knows yet."""
    answered = None if after_h is None else MADE + timedelta(hours=after_h)
    complaint = Complaint(1, LINE, MADE, Category.INTERRUPTION, "T-1", answered_at=answered)
    answer, settle = targets_of(complaint, TERMS)
    assert (answer.name, answer.due, answer.met) == ("answer", MADE + timedelta(hours=4), met)
    assert (settle.name, settle.due, settle.met) == ("settle", MADE + timedelta(hours=48), None)


def test_a_contract_without_targets_shows_none():
    """The shipped contract sets none."""
    complaint = Complaint(1, LINE, MADE, Category.INTERRUPTION, "T-1")
    assert list(targets_of(complaint, contract("cmcc-internet-line"))) == []
