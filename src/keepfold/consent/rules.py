"""Pure rules: what may be said about a purpose, and which proof it needs."""

from __future__ import annotations

import re
from typing import Literal

from keepfold.consent.types import Evidence
from keepfold.policy.types import PurposeSpec

# The second step of a double opt-in is for what arrives unattended; on paper or face to face somebody was there.
FACE_TO_FACE = frozenset({"paper", "phone", "verbal", "in_person", "store", "counter"})
CONFIRM_WITHIN_S = 7 * 24 * 3600
WORD = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:+-]{0,63}\Z")

Withdrawal = Literal["withdrawn", "objected", "opted_out"]


def is_online(channel: str) -> bool:
    """Say whether nobody of ours was there when it was said."""
    return channel not in FACE_TO_FACE and not channel.endswith(("_paper", "_verbal", "_phone"))


def needs_confirmation(purpose: PurposeSpec, channel: str) -> bool:
    """Say whether a grant stays pending until it is confirmed."""
    return purpose.consent is not None and purpose.consent.double_opt_in and is_online(channel)


def may_be_granted(purpose: PurposeSpec) -> bool:
    """Say whether a yes means anything here: consent, or taking back an objection or opt-out."""
    return purpose.consent is not None or withdrawal_of(purpose) is not None


def withdrawal_of(purpose: PurposeSpec) -> Withdrawal | None:
    """Return what a no means: withdrawal of consent, opt-out, objection; None where the law leaves no choice."""
    if purpose.consent is not None:
        return "withdrawn"
    if purpose.opt_out is not None:
        return "opted_out"
    return "objected" if purpose.may_object else None


def channel_is_declared(purpose: PurposeSpec, channel: str) -> bool:
    """Say whether the policy asks for this consent through this channel."""
    return purpose.consent is None or not purpose.consent.ask_in or channel in purpose.consent.ask_in


def missing_proof(purpose: PurposeSpec, evidence: Evidence) -> tuple[str, ...]:
    """Return the proofs that the policy demands and the evidence lacks."""
    given = {"form_version": evidence.form_version is not None, "staff_id": evidence.staff is not None}
    demanded = purpose.consent.proof if purpose.consent else ()
    return tuple(proof for proof in demanded if not given.get(proof, False))
