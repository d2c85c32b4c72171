"""What changes the policy: submitting a version, and activating one."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Literal

import msgspec

from keepfold import gate
from keepfold.gate import Actor, action
from keepfold.kernel import clock, config
from keepfold.kernel.errors import Conflict, Invalid
from keepfold.policy import places, queries, store
from keepfold.policy.assess import Assessment
from keepfold.policy.compile import compile_policy
from keepfold.policy.events import PolicyActivated, PolicySubmitted
from keepfold.policy.examples import run_examples
from keepfold.policy.load import Loaded, require
from keepfold.policy.numbers import assign, fresh
from keepfold.policy.types import Change, Schema, VersionInfo


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
    done = _activate(row, before[0] if before else None)
    places.settle(new, old, held)
    return done


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


def _activate(row: store.VersionRow, previous: str | None) -> Activation:
    changes = _changes(previous, row.version) if previous else ()
    touched = {purpose: None for change in changes if change.material for purpose in change.purposes}
    due = queries.assessments(row.version)
    done = Activation(version=row.version, status="active", previous=previous, changes=changes, assessments=due)
    store.activate(row.version, clock.now_us())
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
