"""The decision explainer: may somebody do something, for which purpose, with whose data; every rule behind the answer.

A question is an address, so every refusal can lead here. About a real customer nothing is looked up before somebody
asks for it by a form, whose grants permit it; the asking is written down, and nothing of the customer is opened.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, NamedTuple
from urllib.parse import urlencode

import msgspec
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path, reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from keepfold.gate.catalogue import known_actions
from keepfold.gate.console import actor_of, may, page
from keepfold.gate.types import Actor
from keepfold.kernel import clock, ids
from keepfold.kernel.errors import Invalid, KeepfoldError
from keepfold.policy import actions, queries
from keepfold.policy.console import asking, changing, reasons, rulebooks, words
from keepfold.policy.console.asking import Asked, Somebody
from keepfold.policy.console.reasons import Answer, Subject
from keepfold.policy.console.rulebooks import Rulebook
from keepfold.policy.drafting import reading, rules
from keepfold.policy.types import PersonFacts
from keepfold.ui import nav
from keepfold.ui.words import in_language

LOOK = "policy.decision.explain"
CUSTOMER = "cus"
_MOST_DRAFTS = 3

nav.register(nav.Item("decisions", "rules", _("Decisions"), "scale", "decisions", (), 30, "G D"))


class Mistake(NamedTuple):
    """What the question says wrongly: the field's id, and a sentence."""

    field: str
    words: str
    next: str = ""


class Side(NamedTuple):
    """One policy with its answer."""

    rulebook: Rulebook
    subject: Subject
    answer: Answer


@page(methods=("GET", "POST"))
def decisions(request: HttpRequest) -> HttpResponse:
    """Ask and answer."""
    given = request.POST if request.method == "POST" else request.GET
    asked = asking.read(given)
    viewer, mistakes = actor_of(request), list[Mistake]()
    who = _who(asked, viewer, request, mistakes)
    facts, is_known = _facts(asked, viewer, mistakes, looking=request.method == "POST")
    first = _rulebook(asked.version, "q-version", viewer, mistakes)
    second = _rulebook(asked.against, "q-against", viewer, mistakes) if asked.against else None
    sides = [
        _side(one, asked, who, facts, is_known=is_known)
        for one in (first, second)
        if one is not None and who is not None and given and not _is_broken(mistakes)
    ]
    context = _form(asked, viewer, request, first, second) | {
        "active": "decisions",
        "asked": asked,
        "mistakes": mistakes,
        "sides": sides,
        "side": sides[0] if sides else None,
        "other": sides[1] if len(sides) > 1 else None,
        "differ": len(sides) > 1 and differ(sides[0].answer, sides[1].answer),
        "is_looked_at": bool(asked.customer) and is_known,
        "may_look": may(viewer, LOOK),
        "starters": [] if given or first is None else starters(first),
        "parameters": asked.parameters(),
        "who_extra": who.name if who is not None and asked.who.startswith("client:") else "",
        "customer_wrong": any(one.field == "q-customer" for one in mistakes),
        "signal_words": gettext("whose browser sends the privacy signal"),
    }
    if sides:
        context |= _around(sides[0], asked, viewer)
    return render(request, "policy/decisions.html", context, status=422 if mistakes else 200)


def _who(asked: Asked, viewer: Actor, request: HttpRequest, mistakes: list[Mistake]) -> Somebody | None:
    try:
        return asking.somebody(asked, viewer, request.user.name)  # type: ignore[union-attr]
    except KeepfoldError as error:
        mistakes.append(Mistake("q-who", error.detail, error.next_step or ""))
        return None


def _rulebook(key: str, field: str, viewer: Actor, mistakes: list[Mistake]) -> Rulebook | None:
    try:
        return rulebooks.of(key, viewer)
    except Invalid as error:
        mistakes.append(Mistake(field, error.detail, error.next_step or ""))
        return None


def _facts(asked: Asked, viewer: Actor, mistakes: list[Mistake], *, looking: bool) -> tuple[PersonFacts | None, bool]:
    """Return the facts of a real customer, and whether they are known; nobody real is known by what was stated."""
    if not asked.customer:
        return None, True
    try:
        person = ids.parse(CUSTOMER, asked.customer)
    except Invalid:
        words_ = gettext("This is not the id of a customer. It begins with cus_.")
        mistakes.append(Mistake("q-customer", words_, gettext("Leave it empty to ask about any customer.")))
        return None, False
    if not looking:
        return PersonFacts(), False
    return actions.facts_for_explanation(
        actor=viewer, person=person, asked=asked.action, about=asking.name_or_nothing(asked.purpose)
    ), True


def _is_broken(mistakes: list[Mistake]) -> bool:
    return any(one.field in {"q-who", "q-version", "q-customer"} for one in mistakes)


def _side(rulebook: Rulebook, asked: Asked, who: Somebody | None, facts: PersonFacts | None, *, is_known: bool) -> Side:
    assert who is not None  # noqa: S101  the caller made sure; this tells the type checker
    question = asking.question(asked, rulebook.compiled, who.actor, facts)
    subject = Subject(
        policy=rulebook.compiled,
        names=words.Names(rulebook.policy),
        # Nothing is assumed of a customer whom nobody has looked at.
        question=question if is_known else msgspec.structs.replace(question, person=None),
        who=who.name,
        what=action_words(asked.action),
        line=rulebook.line,
        is_known=is_known,
    )
    return Side(rulebook, subject, reasons.answer(subject))


def differ(one: Answer, other: Answer) -> bool:
    """Say whether two policies answer differently: another outcome, or other fields, or shown otherwise."""
    return (one.decision.allowed, dict(one.decision.fields)) != (other.decision.allowed, dict(other.decision.fields))


# ---------------------------------------------------------------------------------------------------------- the answer


def _around(side: Side, asked: Asked, viewer: Actor) -> dict[str, Any]:
    return {
        "changes": changing.lines(side.subject, asked, side.answer, address),
        "changes_title": changing.title(side.answer),
        "elsewhere": changing.elsewhere(side.subject, asked, address),
        "example": example(side, asked),
        "drafts": _drafts(side, asked, viewer),
        "role_name": asked.who.removeprefix("role:"),
        "keep_words": gettext("Keep the question as an example"),
        "may_write": may(viewer, "policy.draft.start"),
    }


def address(asked: Asked) -> str:
    """Return where a question is asked."""
    return f"{reverse('decisions')}?{urlencode(asked.parameters() or [('action', asked.action)])}"


def example(side: Side, asked: Asked) -> str:
    """Return the question with its answer as an example of the policy file; nothing for a real customer."""
    if asked.customer or side.subject.question.purpose is None or asked.action != asking.OPEN:
        return ""
    question, decision = side.subject.question, side.answer.decision
    lines = [f"- say: {json.dumps(side.answer.sentence, ensure_ascii=False)}"]
    role = asked.who.removeprefix("role:") if asked.who.startswith("role:") else ""
    if role and not decision.rules[0].startswith("actor."):
        lines.append(f"  role: {role}")
    else:
        granted = {
            "roles": question.actor.roles,
            "actions": question.actor.actions,
            "purposes": question.actor.purposes,
        }
        listed = (f"{name}: [{', '.join(map(json.dumps, values))}]" for name, values in granted.items())
        lines.append(f"  actor: {{{', '.join(listed)}}}")
    lines.append(f"  purpose: {json.dumps(question.purpose)}")
    if question.fields:
        lines.append(f"  fields: [{', '.join(map(json.dumps, question.fields))}]")
    lines += _person_lines(asked)
    lines.append(f"  expect: {'allowed' if decision.allowed else 'denied'}")
    lines.append(f"  rule: {decision.rules[0]}")
    return "\n".join(lines)


def _person_lines(asked: Asked) -> list[str]:
    facts = asked.stated
    parts = []
    if facts.said:
        said = "{status: granted, ago: P10Y}" if facts.said == "expired" else facts.said
        parts.append(f"consent: {{{asked.purpose}: {said}}}")
    if facts.state:
        parts.append(f"{facts.state}: true")
    lines = [f"  person: {{{', '.join(parts)}}}"] if parts else []
    return [*lines, "  gpc: true"] if facts.gpc else lines


class Target(NamedTuple):
    """A draft that the question can be added to as an example."""

    id: str
    title: str
    revision: int


def _drafts(side: Side, asked: Asked, viewer: Actor) -> list[Target]:
    """Return the drafts whose form for examples can hold this question: a role, at most one field, a plain yes."""
    role, said = asked.who.startswith("role:"), asked.stated
    simple = role and len(asked.fields) <= 1 and said._replace(said="") == asking.Stated()
    fits = simple and said.said in {"", "granted"} and asked.purpose in side.rulebook.compiled.purposes
    if not fits or asked.customer or asked.action != asking.OPEN or not may(viewer, "policy.draft.save"):
        return []
    person = queries.person_of(viewer)
    found = [one for one in queries.drafts() if one.state == "drafting" and reading.may_see(viewer, person, one)]
    return [Target(ids.show(rules.PREFIX, one.id), one.title, one.revision) for one in found[:_MOST_DRAFTS]]


# ------------------------------------------------------------------------------------------------------------ the form


def _form(
    asked: Asked, viewer: Actor, request: HttpRequest, rulebook: Rulebook | None, other: Rulebook | None
) -> dict[str, Any]:
    names = words.Names(rulebook.policy) if rulebook is not None else None
    purposes, items = _offered([one for one in (rulebook, other) if one is not None])
    return {
        "who_choices": asking.who_choices(viewer, request.user.name),  # type: ignore[union-attr]
        "action_choices": asking.action_choices(action_words),
        "purpose_choices": list(purposes.items()),
        "purpose_extra": asking.name_or_nothing(asked.purpose) if purposes and asked.purpose not in purposes else "",
        "field_choices": list(items.items()),
        "fields_said": fields_said(asked, names),
        "said_choices": list(asking.SAID.items()),
        "state_choices": list(asking.STATES.items()),
        "kept_choices": list(asking.KEPT.items()),
        "version_choices": rulebooks.choices(viewer),
        "today": clock.now().date(),
    }


def _offered(books: Sequence[Rulebook]) -> tuple[dict[str, str], dict[str, str]]:
    """Return the purposes and data items of either policy: what only one of them knows is what one asks about."""
    purposes: dict[str, str] = {}
    items: dict[str, str] = {}
    for book in books:
        names = words.Names(book.policy)
        purposes = {name: names.purpose(name) for name in book.policy.purposes} | purposes
        items = {name: names.item(name) for name in book.policy.data} | items
    return purposes, items


def fields_said(asked: Asked, names: words.Names | None) -> str:
    """Return the chosen fields as they stand in the sentence."""
    if not asked.fields:
        return gettext("all that it needs")
    if names is None or len(asked.fields) > 2:
        return gettext("%(count)s fields") % {"count": len(asked.fields)}
    return asking.field_words(names, [asking.safe(name) for name in asked.fields])


def action_words(name: str) -> str:
    """Return what an action is called, as something that one may do."""
    known = asking.may_words().get(name)
    if known:
        return in_language(known)
    return in_language(known_actions()[name].label) if name in known_actions() else name


class Starter(NamedTuple):
    """A question to begin with: a sentence, and where it is asked."""

    words: str
    href: str


def starters(rulebook: Rulebook) -> list[Starter]:
    """Return some questions worth asking this policy, made from it."""
    names, found = words.Names(rulebook.policy), list[Starter]()
    purposes = rulebook.compiled.purposes
    consented = next((one for one in purposes.values() if one.needs_consent), None)
    if consented is not None:
        outside = next((name for name in rulebook.policy.data if name not in consented.fields), "")
        said = {"purpose": names.purpose(consented.name), "field": names.item(outside)}
        if outside:
            there = Asked(purpose=consented.name, fields=(outside,))
            found.append(Starter(gettext("May I open “%(field)s” for “%(purpose)s”?") % said, address(there)))
        agreed = Asked(purpose=consented.name, stated=asking.Stated(said="withdrawn"), who="role:privacy_lead")
        words_ = gettext("May a privacy lead use “%(purpose)s” after the customer withdrew?")
        found.append(Starter(words_ % said, address(agreed)))
    first = next(iter(purposes.values()), None)
    if first is not None:
        said = {"purpose": names.purpose(first.name)}
        over = Asked(purpose=first.name, stated=asking.Stated(kept="over"), who="role:support")
        found.append(Starter(gettext("May support act for “%(purpose)s” when its time is over?") % said, address(over)))
    return found


urlpatterns = [path("decisions", decisions, name="decisions")]
