"""The one sequencer: gives waiting entries their index, grows the tree, and signs checkpoints.

Everything that belongs together is one transaction (entries, index, tallies, tiles, frontier, size), so a crash leaves
the log before or after it, never between. Two sequencers exclude each other three times over: by the lease, by the size
that the log must still have when it is moved forward, and by the uniqueness of (log, index) and (log, size).

What the sequencer finds altered it does not vouch for: it raises `LedgerHalted`, notes why, and signs nothing more.
Appending goes on, so that nothing is lost while somebody looks.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from typing import TypeVar

from django.db import IntegrityError

from keepfold.kernel import clock, db
from keepfold.ledger import indexing, keyring, note, recorder, store, tiles, tree
from keepfold.ledger.checkpoint import Checkpoint, open_checkpoint
from keepfold.ledger.errors import EntryInvalid, LedgerHalted, NoteInvalid, ProofInvalid, TileInvalid
from keepfold.ledger.hashing import HASH_SIZE, leaf_hash

LEASE_US = 5_000_000
# A lease that claims to run longer than any honest one is no lease: nobody may stop the log by writing one.
LONGEST_LEASE_US = 60_000_000
MOST_AT_ONCE = 4096
MOST_CLOSINGS = 1000

R = TypeVar("R")


class _Process:
    """Who this process is to the lease; another one after a fork."""

    pid = 0
    name = b""


def owner() -> bytes:
    """Return this process's name in the lease."""
    if _Process.pid != os.getpid():
        _Process.pid, _Process.name = os.getpid(), os.urandom(16)
    return _Process.name


def sequence_once(limit: int = MOST_AT_ONCE) -> int:
    """Give waiting entries their index, at most `limit`; return how many. 0 also while another process does it.

    Raises `LedgerHalted` when a row was altered; nothing is sequenced then, and `status` says why.
    """
    recorder.check_origin()
    if not store.has_pending(keyring.LOG):
        return 0
    return _guarded(lambda: _sequence(limit), store.set_halted)


def checkpoint_beat() -> str | None:
    """Sign a checkpoint if the log has grown; return the newest one, None while another process does it.

    Also forgets people whose erasure is complete. Raises `LedgerHalted` when tree, frontier and last checkpoint do
    not fit together, and `Unavailable` when the clock runs behind; nothing is signed then.
    """
    clock.guard()
    recorder.check_origin()
    return _guarded(_checkpoint, store.set_unsigned)


def _guarded(work: Callable[[], R], note_why: Callable[[int, str], object]) -> R:
    try:
        with db.translate_errors(), db.atomic(store.DATA, durable=True):
            return _or_halt(work)
    except LedgerHalted as error:
        with db.translate_errors(), db.atomic(store.DATA, durable=True):
            if store.read_log(keyring.LOG) is None and not store.has_rows(keyring.LOG):
                _begin()
            note_why(keyring.LOG, error.detail)
        raise


def _or_halt(work: Callable[[], R]) -> R:
    try:
        return work()
    except IntegrityError as error:
        raise _halt("A place that the log needs next is taken already; somebody wrote into its tables.") from error
    except (EntryInvalid, NoteInvalid, ProofInvalid, TileInvalid) as error:
        raise _halt(f"The tables of the log do not fit together: {error.detail}") from error


def _halt(detail: str) -> LedgerHalted:
    return LedgerHalted(detail, next_step="Run `keepfold ledger verify`; it names every row that was changed.")


# ------------------------------------------------------------------------------------------------------------ sequence


def _take() -> store.LogRow | None:
    """Take the lease and return the log's state, checked; None while another process holds the lease."""
    if not _take_lease():
        if store.read_log(keyring.LOG) is not None:
            return None
        _begin()
        if not _take_lease():
            return None
    log = store.read_log(keyring.LOG)
    if log is None or log.mac != keyring.log_mac(log.log, log.origin, log.size, log.frontier, log.checkpoints):
        raise _halt("The state of the log (its row in ledger_log) was altered.")
    return log


def _take_lease() -> bool:
    now = clock.now_us()
    return store.take_lease(keyring.LOG, owner(), now, LEASE_US, LONGEST_LEASE_US)


def _begin() -> None:
    """Make the log's row. Only whoever made it asks for older rows: another process may have begun meanwhile."""
    name = keyring.origin()
    made = store.make_log(keyring.LOG, name, b"", keyring.log_mac(keyring.LOG, name, 0, b"", 0))
    if made and store.has_rows(keyring.LOG):
        raise _halt("The state of the log (its row in ledger_log) is missing, although the log has begun.")


def _sequence(limit: int) -> int:
    log = _take()
    if log is None:
        return 0
    waiting = store.read_pending(log.log, limit)
    if not waiting:  # another process was quicker, between the look from outside and the lease
        return 0
    _check_pending(waiting)
    frontier = tree.Frontier.load(log.size, log.frontier)
    made = frontier.extend([leaf_hash(row.body) for row in waiting])
    store.add_entries(_entry_rows(log, waiting))
    indexing.add(log.log, log.size, [row.body for row in waiting], [row.actor for row in waiting])
    store.write_tiles(log.log, list(_grown_tiles(log, made)))
    if store.drop_pending(log.log, waiting) != len(waiting):
        raise _halt("Entries that waited for their index disappeared meanwhile.")
    packed = frontier.pack()
    mac = keyring.log_mac(log.log, log.origin, frontier.size, packed, log.checkpoints)
    if not store.advance(log, frontier.size, packed, mac):
        raise _halt("Another process moved the log meanwhile.")
    return len(waiting)


def _check_pending(waiting: list[store.PendingRow]) -> None:
    macs = keyring.pending_macs(keyring.LOG, ((row.at_us, row.ref, row.body, row.actor) for row in waiting))
    for row, mac in zip(waiting, macs, strict=True):
        if row.mac != mac:
            raise _halt(f"The entry {bytes(row.ref).hex()}, which waits for its index, was altered.")


def _entry_rows(
    log: store.LogRow, waiting: list[store.PendingRow]
) -> list[tuple[int, int, bytes, bytes, bytes, bytes | None]]:
    number, macs = log.log, keyring.entry_macs(log.log, log.size, ((row.ref, row.body, row.actor) for row in waiting))
    return [
        (number, index, row.ref, row.body, mac, row.actor)
        for index, (row, mac) in enumerate(zip(waiting, macs, strict=True), start=log.size)
    ]


def _grown_tiles(log: store.LogRow, made: dict[int, list[bytes]]) -> Iterator[tuple[int, int, bytes]]:
    """Yield the tiles that new hashes fill up or begin."""
    for level, hashes in made.items():
        first, width = divmod(log.size >> tree.TILE_HEIGHT * level, tiles.WIDTH)
        before = store.read_tile(log.log, level, first) if width else b""
        if len(before) != width * HASH_SIZE:
            raise _halt(f"The tile {tiles.tile_path(tiles.Tile(level, first))} does not have its {width} hashes.")
        packed = before + b"".join(hashes)
        for at in range(0, len(packed), tiles.TILE_BYTES):
            yield level, first + at // tiles.TILE_BYTES, packed[at : at + tiles.TILE_BYTES]


# ---------------------------------------------------------------------------------------------------------- checkpoint


def _checkpoint() -> str | None:
    log = _take()
    if log is None:
        return None
    _forget_the_erased(log)
    last = store.last_checkpoint(log.log)
    if log.checkpoints != (0 if last is None else last.n + 1):
        raise _halt("The newest checkpoint is missing.")
    known = None if last is None else _open(log, last)
    root = _root(log, known)
    now = clock.now_us()
    if last is not None and last.size == log.size:
        store.set_beat(log.log, now)
        return last.note
    return _sign(log, root, now)


def _open(log: store.LogRow, row: store.CheckpointRow) -> Checkpoint:
    known = open_checkpoint(row.note, log.origin, [keyring.signer().verifier()])
    mac = keyring.checkpoint_mac(log.log, row.n, row.size, row.at_us, row.note)
    if row.mac != mac or known.size != row.size or row.size > log.size:
        raise _halt(f"The checkpoint number {row.n} (size {row.size}) was altered.")
    return known


def _root(log: store.LogRow, known: Checkpoint | None) -> bytes:
    """Return the root, after tiles and frontier agree on it and it is shown to extend the last checkpoint."""
    root = tree.Frontier.load(log.size, log.frontier).root()
    node = tiles.reader(lambda level, n: store.read_tile(log.log, level, n))
    if tree.range_root(0, log.size, node) != root:
        raise _halt("The tiles and the frontier of the log have different roots.")
    if known is not None and known.size:
        proof = tree.consistency_proof(known.size, log.size, node)
        tree.verify_consistency(known.size, log.size, known.root, root, proof)
    return root


def _sign(log: store.LogRow, root: bytes, now: int) -> str:
    signed = note.sign_note(Checkpoint(log.origin, log.size, root).text(), [keyring.signer()])
    mac = keyring.checkpoint_mac(log.log, log.checkpoints, log.size, now, signed)
    row = store.CheckpointRow(log.checkpoints, log.size, now, signed, mac)
    after = keyring.log_mac(log.log, log.origin, log.size, log.frontier, log.checkpoints + 1)
    if not store.add_checkpoint(log, row, after):
        raise _halt("Another process moved the log meanwhile.")
    return signed


def _forget_the_erased(log: store.LogRow) -> None:
    """Drop the counters of people whose keys are destroyed, and keep how many tags they had."""
    leaving = store.closing(log.log, MOST_CLOSINGS)
    if not leaving:
        return
    keys = keyring.keys().subject_keys([subject for subject, _, _ in leaving])
    for (subject, count, mark), key in zip(leaving, keys, strict=True):
        if key is None and mark == keyring.closing_mac(log.log, subject):
            number = os.urandom(16)
            store.close(log.log, subject, count, number, keyring.closed_mac(log.log, number, count))
