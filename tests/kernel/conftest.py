"""The kernel's tests start without what other rooms registered, and leave nothing behind."""

from __future__ import annotations

import pytest

from keepfold.kernel import outbox
from keepfold.kernel.jobs import registry, schedule


@pytest.fixture(autouse=True)
def registries(monkeypatch) -> None:
    """Start without handlers, jobs, beats and remembered schedules."""
    for module, name in (
        (outbox, "_handlers"),
        (outbox, "_names"),
        (outbox, "_types"),
        (registry, "_kinds"),
        (registry, "_beats"),
        (schedule, "_written"),
    ):
        monkeypatch.setattr(module, name, {})
