"""The API with an owner's token, as the contract tests meet it."""

from __future__ import annotations

import pytest

from keepfold.people import actions as people
from keepfold.people import memory


@pytest.fixture
def token(installation, monkeypatch):
    # The contract is about what each address answers; the limits have tests of their own.
    monkeypatch.setattr(memory, "FAILURES_AT_ONCE", 10**9)
    operator = installation.operator
    return people.create_client(
        actor=operator, name="contract", actions=operator.actions, purposes=("*",), rate=100_000
    ).token
