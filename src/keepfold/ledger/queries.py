"""What may be read freely inside the process: where the log stands, its checkpoints, tiles and proofs.

Nothing here says anything about a person. Who an entry concerns, and its details, are read through `actions`.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from keepfold.gate.catalogue import known_actions
from keepfold.kernel.errors import NotFound
from keepfold.ledger import entry as entries
from keepfold.ledger import keyring, store, tags, tiles, tree
from keepfold.ledger.audit.verify import verify
from keepfold.ledger.hashing import leaf_hash
from keepfold.ledger.types import Consistency, EntryView, Inclusion, Status

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


def _signed_size() -> int:
    row = store.last_checkpoint(keyring.LOG)
    return 0 if row is None else row.size


def tile(level: int, n: int, width: int = tiles.WIDTH) -> bytes:
    """Return `width` hashes of one tile as in C2SP tlog-tiles; raises `NotFound` beyond the last checkpoint."""
    if not 1 <= width <= tiles.width_at(level, n, _signed_size()):
        raise _no_tile()
    return store.read_tile(keyring.LOG, level, n)[: width * 32]


def entries_tile(n: int, width: int = tiles.WIDTH) -> bytes:
    """Return a bundle of `width` entries, each after its length (2 bytes); raises `NotFound` beyond the checkpoint."""
    if not 1 <= width <= tiles.width_at(0, n, _signed_size()):
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
    until = _signed_size() if size is None else size
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
    until = _signed_size() if new is None else new
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


def show(index: int) -> EntryView:
    """Return the public part of the entry at an index. Raises `NotFound` when there is none."""
    row = store.entry_at(keyring.LOG, index)
    if row is None:
        raise NotFound(f"There is no entry {index}.", code="ledger.no-entry")
    return view(index, row.body)


def view(index: int | None, body: bytes) -> EntryView:
    """Return the public part of an entry's bytes."""
    parsed = entries.unpack(body)
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
    parsed = entries.unpack(view.body)
    key = keyring.keys().actor_key(actor)
    return parsed.actor_tag == tags.actor_tag(key, keyring.log_id(), parsed.commitment)


__all__ = [
    "checkpoint",
    "consistency",
    "entries_tile",
    "inclusion",
    "is_by_actor",
    "proof_of",
    "show",
    "status",
    "tile",
    "verify",
    "view",
    "vkey",
]
