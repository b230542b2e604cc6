"""A wire of its own for each test with real packets."""

from collections.abc import Iterator

import pytest

from tests.lab.netns import Wire, wire


@pytest.fixture
def lab() -> Iterator[Wire]:
    with wire() as made:
        yield made
