"""Verification beside a log that goes on being written, and of one that is empty."""

from __future__ import annotations

from keepfold.kernel import db
from keepfold.ledger import sequencer
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
