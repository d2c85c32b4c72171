"""What people say about purposes, written down. Every function passes the gate."""

from __future__ import annotations

from keepfold import gate
from keepfold.consent import checks, events, queries, rules, store, views
from keepfold.consent.types import Consent, Evidence, History, RecentEvent, Said
from keepfold.gate import action
from keepfold.gate.types import Actor
from keepfold.kernel import clock, ids
from keepfold.policy import queries as policy
from keepfold.policy.types import PurposeSpec

MOST_EVENTS = 200
_SECOND = 1_000_000
_BEYOND = b"\xff" * 16


@action("consent.event.grant", subject="customer", purpose="purpose")
def grant_consent(
    *,
    actor: Actor,
    customer: bytes,
    purpose: str,
    channel: str,
    form_version: str | None = None,
    staff: bytes | None = None,
) -> Consent:
    """Record that a person said yes to a purpose, or took an objection or opt-out back.

    `channel` is one of the policy's `ask_in`; `form_version` and `staff` are the proofs that its `proof` may demand
    (the acting member of staff counts). With `double_opt_in` a yes that came in unattended stays pending, changes
    nothing yet, and must be confirmed within a week. Raises `PurposeUnknown`, `NotAskable`, `ChannelUnknown`,
    `ProofMissing`, `NoSuchPerson`.
    """
    spec = checks.purpose(purpose)
    evidence = checks.evidence(actor, channel, form_version, staff)
    checks.may_be_granted(spec, evidence)
    checks.known(customer)
    if rules.needs_confirmation(spec, channel):
        return _ask(customer, spec, evidence)
    return _grant(customer, spec, evidence, said="granted")


@action("consent.event.confirm", subject="customer", purpose="purpose")
def confirm_consent(*, actor: Actor, customer: bytes, purpose: str) -> Consent:
    """Record the second step of a double opt-in; the consent counts, and its time runs, from now.

    Raises `NothingPending` when there is nothing to confirm or it waited for more than a week.
    """
    spec = checks.purpose(purpose)
    checks.known(customer)
    asked = checks.pending(customer, spec)
    return _grant(
        customer, spec, Evidence(channel=asked.channel, form_version=asked.form_version or None), said="confirmed"
    )


@action("consent.event.withdraw", subject="customer")
def withdraw_consent(*, actor: Actor, customer: bytes, purpose: str, channel: str = "api") -> Consent:
    """Record that a person said no: a withdrawal of consent, an objection, or an opt-out, as the purpose has it.

    Through any channel, with or without an earlier yes, and by whoever may record withdrawals at all, whichever
    purposes they hold (GDPR art. 7(3): as easy as giving it). It counts from this transaction. Raises `NotAskable`
    where the purpose rests on a ground that leaves no choice.
    """
    spec = checks.purpose(purpose)
    status = checks.withdrawal(spec)
    evidence = checks.evidence(actor, channel, None, None)
    checks.known(customer)
    at_us = clock.now_us()
    event = _append(customer, spec, evidence, said=status, at_us=at_us)
    state = store.StateRow(spec.number, store.STATUS[status], at_us // _SECOND, None, event.id, None, event.number)
    store.put_state(customer, state)
    gate.emit(events.ConsentWithdrawn(person=customer, purpose=spec.name, status=status), customer)
    return views.consent(spec.name, state, at_us // _SECOND)


@action("consent.event.list", subject="customer", log="before")
def list_consents(*, actor: Actor, customer: bytes, limit: int = MOST_EVENTS) -> History:
    """Return where a person stands with each purpose, and up to `limit` of the latest events.

    Raises `NoSuchPerson`.
    """
    checks.known(customer)
    names = queries.purpose_names(policy.schema())
    now_s = clock.now_s()
    return History(
        consents=tuple(views.consent(views.name(names, row.purpose), row, now_s) for row in queries.states(customer)),
        events=tuple(views.event(views.name(names, row.purpose), row) for row in store.events(customer, limit=limit)),
    )


@action("consent.event.list_recent", log="before")
def list_recent(
    *, actor: Actor, about: str | None = None, before: bytes | None = None, limit: int = 50
) -> tuple[RecentEvent, ...]:
    """Return the latest events of everybody, newest first; `about` one purpose, `before` an event to go on from.

    They name people by their ids only. Raises `PurposeUnknown`.
    """
    number = None if about is None else checks.purpose(about).number
    names = queries.purpose_names(policy.schema())
    return tuple(
        RecentEvent(person=row.person, event=views.event(views.name(names, row.purpose), row))
        for row in store.latest(number, before or _BEYOND, limit)
    )


def _ask(customer: bytes, spec: PurposeSpec, evidence: Evidence) -> Consent:
    at_us = clock.now_us()
    before = queries.state(customer, spec.number)
    event = _append(customer, spec, evidence, said="asked", at_us=at_us)
    # What counted before counts on until the answer is confirmed.
    kept = before or store.StateRow(spec.number, store.NONE, at_us // _SECOND, None, event.id, None)
    state = kept._replace(pending_s=at_us // _SECOND, number=event.number)
    store.put_state(customer, state)
    gate.emit(events.ConsentAsked(person=customer, purpose=spec.name), customer)
    return views.pending(spec.name, state, event.id)


def _grant(customer: bytes, spec: PurposeSpec, evidence: Evidence, *, said: Said) -> Consent:
    at_us = clock.now_us()
    period = spec.consent.expires if spec.consent else None
    expires_s = None if period is None else policy.period_end(period, at_us // _SECOND)
    event = _append(customer, spec, evidence, said=said, at_us=at_us, expires_s=expires_s)
    state = store.StateRow(spec.number, store.GRANTED, at_us // _SECOND, expires_s, event.id, None, event.number)
    store.put_state(customer, state)
    gate.emit(events.ConsentGranted(person=customer, purpose=spec.name, expires_s=expires_s), customer)
    return views.consent(spec.name, state, at_us // _SECOND)


def _append(
    customer: bytes, spec: PurposeSpec, evidence: Evidence, *, said: Said, at_us: int, expires_s: int | None = None
) -> store.EventRow:
    row = store.EventRow(
        id=ids.uuid7(),
        person=customer,
        purpose=spec.number,
        said=store.SAID[said],
        at_us=at_us,
        expires_s=expires_s,
        channel=evidence.channel,
        form_version=evidence.form_version or "",
        staff=evidence.staff,
        policy_hash=policy.schema().hash,
        entry=gate.current().entry_id,
    )
    row = store.append(row)
    gate.current().note(purpose=spec.name, said=said, channel=evidence.channel, form_version=evidence.form_version)
    return row
