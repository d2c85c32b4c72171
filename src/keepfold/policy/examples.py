"""Running the examples that a policy carries."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date

from keepfold.gate.types import Actor, Decision
from keepfold.policy.compile import CompiledPolicy
from keepfold.policy.decide import decide
from keepfold.policy.format.document import Example, ExampleActor, ExampleConsent, ExamplePerson, Policy
from keepfold.policy.format.values import Period, parse_period, start_of
from keepfold.policy.types import ConsentFact, ExampleResult, PersonFacts, Place, Question

_NOON = 12 * 3600
_ACTOR_ID = bytes(16)


def run_examples(policy: Policy, compiled: CompiledPolicy) -> Iterator[ExampleResult]:
    """Yield how each example came out, in the order of the file."""
    for number, example in enumerate(policy.examples):
        decision = decide(compiled, question_of(policy, example))
        faults = list(_faults(example, decision))
        yield ExampleResult(
            say=example.say,
            passed=not faults,
            expected=_expected(example),
            got="; ".join(faults) or _answer(decision),
            place=Place(path=f"examples.{number}"),
        )


def question_of(policy: Policy, example: Example) -> Question:
    """Return the question that an example asks."""
    day: date = example.at or policy.effective_from
    now_s = start_of(day) + _NOON
    actor = example.actor or ExampleActor(roles=(example.role,) if example.role else ())
    return Question(
        actor=Actor(kind="staff", id=_ACTOR_ID, roles=actor.roles, actions=actor.actions, purposes=actor.purposes),
        action=example.action,
        now_s=now_s,
        purpose=example.purpose,
        fields=example.fields,
        person=_person(policy, example.person or ExamplePerson(), now_s),
        needs_purpose=True,
        gpc=example.gpc,
    )


def _person(policy: Policy, person: ExamplePerson, now_s: int) -> PersonFacts:
    return PersonFacts(
        consents={name: _said(policy, name, said, now_s) for name, said in person.consent.items()},
        restricted=person.restricted,
        frozen=person.frozen,
        erased=person.erased,
        moments={name: _moment(when, now_s) for name, when in person.moments.items()},
    )


def _said(policy: Policy, purpose: str, said: ExampleConsent, now_s: int) -> ConsentFact:
    at_s = (said.ago or parse_period("P0D")).before(now_s)
    spec = policy.purposes.get(purpose)
    lasts = spec.consent.expires if spec is not None and spec.consent is not None else None
    return ConsentFact(status=said.status, at_s=at_s, expires_s=lasts.after(at_s) if lasts is not None else None)


def _moment(when: Period | date, now_s: int) -> int:
    return when.before(now_s) if isinstance(when, Period) else start_of(when)


def _faults(example: Example, decision: Decision) -> Iterator[str]:
    if decision.allowed is not (example.expect == "allowed"):
        yield _answer(decision)
    elif example.rule is not None and example.rule not in decision.rules:
        yield f"{_answer(decision)}, not by {example.rule}"
    yield from _misshown(example.shown, decision.fields)


def _misshown(expected: Mapping[str, str], shown: Mapping[str, str]) -> Iterator[str]:
    for field, treatment in expected.items():
        if shown.get(field) != treatment:
            yield f"{field} is shown {shown.get(field, 'not at all')}, not {treatment}"


def _expected(example: Example) -> str:
    return example.expect + (f" by {example.rule}" if example.rule else "")


def _answer(decision: Decision) -> str:
    return ("allowed" if decision.allowed else "denied") + f" by {decision.rules[0]}" if decision.rules else "allowed"
