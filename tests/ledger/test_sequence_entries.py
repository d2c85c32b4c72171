"""The sequencer: gap-free indexes, tiles, checkpoints; and what it refuses to vouch for."""

from __future__ import annotations

import pytest
import time_machine
from django.db import connections
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from keepfold.kernel import clock, db
from keepfold.kernel.errors import NotFound, Unavailable
from keepfold.ledger import jobs, keyring, queries, sequencer, store, tiles, tree
from keepfold.ledger.checkpoint import open_checkpoint
from keepfold.ledger.errors import LedgerHalted
from keepfold.ledger.hashing import EMPTY_ROOT, leaf_hash
from tests.ledger.support import count, rows, sequence, write

OTHER = b"another process!"


def verifier():
    return [keyring.signer().verifier()]


def checkpoint(size=None):
    return open_checkpoint(queries.checkpoint(size), keyring.origin(), verifier())


def halts(work, match):
    with pytest.raises(LedgerHalted, match=match) as raised:
        work()
    assert "keepfold ledger verify" in raised.value.next_step
    return raised.value


def test_an_empty_log_signs_the_empty_tree(keys):
    assert sequencer.sequence_once() == 0
    sequencer.checkpoint_beat()
    assert (checkpoint().size, checkpoint().root) == (0, EMPTY_ROOT)
    assert queries.status().size == 0


def test_before_the_first_beat_there_is_no_checkpoint(keys):
    with pytest.raises(NotFound, match="No checkpoint"):
        queries.checkpoint()


def test_entries_get_indexes_without_gaps_in_batches_of_any_size(keys):
    total = 0
    for batch in (1, 2, 253, 1, 256, 3):
        for _ in range(batch):
            write()
        total += batch
        assert sequence() == batch
        assert queries.status().size == total
    assert [row[0] for row in rows("ledger_entry", "idx")] == list(range(total))
    assert count("ledger_pending") == 0
    leaves = [leaf_hash(row.body) for row in store.entries_between(1, 0, total)]
    assert queries.status().root == tree.root_of(leaves)
    assert queries.verify().ok


def test_a_limit_leaves_the_rest_for_the_next_round(keys):
    for _ in range(10):
        write()
    assert [sequencer.sequence_once(limit=4) for _ in range(4)] == [4, 4, 2, 0]
    assert queries.verify().ok


def find_nothing_left(keys, monkeypatch):
    """Look as if something waited, and find nothing: another process was quicker. The log stays as it is."""
    (carl,) = keys.make()
    write(carl)
    sequence()
    monkeypatch.setattr(store, "has_pending", lambda _log: True)
    assert sequencer.sequence_once() == 0
    assert (queries.status().size, queries.status().halted) == (1, None)


def test_whoever_finds_that_another_was_quicker_leaves_the_log_as_it_is(keys, monkeypatch):
    find_nothing_left(keys, monkeypatch)


def test_a_checkpoint_is_signed_only_when_the_log_has_grown(keys):
    write()
    sequence()
    first = sequencer.checkpoint_beat()
    assert sequencer.checkpoint_beat() == first
    assert count("ledger_checkpoint") == 1
    before = queries.status()
    assert before.beat_at_us >= before.checkpoint_at_us
    write()
    sequence()
    assert sequencer.checkpoint_beat() != first
    assert (checkpoint(1).size, checkpoint().size, count("ledger_checkpoint")) == (1, 2, 2)


def test_every_checkpoint_is_consistent_with_all_that_follow(keys):
    for size in range(1, 30):
        write()
        sequence()
        sequencer.checkpoint_beat()
        assert checkpoint().size == size
    for old in range(1, 30):
        proof = queries.consistency(old)
        tree.verify_consistency(old, 29, checkpoint(old).root, checkpoint().root, proof.hashes)
        assert (proof.old_root, proof.new_root) == (checkpoint(old).root, checkpoint().root)


def test_every_entry_is_proven_in_every_later_checkpoint(keys):
    for _ in range(20):
        write()
    sequence()
    sequencer.checkpoint_beat()
    for index in range(20):
        proof = queries.inclusion(index)
        assert proof.checkpoint == queries.checkpoint()
        tree.verify_inclusion(proof.leaf, index, 20, proof.hashes, checkpoint().root)
        for size in range(index + 1, 20):
            proof = queries.inclusion(index, size)
            tree.verify_inclusion(proof.leaf, index, size, proof.hashes, proof.root)


def test_tiles_are_served_up_to_the_last_checkpoint_and_no_further(keys):
    for _ in range(300):
        write()
    sequence()
    sequencer.checkpoint_beat()
    write()
    sequence()
    assert len(queries.tile(0, 0)) == 8192
    assert len(queries.tile(0, 1, 44)) == 44 * 32
    assert queries.tile(0, 1, 44)[: 20 * 32] == queries.tile(0, 1, 20)
    assert queries.tile(1, 0, 1) == tiles.fold(queries.tile(0, 0), 256)
    bundle = tiles.unbundle(queries.entries_tile(1, 44))
    assert b"".join(leaf_hash(item) for item in bundle) == queries.tile(0, 1, 44)
    for level, n, width in ((0, 1, 45), (0, 2, 1), (1, 0, 2), (2, 0, 1), (0, 0, 0), (0, 0, 257)):
        with pytest.raises(NotFound):
            queries.tile(level, n, width)
    with pytest.raises(NotFound):
        queries.entries_tile(1, 45)


@pytest.mark.parametrize(("index", "size"), [(5, None), (0, 6), (4, 4), (9, 9)])
def test_there_is_no_proof_of_what_is_not_there(keys, index, size):
    for _ in range(5):
        write()
    sequence()
    sequencer.checkpoint_beat()
    with pytest.raises(NotFound):
        queries.inclusion(index, size)
    with pytest.raises(NotFound):
        queries.consistency(1, 6)


@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.integers(0, 40), min_size=1, max_size=6))
def test_however_entries_arrive_the_tree_is_that_of_all_entries(keys, batches):
    for batch in batches:
        for _ in range(batch):
            write()
        sequence()
        sequencer.checkpoint_beat()
    size = queries.status().size
    leaves = [leaf_hash(row.body) for row in store.entries_between(1, 0, size)]
    assert queries.status().root == tree.root_of(leaves)
    for level, full, partial in tiles.geometry(size):
        assert len(store.read_tile(1, level, full)) == partial * 32


# ----------------------------------------------------------------------------------------------------- one at a time


def test_while_another_process_holds_the_lease_nothing_is_sequenced_or_signed(keys):
    write()
    sequence()
    write()
    until = clock.now_us() + 5_000_000
    db.execute("default", "UPDATE ledger_log SET lease_owner = %s, lease_until_us = %s", [OTHER, until])
    assert sequencer.sequence_once() == 0
    assert sequencer.checkpoint_beat() is None
    assert count("ledger_pending") == 1


def test_a_dead_sequencer_is_replaced_when_its_lease_ends(keys):
    write()
    sequence()
    write()
    until = clock.now_us() + 5_000_000
    db.execute("default", "UPDATE ledger_log SET lease_owner = %s, lease_until_us = %s", [OTHER, until])
    with time_machine.travel(until / 1e6 + 0.01, tick=False):
        assert sequencer.sequence_once() == 1
    assert queries.verify().ok


def test_a_lease_that_claims_to_run_for_years_stops_nothing(keys):
    write()
    sequence()
    write()
    db.execute("default", "UPDATE ledger_log SET lease_owner = %s, lease_until_us = %s", [OTHER, 1 << 62])
    assert sequencer.sequence_once() == 1


def test_a_sequencer_that_was_overtaken_moves_nothing(keys, monkeypatch):
    write()
    sequence()
    write()
    advance = store.advance
    monkeypatch.setattr(store, "advance", lambda before, *rest: advance(before._replace(size=before.size + 1), *rest))
    halts(sequencer.sequence_once, "Another process moved the log")
    assert (queries.status().size, count("ledger_pending"), count("ledger_entry")) == (1, 1, 1)
    monkeypatch.undo()
    assert sequence() == 1
    assert queries.verify().ok


def test_an_index_can_be_taken_only_once(keys):
    write()
    sequence()
    write()
    db.execute(
        "default",
        "INSERT INTO ledger_entry (log, idx, ref, body, mac) SELECT log, 1, %s, body, mac FROM ledger_entry",
        [bytes(16)],
    )
    halts(sequencer.sequence_once, "taken already")
    assert queries.status().size == 1


# ------------------------------------------------------------------------------------------------------------ refusals


def test_an_altered_waiting_entry_is_named_and_stops_the_sequencer(keys):
    first, second = write(), write()
    db.execute("default", "UPDATE ledger_pending SET at_us = at_us + 1 WHERE ref = %s", [second.id])
    error = halts(sequencer.sequence_once, second.id.hex())
    assert isinstance(error, Unavailable)
    assert queries.status().halted == error.detail
    assert (queries.status().size, count("ledger_pending")) == (0, 2)
    write()
    assert count("ledger_pending") == 3, "appending goes on"
    db.execute("default", "UPDATE ledger_pending SET at_us = at_us - 1 WHERE ref = %s", [second.id])
    assert sequence() == 3
    assert queries.status().halted is None
    assert first.id in {row.ref for row in store.entries_between(1, 0, 3)}


@pytest.mark.parametrize(
    ("sql", "match"),
    [
        ("UPDATE ledger_log SET size = size + 1", "ledger_log"),
        ("UPDATE ledger_log SET mac = x'00'", "ledger_log"),
        ("DELETE FROM ledger_log", "missing"),
        ("UPDATE ledger_log SET checkpoints = 7", "ledger_log"),
    ],
)
def test_an_altered_state_stops_sequencing_and_signing(keys, sql, match):
    write()
    sequence()
    sequencer.checkpoint_beat()
    write()
    db.execute("default", sql)
    halts(sequencer.sequence_once, match)
    halts(sequencer.checkpoint_beat, match)


@pytest.mark.parametrize(
    ("sql", "match"),
    [
        (
            "UPDATE ledger_tile SET hashes = CAST(substr(hashes, 1, 32) || zeroblob(32) || substr(hashes, 65) AS BLOB)",
            "different roots",
        ),
        ("DELETE FROM ledger_tile", "fewer hashes"),
        ("DELETE FROM ledger_checkpoint", "newest checkpoint is missing"),
        ("UPDATE ledger_checkpoint SET size = 2", "was altered"),
        ("UPDATE ledger_checkpoint SET note = replace(note, 'keepfold', 'keepfeld')", "do not fit together"),
    ],
)
def test_nothing_is_signed_over_tiles_or_checkpoints_that_were_altered(keys, sql, match):
    for _ in range(3):
        write()
    sequence()
    signed = sequencer.checkpoint_beat()
    write()
    sequence()
    db.execute("default", sql)
    error = halts(sequencer.checkpoint_beat, match)
    assert queries.status().halted == error.detail
    assert signed.startswith("keepfold")


def test_a_tree_rewritten_under_a_checkpoint_is_never_signed(keys):
    """Mallory holds the row keys and makes entries, tiles, frontier and state agree on another past."""
    for _ in range(4):
        write()
    sequence()
    sequencer.checkpoint_beat()
    write()
    sequence()
    bodies = [row.body for row in store.entries_between(1, 0, 5)]
    frontier = tree.Frontier()
    made = frontier.extend([leaf_hash(bodies[4]), *[leaf_hash(body) for body in bodies[1:]]])
    store.write_tiles(1, [(0, 0, b"".join(made[0]))])
    mac = keyring.log_mac(1, keyring.origin(), 5, frontier.pack(), 1)
    db.execute("default", "UPDATE ledger_log SET frontier = %s, mac = %s", [frontier.pack(), mac])
    halts(sequencer.checkpoint_beat, "do not fit together")
    assert count("ledger_checkpoint") == 1


def test_a_tile_without_its_hashes_stops_the_sequencer(keys):
    write()
    sequence()
    write()
    db.execute("default", "UPDATE ledger_tile SET hashes = x''")
    halts(sequencer.sequence_once, "tile/0/000")


def test_a_clock_that_was_set_back_signs_nothing(keys):
    write()
    sequence()
    clock.raise_mark(clock.now_us() + 60_000_000)
    clock.forget()
    with pytest.raises(Unavailable) as raised:
        sequencer.checkpoint_beat()
    assert raised.value.code == "clock.behind"
    assert count("ledger_checkpoint") == 0


# ---------------------------------------------------------------------------------------------------------------- beat


def test_the_workers_beats_sequence_and_sign(keys):
    for _ in range(5):
        write()
    assert jobs.sequence() == 5
    jobs.checkpoint()
    assert checkpoint().size == 5
    assert jobs.sequence() == 0


def test_an_idle_sequencer_writes_nothing(keys):
    write()
    sequence()
    before = rows("ledger_log")
    assert sequencer.sequence_once() == 0
    assert rows("ledger_log") == before
    assert not connections["default"].in_atomic_block
