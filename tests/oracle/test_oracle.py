"""The core and a second judge, written apart from the text of the domain, give the same months."""

import os
from pprint import pformat
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.oracle import core_side, nouns, oracle
from tests.oracle.drawing import cases

# The suite tries the same few hundred months each time; a search for new ones is a matter of the environment:
# SLAMON_ORACLE_EXAMPLES=20000 pytest tests/oracle
EXAMPLES = int(os.environ.get("SLAMON_ORACLE_EXAMPLES", "0"))
search = settings(
    max_examples=EXAMPLES or 1500,
    derandomize=not EXAMPLES,
    database=None,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)


def differences(ours: Any, theirs: Any, where: str = "") -> list[str]:
    if isinstance(ours, dict) and isinstance(theirs, dict):
        return [
            line
            for key in {**ours, **theirs}
            for line in differences(ours.get(key, "nothing"), theirs.get(key, "nothing"), f"{where}.{key}")
        ]
    if isinstance(ours, list) and isinstance(theirs, list) and len(ours) == len(theirs):
        return [
            line
            for n, (a, b) in enumerate(zip(ours, theirs, strict=True))
            for line in differences(a, b, f"{where}[{n}]")
        ]
    return [] if ours == theirs else [f"{where.lstrip('.')}: oracle {ours}, core {theirs}"]


def compare(case: nouns.Case, *, suspended_late: bool) -> None:
    found = core_side.judged(case, suspended_late=suspended_late)
    expected = oracle.judge_month(case)
    if found is None:
        assert (expected["incidents"], expected["pending"], expected["seconds"]["service"]) == ([], [], 0)
        return
    theirs = core_side.comparable(core_side.told(found), case)
    ours = core_side.comparable(expected, case)
    if suspended_late:  # of a notice the ledger keeps no readings to judge again
        ours["notices"] = theirs["notices"]
    wrong = differences(ours, theirs)
    assert not wrong, "\n".join([*wrong, pformat(case, width=160)])


@search
@given(cases(), st.booleans())
def test_core_and_oracle_tell_the_same_month(case: nouns.Case, suspended_late: bool):
    """Every number of a line's month is what a second judge, sharing no code, works out from the same facts."""
    by_id = case.corrections or case.exclusions or case.handbacks  # a late cut makes other incidents of them
    compare(case, suspended_late=suspended_late and not by_id)
