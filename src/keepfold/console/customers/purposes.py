"""The purposes of the policy as choices: those that may be taken, and the others with the reason why not."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from keepfold.console.customers import words
from keepfold.gate.types import Actor, Decision, Treatment
from keepfold.kernel import clock
from keepfold.policy import queries as policy
from keepfold.policy.types import PurposeSpec, Question, Schema


class Choice(NamedTuple):
    """One purpose. `why` and `badge` say why it cannot be taken; both are empty when it can."""

    spec: PurposeSpec
    label: str
    note: str
    why: str
    badge: str
    rule: str
    explain: str
    fields: Mapping[str, Treatment] = {}

    @property
    def name(self) -> str:
        """Return the name in the policy."""
        return self.spec.name

    @property
    def allowed(self) -> bool:
        """Say whether it may be taken."""
        return not self.rule


def of_decisions(schema: Schema, decisions: Mapping[str, Decision], action: str, customer: str = "") -> list[Choice]:
    """Return every purpose with what was decided about it, those that may be taken first."""
    found = [_choice(spec, decisions[name], action, customer) for name, spec in schema.purposes.items()]
    return sorted(found, key=lambda one: not one.allowed)


def _choice(spec: PurposeSpec, decision: Decision, action: str, customer: str) -> Choice:
    label = words.purpose(spec)
    why, badge = ("", "") if decision.allowed else words.refusal(decision, label)
    return Choice(
        spec=spec,
        label=label,
        note=words.ground_with_law(spec),
        why=why,
        badge=badge,
        rule="" if decision.allowed else (decision.rules or ("refused",))[0],
        explain=words.explain_address(spec.name, action, customer=customer),
        fields=decision.fields,
    )


def for_anybody(schema: Schema, actor: Actor, action: str) -> list[Choice]:
    """Return every purpose as far as it is decided before it is known whom it concerns."""
    return of_decisions(schema, {name: _decide(actor, action, name) for name in schema.purposes}, action)


def _decide(actor: Actor, action: str, purpose: str) -> Decision:
    asked = Question(actor=actor, action=action, now_s=clock.now_s(), purpose=purpose, needs_purpose=True)
    found = policy.explain(asked)
    return Decision(allowed=found.allowed, rules=found.rules, reason=found.reason, fields=found.fields)


def chosen(choices: list[Choice], name: str) -> Choice | None:
    """Return the purpose of that name when it may be taken."""
    return next((one for one in choices if one.name == name and one.allowed), None)
