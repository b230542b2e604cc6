"""The JSON Schemas describe what is printed: all of it, and nothing else."""

import copy
import io
import json
from typing import Any

import jsonschema
import pytest
from hypothesis import given, settings

from slamon.core.customers import customers
from slamon.core.facts import Category, Complaint, LineFacts
from slamon.core.statement import LineStatement
from slamon.reports.json import write
from slamon.reports.model import Header
from slamon.reports.schema import STATEMENT, schema
from tests.reports.gallery import FULL_HEADER, lines
from tests.reports.month import HEADER, ONSET, statement
from tests.reports.test_sums import months


def strict(name: str) -> Any:
    """The schema with every further member forbidden: for readers it is open, for us nothing is undescribed."""
    found = copy.deepcopy(schema(name))

    def close(one: object) -> None:
        if isinstance(one, dict):
            if "properties" in one:
                one.setdefault("additionalProperties", False)
            for part in one.values():
                close(part)
        elif isinstance(one, list):
            for part in one:
                close(part)

    close(found)
    jsonschema.Draft202012Validator.check_schema(found)
    return jsonschema.Draft202012Validator(found, format_checker=jsonschema.FormatChecker())


VALIDATOR = strict(STATEMENT)


def document(*found: LineStatement, header: Header = FULL_HEADER) -> Any:
    stream = io.StringIO()
    write(stream, header, customers(found))
    return json.loads(stream.getvalue())


def test_a_month_with_something_of_everything_is_valid():
    """Refused exclusions, pending and false incidents, notices, complaints, credits paid and not."""
    VALIDATOR.validate(document(*lines()))


def test_a_departed_line_and_a_reported_incident_are_valid():
    """A fault that only a complaint tells of."""
    call = Complaint(3, "GX-0001", ONSET, Category.INTERRUPTION, "T-1", None)
    VALIDATOR.validate(document(statement(filed=LineFacts(complaints=(call,)), departed=True)))


def test_a_month_without_anything_is_valid():
    """Nothing observed, no customers."""
    VALIDATOR.validate({**document(), "as_of": None})


@settings(max_examples=30)
@given(months())
def test_any_month_is_valid(found):
    """Whatever its rents and faults."""
    VALIDATOR.validate(document(*found, header=HEADER))


@pytest.mark.parametrize(
    ("path", "value"),
    [
        pytest.param(("month",), "2026-13", id="a month that is none"),
        pytest.param(("customers", 0, "credit_total"), 3384.58, id="an amount as a number"),
        pytest.param(("customers", 0, "credit_total"), "3384.6", id="an amount without its cents"),
        pytest.param(
            ("customers", 0, "lines", 0, "incidents", 0, "onset"), "2026-10-03T08:00:00+08:00", id="local time"
        ),
        pytest.param(("customers", 0, "lines", 0, "incidents", 0, "state"), "closed", id="a state that is none"),
        pytest.param(("customers", 0, "lines", 0, "availability", "contract"), "0.96", id="a ratio cut short"),
        pytest.param(("customers", 0, "lines", 0, "seconds", "up"), -1, id="negative time"),
    ],
)
def test_what_is_wrong_is_refused(path, value):
    """The schema can fail."""
    found = document(*lines())
    at = found
    for step in path[:-1]:
        at = at[step]
    at[path[-1]] = value
    with pytest.raises(jsonschema.ValidationError):
        VALIDATOR.validate(found)


def test_a_missing_member_is_refused():
    """Every member that the public interface names is required."""
    found = document(*lines())
    del found["customers"][0]["lines"][0]["credit_cut_by_cap"]
    with pytest.raises(jsonschema.ValidationError, match="credit_cut_by_cap"):
        VALIDATOR.validate(found)
