"""Every rule that bears on a question: what it says, from which fact, and what would change it.

Not on any hot path. The answer is `decide`'s own; the steps are looked at again here, all of them, in the same order.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from keepfold.gate.grants import allows_action, allows_purpose
from keepfold.policy.compile import CompiledPolicy, CompiledPurpose
from keepfold.policy.decide import consent_rule, decide, ground_rule, kept_rule
from keepfold.policy.sentences import next_step, reason
from keepfold.policy.types import ConsentFact, Explanation, PersonFacts, Question, Step


def explain(policy: CompiledPolicy, question: Question) -> Explanation:
    """Return the decision with every rule that was looked at; the rules that refuse come first among `rules`."""
    decision = decide(policy, question)
    steps = tuple(_steps(policy, question))
    refusing = tuple(step.rule for step in steps if step.effect == "refuses")
    return Explanation(
        allowed=decision.allowed,
        rules=decision.rules if decision.allowed else refusing,
        reason=decision.reason or "Every rule permits it.",
        steps=steps,
        fields=decision.fields,
        version=policy.version,
    )


def _steps(policy: CompiledPolicy, question: Question) -> Iterator[Step]:
    granted = allows_action(question.actor.actions, question.action)
    yield _step("actor.action", question, stops=not granted, fact=_count(question.actor.actions, "action grant"))
    if question.purpose is None:
        yield from _without_purpose(question)
        return
    holds = question.now_s >= policy.effective_s
    yield _step("policy.not-effective", question, stops=not holds, fact=f"It holds from {_day(policy.effective_s)}")
    purpose = policy.purposes.get(question.purpose)
    known = ", ".join(sorted(policy.purposes))
    yield _step("purpose.unknown", question, stops=purpose is None, fact=f"The purposes are {known}")
    if purpose is not None:
        yield from _purpose_steps(policy, question, purpose)


def _without_purpose(question: Question) -> Iterator[Step]:
    fact = "The action opens data" if question.needs_purpose else "The action opens no data"
    yield _step("purpose.missing", question, stops=question.needs_purpose, fact=fact)


def _purpose_steps(policy: CompiledPolicy, question: Question, purpose: CompiledPurpose) -> Iterator[Step]:
    granted = allows_purpose(question.actor.purposes, purpose.name)
    yield _step("actor.purpose", question, stops=not granted, fact=_count(question.actor.purposes, "purpose grant"))
    yield from _field_steps(policy, question, purpose)
    if not question.uses_data:
        yield Step(rule="basis", effect="no effect", because="The purpose is only named; no data is used.")
        return
    yield from _signal_steps(question, purpose)
    if question.person is None:
        because = "Nobody in particular is concerned, so consent, objection and keeping were not looked at."
        yield Step(rule="person", effect="no effect", because=because)
        return
    yield from _state_steps(question, question.person)
    yield from _ground_steps(question, purpose, question.person)
    yield from _kept_steps(question, purpose, question.person)
    yield Step(
        rule=purpose.basis[0] if purpose.basis else "basis", effect="allows", because="The ground of the purpose."
    )


def _field_steps(policy: CompiledPolicy, question: Question, purpose: CompiledPurpose) -> Iterator[Step]:
    for field in question.fields:
        if field in purpose.fields:
            treatment = purpose.treatments(question.actor.roles)[field]
            yield Step(rule="field", effect="allows", because=f"The purpose needs `{field}`; it is shown {treatment}.")
        else:
            rule = "field.not-in-purpose" if field in policy.fields else "field.unknown"
            yield _step(rule, question, stops=True, fact=f"It needs {', '.join(sorted(purpose.fields))}", field=field)


def _signal_steps(question: Question, purpose: CompiledPurpose) -> Iterator[Step]:
    if purpose.closes_on_gpc:
        fact = "The Global Privacy Control signal is " + ("on" if question.gpc else "off")
        yield _step("opt-out.signal", question, stops=question.gpc, fact=fact)


def _state_steps(question: Question, person: PersonFacts) -> Iterator[Step]:
    for state in ("erased", "frozen", "restricted"):
        stops = bool(getattr(person, state))
        yield _step(f"person.{state}", question, stops=stops, fact=f"The person is {'' if stops else 'not '}{state}")


def _ground_steps(question: Question, purpose: CompiledPurpose, person: PersonFacts) -> Iterator[Step]:
    said = person.consents.get(purpose.name)
    stopped = ground_rule(purpose, said, question.now_s)
    if said is not None and said.altered:
        yield _step("consent.altered", question, stops=True, fact="Its row lacks the mark of this installation")
    elif purpose.needs_consent:
        stops = consent_rule(said, question.now_s) is not None
        yield _step(stopped or "consent.missing", question, stops=stops, fact=_said(said))
    elif purpose.may_object or purpose.opt_out:
        usual = "objection" if purpose.may_object else "opt-out"
        yield _step(stopped or usual, question, stops=stopped is not None, fact=_said(said))
    else:
        because = f"The ground needs no consent and cannot be objected to. {_said(said)}."
        yield Step(rule="consent", effect="no effect", because=because)


def _kept_steps(question: Question, purpose: CompiledPurpose, person: PersonFacts) -> Iterator[Step]:
    ends = purpose.ends_s(person.moments)
    if ends is None:
        moment = purpose.retention_since.name
        because = f"Kept for {purpose.retention_text}: `{moment}` is not known, so the time has not begun to count."
        yield Step(rule="retention.ended", effect="allows", because=because)
        return
    stops = kept_rule(purpose, person, question.now_s) is not None
    yield _step("retention.ended", question, stops=stops, fact=f"Kept for {purpose.retention_text}, until {_day(ends)}")


def _step(rule: str, question: Question, *, stops: bool, fact: str, field: str = "") -> Step:
    if not stops:
        return Step(rule=rule, effect="allows", because=f"{fact}.")
    why = reason(rule, question.action, question.purpose, field)
    return Step(rule=rule, effect="refuses", because=f"{why} {fact}.", change=next_step(rule))


def _said(said: ConsentFact | None) -> str:
    if said is None:
        return "The person has said nothing about it"
    until = f", valid until {_day(said.expires_s)}" if said.expires_s is not None else ""
    return f"The person's last word is `{said.status}`, on {_day(said.at_s)}{until}"


def _day(moment_s: int) -> str:
    try:
        return datetime.fromtimestamp(moment_s, UTC).date().isoformat()
    except (OverflowError, ValueError, OSError):
        return "a day beyond the calendar"


def _count(granted: tuple[str, ...], what: str) -> str:
    return f"The actor holds {len(granted)} {what}{'' if len(granted) == 1 else 's'}"
