"""Verification beside a log that goes on being written, and of one that is empty."""

from __future__ import annotations

import pytest

from keepfold.kernel import db
from keepfold.ledger import sequencer
from keepfold.ledger.errors import LedgerHalted
from keepfold.ledger.queries import verify
from keepfold.ledger.recorder import recorder
from tests.ledger.support import entry, sequence, write


def test_a_person_erased_while_verification_runs_is_no_finding(stores, keys):
    ana, ben = sorted(keys.make(2))
    for person in (ana, ben):
        write(person)
    sequence()
    made = keys.subject_keys

    def erasing(subjects):
        if ben in subjects and ben in keys.people:
            keys.destroy(ben)
            keys.subject_keys = made
            return [None if subject == ben else made([subject])[0] for subject in subjects]
        return made(subjects)

    keys.subject_keys = erasing
    report = verify()
    assert [finding.code for finding in report.findings] == ["ledger.key-missing"]
    keys.people[ben] = None
    with db.atomic():
        recorder.close_subject(ben)
        recorder.append(entry(ben, action="vault.record.erase"))
    keys.destroy(ben)
    assert verify().ok
    sequencer.checkpoint_beat()
    assert verify().ok


def test_an_empty_ledger_passes(keys):
    report = verify()
    assert (report.ok, report.size, report.checkpoints, report.people) == (True, 0, 0, 0)


def test_verification_leaves_the_store_writable_and_unchanged(keys):
    (carl,) = keys.make()
    write(carl)
    before = db.fetch_all("default", "SELECT * FROM ledger_pending")
    assert verify().ok
    assert db.fetch_all("default", "SELECT * FROM ledger_pending") == before
    write(carl)
    assert verify().pending == 2


def test_a_waiting_row_put_back_after_it_was_sequenced_is_named_and_stops_the_sequencer(keys):
    (carl,) = keys.make()
    write(carl)
    write(carl)
    old = db.fetch_all("default", "SELECT ref, log, at_us, body, mac, actor FROM ledger_pending ORDER BY at_us")
    sequence()
    insert = "INSERT INTO ledger_pending (ref, log, at_us, body, mac, actor) VALUES (%s, %s, %s, %s, %s, %s)"
    db.execute("default", insert, old[1])
    report = verify()
    assert [finding.message for finding in report.findings] == [
        "Entry 1 waits for an index once more: its old row was put back."
    ]
    with pytest.raises(LedgerHalted, match="taken already"):
        sequencer.sequence_once()


def test_an_older_state_of_one_row_put_back_is_found(keys):
    (carl,) = keys.make()
    states = {}
    for step in range(2):
        write(carl)
        sequence()
        sequencer.checkpoint_beat()
        for table in ("ledger_log", "ledger_subject", "ledger_tile"):
            states[table, step] = db.fetch_all("default", f"SELECT * FROM {table}")
    for table in ("ledger_log", "ledger_subject", "ledger_tile"):
        assert states[table, 0] != states[table, 1]
        put_back(table, states[table, 0])
        assert not verify().ok, table
        put_back(table, states[table, 1])
        assert verify().ok


def put_back(table, rows):
    """Replace all rows of a table."""
    db.execute("default", f"DELETE FROM {table}")
    marks = ", ".join(["%s"] * len(rows[0]))
    for row in rows:
        db.execute("default", f"INSERT INTO {table} VALUES ({marks})", row)
