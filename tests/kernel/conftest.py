"""The kernel's tests run on SQLite and on PostgreSQL: ask for `store`."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from keepfold.kernel import clock, epoch, jobs, outbox
from keepfold.kernel.jobs import registry, schedule


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def store(request) -> str:
    """Return which database this test runs on; its tables are there and empty."""
    request.getfixturevalue("stores" if request.param == "sqlite" else "postgres_stores")
    clock.forget()
    epoch.forget()
    schedule.forget()
    return request.param


@pytest.fixture
def registries(monkeypatch) -> Iterator[None]:
    """Start without handlers and jobs, and leave none behind."""
    for module, name in (
        (outbox, "_handlers"), (outbox, "_names"), (outbox, "_types"), (registry, "_kinds"), (registry, "_beats"),
    ):  # fmt: skip
        monkeypatch.setattr(module, name, {})
    yield
    assert jobs.Worker is not None
