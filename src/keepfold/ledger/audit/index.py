"""The index and the tallies: exactly what the entries say, nothing more and nothing less.

The index is compared as a whole, without holding it in memory: each (number, index) becomes a factor (x + r) modulo a
prime, with r drawn anew for every verification, and the two products are equal only if both sides have the same
factors (Schwartz and Zippel: the chance of a miss is below the number of entries divided by 2¹²⁷). Only when they
differ is it read once more, to name what differs.
"""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime

from keepfold.ledger import classes
from keepfold.ledger.audit import rows
from keepfold.ledger.audit.findings import Findings
from keepfold.ledger.classes import DAY, EVER, HOUR, Group, Run, TallyRow
from keepfold.ledger.store import EntryRow

_PRIME = (1 << 127) - 1
_NUMBER = (1 << 64) - 1
_HIGHEST = 1 << 62
_MOST_DAMAGED = 10_000
_NAMED = 10
_STEP = 4096
# Entries may get their index hours after they were made, if the worker was away or their transaction was long.
_PATIENCE_H = 48

Key = tuple[int, int]


class Damaged:
    """Indexes of entries that are missing or altered: what stands about them elsewhere cannot be judged."""

    def __init__(self) -> None:
        self.indexes: set[int] = set()
        self.is_too_much = False

    def add(self, first: int, until: int) -> None:
        """Note the entries from `first` to `until`."""
        if self.is_too_much or len(self.indexes) + until - first > _MOST_DAMAGED:
            self.is_too_much = True
        else:
            self.indexes.update(range(first, until))


class Index:
    """Checks index and tallies against entries that are what they were, page by page."""

    def __init__(self, log: int, found: Findings) -> None:
        self.log, self.found, self.damaged = log, found, Damaged()
        self._secret = secrets.randbelow(_PRIME)
        self._product = 1
        self._places: dict[bytes, tuple[int, int]] = {}
        self._tallies = Tallies(log, found)

    def take(self, page: list[EntryRow]) -> None:
        """Take sound entries."""
        product, secret = self._product, self._secret
        grouped: dict[tuple[int, int], list[int]] = {}
        for row in page:
            place = self._place(row.body)
            product = product * (_factor(place[1], row.idx) + secret) % _PRIME
            if row.actor is not None:
                product = product * (_factor(classes.of_actor(row.actor), row.idx) + secret) % _PRIME
            grouped.setdefault(place, []).append(row.idx)
        self._product = product
        self._tallies.take([Group(*place, indexes) for place, indexes in grouped.items()])

    def _place(self, body: bytes) -> tuple[int, int]:
        part = body[:14]
        if part not in self._places:
            if len(self._places) > _MOST_DAMAGED:
                self._places.clear()
            self._places[part] = classes.place_of(body)
        return self._places[part]

    def run(self) -> None:
        """Compare with what is stored."""
        if self.damaged.is_too_much:
            self.found.note("The index and the tallies were not checked, because too many entries are damaged.")
            return
        if not self._same():
            self._name()
        if self.damaged.indexes:
            self.found.note("The tallies were not checked, because some entries are damaged.")
        else:
            self._tallies.run()

    def _same(self) -> bool:
        product, secret, damaged = 1, self._secret, self.damaged.indexes
        number, end, runs = -_NUMBER, -1, rows.count("ledger_index", self.log) + 1
        for at, run in enumerate(rows.runs(self.log)):
            if not at % _STEP:
                self.found.progress("rest", at, runs)
            indexes = _indexes(run)
            if not indexes or (run.number == number and run.low <= end):
                return False
            for index in indexes:
                if index not in damaged:
                    product = product * (_factor(run.number, index) + secret) % _PRIME
            number, end = run.number, indexes[-1]
        return product == self._product

    # ---------------------------------------------------------------------------------------------------- naming

    def _name(self) -> None:
        """Say which entries are missing from the index or too many in it, number by number until enough are named."""
        stored, wanted = self._fingerprints()
        named = 0
        for number in sorted(stored.keys() | wanted.keys()):
            if named < _NAMED and stored.get(number) != wanted.get(number):
                named += self._name_number(number, _NAMED - named)
        if not named:
            self.found.add(
                "index-changed",
                "Runs of the index overlap, or are not written as the ledger writes them.",
                "ledger_index",
            )

    def _fingerprints(self) -> tuple[dict[int, Key], dict[int, Key]]:
        stored: dict[int, Key] = {}
        wanted: dict[int, Key] = {}
        for run in rows.runs(self.log):
            for index in self._judged(run):
                stored[run.number] = self._mixed(stored.get(run.number), run.number, index)
        for number, index in self._entries():
            wanted[number] = self._mixed(wanted.get(number), number, index)
        return stored, wanted

    def _mixed(self, before: Key | None, number: int, index: int) -> Key:
        count, product = before or (0, 1)
        return count + 1, product * (_factor(number, index) + self._secret) % _PRIME

    def _judged(self, run: Run) -> list[int]:
        return [index for index in _indexes(run) if index not in self.damaged.indexes]

    def _entries(self) -> Iterator[tuple[int, int]]:
        for page in rows.entries(self.log):
            for row in page:
                if row.idx not in self.damaged.indexes:
                    yield self._place(row.body)[1], row.idx
                    if row.actor is not None:
                        yield classes.of_actor(row.actor), row.idx

    def _name_number(self, number: int, most: int) -> int:
        stored = Counter(index for run in rows.runs(self.log) if run.number == number for index in self._judged(run))
        wanted = Counter(index for one, index in self._entries() if one == number)
        where = "by class" if number >= 0 else "by actor"
        missing, extra = sorted(wanted - stored), sorted(stored - wanted)
        for index in missing[:most]:
            self.found.add("index-missing", f"The index {where} does not have entry {index}.", "ledger_index", index)
        for index in extra[: max(0, most - len(missing))]:
            message = f"The index {where} has entry {index} where it does not belong."
            self.found.add("index-extra", message, "ledger_index", index)
        return len(missing) + len(extra)


def _indexes(run: Run) -> list[int]:
    """Return what a run holds; nothing for one that the ledger does not write, so that factors stay below the prime."""
    if not (0 < run.entries <= classes.LONGEST and 0 <= run.low < _HIGHEST):
        return []
    indexes = classes.indexes_of(run.low, run.entries, run.packed)
    is_ours = len(indexes) == run.entries and indexes == sorted(set(indexes))
    return indexes if is_ours and classes.pack_offsets(indexes) == run.packed else []


def _factor(number: int, index: int) -> int:
    return (number & _NUMBER) | index << 64


class Tallies:
    """Checks the tallies of each hour and day once the walk is two days past it, and those of all time at the end."""

    def __init__(self, log: int, found: Findings) -> None:
        self.log, self.found = log, found
        self._open: dict[Key, dict[int, TallyRow]] = {}
        # None: was right when it was closed. Otherwise what it should be, in case late entries still come.
        self._closed: dict[Key, dict[int, TallyRow] | None] = {}
        self._wrong: set[Key] = set()
        self._newest = 0

    def take(self, found: list[Group]) -> None:
        """Count entries of some hours."""
        if not found:
            return
        for row in classes.tallies(found):
            self._add(row)
        self._newest = max(self._newest, *(group.hour for group in found))
        self._close(self._newest - _PATIENCE_H)

    def _add(self, row: TallyRow) -> None:
        key = (row.span, row.hour)
        known = self._closed.get(key) if key in self._closed else self._open.setdefault(key, {})
        if known is None:
            self._wrong.add(key)
        else:
            known[row.number] = classes.added(known.get(row.number), row)

    def _close(self, until: int) -> None:
        for key in [key for key in self._open if key[0] != EVER and sum(key) <= until]:
            wanted = self._open.pop(key)
            self._closed[key] = None if self._is_right(key, wanted) else wanted

    def _is_right(self, key: Key, wanted: dict[int, TallyRow]) -> bool:
        return rows.tally(self.log, *key) == [wanted[number] for number in sorted(wanted)]

    def run(self) -> None:
        """Compare what is left, and look for tallies of hours that have no entries."""
        for key, wanted in [*self._open.items(), *((key, rest) for key, rest in self._closed.items() if rest)]:
            if not self._is_right(key, wanted):
                self._wrong.add(key)
        known = self._open.keys() | self._closed.keys()
        self._wrong.update(key for key in rows.tallied(self.log) if key not in known)
        for key in sorted(self._wrong):
            self.found.add("tally-changed", f"The tally of {_words(key)} was changed.", "ledger_tally")


def _words(key: Key) -> str:
    span, hour = key
    if span == EVER:
        return "all time"
    try:
        at = datetime.fromtimestamp(hour * 3600, UTC)
    except (OverflowError, ValueError, OSError):
        return "a time beyond the calendar"
    length = {HOUR: "hour", DAY: "day"}.get(span, f"{span} hours")
    return f"the {length} from {at:%Y-%m-%d %H}:00 UTC on"
