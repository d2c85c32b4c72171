"""Finds one person's entries by recomputing their tags; nothing else in the tables says which they are."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from keepfold.kernel.errors import Invalid, NotFound, Unopened
from keepfold.ledger import classes, entry, keyring, listing, queries, sealing, store, tags, tiles, tree
from keepfold.ledger.errors import LedgerHalted
from keepfold.ledger.hashing import leaf_hash
from keepfold.ledger.types import EntryFilter, EntryView, Membership, PersonEntries, PersonEntry, State

MOST = 500
# How many entries one look goes through for those that fit. Some fifteen microseconds each: their tags are made anew,
# and only those whose public part fits are opened.
MOST_LOOKED_AT = 2000
_WINDOW = 250

Fits = Callable[[PersonEntry], bool]


class _Owned(NamedTuple):
    """One tag of the person, and the entry that it stands in."""

    number: int
    tag: bytes
    ref: bytes
    position: int
    idx: int | None
    body: bytes


def page(
    person: bytes,
    before: int | None,
    limit: int,
    *,
    proofs: bool = True,
    wanted: EntryFilter | None = None,
    fits: Fits | None = None,
) -> PersonEntries:
    """Return up to `limit` (at most 500) of a person's entries with numbers below `before`, newest first.

    With `wanted` or `fits` only those for which they hold, out of up to `MOST_LOOKED_AT`; see `actions.entries_of`.
    Somebody without a ledger key (erased, or never there) has none. Raises `LedgerHalted` when a tag is missing.
    """
    if not 1 <= limit <= MOST:
        raise Invalid(f"Ask for 1 to {MOST} entries at a time.", code="ledger.limit")
    counter = store.counter_of(keyring.LOG, person)
    key = keyring.keys().subject_keys([person])[0]
    if counter is None or key is None:
        return PersonEntries(entries=(), total=0, before=None)
    total = counter[0]
    high = total if before is None else max(0, min(before, total))
    if wanted is None and fits is None:
        low = max(0, high - limit)
        entries = _shown(_owned(tags.tag_key(key), range(high - 1, low - 1, -1)), key, proofs=proofs)
        return PersonEntries(entries=entries, total=total, before=low or None)
    search = _Search(key, wanted or EntryFilter(), fits, limit, proofs)
    found, low = _sought(search, high)
    return PersonEntries(entries=tuple(found), total=total, before=low or None)


class _Search(NamedTuple):
    """What is looked for among a person's entries."""

    key: bytes
    wanted: EntryFilter
    fits: Fits | None
    limit: int
    proofs: bool


def _sought(search: _Search, high: int) -> tuple[list[PersonEntry], int]:
    """Return the entries below a number that fit, and the number below which to go on: 0 when there is no more."""
    derived, (since, until) = tags.tag_key(search.key), listing.hours_of(search.wanted)
    if search.wanted.until is not None:
        # A person's numbers and hours rise together: what is too new is not gone through one by one.
        high = bisect_left(range(high), until, key=lambda number: _hour(_owned(derived, [number])[0]))
    floor = max(0, high - MOST_LOOKED_AT)
    found: list[PersonEntry] = []
    while high > floor and len(found) < search.limit:
        low = max(floor, high - _WINDOW)
        owned = _owned(derived, range(high - 1, low - 1, -1))
        found += _fitting(search, owned)
        high = 0 if _hour(owned[-1]) < since else low
    if len(found) > search.limit:
        found = found[: search.limit]
        high = found[-1].number
    return found, high


def _fitting(search: _Search, owned: Sequence[_Owned]) -> list[PersonEntry]:
    wanted, (since, until) = search.wanted, listing.hours_of(search.wanted)
    places = [(one, *classes.place_of(one.body)) for one in owned]
    public = [one for one, hour, number in places if since <= hour < until and listing.fits(number, wanted)]
    shown = _shown(public, search.key, proofs=search.proofs) if public else ()
    return [one for one in shown if search.fits is None or search.fits(one)]


def _hour(one: _Owned) -> int:
    return classes.place_of(one.body)[0]


def _owned(derived: bytes, numbers: Sequence[int]) -> list[_Owned]:
    made = {number: tags.subject_tag(derived, keyring.log_id(), number) for number in numbers}
    places = store.places([tag[: tags.SHORT] for tag in made.values()])
    bodies = store.bodies(list({ref for ref, _ in places.values()}))
    owned = []
    for number, tag in made.items():
        place = places.get(tag[: tags.SHORT])
        if place is None or place[0] not in bodies:
            raise LedgerHalted(
                f"Entry number {number} of this person is missing from the ledger.",
                code="ledger.tag-missing",
                next_step="Run `keepfold ledger verify`; it names every row that was changed.",
            )
        owned.append(_Owned(number, tag, *place, *bodies[place[0]]))
    return owned


def _shown(owned: Sequence[_Owned], key: bytes, *, proofs: bool) -> tuple[PersonEntry, ...]:
    frames = store.frames([item.ref for item in owned])
    batches = store.members([item.ref for item in owned]) if proofs else {}
    last = store.last_checkpoint(keyring.LOG)
    size, node = (0 if last is None else last.size), tiles.reader(lambda *at: store.read_tile(keyring.LOG, *at))
    shown = []
    for item in owned:
        index, members = item.idx, batches.get(item.ref)
        covered = index is not None and index < size
        shown.append(
            PersonEntry(
                number=item.number,
                tag=item.tag,
                state=_state(index, covered=covered),
                entry=queries.view(index, item.body),
                details=_details(item, frames.get(item.ref), key),
                proof=queries.proof_of(item.body, index, size, node)
                if proofs and index is not None and covered
                else None,
                membership=None if members is None else _membership(item.position, members),
            )
        )
    return tuple(shown)


def _state(index: int | None, *, covered: bool) -> State:
    if index is None:
        return "pending"
    return "checkpointed" if covered else "sequenced"


def _membership(position: int, packed: bytes) -> Membership:
    members = tree.split_hashes(packed)
    node = tree.memory_reader([leaf_hash(tag) for tag in members])
    hashes = tree.inclusion_proof(position, len(members), node)
    return Membership(position=position, count=len(members), hashes=tuple(hashes))


def _details(item: _Owned, frame: bytes | None, key: bytes) -> dict[str, Any] | None:
    body = entry.unpack(item.body)
    sealed_by = tags.detail_key(key) if body.subjects == 1 else keyring.detail_key()
    return _opened(sealed_by, item.ref, frame, body)


def _opened(key: bytes, ref: bytes, frame: bytes | None, body: entry.Body) -> dict[str, Any] | None:
    if frame is None:
        return None
    try:
        return sealing.unseal(key, keyring.log_id(), ref, frame, body.commitment)
    except Unopened:
        return None


def details(index: int, person: bytes | None) -> tuple[EntryView, dict[str, Any] | None]:
    """Return one entry and its details; None when they cannot be opened.

    Details of an entry about one person open with that person's key only, so the person must be named.
    Raises `NotFound` when there is no such entry, or it is not about this person.
    """
    row = store.entry_at(keyring.LOG, index)
    if row is None:
        raise NotFound(f"There is no entry {index}.", code="ledger.no-entry")
    body, view = entry.unpack(row.body), queries.view(index, row.body)
    if body.subjects != 1:
        frame = store.frames([row.ref]).get(row.ref)
        return view, _opened(keyring.detail_key(), row.ref, frame, body)
    key = None if person is None else keyring.keys().subject_keys([person])[0]
    if person is None or key is None or not _is_about(person, key, body.subject_tag):
        raise NotFound(
            "The details of this entry open with the key of the person it is about, and no other.",
            code="ledger.whose-entry",
            next_step="Name the person, or list the person's entries.",
        )
    return view, _opened(tags.detail_key(key), row.ref, store.frames([row.ref]).get(row.ref), body)


def _is_about(person: bytes, key: bytes, tag: bytes) -> bool:
    counter, derived = store.counter_of(keyring.LOG, person), tags.tag_key(key)
    return counter is not None and any(
        tags.subject_tag(derived, keyring.log_id(), number) == tag for number in range(counter[0])
    )
