"""What may be known of drafts, and by whom. Nothing here concerns a customer."""

from __future__ import annotations

from collections.abc import Callable

from keepfold.gate.grants import allows_action
from keepfold.gate.types import Actor
from keepfold.policy.drafting import rows, rules
from keepfold.policy.types import Draft, DraftEvent, Revision

# Any of these shows every draft; without one, somebody sees the drafts that they wrote a part of.
SEES_ALL = ("policy.draft.save", "policy.draft.review", "policy.version.activate", "policy.version.evidence")
_MOST = 200


def draft(draft_id: bytes) -> Draft | None:
    """Return a draft with everything that happened to it, or None."""
    row = rows.one(draft_id)
    return None if row is None else _draft(row, rows.events(draft_id), rows.revision(draft_id, row.revision))


def drafts(*, closed: bool = False) -> tuple[Draft, ...]:
    """Return the open drafts, or those that came to an end, the one that was changed last first.

    Whether a text was altered is not looked at here; `draft` does.
    """
    states = [number for number, state in enumerate(rows.STATES) if (state not in rules.OPEN) is closed]
    found = rows.listed(states, _MOST)
    known = [row.id for row in found]
    authors, happened = (rows.authors_of(known), rows.events_of(known)) if known else ({}, {})
    return tuple(
        _info(row, happened[row.id], authors[row.id], genuine=_is_state(row) and rows.is_whole(row, happened[row.id]))
        for row in found
    )


def revision(draft_id: bytes, number: int) -> Revision | None:
    """Return one text of a draft, or None when it is not there or not as this installation wrote it."""
    row = rows.revision(draft_id, number)
    return None if row is None or not rows.is_genuine(row) else _revision(row)


def revisions(draft_id: bytes, limit: int = 50) -> tuple[Revision, ...]:
    """Return the newest revisions of a draft without their texts."""
    return tuple(map(_revision, rows.revisions(draft_id, limit)))


def may_see(actor: Actor, person: bytes, found: Draft) -> bool:
    """Say whether somebody may see a draft; `person` is who they stand for."""
    return any(allows_action(actor.actions, name) for name in SEES_ALL) or person in found.authors


def waits_for(actor: Actor, person: bytes, found: Draft, *, two_people: bool) -> bool:
    """Say whether a draft waits for this person: to write on what was sent back, to review, or to activate."""
    if found.state == "review":
        return allows_action(actor.actions, "policy.draft.review") and person not in found.authors
    if found.state == "approved":
        agreed = found.last("approved", "agreed", "sent") if two_people else None
        mine = two_people and agreed is not None and agreed.person == person and agreed.kind == "agreed"
        return allows_action(actor.actions, "policy.draft.activate") and not mine
    return found.state == "drafting" and person in found.authors and _was_returned(found)


def waiting(actor: Actor, person_of: Callable[[Actor], bytes], *, two_people: bool) -> int:
    """Return how many drafts wait for somebody: three queries, for the number beside the navigation."""
    listed = rows.listed([rows.STATES.index(state) for state in rules.OPEN], _MOST)
    if not listed:
        return 0
    person, found_ids = person_of(actor), [row.id for row in listed]
    authors, happened = rows.authors_of(found_ids), rows.events_of(found_ids)
    found = (_info(row, happened[row.id], authors[row.id], genuine=True) for row in listed)
    return sum(waits_for(actor, person, one, two_people=two_people) for one in found)


def of_version(version: str) -> tuple[Draft, ...]:
    """Return the drafts of which a version came, or was to come."""
    found = (draft(one) for one in rows.drafts_of_version(version))
    return tuple(one for one in found if one is not None and one.version == version)


def in_force_at_approval(draft_id: bytes) -> str | None:
    """Return which version was in force when a draft was approved last, None when it never was."""
    found = [row for row in rows.events(draft_id) if rows.KINDS[row.kind] == "approved"]
    return found[-1].in_force if found else None


def _was_returned(found: Draft) -> bool:
    last = found.last("returned", "sent", "reopened")
    return last is not None and last.kind == "returned"


def _draft(row: rows.DraftRow, happened: list[rows.EventRow], head: rows.RevisionRow | None) -> Draft:
    is_genuine = _is_state(row) and rows.genuine(row, happened, head)
    return _info(row, happened, rows.authors(row.id), genuine=is_genuine)


def _is_state(row: rows.DraftRow) -> bool:
    return 0 <= row.state < len(rows.STATES)


def _info(row: rows.DraftRow, happened: list[rows.EventRow], authors: frozenset[bytes], *, genuine: bool) -> Draft:
    return Draft(
        id=row.id,
        title=row.title,
        base=row.base,
        state=rows.STATES[row.state] if _is_state(row) else "drafting",
        revision=row.revision,
        version=row.version,
        created_by=row.created_by,
        created_us=row.created_us,
        changed_us=row.changed_us,
        authors=authors,
        events=tuple(map(_event, happened)),
        genuine=genuine,
    )


def _event(row: rows.EventRow) -> DraftEvent:
    return DraftEvent(
        kind=rows.KINDS[row.kind],
        person=row.person,
        at_us=row.at_us,
        revision=row.revision,
        version=row.version,
        comment=row.comment,
        day=row.day,
    )


def _revision(row: rows.RevisionRow) -> Revision:
    return Revision(
        number=row.number,
        before=row.before,
        text=row.text,
        author=row.author,
        at_us=row.at_us,
        how=row.how,
        part=row.part,
    )
