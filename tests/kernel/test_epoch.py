"""Counters that make other processes forget."""

from __future__ import annotations

import pytest

from keepfold.kernel import db, epoch
from keepfold.kernel.errors import Conflict


def test_a_counter_starts_at_zero_and_advances(store):
    assert epoch.value("people") == 0
    epoch.bump("people")
    epoch.bump("people")
    assert epoch.value("people") == 2
    assert epoch.value("other") == 0


def test_a_change_by_another_process_is_seen_within_a_second(store, monkeypatch):
    assert epoch.value("people") == 0
    db.execute("default", "INSERT INTO kernel_epoch (name, value) VALUES ('people', 7)")
    assert epoch.value("people") == 0
    later = epoch.time.monotonic() + epoch.STALE_SECONDS
    monkeypatch.setattr(epoch.time, "monotonic", lambda: later)
    assert epoch.value("people") == 7


def test_a_bump_that_is_rolled_back_did_not_happen(store):
    with pytest.raises(Conflict), db.atomic():  # noqa: PT012  the roll-back is the subject
        epoch.bump("people")
        raise Conflict("no")
    epoch.forget()
    assert epoch.value("people") == 0


def test_this_process_sees_its_own_bump_at_once(store):
    assert epoch.value("people") == 0
    epoch.bump("people")
    assert epoch.value("people") == 1
