"""What would change an answer: another purpose, person, consent, moment or policy; and the same question elsewhere.

Every line was tried: the question is put to `decide` once more with that one thing changed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any, NamedTuple

import msgspec
from django.utils.translation import gettext

from keepfold.gate.grants import allows_purpose
from keepfold.gate.types import Decision
from keepfold.people import queries as people
from keepfold.policy.console import asking, words
from keepfold.policy.console.asking import Asked
from keepfold.policy.console.reasons import Answer, Subject, day
from keepfold.policy.decide import decide
from keepfold.policy.types import ConsentFact, PersonFacts, Question
from keepfold.ui import components as ui

Address = Callable[[Asked], str]
_MOST_ROLES, _MOST_PURPOSES, _MOST_NAMED = 6, 12, 3
_DAY_S = 86_400


def lines(subject: Subject, asked: Asked, answer: Answer, address: Address) -> list[ui.Line]:
    """Return what would change the answer, the nearest first."""
    if answer.unknown:
        return [ui.Line(rule.title, rule.text, "circle-help", "warn") for rule in answer.unknown]
    if answer.stop is None:
        return list(_what_would_end_it(subject, asked, address))
    found = [
        *_another_purpose(subject, asked, address),
        *_another_person(subject, asked, address),
        *_consent(subject, asked, answer, address),
        *_another_moment(subject, asked, answer, address),
        *_another_policy(subject, answer),
    ]
    return found or [_nothing()]


def title(answer: Answer) -> str:
    """Return what the lines are about."""
    if answer.unknown:
        return gettext("What it depends on")
    return gettext("What would change it") if answer.stop is not None else gettext("What would end it")


def _nothing() -> ui.Line:
    return ui.Line(
        gettext("Nothing that could be asked here"),
        gettext("No other purpose, role, consent or moment was found that permits it."),
        "circle-dashed",
    )


def _tried(subject: Subject, **changes: Any) -> Decision:
    return decide(subject.policy, msgspec.structs.replace(subject.question, **changes))


# -------------------------------------------------------------------------------------------------------------- purpose


def _another_purpose(subject: Subject, asked: Asked, address: Address) -> Iterator[ui.Line]:
    question = subject.question
    if not question.uses_data and question.purpose is None:
        return
    others = [name for name in subject.policy.purposes if name != question.purpose]
    allowed = [name for name in others if _tried(subject, purpose=name).allowed]
    if allowed:
        named = _quoted(subject, allowed)
        text = gettext("%(who)s may do it for %(purposes)s.") % {"who": subject.who, "purposes": named}
        yield ui.Line(
            gettext("Another purpose"),
            text,
            "target",
            "",
            address(asked._replace(purpose=allowed[0])),
            gettext("Ask that"),
        )
        return
    opening = [name for name in others if _opens(subject, name) and not _may_act(subject, name)]
    if opening:
        named = _quoted(subject, opening)
        text = gettext("%(purposes)s would open it, but %(who)s may not act for them.")
        yield ui.Line(gettext("Another purpose"), text % {"who": subject.who, "purposes": named}, "target")


def _quoted(subject: Subject, purposes: list[str]) -> str:
    named = [gettext("“%(name)s”") % {"name": subject.names.purpose(name)} for name in purposes[:_MOST_NAMED]]
    return words.listed(named)


def _opens(subject: Subject, purpose: str) -> bool:
    return set(subject.question.fields) <= subject.policy.purposes[purpose].fields


def _may_act(subject: Subject, purpose: str) -> bool:
    return allows_purpose(subject.question.actor.purposes, purpose)


# --------------------------------------------------------------------------------------------------------------- person


def _another_person(subject: Subject, asked: Asked, address: Address) -> Iterator[ui.Line]:
    allowed = [name for name in people.roles() if _tried(subject, actor=asking.as_role(name)).allowed]
    if not allowed:
        return
    named = words.listed([asking.role_name(name) for name in allowed[:_MOST_NAMED]])
    yield ui.Line(
        gettext("Another role"),
        gettext("For the same purpose: %(roles)s.") % {"roles": named},
        "user-round",
        "",
        address(asked._replace(who=f"role:{allowed[0]}")),
        gettext("Ask that"),
    )


# -------------------------------------------------------------------------------------------------------------- consent


def _consent(subject: Subject, asked: Asked, answer: Answer, address: Address) -> Iterator[ui.Line]:
    purpose = subject.purpose
    if purpose is None or not purpose.needs_consent or answer.stop is None or not subject.question.uses_data:
        return
    granted = _with_consent(subject, ConsentFact(status="granted", at_s=subject.question.now_s))
    if decide(subject.policy, granted).allowed:
        there = "" if asked.customer else address(asked._replace(stated=asked.stated._replace(said="granted")))
        text = gettext("If the customer agrees, it opens at once. Only the customer can do that.")
        yield ui.Line(gettext("A consent"), text, "circle-check", "", there, gettext("Ask that") if there else "")
    elif not answer.stop.rule.startswith("consent"):
        yield ui.Line(
            gettext("Consent would not"),
            gettext("It covers what the purpose declares, no more, and gives nobody a right."),
            "circle-x",
        )


def _with_consent(subject: Subject, said: ConsentFact) -> Question:
    question = subject.question
    person = question.person or PersonFacts()
    consents = {**person.consents, question.purpose or "": said}
    return msgspec.structs.replace(question, person=msgspec.structs.replace(person, consents=consents))


# --------------------------------------------------------------------------------------------------------------- moment


def _another_moment(subject: Subject, asked: Asked, answer: Answer, address: Address) -> Iterator[ui.Line]:
    purpose, question = subject.purpose, subject.question
    rule = answer.stop.rule if answer.stop else ""
    if rule == "policy.not-effective":
        starts = subject.policy.effective_s
        text = gettext("From %(day)s on this policy decides.") % {"day": day(starts)}
        yield _moment(text, asked, starts, address)
    if rule == "retention.ended" and purpose is not None and question.person is not None:
        ends = purpose.ends_s(question.person.moments)
        if ends is not None and _tried(subject, now_s=ends - 1).allowed:
            yield _moment(gettext("Until %(day)s it was allowed.") % {"day": day(ends)}, asked, ends - _DAY_S, address)


def _moment(text: str, asked: Asked, at_s: int, address: Address) -> ui.Line:
    then = datetime.fromtimestamp(at_s, UTC).date()
    there = "" if asked.stated.kept else address(asked._replace(day=then))
    return ui.Line(gettext("Another moment"), text, "calendar", "", there, gettext("Ask that") if there else "")


# --------------------------------------------------------------------------------------------------------------- policy


def _another_policy(subject: Subject, answer: Answer) -> Iterator[ui.Line]:
    rule, purpose = (answer.stop.rule if answer.stop else ""), subject.purpose
    culprit = next((name for name in subject.question.fields if purpose and name not in purpose.fields), "")
    title = gettext("Another policy")
    if rule == "field.not-in-purpose" and purpose is not None:
        text = gettext("Add %(item)s to purposes.%(purpose)s.data in the workshop.")
        if _is_material(subject, "purpose.widened"):
            text += " " + gettext("That is material: customers must be told before it counts.")
        yield ui.Line(title, text % {"item": culprit, "purpose": purpose.name}, "pencil-ruler")
    elif rule in {"field.unknown", "purpose.unknown"}:
        yield ui.Line(
            title, gettext("Declare it in the workshop first; until then nothing of it exists."), "pencil-ruler"
        )


def _is_material(subject: Subject, kind: str) -> bool:
    return kind in subject.names.policy.notice.material_when


# ---------------------------------------------------------------------------------------------------- what would end it


def _what_would_end_it(subject: Subject, asked: Asked, address: Address) -> Iterator[ui.Line]:
    purpose, question = subject.purpose, subject.question
    if purpose is None or not question.uses_data:
        yield ui.Line(
            gettext("Losing the right"), gettext("It rests on what the role grants, and on nothing else."), "user-round"
        )
        return
    for status, title, text in _endings():
        refused = not decide(
            subject.policy,
            _with_consent(subject, ConsentFact(status=status, at_s=question.now_s)),  # type: ignore[arg-type]
        ).allowed
        if refused and _can(purpose, status):
            there = "" if asked.customer else address(asked._replace(stated=asked.stated._replace(said=status)))
            yield ui.Line(title, text, "circle-x", "", there, gettext("Ask that") if there else "")
    yield ui.Line(
        gettext("The end of its time"),
        gettext("Kept: %(time)s.") % {"time": words.kept(purpose.retention_keep, purpose.retention_since)},
        "calendar",
    )


def _endings() -> tuple[tuple[str, str, str], ...]:
    return (
        ("withdrawn", gettext("A withdrawal"), gettext("It works in the moment in which it is recorded.")),
        ("objected", gettext("An objection"), gettext("It works in the moment in which it is recorded.")),
        ("opted_out", gettext("An opt-out"), gettext("It works in the moment in which it is recorded.")),
    )


def _can(purpose: Any, status: str) -> bool:
    return bool(
        (status == "withdrawn" and purpose.needs_consent)
        or (status == "objected" and purpose.may_object and not purpose.needs_consent)
        or (status == "opted_out" and purpose.opt_out)
    )


# ------------------------------------------------------------------------------------------------------------ elsewhere


class Cell(NamedTuple):
    """One answer elsewhere: the word, its tone, and the address that asks it."""

    word: str
    tone: str
    href: str
    current: bool


class Elsewhere(NamedTuple):
    """The same question for every purpose and every role that may do it at all."""

    roles: list[str]
    rows: list[tuple[str, list[Cell]]]


def elsewhere(subject: Subject, asked: Asked, address: Address) -> Elsewhere | None:
    """Return the answers to the same question for other purposes and roles; None when it has no purpose."""
    if not subject.question.uses_data:
        return None
    roles = [name for name in people.roles() if _holds(subject, name)][:_MOST_ROLES]
    rows = []
    for purpose in list(subject.policy.purposes)[:_MOST_PURPOSES]:
        cells = [_cell(subject, asked, address, purpose, role) for role in roles]
        rows.append((subject.names.purpose(purpose), cells))
    return Elsewhere([asking.role_name(name) for name in roles], rows) if roles and rows else None


def _holds(subject: Subject, role: str) -> bool:
    actor = asking.as_role(role)
    return decide(subject.policy, msgspec.structs.replace(subject.question, actor=actor)).rules[0] != "actor.action"


def _cell(subject: Subject, asked: Asked, address: Address, purpose: str, role: str) -> Cell:
    there = asked._replace(who=f"role:{role}", purpose=purpose)
    decision = _tried(subject, actor=asking.as_role(role), purpose=purpose)
    word, tone = gettext("No"), "bad"
    if decision.allowed and not subject.is_known:
        word, tone = gettext("Unknown"), "warn"
    elif decision.allowed:
        masked = decision.fields and set(decision.fields.values()) == {"masked"}
        word, tone = (gettext("Masked") if masked else gettext("Yes")), "good"
    return Cell(word, tone, address(there), there.who == asked.who and purpose == asked.purpose)
