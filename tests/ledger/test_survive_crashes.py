"""Killed at any statement, out of space, or failing at any write: nothing is lost, nothing forks, and it goes on.

Children are forked and killed by SIGKILL from SQLite's trace of statements, so every statement, BEGIN and COMMIT
included, is a place to die at. What was acknowledged and what was signed is kept in files beside the database.
"""

from __future__ import annotations

import os
import shutil
import signal
import time
from pathlib import Path

import pytest
from django.db import OperationalError, connections

from keepfold.kernel import db
from keepfold.kernel.errors import Unavailable
from keepfold.ledger import keyring, note, queries, sequencer, store, tree
from keepfold.ledger.checkpoint import open_checkpoint
from keepfold.ledger.recorder import recorder
from tests.ledger.support import count, entry, sequence, write

SIGNED, ACKNOWLEDGED = "signed", "acknowledged"


def keep(home: Path, name: str, data: str) -> None:
    """Append a line to a file that survives this process."""
    with (home / name).open("a", encoding="utf-8") as file:
        file.write(data + "\x00")


def kept(home: Path, name: str) -> list[str]:
    path = home / name
    return path.read_text(encoding="utf-8").split("\x00")[:-1] if path.exists() else []


def watch_signatures(home: Path) -> None:
    """Keep every note at the moment it is signed, whether or not it ever reaches the database."""
    sign = note.sign_note

    def signing(text, signers):
        signed = sign(text, signers)
        keep(home, SIGNED, signed)
        return signed

    note.sign_note = signing


def acknowledged(home: Path, *people: bytes, **facts) -> None:
    keep(home, ACKNOWLEDGED, write(*people, **facts).id.hex())


def everything(home: Path, people: list[bytes], keys) -> None:
    """Do a little of all that the ledger does."""
    acknowledged(home, people[0])
    acknowledged(home, *people)
    sequence()
    sequencer.checkpoint_beat()
    acknowledged(home, action="people.client.create")
    with db.atomic(durable=True):
        recorder.close_subject(people[1])
        recorder.append(entry(people[1], action="vault.record.erase"))
    acknowledged(home, people[0])
    sequence()
    keys.destroy(people[1])
    sequencer.checkpoint_beat()


def in_child(work) -> int:
    """Run `work` in a process of its own; return its exit status (negative: the signal that ended it)."""
    connections.close_all()
    child = os.fork()
    if child == 0:
        status = 1
        try:
            work()
            status = 0
        finally:
            os._exit(status)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def die_at(statement: int) -> None:
    """Let this process be killed before it runs its so many-th SQL statement."""
    seen = 0

    def trace(_sql: str) -> None:
        nonlocal seen
        seen += 1
        if seen == statement:
            os.kill(os.getpid(), signal.SIGKILL)

    connections["default"].ensure_connection()
    connections["default"].connection.set_trace_callback(trace)


def assert_whole(home: Path) -> None:
    """Everything acknowledged is there once, all is verified, and no signature ever given contradicts the log."""
    db.execute("default", "UPDATE ledger_log SET lease_until_us = 0")  # the dead one's lease runs out
    sequence()
    sequencer.checkpoint_beat()
    report = queries.verify()
    assert report.ok, report.findings
    refs = [row.ref.hex() for row in store.entries_between(1, 0, report.size)]
    assert len(refs) == len(set(refs)) == report.size
    assert set(kept(home, ACKNOWLEDGED)) <= set(refs)
    newest = open_checkpoint(queries.checkpoint(), keyring.origin(), [keyring.signer().verifier()])
    assert (newest.size, newest.root) == (report.size, report.root)
    for signed in kept(home, SIGNED):
        old = open_checkpoint(signed, keyring.origin(), [keyring.signer().verifier()])
        assert old.size <= newest.size
        if old.size:
            proof = queries.consistency(old.size).hashes
            tree.verify_consistency(old.size, newest.size, old.root, newest.root, proof)


def test_killed_before_any_statement_the_log_is_whole_and_goes_on(keys, stores, tmp_path):
    people = keys.make(3)
    connections.close_all()
    clean = tmp_path / "clean"
    shutil.copytree(stores, clean)
    statement, deaths = 0, 0
    while True:
        statement += 1
        shutil.rmtree(stores)
        shutil.copytree(clean, stores)

        def work(at=statement):
            watch_signatures(stores)
            die_at(at)
            everything(stores, people, keys)

        status = in_child(work)
        if status == 0:
            break
        assert status == -signal.SIGKILL
        deaths += 1
        if count("ledger_subject") and store.counter_of(1, people[1]) is not None:
            assert_whole(stores)
        everything(stores, [people[0], *keys.make(2)], keys)
        assert_whole(stores)
        connections.close_all()
    assert deaths > 60, "the child died at fewer places than it has statements"


def failing_at(statement: int):
    """Return a wrapper that fails the so many-th statement."""
    seen = 0

    def wrapper(execute, sql, params, many, context):
        nonlocal seen
        seen += 1
        if seen == statement:
            raise OperationalError("disk I/O error")
        return execute(sql, params, many, context)

    return wrapper


def is_refused(work) -> bool:
    """Say whether work was refused because the disk is full; anything else is raised."""
    try:
        work()
    except (OperationalError, Unavailable) as error:
        if getattr(error, "code", None) == "storage.full" or db.storage_code(error) == "storage.full":
            return True
        raise
    return False


TABLES = ("entry", "pending", "tile", "checkpoint")


def run_and_fail_at(statement, home) -> int:
    """Sequence and sign with one failing statement each; return how many of the two it stopped."""
    failed = 0
    for work in (sequencer.sequence_once, sequencer.checkpoint_beat):
        before = [count(f"ledger_{table}") for table in TABLES]
        with connections["default"].execute_wrapper(failing_at(statement)):
            stopped = is_refused(work)
        failed += stopped
        assert not stopped or [count(f"ledger_{table}") for table in TABLES] == before
    return failed


def test_a_write_that_fails_anywhere_in_sequencing_or_signing_changes_nothing(keys, stores, monkeypatch):
    (carl,) = keys.make()
    monkeypatch.setattr(note, "sign_note", note.sign_note)
    watch_signatures(stores)
    statement = 0
    while True:
        statement += 1
        acknowledged(stores, carl)
        if not run_and_fail_at(statement, stores):
            break
    assert statement > 8
    assert_whole(stores)


def test_a_full_disk_refuses_entries_and_loses_none(keys, stores):
    people = keys.make(50)
    acknowledged(stores, people[0])
    sequence()
    pages = db.fetch_one("default", "PRAGMA page_count")[0]
    db.fetch_one("default", f"PRAGMA max_page_count = {pages + 4}")
    refused = [is_refused(lambda: acknowledged(stores, *people)) for _ in range(30)]
    assert any(refused)
    is_refused(sequence)
    db.fetch_one("default", "PRAGMA max_page_count = 1000000")
    acknowledged(stores, people[1])
    assert_whole(stores)


def test_several_writers_and_sequencers_of_which_one_is_killed_make_one_log(keys, stores):
    people = keys.make(6)
    write(*people)
    connections.close_all()
    children = []

    def start(work):
        child = os.fork()
        if child:
            children.append(child)
            return child
        status = 1
        try:
            watch_signatures(stores)
            work()
            status = 0
        finally:
            os._exit(status)

    def writing():
        for turn in range(25):
            acknowledged(stores, people[turn % 6])
            acknowledged(stores, *people[: 2 + turn % 4])

    def sequencing():
        until = time.monotonic() + 20
        while time.monotonic() < until and len(kept(stores, ACKNOWLEDGED)) < 100:
            sequencer.sequence_once(limit=7)
            sequencer.checkpoint_beat()
            time.sleep(0.002)

    writers = [start(writing) for _ in range(2)]
    sequencers = [start(sequencing) for _ in range(2)]
    while len(kept(stores, ACKNOWLEDGED)) < 20:
        time.sleep(0.01)
    os.kill(sequencers[0], signal.SIGKILL)
    statuses = {child: os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children}
    assert statuses.pop(sequencers[0]) == -signal.SIGKILL
    assert [statuses[child] for child in writers] == [0, 0]
    assert len(kept(stores, ACKNOWLEDGED)) == 100
    assert_whole(stores)


def test_after_a_crash_another_sequencer_takes_over_within_five_seconds(keys, stores):
    write()
    assert in_child(lambda: (sequence(), die_at(1), sequencer.checkpoint_beat())) == -signal.SIGKILL
    write()
    assert sequencer.sequence_once() == 0, "the dead one's lease still runs"
    lease = db.fetch_one("default", "SELECT lease_until_us FROM ledger_log")[0]
    assert lease - time.time_ns() // 1000 <= 5_000_000


@pytest.mark.parametrize("name", [SIGNED, ACKNOWLEDGED])
def test_the_files_of_these_tests_keep_what_they_are_given(tmp_path, name):
    keep(tmp_path, name, "a\nb\n")
    keep(tmp_path, name, "c")
    assert kept(tmp_path, name) == ["a\nb\n", "c"]
