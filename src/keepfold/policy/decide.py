"""Decisions: a pure function of a compiled policy and a question.

The rules are looked at in one fixed order, the first that refuses decides. `explain` looks at the same rules, all of
them, and says what each says; a test holds the two together, and both to a slow reference interpreter.

Order: the action is granted · the policy holds already · a purpose is named and exists · it is granted · the fields
belong to it · no signal closes it · the person is not erased, frozen or restricted · consent, objection and opt-out ·
keeping has not ended.
"""

from __future__ import annotations

from keepfold.gate.grants import allows_action, allows_purpose
from keepfold.gate.types import Decision
from keepfold.policy.compile import CompiledPolicy, CompiledPurpose
from keepfold.policy.sentences import next_step, reason
from keepfold.policy.types import ConsentFact, PersonFacts, Question


def decide(policy: CompiledPolicy, question: Question) -> Decision:
    """Answer one question. Never raises."""
    if not allows_action(question.actor.actions, question.action):
        return _refused("actor.action", question, policy, None)
    if question.purpose is None:
        return _without_purpose(policy, question)
    purpose = policy.purposes.get(question.purpose)
    stopped = purpose_rule(policy, purpose, question)
    if stopped is None and question.uses_data and purpose is not None:
        stopped = use_rule(purpose, question.person, question.now_s, gpc=question.gpc)
    if stopped is not None or purpose is None:
        return _refused(stopped or "purpose.unknown", question, policy, purpose)
    return _allowed(policy, question, purpose)


def purpose_rule(policy: CompiledPolicy, purpose: CompiledPurpose | None, question: Question) -> str | None:
    """Return the rule that refuses the purpose as such, or None: it holds, exists, is granted, has the fields."""
    if question.now_s < policy.effective_s:
        return "policy.not-effective"
    if purpose is None:
        return "purpose.unknown"
    if not allows_purpose(question.actor.purposes, purpose.name):
        return "actor.purpose"
    return fields_rule(policy, purpose, question.fields) if question.fields else None


def fields_rule(policy: CompiledPolicy, purpose: CompiledPurpose, fields: tuple[str, ...]) -> str | None:
    """Return the rule that refuses one of the fields, or None."""
    for field in fields:
        if field not in purpose.fields:
            return "field.not-in-purpose" if field in policy.fields else "field.unknown"
    return None


def use_rule(purpose: CompiledPurpose, person: PersonFacts | None, now_s: int, *, gpc: bool = False) -> str | None:
    """Return the rule by which this purpose may not use this person's data now, or None when it may.

    Without a person only the signal counts: what concerns people must then be asked for each of them.
    """
    if gpc and purpose.closes_on_gpc:
        return "opt-out.signal"
    if person is None:
        return None
    return (
        state_rule(person)
        or ground_rule(purpose, person.consents.get(purpose.name), now_s)
        or kept_rule(purpose, person, now_s)
    )


def state_rule(person: PersonFacts) -> str | None:
    """Return the rule of a person who is erased, frozen or restricted, or None."""
    if person.erased:
        return "person.erased"
    if person.frozen:
        return "person.frozen"
    return "person.restricted" if person.restricted else None


def ground_rule(purpose: CompiledPurpose, said: ConsentFact | None, now_s: int) -> str | None:
    """Return the rule by which the ground of the purpose is not alive for this person, or None."""
    if said is not None and said.altered:
        return "consent.altered"
    if purpose.needs_consent:
        return consent_rule(said, now_s)
    if said is None or said.status == "granted":
        return None
    if purpose.may_object and said.status != "opted_out":
        return "objection"
    return "opt-out" if purpose.opt_out or purpose.may_object else None


def consent_rule(said: ConsentFact | None, now_s: int) -> str | None:
    """Return the rule by which there is no valid consent, or None."""
    if said is None:
        return "consent.missing"
    if said.status != "granted":
        return "opt-out" if said.status == "opted_out" else "consent.withdrawn"
    if said.expires_s is not None and now_s >= said.expires_s:
        return "consent.expired"
    return None


def kept_rule(purpose: CompiledPurpose, person: PersonFacts, now_s: int) -> str | None:
    """Return the rule by which keeping has ended, or None; a moment that is not known has not begun to count."""
    if not person.moments:
        return None
    ends = purpose.ends_s(person.moments)
    return "retention.ended" if ends is not None and now_s >= ends else None


def _without_purpose(policy: CompiledPolicy, question: Question) -> Decision:
    if question.needs_purpose:
        return _refused("purpose.missing", question, policy, None)
    return Decision(allowed=True, rules=("actor.action",), policy_hash=policy.hash)


def _allowed(policy: CompiledPolicy, question: Question, purpose: CompiledPurpose) -> Decision:
    treatments = purpose.treatments(question.actor.roles)
    fields = {field: treatments[field] for field in question.fields} if question.fields else treatments.copy()
    return Decision(
        allowed=True,
        rules=purpose.basis if question.uses_data else ("actor.purpose",),
        fields=fields,
        purpose_number=purpose.number,
        policy_hash=policy.hash,
    )


def _refused(rule: str, question: Question, policy: CompiledPolicy, purpose: CompiledPurpose | None) -> Decision:
    return Decision(
        allowed=False,
        rules=(rule,),
        reason=reason(rule, question.action, question.purpose, _culprit(rule, question, purpose)),
        next_step=next_step(rule),
        purpose_number=purpose.number if purpose is not None else 0,
        policy_hash=policy.hash,
    )


def _culprit(rule: str, question: Question, purpose: CompiledPurpose | None) -> str:
    if purpose is None or not rule.startswith("field."):
        return ""
    return next((field for field in question.fields if field not in purpose.fields), "")
