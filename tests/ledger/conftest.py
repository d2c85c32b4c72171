"""A ledger of this test's own, wired to keys made in the test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from keepfold import ledger
from tests.ledger.support import MadeKeys


@pytest.fixture
def keys(stores) -> Iterator[MadeKeys]:
    """Return the keys that the ledger is wired to."""
    made = MadeKeys()
    ledger.wire(keys=made)
    yield made
    ledger.wire(keys=None)
