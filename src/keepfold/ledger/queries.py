"""What may be read freely inside the process: where the log stands, its checkpoints, tiles and proofs.

Nothing here says anything about a customer. Who an entry concerns, and its details, are read through `actions`.

For lists and figures: `entries`, `refusals`, `counts`, `growth`, `entries_of_actor`.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from functools import cache
from typing import Literal

from keepfold.gate.catalogue import known_actions
from keepfold.kernel.errors import NotFound
from keepfold.ledger import classes, entry, indexing, keyring, listing, store, tiles, tree
from keepfold.ledger import verifications as runs
from keepfold.ledger.audit.verify import verify
from keepfold.ledger.hashing import leaf_hash
from keepfold.ledger.types import (
    ActorPage,
    Consistency,
    Counts,
    EntryFilter,
    EntryPage,
    EntryView,
    Growth,
    Inclusion,
    Run,
    Status,
)

_UNKNOWN: Mapping[str, str] = {}


def status() -> Status:
    """Return where the log stands. A log that nothing was ever sequenced into has size 0."""
    log, last = store.read_log(keyring.LOG), store.last_checkpoint(keyring.LOG)
    pending, since = store.waiting(keyring.LOG)
    frontier = tree.Frontier() if log is None else tree.Frontier.load(log.size, log.frontier)
    return Status(
        origin=keyring.origin(),
        vkey=vkey(),
        size=frontier.size,
        pending=pending,
        waiting_since_us=since,
        root=frontier.root(),
        checkpoints=0 if log is None else log.checkpoints,
        checkpoint_size=0 if last is None else last.size,
        checkpoint_at_us=0 if last is None else last.at_us,
        beat_at_us=0 if log is None else max(log.beat_us, 0 if last is None else last.at_us),
        halted=None if log is None else log.halted or log.unsigned,
    )


def vkey() -> str:
    """Return the key by which others verify this log's checkpoints, as `name+id+base64` (C2SP signed-note)."""
    return keyring.signer().verifier().vkey()


def checkpoint(size: int | None = None) -> str:
    """Return the newest signed checkpoint, or that of one size. Raises `NotFound` before there is one."""
    row = store.last_checkpoint(keyring.LOG) if size is None else store.checkpoint_at(keyring.LOG, size)
    if row is None:
        raise NotFound(
            "There is no checkpoint of this size." if size is not None else "No checkpoint was signed yet.",
            code="ledger.no-checkpoint",
            next_step="The worker signs one every few seconds; start it with `keepfold work`.",
        )
    return row.note


def signed_size() -> int:
    """Return how many entries the newest checkpoint covers, 0 before there is one."""
    row = store.last_checkpoint(keyring.LOG)
    return 0 if row is None else row.size


def tile(level: int, n: int, width: int = tiles.WIDTH) -> bytes:
    """Return `width` hashes of one tile as in C2SP tlog-tiles; raises `NotFound` beyond the last checkpoint."""
    if not 1 <= width <= tiles.width_at(level, n, signed_size()):
        raise _no_tile()
    return store.read_tile(keyring.LOG, level, n)[: width * 32]


def entries_tile(n: int, width: int = tiles.WIDTH) -> bytes:
    """Return a bundle of `width` entries, each after its length (2 bytes); raises `NotFound` beyond the checkpoint."""
    if not 1 <= width <= tiles.width_at(0, n, signed_size()):
        raise _no_tile()
    first = n * tiles.WIDTH
    return tiles.bundle([row.body for row in store.entries_between(keyring.LOG, first, first + width)])


def _no_tile() -> NotFound:
    return NotFound("There is no such tile in the last checkpoint.", code="ledger.no-tile")


def _reader() -> tree.NodeReader:
    return tiles.reader(lambda level, n: store.read_tile(keyring.LOG, level, n))


def inclusion(index: int, size: int | None = None) -> Inclusion:
    """Return the proof that entry `index` stands in the tree of `size`, by default that of the newest checkpoint.

    Raises `NotFound` when there is no such entry or size yet.
    """
    row = store.entry_at(keyring.LOG, index)
    until = signed_size() if size is None else size
    if row is None or not index < until <= _known_size():
        raise NotFound(
            f"Entry {index} is not in the tree of size {until}.",
            code="ledger.no-entry",
            next_step="An entry gets its place within a second and its checkpoint at the next beat.",
        )
    return proof_of(row.body, index, until, _reader())


def proof_of(body: bytes, index: int, size: int, node: tree.NodeReader) -> Inclusion:
    """Return the proof of an entry that is known to be there."""
    signed = store.checkpoint_at(keyring.LOG, size)
    return Inclusion(
        index=index,
        size=size,
        leaf=leaf_hash(body),
        hashes=tuple(tree.inclusion_proof(index, size, node)),
        root=tree.range_root(0, size, node),
        checkpoint=None if signed is None else signed.note,
    )


def consistency(old: int, new: int | None = None) -> Consistency:
    """Return the proof that the tree of size `new` (by default the newest checkpoint's) begins with that of `old`.

    Raises `NotFound` when the log does not reach that far, and `ProofInvalid` when `old` is larger than `new`.
    """
    until = signed_size() if new is None else new
    if until > _known_size():
        raise NotFound(f"The log has fewer than {until} entries.", code="ledger.no-size")
    node = _reader()
    hashes = tree.consistency_proof(old, until, node)
    return Consistency(
        old=old,
        new=until,
        old_root=tree.range_root(0, old, node),
        new_root=tree.range_root(0, until, node),
        hashes=tuple(hashes),
    )


def _known_size() -> int:
    log = store.read_log(keyring.LOG)
    return 0 if log is None else log.size


def index_of(entry: bytes) -> int | None:
    """Return the place of an entry by its own id; None while it waits for one, or when there is no such entry."""
    found = store.bodies([entry]).get(entry)
    return None if found is None else found[0]


def show(index: int) -> EntryView:
    """Return the public part of the entry at an index. Raises `NotFound` when there is none."""
    row = store.entry_at(keyring.LOG, index)
    if row is None:
        raise NotFound(f"There is no entry {index}.", code="ledger.no-entry")
    return view(index, row.body)


def view(index: int | None, body: bytes) -> EntryView:
    """Return the public part of an entry's bytes."""
    parsed = entry.unpack(body)
    name, label = _names().get(parsed.action, (None, _UNKNOWN))
    return EntryView(
        index=index,
        kind=parsed.kind,
        action_number=parsed.action,
        action=name,
        label=label,
        hour_s=parsed.hour * 3600,
        allowed=parsed.allowed,
        actor_kind=parsed.actor_kind,
        purpose_number=parsed.purpose,
        policy_hash=parsed.policy_hash,
        subjects=parsed.subjects,
        body=body,
        leaf=leaf_hash(body),
    )


@cache
def _names() -> Mapping[int, tuple[str, Mapping[str, str]]]:
    return {line.number: (name, line.label) for name, line in known_actions().items()}


def is_by_actor(view: EntryView, actor: bytes) -> bool:
    """Say whether a member of staff or a client made an entry: recomputes the actor's tag with the actor's key."""
    return listing.is_by(keyring.keys().actor_key(actor), view.body)


# ---------------------------------------------------------------------------------------------------- lists and counts


def entries(
    wanted: EntryFilter | None = None, *, before: int | None = None, after: int | None = None, limit: int = 50
) -> EntryPage:
    """Return entries of the whole log, newest first, filtered by what stands in them.

    `before` and `after` are cursors from the last page (give at most one); `limit` is 1 to 1,000. Quick at any size:
    the newest entries that fit are looked up, never searched for. Raises `Invalid`.
    """
    return listing.page(wanted or EntryFilter(), before, after, limit, view)


def refusals(limit: int = 5) -> tuple[EntryView, ...]:
    """Return the newest refusals."""
    return entries(EntryFilter(allowed=False), limit=limit).entries


def entries_of_actor(
    actor: bytes,
    *,
    since_s: int = 0,
    before: tuple[int, int] | None = None,
    limit: int = 50,
) -> ActorPage:
    """Return what a member of staff, a client or the system did, newest first; `actor` is the id (16 bytes).

    Every entry returned bears the tag that only this actor's key makes, so none is shown by mistake; that none is
    missing is what `verify` checks. `since_s` bounds the search: one look-up for each hour in which anything happened,
    8,192 of these for one page at most; it may then be short, even empty, and its `before` says how far it came.
    Entries made before this index was kept are not found. `before` is the last page's cursor.
    A caller who shows this to people does so through an action. Raises `Invalid`.
    """
    return listing.by_actor(actor, since_s, before, limit, view)


def counts(since_s: int | None = None, until_s: int | None = None) -> Counts:
    """Return how many entries there are by kind, action, outcome, kind of actor and purpose, in [since, until).

    Times are seconds since the epoch and count by whole hours, as entries do; None leaves that end open.
    """
    return listing.counts(since_s, until_s, _name)


def growth(since_s: int, until_s: int, step: Literal["hour", "day"] = "day") -> tuple[Growth, ...]:
    """Return how many entries each hour or day (UTC) of a time brought, in order, empty ones included."""
    return listing.growth(since_s, until_s, step)


def verifications(limit: int = 20) -> tuple[Run, ...]:
    """Return the newest verifications that somebody asked for, the newest first."""
    return runs.recent(limit)


def verification(run: bytes) -> Run:
    """Return one of them. Raises `NotFound`."""
    return runs.one(run)


def first_day() -> date | None:
    """Return the day of the log's first entries, UTC; None while it is empty."""
    return listing.first_day()


def is_index_whole() -> bool:
    """Say whether the tallies count as many entries as the log has: a quick look, no proof. `verify` checks each."""
    return sum(tally.entries for tally in indexing.tallies(keyring.LOG, classes.EVER)) == _known_size()


def _name(number: int) -> str | None:
    return _names().get(number, (None, _UNKNOWN))[0]


__all__ = [
    "checkpoint",
    "consistency",
    "counts",
    "entries",
    "entries_of_actor",
    "entries_tile",
    "first_day",
    "growth",
    "inclusion",
    "is_by_actor",
    "is_index_whole",
    "proof_of",
    "refusals",
    "show",
    "signed_size",
    "status",
    "tile",
    "verification",
    "verifications",
    "verify",
    "view",
    "vkey",
]
