"""The gate's decider: grants first, then the active policy, then the facts about each person concerned.

An action without a purpose is decided by grants alone, without a look at the database. An action that opens data
needs a purpose; while no policy is active it is refused, and so is every other action that names a purpose.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from inspect import signature

import msgspec

from keepfold import packs
from keepfold.gate import Context, Decision, registered_actions
from keepfold.gate.grants import allows_action
from keepfold.kernel import clock
from keepfold.policy import queries
from keepfold.policy.compile import CompiledPolicy
from keepfold.policy.decide import decide
from keepfold.policy.errors import NoPolicy
from keepfold.policy.sentences import next_step, reason
from keepfold.policy.types import PersonFacts, Question

FactsOf = Callable[[bytes, str], PersonFacts]
FactsOfMany = Callable[[Sequence[bytes], str], Mapping[bytes, PersonFacts]]
_NOTHING_KNOWN = PersonFacts()
_GRANTED = Decision(allowed=True, rules=("actor.action",))
_rules: dict[str, Rule] = {}


class Rule(msgspec.Struct, frozen=True):
    """How an action is decided: whether values may leave, and whether it makes sense without a purpose."""

    uses_data: bool
    needs_purpose: bool


class PolicyDecider:
    """Implements `keepfold.gate.Decider`. `facts_of(person, purpose)` gives what a decision may know of a person.

    `facts_of_many(people, purpose)` gives the same for a batch at once, and leaves out those of whom nothing is known:
    these are all decided alike, so they are decided once.
    """

    def __init__(self, facts_of: FactsOf, facts_of_many: FactsOfMany | None = None) -> None:
        self._facts_of = facts_of
        self._facts_of_many = facts_of_many

    def decide(self, context: Context) -> Decision:
        """Return the decision; several people are each looked at, and the first refusal decides."""
        if not allows_action(context.actor.actions, context.action):
            return refused("actor.action", context)
        rule = rule_of(context.action)
        if context.purpose is None:
            return refused("purpose.missing", context) if rule.needs_purpose else _GRANTED
        try:
            policy = queries.active().compiled
        except NoPolicy:
            return refused("policy.none-active", context)
        question = _question(context, rule)
        if not rule.uses_data or not context.subjects:
            return decide(policy, question)
        return self._for_each(policy, question, context.subjects)

    def _for_each(self, policy: CompiledPolicy, question: Question, people: tuple[bytes, ...]) -> Decision:
        general = decide(policy, question)
        if not general.allowed:
            return general
        for facts in self._facts(people, question.purpose or ""):
            decision = decide(policy, msgspec.structs.replace(question, person=facts))
            if not decision.allowed:
                return decision
        return general

    def _facts(self, people: tuple[bytes, ...], purpose: str) -> Iterator[PersonFacts]:
        if self._facts_of_many is None or len(people) == 1:
            yield from (self._facts_of(person, purpose) for person in people)
            return
        known = self._facts_of_many(people, purpose)
        if any(person not in known for person in people):
            yield _NOTHING_KNOWN
        yield from known.values()


def rule_of(action: str) -> Rule:
    """Return how an action is decided: its line in the catalogue, and whether its function takes a purpose."""
    known = _rules.get(action)
    if known is None:
        spec = registered_actions().get(action)
        takes_purpose = spec is not None and "purpose" in signature(spec.function).parameters
        line = packs.actions().get(action, {})
        opens = line.get("kind") == "access"
        known = Rule(uses_data=opens, needs_purpose=bool(line.get("needs_purpose", opens and takes_purpose)))
        if spec is not None:
            _rules[action] = known
    return known


def refused(rule: str, context: Context) -> Decision:
    """Return the refusal by a rule."""
    return Decision(
        allowed=False, rules=(rule,), reason=reason(rule, context.action, context.purpose), next_step=next_step(rule)
    )


def _question(context: Context, rule: Rule) -> Question:
    return Question(
        actor=context.actor,
        action=context.action,
        now_s=clock.now_s(),
        purpose=context.purpose,
        fields=context.fields,
        uses_data=rule.uses_data,
        needs_purpose=rule.needs_purpose,
    )
