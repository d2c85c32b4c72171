"""What the actions on drafts do, inside the gate's transaction: look, decide by the rules, write rows and events."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import NamedTuple, NoReturn

from django.utils.translation import gettext as _

from keepfold import gate
from keepfold.gate import Actor
from keepfold.gate.grants import allows_action
from keepfold.kernel import clock, config, ids
from keepfold.kernel.errors import Conflict, Invalid, Malformed, NotAllowed, NotFound, TooLarge, TooMany
from keepfold.policy import queries, store
from keepfold.policy.diff import diff
from keepfold.policy.drafting import rows, rules
from keepfold.policy.drafting.rules import Verb
from keepfold.policy.errors import DraftChanged
from keepfold.policy.format.tree import MAX_BYTES, has_too_many_lines
from keepfold.policy.load import Loaded, load
from keepfold.policy.types import DraftKind, DraftState

MOST_OPEN = 200
LONGEST_TITLE = 120
LONGEST_COMMENT = 4000
# The words of `how` a text came about, as a form or a page names them.
HOW = ("started", "text", "form", "merge", "undo")


class Work(NamedTuple):
    """A draft that was looked up for a change: its row, locked, what happened to it, its newest text, who is at it."""

    row: rows.DraftRow
    events: list[rows.EventRow]
    head: rows.RevisionRow
    person: bytes


def look(actor: Actor, draft: bytes, verb: Verb) -> Work:
    """Return a draft for a change. Raises `NotFound`, or `Conflict` when its rows or its state do not permit it."""
    row = rows.one(draft, lock=True)
    if row is None:
        raise no_draft()
    gate.current().note(draft=ids.show(rules.PREFIX, draft), revision=row.revision)
    events, head = rows.events(draft), rows.revision(draft, row.revision)
    if head is None or not rows.genuine(row, events, head):
        if verb != "discard":
            raise _altered()
        head = head or rows.RevisionRow(draft, row.revision, 0, "", b"", 0, "", "")
        row = row._replace(state=min(max(row.state, 0), 2))
    if not rules.may(verb, rows.STATES[row.state], two_people=config.current().two_person_activation):
        _wrong_state()
    return Work(row, events, head, queries.person_of(actor))


def require_current(work: Work, on: int) -> None:
    """Raise `DraftChanged` when somebody saved since whoever acts looked at it."""
    if on != work.row.revision:
        raise DraftChanged(
            _("Somebody else saved this draft in the meantime. Nothing was overwritten."),
            next_step=_("Look at both texts and save what should hold."),
        )


def begin(actor: Actor, *, title: str, text: str, base: str) -> bytes:
    """Store a new draft with its first text; return its id."""
    title, text = _title(title), tidy(text)
    if rows.count([rows.STATES.index(state) for state in rules.OPEN]) >= MOST_OPEN:
        raise TooMany(_("There are too many open drafts."), code="policy.drafts-many", next_step=_("Discard some."))
    person, now_us, draft = queries.person_of(actor), clock.now_us(), ids.uuid7()
    row = rows.fresh(draft=draft, title=title, base=base, person=person, at_us=now_us)
    rows.add_revision(rows.RevisionRow(draft, 1, 0, text, person, now_us, "started", ""))
    row = _happened(row._replace(revision=1), "started", person)
    rows.add(row)
    gate.current().note(draft=ids.show(rules.PREFIX, draft), revision=1)
    return draft


def write(work: Work, *, on: int, text: str, how: str, part: str, before: int | None) -> int:
    """Store a text as the newest; return its number. `on` is the revision it was made from.

    Raises `DraftChanged` when that is no longer the newest. The same text again changes nothing.
    """
    text, row = tidy(text), work.row
    if how not in HOW:
        raise Malformed("A text comes about in one of the known ways.", code="policy.draft-how")
    require_current(work, on)
    if text == work.head.text:
        return row.revision
    number, now_us = row.revision + 1, clock.now_us()
    came_from = row.revision if before is None else before
    rows.add_revision(rows.RevisionRow(row.id, number, came_from, text, work.person, now_us, how, part[:90]))
    rows.put(row._replace(revision=number, changed_us=now_us))
    gate.current().note(revision=number, how=how)
    return number


def send(actor: Actor, work: Work) -> str:
    """Put a draft into review; return the version it would be. Raises `Invalid` while checks or examples fail.

    Only who wrote a part of it, or may write, sends it. In an installation of two people's yes, sending is the yes
    of whoever may activate.
    """
    if work.person not in rows.authors(work.row.id) and not allows_action(actor.actions, "policy.draft.save"):
        raise no_draft()
    version = ready(work.head.text).hash.hex()
    _put(work, "sent", "review", version=version)
    _agree(actor, work, version)
    return version


def approve(actor: Actor, work: Work, comment: str) -> str:
    """Note the yes of somebody who wrote none of it; return the version."""
    _require_other(work)
    version = ready(work.head.text).hash.hex()
    if version != work.row.version:
        raise _altered()
    _put(work, "approved", "approved", version=version, comment=comment)
    _agree(actor, work, version)
    return version


def send_back(work: Work, comment: str) -> None:
    """Return a draft to its authors. Raises `Invalid` without a word of why."""
    _require_other(work)
    if not comment.strip():
        raise Invalid(
            _("Say what should be changed, so that the authors know."),
            code="policy.draft-comment",
            next_step=_("Write a comment, then send it back."),
        )
    _take_back(work)
    _put(work, "returned", "drafting", version="", comment=comment)


def reopen(work: Work) -> None:
    """Take a draft back to write on it; what was approved is no longer."""
    _take_back(work)
    _put(work, "reopened", "drafting", version="")


def told(work: Work, day: date) -> str:
    """Note that customers were told on a day of what this draft will change; return the version they were told of."""
    version = ready(work.head.text).hash.hex()
    if day > today():
        raise Invalid(
            _("Customers cannot have been told on a day to come."),
            code="policy.told-later",
            next_step=_("Give the day on which they were told."),
        )
    _put(work, "told", None, version=version, day=day.isoformat())
    return version


def discard(work: Work) -> None:
    """Put a draft aside. Its texts stay, nothing more can be done with it."""
    _take_back(work)
    _put(work, "discarded", "discarded", version="")


class Due(NamedTuple):
    """Whether a draft may be activated now; `from_day` is the first day when it is known and still to come."""

    loaded: Loaded
    lead: rules.Lead
    told: date | None
    from_day: date | None


def due(events: Sequence[rows.EventRow], text: str) -> Due:
    """Return what the promised time between telling and change means for a draft today."""
    loaded = ready(text)
    version, now = loaded.hash.hex(), store.genuine_active()
    days = [event.day for event in events if event.kind == rows.KINDS.index("told") and event.version == version]
    told_on = date.fromisoformat(days[-1]) if days else None
    assert loaded.policy is not None  # noqa: S101  `ready` refused everything else
    old = queries.stored(now[0]) if now is not None and now[0] != version else None
    changes = diff(old, loaded.policy) if old is not None else ()
    lead = rules.lead(old, loaded.policy, changes)
    first = lead.from_day(told_on) if lead.owed and told_on is not None else None
    return Due(loaded, lead, told_on, first)


def require_due(work: Work) -> Due:
    """Raise `Conflict` when this draft may not be activated yet; otherwise return what is known."""
    _require_approved(work)
    found = due(work.events, work.head.text)
    if not found.lead.owed:
        return found
    if found.told is None:
        raise Conflict(
            _("Customers must hear of this change before it counts, and nobody has noted that they did."),
            code="policy.notice-missing",
            rule="notice.on_material",
            next_step=_("Tell them, then note the day here."),
        )
    if found.from_day is not None and found.from_day > today():
        raise Conflict(
            _("The time between telling customers and the change has not passed yet."),
            code="policy.notice-period",
            rule="notice.on_material",
            next_step=_("Activate it on %(day)s or later.") % {"day": found.from_day.isoformat()},
            from_day=found.from_day.isoformat(),
        )
    return found


def _require_approved(work: Work) -> None:
    """Make sure that an approval is one of this very text, beside the policy that is in force now."""
    if rows.STATES[work.row.state] != "approved":
        return  # one person's activation; `look` has made sure that this is enough
    last = next(event for event in reversed(work.events) if event.kind == rows.KINDS.index("approved"))
    if last.revision != work.row.revision or last.version != work.row.version:
        raise _altered()
    if (last.in_force, last.in_force_us) != _in_force():
        raise Conflict(
            _("Another version came into force after the approval, so something else would change now."),
            code="policy.draft-outdated",
            rule="policy.draft-outdated",
            next_step=_("Take the draft back, look at the changes again, and send it to review."),
        )


def finish(work: Work, *, active: bool, version: str) -> None:
    """Note what came of an activation: it is in force, or one more yes is there."""
    _put(work, "activated" if active else "agreed", "active" if active else None, version=version)


def ready(text: str) -> Loaded:
    """Read a text that must be a policy without errors whose examples come out. Raises `Invalid`."""
    loaded = load(text)
    if not loaded.report.ok or loaded.policy is None:
        raise Invalid(
            _("The draft has errors, so it stays a draft."),
            code="policy.invalid",
            rule=loaded.report.errors[0].check if loaded.report.errors else None,
            next_step=_("Put the errors right first."),
        )
    failed = [one for one in queries.examples_of(loaded) if not one.passed]
    if failed:
        raise Invalid(
            _("Some of its own examples come out differently, so it stays a draft."),
            code="policy.examples-fail",
            rule="policy.examples-fail",
            next_step=_("Correct the example or the policy."),
        )
    return loaded


def tidy(text: str) -> str:
    """Return a text as drafts keep it: line feeds only, no byte order mark. Raises `TooLarge`."""
    kept = plain(text)
    shorter = _("Take out empty lines and comments that nobody needs, then send it again.")
    if len(kept.encode("utf-8", "replace")) > MAX_BYTES:
        raise TooLarge(_("A policy has at most one megabyte."), code="policy.too-long", next_step=shorter)
    if has_too_many_lines(kept):
        raise TooLarge(_("A policy has at most 20,000 lines."), code="policy.too-many-lines", next_step=shorter)
    return kept


def plain(text: str) -> str:
    """Return a text as drafts would keep it, however long it is."""
    return text.replace("\r\n", "\n").replace("\r", "\n").removeprefix("\ufeff").replace("\x00", "")


def no_draft() -> NotFound:
    """Return the error for a draft that is not there, or not for whoever asks."""
    return NotFound(
        _("There is no such draft, or it is not for you."),
        code="policy.draft-unknown",
        next_step=_("The workshop lists the drafts that you may see."),
    )


def _title(title: str) -> str:
    words = " ".join("".join(letter if letter.isprintable() else " " for letter in title).split())
    if not words:
        raise Invalid(
            _("A draft needs a name."), code="policy.draft-title", next_step=_("Say in a few words what changes.")
        )
    return words[:LONGEST_TITLE]


def _put(
    work: Work, kind: DraftKind, state: DraftState | None, *, version: str, comment: str = "", day: str = ""
) -> None:
    row = work.row if state is None else work.row._replace(state=rows.STATES.index(state), version=version)
    named = version or work.row.version
    rows.put(_happened(row, kind, work.person, version=named, comment=_comment(comment), day=day))
    if named:
        gate.current().note(version=named)


def _happened(
    row: rows.DraftRow, kind: DraftKind, person: bytes, *, version: str = "", comment: str = "", day: str = ""
) -> rows.DraftRow:
    in_force, in_force_us = _in_force()
    event = rows.EventRow(
        draft=row.id,
        number=0,
        kind=rows.KINDS.index(kind),
        person=person,
        at_us=clock.now_us(),
        revision=row.revision,
        version=version,
        in_force=in_force,
        in_force_us=in_force_us,
        day=day,
        comment=comment,
        before=b"",
    )
    return rows.add_event(row, event)


def _in_force() -> tuple[str, int]:
    now = store.genuine_active()
    return (str(now[0]), int(now[1])) if now is not None else ("", 0)


def _agree(actor: Actor, work: Work, version: str) -> None:
    if config.current().two_person_activation and allows_action(actor.actions, "policy.version.activate"):
        store.approve(version, work.person, clock.now_us())


def _take_back(work: Work) -> None:
    """Let every yes to this very text end with the draft's way: the same text needs them anew."""
    if work.row.version:
        store.forget_approvals(work.row.version)


def _require_other(work: Work) -> None:
    if not rows.all_genuine(work.row):
        raise _altered()
    if work.person in rows.authors(work.row.id):
        raise NotAllowed(
            _("You wrote a part of this draft. Whoever reviews it is somebody else."),
            code="policy.draft-author",
            rule="policy.draft-author",
            next_step=_("Ask somebody who wrote none of it."),
        )


def _comment(text: str) -> str:
    if len(text) > LONGEST_COMMENT:
        raise TooLarge(_("A comment has at most 4,000 characters."), code="policy.comment-long")
    return tidy(text).strip()


def today() -> date:
    """Return the day it is in UTC: days of policies count there."""
    return datetime.now(UTC).date()


def _wrong_state() -> NoReturn:
    raise Conflict(
        _("This draft is not where that can be done; somebody may have moved it on."),
        code="policy.draft-state",
        rule="policy.draft-state",
        next_step=_("Look at it again."),
    )


def _altered() -> Conflict:
    return Conflict(
        _("This draft is not as Keepfold wrote it, so nothing can come of it."),
        code="policy.draft-altered",
        rule="policy.draft-altered",
        next_step=_("Find out who writes to the database, discard the draft and begin a new one."),
    )
