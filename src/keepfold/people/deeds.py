"""What staff, clients and the command line did, from the ledger, with who it was.

An entry names nobody: it bears a tag that only the actor's key makes. Who made it is found by trying the keys of those
who may have, the latest seen first; what was found once stays true, because an entry never changes.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import msgspec
from django.db.models import F

from keepfold.ledger import queries as ledger
from keepfold.ledger.types import EntryFilter, EntryView
from keepfold.people.memory import Recent
from keepfold.people.models import Staff
from keepfold.people.types import Deed, Deeds, Who

# Trying a key costs some ten microseconds; more than these are not tried, and their entries say so.
MOST_TRIED = 300
# How many entries of one person are looked at for one page when they are filtered further.
MOST_LOOKED_AT = 2000
_AT_ONCE = 500


class _Memory:
    """Who made which entry, by the entry's leaf hash: hashes of what never changes."""

    known: Recent[bytes, bytes] = Recent(50_000)


def of(who: Who, wanted: EntryFilter, before: tuple[int, int] | None, limit: int) -> Deeds:
    """Return what one actor did and fits, the newest first.

    `next` continues, and says how far back this looked; it may do so after fewer than `limit`, even none, when much
    had to be looked at.
    """
    fitting = msgspec.structs.replace(wanted, actor_kinds=frozenset({who.kind}))
    few = ledger.entries(fitting, limit=1).total <= MOST_LOOKED_AT
    found, place = (_among_fitting if few else _among_theirs)(who, fitting, before, limit + 1)
    if len(found) > limit:
        found = found[:limit]
        place = _place(found[-1].view)
    return Deeds(deeds=tuple(found), next=place)


Found = tuple[list[Deed], tuple[int, int] | None]


def _among_fitting(who: Who, wanted: EntryFilter, before: tuple[int, int] | None, limit: int) -> Found:
    """Look through all entries that fit, which are few, for those that the actor made."""
    found: list[Deed] = []
    index = before[1] if before else None
    while len(found) < limit:
        page = ledger.entries(wanted, before=index, limit=_AT_ONCE)
        found += [Deed(view=view, who=who.id) for view in page.entries if ledger.is_by_actor(view, who.id)]
        index = page.before
        if index is None:
            break
    return found, None


def _among_theirs(who: Who, wanted: EntryFilter, before: tuple[int, int] | None, limit: int) -> Found:
    """Look through what the actor did for what fits, so far back as one page may cost."""
    found: list[Deed] = []
    looked_at, place = 0, before or _end(wanted.until)
    since_s = 0 if wanted.since is None else _day_s(wanted.since)
    while len(found) < limit and looked_at < MOST_LOOKED_AT:
        page = ledger.entries_of_actor(who.id, since_s=since_s, before=place, limit=_AT_ONCE)
        found += [Deed(view=view, who=who.id) for view in page.entries if fits(view, wanted)]
        looked_at, place = looked_at + len(page.entries), page.before
        if place is None or len(page.entries) < _AT_ONCE:
            # Fewer, and yet there is more: the ledger went through as many hours as one page may cost.
            break
    return found, place


def _place(view: EntryView) -> tuple[int, int]:
    return view.hour_s // 3600, view.index or 0


def _end(day: date | None) -> tuple[int, int] | None:
    """Return the place right after a day, from which one goes back."""
    return None if day is None else (_day_s(day) // 3600 + 24, 0)


def _day_s(day: date) -> int:
    return (day - date(1970, 1, 1)).days * 24 * 3600


def fits(view: EntryView, wanted: EntryFilter) -> bool:
    """Say whether an entry is asked for, time apart."""
    return (
        (not wanted.actions or view.action_number in wanted.actions)
        and wanted.allowed in {None, view.allowed}
        and wanted.kind in {None, view.kind}
    )


def of_everybody(wanted: EntryFilter, before: int | None, after: int | None, limit: int) -> Deeds:
    """Return what fits, the newest first, with who did it."""
    page = ledger.entries(wanted, before=before, after=after, limit=limit)
    candidates = _candidates() if any(view.actor_kind == "staff" for view in page.entries) else ()
    deeds = tuple(Deed(view=view, who=who_made(view, candidates)) for view in page.entries)
    return Deeds(deeds=deeds, total=page.total, before=page.before, after=page.after)


def who_made(view: EntryView, candidates: Sequence[bytes]) -> bytes | None:
    """Return the member of staff who made an entry, or None when it is none of those tried."""
    if view.actor_kind != "staff":
        return None
    known = _Memory.known.get(view.leaf)
    if known is None:
        known = next((one for one in candidates if ledger.is_by_actor(view, one)), None)
        if known is not None:
            _Memory.known.put(view.leaf, known)
    return known


def _candidates() -> tuple[bytes, ...]:
    """Return who may have made an entry, the latest seen first: most entries are made by few."""
    latest = Staff.objects.order_by(F("last_login").desc(nulls_last=True), "-id").values_list("id", flat=True)
    return tuple(one.bytes for one in latest[:MOST_TRIED])


def forget() -> None:
    """Forget who made what, as a fresh process would."""
    _Memory.known.clear()
