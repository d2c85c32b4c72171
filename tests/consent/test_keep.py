"""What was said stays as it was said, whatever program asks the database."""

from __future__ import annotations

import sqlite3

import pytest
from django.db import DatabaseError

from keepfold.consent import actions
from keepfold.kernel import db
from tests.consent.conftest import ANA, CARL, opened

ATTEMPTS = [
    "UPDATE consent_event SET said = 2",
    "UPDATE consent_event SET at_us = at_us - 1",
    "DELETE FROM consent_event",
]
REPLACE = (
    "INSERT OR REPLACE INTO consent_event SELECT id, person, purpose, 2, at_us, expires_s, channel, form_version, "
    "staff, policy_hash, entry, number, before, mac FROM consent_event"
)


@pytest.fixture
def said(room):
    actions.withdraw_consent(actor=ANA, customer=CARL, purpose="surveys")
    return db.fetch_all("default", "SELECT * FROM consent_event")


@pytest.mark.parametrize("attempt", [*ATTEMPTS, "TRUNCATE consent_event"])
def test_nothing_that_was_said_is_changed_or_removed_by_this_program(said, store, attempt):
    refusal = "append-only" if store == "postgres" or attempt in ATTEMPTS else "syntax error"
    with pytest.raises(DatabaseError, match=refusal):
        db.execute("default", attempt)
    assert db.fetch_all("default", "SELECT * FROM consent_event") == said


@pytest.fixture
def said_in_file(stores, monkeypatch):
    with opened(monkeypatch):
        actions.withdraw_consent(actor=ANA, customer=CARL, purpose="surveys")
        yield db.fetch_all("default", "SELECT * FROM consent_event")


@pytest.mark.parametrize("attempt", [*ATTEMPTS, REPLACE])
def test_nor_by_another_program_that_opens_the_file(said_in_file, home, attempt):
    file = sqlite3.connect(home / "data.sqlite3")
    try:
        with pytest.raises(sqlite3.IntegrityError, match="append-only"):
            file.execute(attempt)
    finally:
        file.close()
    assert db.fetch_all("default", "SELECT * FROM consent_event") == said_in_file
