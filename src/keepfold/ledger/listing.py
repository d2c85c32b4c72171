"""Lists and counts over the whole log: by class, by time and by actor, at a cost that does not grow with the log.

A list asks the tallies which classes there are that fit, and the index for the newest entries of these; counts and
growth are sums of tallies. What one actor did is found by recomputing what the ledger keeps for each hour.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Literal, TypeVar

from keepfold.kernel.errors import Invalid
from keepfold.ledger import classes, entry, indexing, keyring, tags
from keepfold.ledger.classes import BLOCK, DAY, EVER, HOUR
from keepfold.ledger.indexing import LAST, Tally, Wanted
from keepfold.ledger.store import EntryRow, chunks
from keepfold.ledger.types import ActorPage, Count, Counts, EntryFilter, EntryPage, EntryView, Growth

MOST = 1000
_HOURS_AT_ONCE = 256
# How many hours in which anything happened one page of an actor's entries goes through: a year around the clock, three
# microseconds each. Somebody who never acted would otherwise cost as much as the log is old.
MOST_HOURS = 32 * _HOURS_AT_ONCE
_EVERYTHING = EntryFilter()
# An hour beyond all calendars, at the end of a block.
_END = BLOCK << 40

View = Callable[[int | None, bytes], EntryView]
Name = Callable[[int], str | None]
T = TypeVar("T")


def page(wanted: EntryFilter, before: int | None, after: int | None, limit: int, view: View) -> EntryPage:
    """Return a page of entries; see `queries.entries`."""
    if not 1 <= limit <= MOST:
        raise Invalid(f"Ask for 1 to {MOST} entries at a time.", code="ledger.limit")
    fitting = _fitting(wanted)
    low, high = (0, LAST if before is None else before - 1) if after is None else (after + 1, LAST)
    rows = _rows(wanted, fitting, low, high, limit + 1, rising=after is not None)
    more = len(rows) > limit
    if more:
        rows = rows[1:] if after is not None else rows[:limit]
    older = more if after is None else bool(rows)
    newer = more if after is not None else before is not None and bool(rows)
    return EntryPage(
        entries=tuple(view(row.idx, row.body) for row in rows),
        total=sum(tally.entries for tally in fitting),
        before=rows[-1].idx if rows and older else None,
        after=rows[0].idx if rows and newer else None,
    )


def _fitting(wanted: EntryFilter) -> list[Tally]:
    """Return the tallies of the classes that fit, over the days that are asked for."""
    if wanted.since is None and wanted.until is None:
        found = indexing.tallies(keyring.LOG, EVER)
    else:
        found = _summed(*hours_of(wanted))
    return [tally for tally in found if fits(tally.number, wanted)]


def fits(number: int, wanted: EntryFilter) -> bool:
    """Say whether entries of a class are asked for, time apart."""
    found = classes.describe(number)
    if found is None or (wanted.actions and found.action not in wanted.actions):
        return False
    if wanted.actor_kinds and found.actor_kind not in wanted.actor_kinds:
        return False
    return all(
        asked is None or asked == there
        for asked, there in (
            (wanted.kind, found.kind),
            (wanted.action, found.action),
            (wanted.allowed, found.allowed),
            (wanted.actor_kind, found.actor_kind),
            (wanted.purpose, found.purpose),
        )
    )


def hours_of(wanted: EntryFilter) -> tuple[int, int]:
    """Return the first hour since the epoch that is asked for, and the first that no longer is."""
    since = 0 if wanted.since is None else _first_hour(wanted.since)
    until = _END if wanted.until is None else _first_hour(wanted.until) + 24
    return since, until


def _first_hour(day: date) -> int:
    return (day - date(1970, 1, 1)).days * 24


def _rows(
    wanted: EntryFilter, fitting: list[Tally], low: int, high: int, limit: int, *, rising: bool
) -> list[EntryRow]:
    """Return up to `limit` entries between two indexes, falling: the newest, or (rising) the oldest of them."""
    if wanted == _EVERYTHING:
        one_by_one = indexing.oldest if rising else indexing.newest
        return one_by_one(keyring.LOG, low if rising else high, limit)
    since, until = hours_of(wanted)
    places = [Wanted(tally.number, max(low, tally.low), min(high, tally.high)) for tally in fitting]
    places = [place for place in places if place.low <= place.high]
    rows: list[EntryRow] = []
    # Indexes and hours rise together except where a transaction took long: such strangers are passed over.
    while places:
        found = (indexing.find_above if rising else indexing.find)(keyring.LOG, places, limit)
        fresh = [
            row for row in indexing.entries_at(keyring.LOG, found) if since <= classes.place_of(row.body)[0] < until
        ]
        rows = [*fresh, *rows] if rising else [*rows, *fresh]
        if len(rows) >= limit or len(found) < limit:
            break
        places = _beyond(places, found, rising=rising)
    return rows[-limit:] if rising else rows[:limit]


def _beyond(places: list[Wanted], found: list[int], *, rising: bool) -> list[Wanted]:
    if rising:
        moved = [place._replace(low=max(place.low, found[0] + 1)) for place in places]
    else:
        moved = [place._replace(high=min(place.high, found[-1] - 1)) for place in places]
    return [place for place in moved if place.low <= place.high]


# ------------------------------------------------------------------------------------------------------------ counting


def counts(since_s: int | None, until_s: int | None, name: Name) -> Counts:
    """Return how many entries there are in a time; see `queries.counts`."""
    if since_s is None and until_s is None:
        found = indexing.tallies(keyring.LOG, EVER)
    else:
        since = 0 if since_s is None else since_s // 3600
        found = _summed(since, _END if until_s is None else -(-until_s // 3600))
    return Counts(rows=tuple(_count(tally.number, tally.entries, name) for tally in sorted(found)))


def _count(number: int, entries: int, name: Name) -> Count:
    found = classes.describe(number)
    if found is None:  # somebody wrote into the table; `verify` names the row
        return Count(kind="", action_number=0, action=None, allowed=False, actor_kind="", purpose=0, entries=entries)
    return Count(
        kind=found.kind,
        action_number=found.action,
        action=name(found.action),
        allowed=found.allowed,
        actor_kind=found.actor_kind,
        purpose=found.purpose,
        entries=entries,
    )


def _summed(since: int, until: int) -> list[Tally]:
    """Return the sums over the hours in [since, until), from as few rows as may be: whole blocks, days, hours."""
    sums: dict[int, Tally] = {}
    for span, first, end in _spans(since, until, (BLOCK, DAY, HOUR)):
        for more in indexing.tallies(keyring.LOG, span, first, end):
            one = sums.get(more.number, Tally(more.number, 0, LAST, 0))
            low, high = min(one.low, more.low), max(one.high, more.high)
            sums[more.number] = Tally(more.number, one.entries + more.entries, low, high)
    return list(sums.values())


def _spans(since: int, until: int, spans: tuple[int, ...]) -> Iterator[tuple[int, int, int]]:
    """Cut a time into stretches of whole spans (span, first hour, end), the longest in the middle."""
    span, *shorter = spans
    first, end = -(-since // span) * span, until // span * span
    if not shorter:
        yield span, since, until
    elif first >= end:
        yield from _spans(since, until, tuple(shorter))
    else:
        if since < first:
            yield from _spans(since, first, tuple(shorter))
        yield span, first, end
        if end < until:
            yield from _spans(end, until, tuple(shorter))


def growth(since_s: int, until_s: int, step: Literal["hour", "day"]) -> tuple[Growth, ...]:
    """Return how many entries each hour or day brought, those without any included; see `queries.growth`."""
    span = HOUR if step == "hour" else DAY
    since, until = classes.start_of(since_s // 3600, span), -(-until_s // 3600)
    found: dict[int, list[int]] = {}
    for hour, allowed, entries in indexing.by_time(keyring.LOG, span, since, until):
        found.setdefault(hour, [0, 0])[allowed] += entries
    return tuple(
        Growth(at_s=hour * 3600, refused=found.get(hour, (0, 0))[0], allowed=found.get(hour, (0, 0))[1])
        for hour in range(since, until, span)
    )


def first_day() -> date | None:
    """Return the day of the first entries, UTC; None when there are none."""
    hour = indexing.first_hour(keyring.LOG)
    return None if hour is None else (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(hours=hour)).date()


# ----------------------------------------------------------------------------------------------------------- by actor


def by_actor(actor: bytes, since_s: int, before: tuple[int, int] | None, limit: int, view: View) -> ActorPage:
    """Return what one actor did, newest first; see `queries.entries_of_actor`."""
    if not 1 <= limit <= MOST:
        raise Invalid(f"Ask for 1 to {MOST} entries at a time.", code="ledger.limit")
    key = keyring.keys().actor_key(actor)
    found: list[tuple[int, int]] = []
    reached = None
    for hours, end in _hours_falling(since_s // 3600, before):
        found += _found_in(key, hours, before, limit + 1)
        reached = found[limit - 1] if len(found) > limit else end
        if len(found) > limit:
            break
    rows = {row.idx: row for row in indexing.entries_at(keyring.LOG, [index for _, index in found[: limit + 1]])}
    shown = [place for place in found[:limit] if place[1] in rows and is_by(key, rows[place[1]].body)]
    return ActorPage(entries=tuple(view(index, rows[index].body) for _, index in shown), before=reached)


def _hours_falling(since: int, before: tuple[int, int] | None) -> Iterator[tuple[list[int], tuple[int, int] | None]]:
    """Yield up to `MOST_HOURS` hours, some at a time, with the place to go on from: None with the last there are."""
    # Of the hour of (hour, 0) nothing is left: no index is below 0.
    until = _END if before is None else before[0] + (before[1] > 0)
    for _ in range(0, MOST_HOURS, _HOURS_AT_ONCE):
        hours = indexing.hours(keyring.LOG, since, until, _HOURS_AT_ONCE)
        if len(hours) < _HOURS_AT_ONCE:
            yield hours, None
            return
        yield hours, (hours[-1], 0)
        until = hours[-1]


def _found_in(key: bytes, hours: Sequence[int], before: tuple[int, int] | None, limit: int) -> list[tuple[int, int]]:
    """Return (hour, index) of the newest `limit` entries of these hours, both falling."""
    numbers = {hour: classes.of_actor(tag) for hour, tag in tags.actor_hours(key, keyring.log_id(), hours)}
    known = indexing.known(keyring.LOG, list(numbers.values()))
    bounds = {} if before is None else {before[0]: before[1] - 1}
    places = [(hour, Wanted(at, high=bounds.get(hour, LAST))) for hour, at in numbers.items() if at in known]
    found: list[tuple[int, int]] = []
    # A few hours at a time: a client may have thousands of entries in one.
    for some in chunks(places, 32):
        by_number = indexing.find_each(keyring.LOG, [one for _, one in some], limit)
        found += [(hour, index) for hour, one in some for index in by_number[one.number]]
        if len(found) >= limit:
            break
    return found


def is_by(key: bytes, body: bytes) -> bool:
    """Say whether an entry bears the tag that an actor's key makes for it."""
    parsed = entry.unpack(body)
    return parsed.actor_tag == tags.actor_tag(key, keyring.log_id(), parsed.commitment)
