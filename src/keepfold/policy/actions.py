"""What changes the policy: drafts on their way to a version, submitting one, and activating it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any, Literal

import msgspec

from keepfold import gate
from keepfold.gate import Actor, action
from keepfold.kernel import clock, config
from keepfold.kernel.errors import Conflict, Invalid
from keepfold.policy import moves, places, queries, store
from keepfold.policy.assess import Assessment
from keepfold.policy.compile import compile_policy
from keepfold.policy.events import PolicyActivated, PolicySubmitted
from keepfold.policy.examples import run_examples
from keepfold.policy.load import Loaded, require
from keepfold.policy.numbers import assign, fresh
from keepfold.policy.types import Change, PersonFacts, Schema, VersionInfo


class Activation(msgspec.Struct, frozen=True, kw_only=True):
    """What came of asking for an activation. `awaiting` needs the yes of `missing` further people.

    `changes` are the differences to the version that was active before; empty for the first. `assessments` are those
    that the policy's own triggers call for; how many people there are is not known here.
    """

    version: str
    status: Literal["active", "awaiting"]
    missing: int = 0
    previous: str | None = None
    changes: tuple[Change, ...] = ()
    assessments: tuple[Assessment, ...] = ()

    @property
    def material(self) -> bool:
        """Say whether people must be told before the change counts."""
        return any(change.material for change in self.changes)


@action("policy.version.submit")
def submit_version(*, actor: Actor, source: bytes | str, name: str = "policy") -> VersionInfo:
    """Store a policy that has no errors and whose examples come out; submitting it again changes nothing.

    Raises `Invalid` with the findings, or `Conflict(code="policy.name-taken")` for a name that meant something else.
    """
    loaded = require(source, name)
    _require_examples(loaded)
    store.lock()
    version = loaded.hash.hex()
    row = store.one(version)
    if row is None:
        row = _store(actor, loaded, source)
    gate.current().note(version=version, policy=row.policy_id)
    now = store.active()
    return queries.info(row, active=now is not None and now[0] == version)


@action("policy.version.activate")
def activate(*, actor: Actor, version: str) -> Activation:
    """Make a submitted version the one that decides; from the end of this transaction on, everywhere.

    With `two_person_activation` the first person's call notes a yes, and the call of another person activates.
    Raises `NotFound`, `Conflict(code="policy.not-effective")` before the day in its `effective_from`, and
    `Conflict(code="policy.values-held")` when it would leave sealed values behind (see `places`).
    """
    full = queries.resolve(version)
    store.lock()
    row = store.one(full)
    if row is None:
        raise queries.unknown_version()
    _require_effective(row.effective_from)
    gate.current().note(version=full, policy=row.policy_id)
    before = store.genuine_active()  # activating again repairs a row that somebody altered
    if before is not None and before[0] == full:
        return Activation(version=full, status="active", previous=full)
    old, new = _schema(before[0]) if before else None, queries.schema_of_version(full)[1]
    held = places.require(new, old)
    missing = _missing_people(actor, full)
    if missing:
        return Activation(version=full, status="awaiting", missing=missing)
    done = _activate(actor, row, before[0] if before else None)
    widening = sum(change.effect == "wider" for change in done.changes)
    gate.current().note(wider=widening, material=done.material)
    places.settle(new, old, held)
    return done


@action("policy.draft.start")
def start_draft(*, actor: Actor, title: str, text: str, base: str = "") -> bytes:
    """Begin a draft with a text, which may be anything; return its id (16 bytes). `base` is a full version, or "".

    Raises `Invalid` without a title, `TooLarge` beyond one megabyte or 20,000 lines, `TooMany` beyond 200 open drafts.
    """
    return moves.begin(actor, title=title, text=text, base=base)


@action("policy.draft.save")
def save_draft(
    *, actor: Actor, draft: bytes, on: int, text: str, how: str = "text", part: str = "", before: int | None = None
) -> int:
    """Store a text as the draft's newest, made from the revision `on`; return its number. The text may be anything.

    Raises `NotFound`, `DraftChanged` when `on` is no longer the newest, `Conflict` while the draft is in review.
    """
    work = moves.look(actor, draft, "save")
    return moves.write(work, on=on, text=text, how=how, part=part, before=before)


@action("policy.draft.discard")
def discard_draft(*, actor: Actor, draft: bytes) -> None:
    """Put a draft aside; its texts stay. Raises `NotFound`, `Conflict`."""
    moves.discard(moves.look(actor, draft, "discard"))


@action("policy.draft.submit")
def submit_draft(*, actor: Actor, draft: bytes, on: int) -> str:
    """Send revision `on` to review; return the version it would be. Raises `Invalid` while checks or examples fail."""
    work = moves.look(actor, draft, "submit")
    moves.require_current(work, on)
    return moves.send(actor, work)


@action("policy.draft.review")
def review_draft(*, actor: Actor, draft: bytes, on: int, approve: bool, comment: str = "") -> None:
    """Approve revision `on`, or send it back with a comment. Raises `NotAllowed` for anybody who wrote a part of it."""
    work = moves.look(actor, draft, "approve" if approve else "return")
    moves.require_current(work, on)
    gate.current().note(approved=approve)
    if approve:
        moves.approve(actor, work, comment)
    else:
        moves.send_back(work, comment)


@action("policy.draft.reopen")
def reopen_draft(*, actor: Actor, draft: bytes) -> None:
    """Take a draft back from review, or from its approval, to write on it. Raises `NotFound`, `Conflict`."""
    moves.reopen(moves.look(actor, draft, "reopen"))


@action("policy.draft.announce")
def announce_draft(*, actor: Actor, draft: bytes, day: date) -> str:
    """Note on which day customers were told of what a draft will change; return the version they were told of."""
    version = moves.told(moves.look(actor, draft, "announce"), day)
    gate.current().note(told=day.isoformat())
    return version


@action("policy.draft.activate")
def activate_draft(*, actor: Actor, draft: bytes, on: int) -> Activation:
    """Submit revision `on` as a version and put it in force, or note a yes where two people must agree.

    Raises `Conflict`: not approved (where two people must agree), approved beside another policy in force
    (`policy.draft-outdated`), customers not told (`policy.notice-missing`) or not long enough ago
    (`policy.notice-period`), and whatever `submit_version` and `activate` raise.
    """
    work = moves.look(actor, draft, "activate")
    moves.require_current(work, on)
    due = moves.require_due(work)
    version = submit_version(actor=actor, source=work.head.text, name=work.row.title).version
    done = activate(actor=actor, version=version)
    moves.finish(work, active=done.status == "active", version=version)
    gate.current().note(status=done.status, told=due.told.isoformat() if due.told else "")
    return done


@action("policy.version.evidence")
def take_evidence(*, actor: Actor, version: str) -> dict[str, Any]:
    """Return how a version came about: who wrote, reviewed, told and activated, when, and what it changed.

    Ids of people are `stf_…`; no customer appears. Raises `NotFound`.
    """
    full = queries.resolve(version)
    gate.current().note(version=full)
    return queries.evidence(full)


def _stands_for(actor: Actor) -> bytes:
    # A single yes needs nobody behind it: without two people's activation the actor is enough.
    return queries.person_of(actor) if queries.is_wired() else actor.id


def _store(actor: Actor, loaded: Loaded, source: bytes | str) -> store.VersionRow:
    policy = loaded.policy
    assert policy is not None  # noqa: S101  `require` refused everything else
    known = store.numbers()
    store.add_numbers(list(fresh(assign(policy, known), known)))
    row = store.VersionRow(
        version=loaded.hash.hex(),
        policy_id=policy.id,
        effective_from=policy.effective_from.isoformat(),
        submitted_us=clock.now_us(),
        submitted_by=actor.id,
    )
    store.add(row, loaded.form.decode(), source if isinstance(source, str) else source.decode())
    gate.emit(PolicySubmitted(version=row.version, policy_id=policy.id))
    return row


def _require_examples(loaded: Loaded) -> None:
    policy = loaded.policy
    if policy is None:
        return
    failed = [result for result in run_examples(policy, compile_policy(policy, loaded.hash)) if not result.passed]
    if failed:
        raise Invalid(
            f"{len(failed)} of the policy's own examples come out differently. First: {failed[0].say}",
            code="policy.examples-fail",
            rule="policy.examples-fail",
            next_step=f"Expected {failed[0].expected}, got {failed[0].got}. Correct the example or the policy.",
        )


def _require_effective(effective_from: str) -> None:
    today = datetime.now(UTC).date().isoformat()
    if effective_from > today:
        raise Conflict(
            f"This version takes effect on {effective_from}; until then the present one decides.",
            code="policy.not-effective",
            rule="policy.not-effective",
            next_step="Activate it on that day, or submit it with an earlier `effective_from`.",
        )


def _missing_people(actor: Actor, version: str) -> int:
    if not config.current().two_person_activation:
        return 0
    # A client is the person who made it: nobody becomes two by making two clients.
    store.approve(version, queries.person_of(actor), clock.now_us())
    return max(0, 2 - store.approvals(version))


def _activate(actor: Actor, row: store.VersionRow, previous: str | None) -> Activation:
    changes = _changes(previous, row.version) if previous else ()
    touched = {purpose: None for change in changes if change.material for purpose in change.purposes}
    due = queries.assessments(row.version)
    done = Activation(version=row.version, status="active", previous=previous, changes=changes, assessments=due)
    at_us = clock.now_us()
    store.add_activation(row.version, previous or "", at_us, store.yes_sayers(row.version) or (_stands_for(actor),))
    store.activate(row.version, at_us)
    store.forget_approvals(row.version)
    event = PolicyActivated(
        version=row.version,
        previous=previous,
        policy_id=row.policy_id,
        material=done.material,
        purposes=tuple(touched),
    )
    gate.emit(event)
    return done


def _schema(version: str) -> Schema | None:
    try:
        return queries.schema_of_version(version)[1]
    except Invalid:
        return None  # what it said was written down when it was activated


def _changes(old: str, new: str) -> tuple[Change, ...]:
    try:
        return queries.diff(old, new)
    except Invalid:
        # What cannot be compared may hide anything: people are told.
        sentence = "The former policy can no longer be read, so it is not known what changed."
        return (Change(kind="policy.unreadable", effect="wider", material=True, path="", sentence=sentence),)


def _asked(arguments: Mapping[str, Any]) -> Mapping[str, Any]:
    return {"asked_action": arguments["asked"], "asked_purpose": arguments["about"] or None}


@action("policy.decision.explain", subject="person", details=_asked, log="before")
def facts_for_explanation(*, actor: Actor, person: bytes, asked: str, about: str = "") -> PersonFacts:
    """Return the facts by which a question about a real person is decided: what they said, and their state.

    `asked` and `about` name the action and the purpose that the question is about. Nothing of the person is opened.
    Raises `NotAllowed`, `NotFound`.
    """
    return queries.facts_of(person, about)
