"""What must hold before something is written down. Each function returns what it checked, or raises."""

from __future__ import annotations

from keepfold.consent import errors, queries, rules, store
from keepfold.consent.types import Evidence
from keepfold.gate.types import Actor
from keepfold.kernel import clock
from keepfold.kernel.errors import Invalid
from keepfold.kernel.rules import nearest
from keepfold.policy import queries as policy
from keepfold.policy.types import PurposeSpec


def purpose(name: str) -> PurposeSpec:
    """Return a purpose of the active policy. Raises `PurposeUnknown` with the nearest one."""
    purposes = policy.schema().purposes
    if name not in purposes:
        close = nearest(name, purposes)
        raise errors.PurposeUnknown(
            "The active policy has no such purpose.",
            next_step=f"Did you mean {close}?" if close else "`keepfold policy show` lists the purposes.",
        )
    return purposes[name]


def evidence(actor: Actor, channel: str, form_version: str | None, staff: bytes | None) -> Evidence:
    """Return well-formed evidence; the acting member of staff is named in it. Raises `Invalid`."""
    for what, text in (("channel", channel), ("form_version", form_version)):
        # Only words: free text could hold somebody's name, and what is written here stays.
        if text is not None and not rules.WORD.match(text):
            raise Invalid(
                f"The {what} is 1 to 64 letters, digits and _ . : + -.", code="consent.evidence-shape", field=what
            )
    present = staff or (actor.id if actor.kind == "staff" else None)
    return Evidence(channel=channel, form_version=form_version, staff=present)


def may_be_granted(spec: PurposeSpec, given: Evidence) -> None:
    """Raise unless the policy asks for this, through this channel, and every proof is there."""
    if not rules.may_be_granted(spec):
        raise errors.NotAskable(
            f"The purpose {spec.name} does not rest on consent, so there is nothing to grant.",
            rule=f"purposes.{spec.name}.basis",
        )
    if not rules.channel_is_declared(spec, given.channel):
        declared = ", ".join(spec.consent.ask_in) if spec.consent else ""
        raise errors.ChannelUnknown(
            f"The policy asks for {spec.name} only in: {declared}.",
            rule=f"purposes.{spec.name}.consent.ask_in",
            next_step="Use one of these channels, or add yours to ask_in in the policy.",
        )
    missing = rules.missing_proof(spec, given)
    if missing:
        raise errors.ProofMissing(
            f"The policy demands a proof: {', '.join(missing)}.",
            rule=f"purposes.{spec.name}.consent.proof",
            missing=list(missing),
        )


def withdrawal(spec: PurposeSpec) -> rules.Withdrawal:
    """Return what a no means for this purpose. Raises `NotAskable` where it means nothing."""
    status = rules.withdrawal_of(spec)
    if status is None:
        raise errors.NotAskable(
            f"The purpose {spec.name} does not depend on what the person wishes.",
            rule=f"purposes.{spec.name}.basis",
            next_step="The notice says on which ground it rests and which rights there are.",
        )
    return status


def known(customer: bytes) -> None:
    """Raise `NoSuchPerson` unless this person is there."""
    if not queries.is_known(customer):
        raise errors.NoSuchPerson("There is no such customer.")


def pending(customer: bytes, spec: PurposeSpec) -> store.EventRow:
    """Return the yes that waits to be confirmed. Raises `NothingPending`."""
    state = queries.state(customer, spec.number)
    if state is None or state.pending_s is None or clock.now_s() - state.pending_s > rules.CONFIRM_WITHIN_S:
        raise errors.NothingPending(
            f"Nothing waits to be confirmed for {spec.name}.",
            rule=f"purposes.{spec.name}.consent.double_opt_in",
            next_step="Record the consent again; it can then be confirmed within a week.",
        )
    return store.last_asked(customer, spec.number)
