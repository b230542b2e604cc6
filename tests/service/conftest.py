"""Sites to judge in, and a wire to probe over."""

from collections.abc import Iterator

import pytest

from tests.lab.netns import Wire, wire
from tests.service.places import Place, Prepared, place, prepare


@pytest.fixture
def somewhere(tmp_path) -> Place:
    """A configured site of two lines that nobody has opened yet."""
    return place(tmp_path / "somewhere")


@pytest.fixture(scope="session")
def prepared(tmp_path_factory) -> Prepared:
    """The same site with its ledger made once, for tests that need many."""
    return prepare(place(tmp_path_factory.mktemp("prepared")))


@pytest.fixture
def lab() -> Iterator[Wire]:
    """Two namespaces and what lies between them."""
    with wire() as made:
        yield made
