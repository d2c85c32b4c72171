"""What entries are found and counted by: their class, and their actor in one hour; and runs of indexes. Pure.

An entry's kind, action, outcome, kind of actor and purpose stand in its body, at bytes 1 to 5 and 10 to 13; its hour at
bytes 6 to 9 (`entry`). Packed into one integer they say which of the few classes that a log has an entry belongs to:

==== =====================================
bits what
==== =====================================
32   number of the purpose (highest)
16   number of the action
4    kind of the action
3    kind of the actor
1    the action was allowed (lowest)
==== =====================================

The number is the same wherever it is made, and below 2⁵⁶. An actor's hour (`tags.actor_hour`) becomes a number below 0.
"""

from __future__ import annotations

import sys
from array import array
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from keepfold.ledger.entry import ACTOR_KINDS, ALLOWED, KINDS, ActorKind, Kind

# Lengths of time that entries are counted by, in hours. A block is there so that years need few rows.
EVER, HOUR, DAY, BLOCK = 0, 1, 24, 720
# In hours and days, all classes together: those that were allowed and those that were refused.
ALL_ALLOWED, ALL_REFUSED = -1, -2
# Entries that one run may hold. A row of the index then has at most half a kilobyte.
LONGEST = 256
_REACH = 1 << 16

# Bytes of the body that say class and hour: kind, flags, actor, action, hour, purpose.
_FIRST, _END = 1, 14
_LIMIT = 1 << 56


class Class(NamedTuple):
    """What the entries of one class have in common. `action` and `purpose` are numbers."""

    kind: Kind
    allowed: bool
    actor_kind: ActorKind
    action: int
    purpose: int


class Group(NamedTuple):
    """Entries of one hour (since the epoch) and one class, by index, rising."""

    hour: int
    number: int
    indexes: list[int]


class Run(NamedTuple):
    """Some entries of one number: the first index, how many, and where the others stand (`pack_offsets`)."""

    number: int
    low: int
    entries: int
    packed: bytes


class TallyRow(NamedTuple):
    """How many entries of a class a span of time has, and the first and last index of these; see `models.Tally`."""

    span: int
    hour: int
    number: int
    entries: int
    low: int
    high: int


def describe(number: int) -> Class | None:
    """Return what a class's number says; None when no entry can have it."""
    purpose, action = number >> 24, number >> 8 & 0xFFFF
    kind, actor, allowed = number >> 4 & 0xF, number >> 1 & 0x7, number & 1
    if not (0 <= number < _LIMIT and 1 <= kind <= len(KINDS) and actor < len(ACTOR_KINDS)):
        return None
    return Class(KINDS[kind - 1], bool(allowed), ACTOR_KINDS[actor], action, purpose)


def place_of(body: bytes) -> tuple[int, int]:
    """Return (hour since the epoch, class) of an entry's 154 bytes."""
    return _split(body[_FIRST:_END])


def of_actor(tag: bytes) -> int:
    """Return the number of an actor's hour, from its 8 bytes: below 0."""
    return -1 - (int.from_bytes(tag, "big") >> 1)


def groups(bodies: Sequence[bytes], first: int) -> list[Group]:
    """Return entries that stand at `first` and the indexes that follow, by hour and class."""
    found: dict[bytes, list[int]] = {}
    for index, body in enumerate(bodies, start=first):
        part = body[_FIRST:_END]
        if part in found:
            found[part].append(index)
        else:
            found[part] = [index]
    merged: dict[tuple[int, int], list[int]] = {}
    for part, indexes in found.items():
        # Parts that differ in the flag for batches are of one class.
        merged.setdefault(_split(part), []).extend(indexes)
    return [Group(hour, number, sorted(indexes)) for (hour, number), indexes in merged.items()]


def _split(part: bytes) -> tuple[int, int]:
    kind, flags, actor = part[0], part[1], part[2]
    action, hour = int.from_bytes(part[3:5], "big"), int.from_bytes(part[5:9], "big")
    purpose = int.from_bytes(part[9:13], "big")
    return hour, purpose << 24 | action << 8 | kind << 4 | actor << 1 | flags & ALLOWED


def by_actor(actors: Iterable[bytes | None], first: int) -> dict[int, list[int]]:
    """Return {number of the actor's hour: indexes, rising} of entries from `first` on."""
    found: dict[bytes, list[int]] = {}
    for index, tag in enumerate(actors, start=first):
        if tag is None:
            continue
        if tag in found:
            found[tag].append(index)
        else:
            found[tag] = [index]
    return {of_actor(tag): indexes for tag, indexes in found.items()}


def by_class(found: Iterable[Group]) -> dict[int, list[int]]:
    """Return {class: indexes, rising} of groups."""
    joined: dict[int, list[int]] = {}
    for group in found:
        joined.setdefault(group.number, []).extend(group.indexes)
    return {number: sorted(indexes) for number, indexes in joined.items()}


def runs(number: int, indexes: Sequence[int]) -> Iterator[Run]:
    """Cut rising indexes into runs."""
    at = 0
    while at < len(indexes):
        low, end = indexes[at], min(at + LONGEST, len(indexes))
        while indexes[end - 1] - low >= _REACH:
            end -= 1
        yield Run(number, low, end - at, pack_offsets(indexes[at:end]))
        at = end


def pack_offsets(indexes: Sequence[int]) -> bytes:
    """Return how far each index but the first is from the first, two bytes each, big-endian; nothing without gaps."""
    low = indexes[0]
    if indexes[-1] - low == len(indexes) - 1:
        return b""
    return _swapped(array("H", [index - low for index in indexes[1:]])).tobytes()


def indexes_of(low: int, entries: int, packed: bytes) -> list[int]:
    """Return the indexes of a run, rising. What no run can be comes out as whatever it says, for `verify` to find."""
    if not packed:
        return list(range(low, low + entries))
    offsets = _swapped(array("H", packed[: len(packed) // 2 * 2]))
    return [low, *(low + offset for offset in offsets)]


def _swapped(offsets: array[int]) -> array[int]:
    if sys.byteorder == "little":
        offsets.byteswap()
    return offsets


def start_of(hour: int, span: int) -> int:
    """Return the first hour of the span that an hour lies in."""
    return hour - hour % span if span else 0


def tallies(found: Iterable[Group]) -> list[TallyRow]:
    """Return what groups add to the tallies: a row for each span and class, and the totals of hours and days."""
    rows: dict[tuple[int, int, int], TallyRow] = {}
    for hour, number, indexes in found:
        counted = (len(indexes), indexes[0], indexes[-1])
        total = ALL_ALLOWED if number & 1 else ALL_REFUSED
        for span, of in ((EVER, number), (BLOCK, number), (DAY, number), (HOUR, number), (DAY, total), (HOUR, total)):
            key = (span, start_of(hour, span), of)
            rows[key] = added(rows.get(key), TallyRow(*key, *counted))
    return list(rows.values())


def added(one: TallyRow | None, more: TallyRow) -> TallyRow:
    """Return the row of two parts of the same span and class."""
    if one is None:
        return more
    low, high = min(one.low, more.low), max(one.high, more.high)
    return one._replace(entries=one.entries + more.entries, low=low, high=high)
