"""A ledger to write into, in a folder of the test's own."""

import pytest

from slamon.store.ledger import Ledger
from tests.store.facts import stamp, url


@pytest.fixture
def ledger(tmp_path):
    with Ledger.open(url(tmp_path / "ledger.db"), writer="nanning-1", stamp=stamp) as opened:
        yield opened
