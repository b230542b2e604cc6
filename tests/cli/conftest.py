"""An office for each test."""

import pytest

from tests.cli.office import Office, copied, furnish


@pytest.fixture(scope="session")
def measured_office(tmp_path_factory) -> Office:
    """An office whose readings were replayed; tests work on copies."""
    office = furnish(tmp_path_factory.mktemp("template") / "office")
    office.done("replay", str(office.folder / "r.jsonl"))
    return office


@pytest.fixture
def office(measured_office, tmp_path) -> Office:
    """An office of the test's own."""
    return copied(measured_office, tmp_path / "office")
