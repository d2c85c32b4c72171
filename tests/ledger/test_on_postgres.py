"""The main scenarios once more on a real PostgreSQL server, and what only several connections can show."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import pytest
from django.db import DatabaseError, InterfaceError, connections

from keepfold import gate, ledger
from keepfold.kernel import db
from keepfold.kernel.errors import Unavailable
from keepfold.ledger import indexing, keyring, queries, sequencer, store, tags, tree
from keepfold.ledger.actions import entries_of, recorder
from keepfold.ledger.checkpoint import open_checkpoint
from keepfold.ledger.errors import LedgerHalted
from tests.ledger import world as worlds
from tests.ledger.support import ANA, BEN, MadeKeys, count, entry, sequence, write
from tests.ledger.test_list_entries_of_person import ByName
from tests.ledger.test_sequence_entries import find_nothing_left

pytestmark = pytest.mark.postgres


@pytest.fixture
def keys(postgres_stores) -> Iterator[MadeKeys]:
    """Return the keys that the ledger on PostgreSQL is wired to."""
    made = MadeKeys()
    ledger.wire(keys=made)
    yield made
    ledger.wire(keys=None)


def at_once(*works):
    """Run works in threads, each with a connection of its own; return what they raised."""
    errors = []

    def run(work):
        try:
            work()
        except Exception as error:  # noqa: BLE001  returned
            errors.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=[work]) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return errors


def test_a_log_with_something_of_everything_passes_and_each_tampered_table_is_found(keys):
    world = worlds.build(keys)
    report = queries.verify()
    assert (report.ok, report.findings) == (True, ())
    assert (report.size, report.pending, report.people, report.checkpoints) == (266, 4, 3, 4)
    for sql in (
        "UPDATE ledger_entry SET body = set_byte(body, 150, get_byte(body, 150) # 1) WHERE idx = 42",
        "UPDATE ledger_pending SET at_us = at_us + 1",
        "UPDATE ledger_tile SET hashes = set_byte(hashes, 40, get_byte(hashes, 40) # 1) WHERE level = 0 AND n = 1",
        "UPDATE ledger_checkpoint SET at_us = at_us + 1 WHERE n = 1",
        "UPDATE ledger_detail SET frame = set_byte(frame, 20, get_byte(frame, 20) # 1)",
        "UPDATE ledger_members SET tags = set_byte(tags, 0, get_byte(tags, 0) # 1)",
        "UPDATE ledger_tag SET position = position + 1",
        "UPDATE ledger_subject SET next = next + 1",
        "UPDATE ledger_closed SET tags = tags + 1",
        "UPDATE ledger_log SET size = size - 1",
        "UPDATE ledger_index SET low = low + 1 WHERE low = (SELECT MAX(low) FROM ledger_index)",
        "UPDATE ledger_tally SET entries = entries + 1 WHERE span = 24",
        *(
            f"DELETE FROM ledger_{table}"
            for table in ("entry", "tile", "checkpoint", "detail", "members", "tag", "subject", "index", "tally")
        ),
    ):
        with db.atomic():
            assert db.execute("default", sql) > 0
            assert not queries.verify().ok, sql
            connections["default"].set_rollback(True)
    assert store.counter_of(1, world.alive)[0] == 6


def test_verification_reads_one_moment_while_others_write(keys):
    (carl,) = keys.make()
    for _ in range(20):
        write(carl)
    sequence()
    done = threading.Event()

    def writing():
        while not done.is_set():
            write(carl)
            sequence()
            sequencer.checkpoint_beat()

    def checking():
        try:
            for _ in range(10):
                report = queries.verify()
                assert report.ok, report.findings
        finally:
            done.set()

    assert at_once(writing, checking) == []


def test_people_in_common_leave_no_gap_under_contention(keys):
    """Everybody's first entry is the one of their sealing, which nobody else can be part of."""
    people = keys.make(8)
    write(*people)

    def work(turn):
        for step in range(12):
            write(people[(turn + step) % 8])
            write(*people[turn % 4 : turn % 4 + 4])
            write(*reversed(people))

    assert at_once(*(lambda turn=turn: work(turn) for turn in range(4))) == []
    counted = sum(store.counter_of(1, person)[0] for person in people)
    assert counted == 8 + 4 * 12 * (1 + 4 + 8) == count("ledger_tag")
    sequence()
    assert queries.verify().ok


def test_a_locked_person_makes_the_next_action_wait(keys):
    (carl,) = keys.make()
    write(carl)
    order = []
    inside = threading.Event()

    def first():
        with db.atomic():
            recorder.lock([carl])
            inside.set()
            time.sleep(0.2)
            order.append("first")

    def second():
        inside.wait()
        with db.atomic():
            recorder.lock([carl])
            order.append("second")

    assert at_once(first, second) == []
    assert order == ["first", "second"]


def assert_consistent(signed):
    """Check that the newest checkpoint extends every one that was signed."""
    key = [keyring.signer().verifier()]
    newest = open_checkpoint(queries.checkpoint(), keyring.origin(), key)
    for text in signed:
        old = open_checkpoint(text, keyring.origin(), key)
        if old.size:
            proof = queries.consistency(old.size).hashes
            tree.verify_consistency(old.size, newest.size, old.root, newest.root, proof)


def test_several_sequencers_at_once_make_one_log(keys):
    (carl,) = keys.make()
    signed = []
    stop = threading.Event()

    def sequencing():
        while not stop.is_set():
            sequencer.sequence_once(limit=5)
            note = sequencer.checkpoint_beat()
            if note:
                signed.append(note)

    def writing():
        for _ in range(60):
            write(carl)

    def writers():
        try:
            assert at_once(writing, writing) == []
        finally:
            stop.set()

    assert at_once(sequencing, sequencing, sequencing, writers) == []
    db.execute("default", "UPDATE ledger_log SET lease_until_us = 0")
    sequence()
    sequencer.checkpoint_beat()
    assert (queries.status().size, count("ledger_entry")) == (120, 120)
    assert queries.verify().ok
    assert_consistent(set(signed))


def test_whoever_finds_that_another_was_quicker_leaves_the_log_as_it_is(keys, monkeypatch):
    find_nothing_left(keys, monkeypatch)


def test_a_connection_that_dies_in_the_middle_loses_nothing_that_was_acknowledged(keys, postgres):
    (carl,) = keys.make()
    made = write(carl)

    def cut_off():
        with db.atomic():
            recorder.append(entry(carl))
            process = db.fetch_one("default", "SELECT pg_backend_pid()")[0]
            postgres.execute(f"SELECT pg_terminate_backend({process})")
            recorder.append(entry(carl))

    with pytest.raises((DatabaseError, InterfaceError)):
        cut_off()
    connections.close_all()
    assert store.counter_of(1, carl) == (1, None)
    sequence()
    assert [row.ref for row in store.entries_between(1, 0, 9)] == [made.id]
    assert queries.verify().ok


def test_a_part_that_is_there_already_refuses_the_entry(keys):
    (carl,) = keys.make()
    tag = tags.subject_tag(tags.tag_key(keys.subject_keys([carl])[0]), keyring.log_id(), 0)
    db.execute(
        "default", "INSERT INTO ledger_tag (tag, log, ref, position) VALUES (%s, 1, %s, 0)", [tag[:16], bytes(16)]
    )
    with pytest.raises(Unavailable) as raised:
        write(carl)
    assert raised.value.code == "ledger.append-refused"
    assert count("ledger_pending") == count("ledger_subject") == 0


def test_an_altered_waiting_entry_stops_the_sequencer(keys):
    made = write()
    db.execute("default", "UPDATE ledger_pending SET at_us = at_us + 1")
    with pytest.raises(LedgerHalted, match=made.id.hex()):
        sequencer.sequence_once()
    assert queries.status().halted


def test_a_person_lists_and_is_erased(keys):
    carl, other = keys.make(2)
    with gate.wired(ByName(), recorder):
        write(carl, reason="ticket 17")
        write(carl, other)
        sequence()
        sequencer.checkpoint_beat()
        page = entries_of(actor=ANA, person=carl)
        assert [one.number for one in page.entries] == [2, 1, 0]
        assert page.entries[2].details["reason"] == "ticket 17"
        assert page.entries[1].membership.count == 2
    with db.atomic():
        recorder.close_subject(carl)
        recorder.append(entry(carl, action="vault.record.erase"))
    keys.destroy(carl)
    sequence()
    sequencer.checkpoint_beat()
    assert store.counter_of(1, carl) is None
    assert queries.verify().ok


def test_lists_counts_and_actors_are_those_of_the_entries(keys):
    from keepfold.ledger import listing
    from keepfold.ledger.types import EntryFilter

    for number in range(600):
        write(
            allowed=number % 3 != 0,
            actor=(BEN, ANA)[number % 2],
            action=("vault.record.open", "vault.record.search")[number % 2],
        )
        if number % 97 == 0:
            sequence()
    sequence()
    views = [queries.show(index) for index in range(600)]
    assert queries.counts().total == queries.entries().total == 600
    for wanted in (EntryFilter(allowed=False), EntryFilter(action=304), EntryFilter(kind="access", allowed=True)):
        fitting = [
            view.index for view in reversed(views) if listing.fits(listing.classes.place_of(view.body)[1], wanted)
        ]
        found, before = [], None
        while True:
            page = queries.entries(wanted, before=before, limit=70)
            found += [view.index for view in page.entries]
            before = page.before
            if before is None:
                break
        assert found == fitting
        back = queries.entries(wanted, after=fitting[100], limit=70)
        assert [view.index for view in back.entries] == fitting[30:100]
    done = queries.entries_of_actor(BEN.id, limit=400)
    assert [view.index for view in done.entries] == list(range(598, -1, -2))
    assert sum(one.entries for one in queries.growth(0, 2**33, "day")) == 600
    with db.atomic():
        assert indexing.rebuild(keyring.LOG) == 600
    assert queries.verify().ok
