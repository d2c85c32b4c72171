"""Every rule behind an answer, in the order in which `decide` looks at them, in the reader's words.

The answer is `decide`'s own. The rules are looked at here once more, all of them, by the same functions; a test holds
both together over all questions. What is not known of a real customer is unknown, not permitted.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import NamedTuple

from django.utils.html import strip_tags
from django.utils.translation import gettext

from keepfold.gate.grants import allows_action, allows_purpose
from keepfold.gate.types import Decision
from keepfold.policy.compile import CompiledPolicy, CompiledPurpose
from keepfold.policy.console import asking, words
from keepfold.policy.decide import decide, fields_rule, ground_rule, kept_rule, state_rule
from keepfold.policy.types import ConsentFact, PersonFacts, Question
from keepfold.ui import components as ui
from keepfold.ui import say


class Subject(NamedTuple):
    """What a question is about, beside the question: the policy, its names, who asks, and where things stand in it.

    `line` finds the line of a path in the file, 0 when it is not known. `is_known` is False for a real customer whose
    facts nobody has looked at yet.
    """

    policy: CompiledPolicy
    names: words.Names
    question: Question
    who: str
    what: str
    line: Callable[[tuple[str, ...]], int]
    is_known: bool = True

    @property
    def purpose(self) -> CompiledPurpose | None:
        """Return the purpose that is asked about, if the policy has it."""
        return self.policy.purposes.get(self.question.purpose or "")

    @property
    def purpose_name(self) -> str:
        """Return what the purpose is called."""
        return self.names.purpose(self.question.purpose or "")


class Rule(NamedTuple):
    """One rule: `holds` True, False, or None when that is not known; `rule` names what `decide` would refuse by."""

    rule: str
    holds: bool | None
    title: str
    text: str
    facts: str = ""


class Answer(NamedTuple):
    """The answer: one word with its tone, one sentence, and every rule."""

    decision: Decision
    word: str
    tone: str
    sentence: str
    steps: list[ui.Step]
    stop: Rule | None
    unknown: tuple[Rule, ...]
    number: int
    of: int


def answer(subject: Subject) -> Answer:
    """Return the answer to a question with everything behind it."""
    decision = decide(subject.policy, subject.question)
    rules = list(every(subject))
    stop = next((rule for rule in rules if rule.holds is False), None)
    unknown = () if stop is not None else tuple(rule for rule in rules if rule.holds is None)
    if stop is not None:
        word, tone, sentence = gettext("Refused"), "bad", refusal(stop.rule, subject)
    elif unknown:
        word, tone, sentence = gettext("Unknown"), "warn", _unknown()
    elif decision.fields and set(decision.fields.values()) == {"masked"}:
        word, tone, sentence = gettext("Masked"), "good", _permission(subject, decision)
    else:
        word, tone, sentence = gettext("Allowed"), "good", _permission(subject, decision)
    number = rules.index(stop) + 1 if stop is not None else 0
    return Answer(decision, word, tone, sentence, list(_shown(rules, stop)), stop, unknown, number, len(rules))


def _shown(rules: list[Rule], stop: Rule | None) -> Iterator[ui.Step]:
    is_over = False
    for rule in rules:
        if is_over:
            yield ui.Step(rule.title, "unreached", _would(rule), rule.facts)
            continue
        outcome = {True: "passed", False: "stop", None: "unknown"}[rule.holds]
        text = f"{rule.text} {gettext('Decided here.')}" if rule is stop else rule.text
        yield ui.Step(rule.title, outcome, text, rule.facts)
        is_over = rule is stop


def _would(rule: Rule) -> str:
    if rule.holds is None:
        return gettext("Not reached, and not known.")
    said = gettext("Not reached. It would have passed.") if rule.holds else gettext("Not reached. It would refuse too.")
    return f"{said} {rule.text}"


# ---------------------------------------------------------------------------------------------------------- the rules


def every(subject: Subject) -> Iterator[Rule]:
    """Yield every rule that bears on the question, in the order in which they are looked at."""
    yield _granted(subject)
    if subject.question.purpose is None:
        yield from _without_purpose(subject)
        return
    yield _effective(subject)
    yield _purpose_exists(subject)
    purpose = subject.purpose
    if purpose is None:
        return
    yield _purpose_granted(subject, purpose)
    yield _fields(subject, purpose)
    if subject.question.uses_data:
        yield from _about_person(subject, purpose)


def _about_person(subject: Subject, purpose: CompiledPurpose) -> Iterator[Rule]:
    if purpose.closes_on_gpc:
        yield _signal(subject)
    person = subject.question.person or PersonFacts()
    yield _state(subject, person)
    yield _ground(subject, purpose, person)
    yield _kept(subject, purpose, person)


def _granted(subject: Subject) -> Rule:
    actor, action = subject.question.actor, subject.question.action
    holds = allows_action(actor.actions, action)
    by = next((grant for grant in actor.actions if allows_action((grant,), action)), "")
    text = (
        gettext("%(who)s holds the right to do this.")
        if holds
        else gettext("%(who)s does not hold the right to do this.")
    )
    facts = f"grants ∋ {by}" if holds else f"grants ∌ {action}"
    title = gettext("%(who)s may do this at all") % {"who": subject.who}
    return Rule("actor.action", holds, title, text % {"who": subject.who}, facts)


def _without_purpose(subject: Subject) -> Iterator[Rule]:
    needs = subject.question.needs_purpose
    text = (
        gettext("It opens customers’ data, and that needs a purpose.")
        if needs
        else gettext("It opens nobody’s data, so it needs none.")
    )
    yield Rule("purpose.missing", not needs, gettext("A purpose is named"), text)


def _effective(subject: Subject) -> Rule:
    starts = subject.policy.effective_s
    holds = subject.question.now_s >= starts
    text = gettext("It holds from %(day)s on.") % {"day": day(starts)}
    return Rule(
        "policy.not-effective",
        holds,
        gettext("The policy holds on that day"),
        text,
        f"effective_from: {_iso(starts)}{_at(subject, ('effective_from',))}",
    )


def _purpose_exists(subject: Subject) -> Rule:
    holds = subject.purpose is not None
    name = subject.question.purpose or ""
    text = gettext("“%(purpose)s” stands in it.") if holds else gettext("It has no purpose of the name %(purpose)s.")
    path = ("purposes", name)
    facts = f"purposes ∋ {name}{_at(subject, path)}" if holds else f"purposes ∌ {asking.safe(name)}"
    return Rule(
        "purpose.unknown",
        holds,
        gettext("The policy has this purpose"),
        text % {"purpose": subject.purpose_name if holds else asking.safe(name)},
        facts,
    )


def _purpose_granted(subject: Subject, purpose: CompiledPurpose) -> Rule:
    granted = subject.question.actor.purposes
    holds = allows_purpose(granted, purpose.name)
    others = words.listed([subject.names.purpose(name) for name in granted if name != "*"])
    if "*" in granted:
        text = gettext("%(who)s may act for every purpose.") % {"who": subject.who}
    elif others:
        text = gettext("%(who)s may act for: %(purposes)s.") % {"who": subject.who, "purposes": others}
    else:
        text = gettext("%(who)s may act for no purpose.") % {"who": subject.who}
    facts = f"purposes {'∋' if holds else '∌'} {purpose.name}"
    title = gettext("%(who)s may act for “%(purpose)s”") % {"who": subject.who, "purpose": subject.purpose_name}
    return Rule("actor.purpose", holds, title, text, facts)


def _fields(subject: Subject, purpose: CompiledPurpose) -> Rule:
    fields = subject.question.fields
    rule = fields_rule(subject.policy, purpose, fields) if fields else None
    title = gettext("“%(purpose)s” needs what is asked for") % {"purpose": subject.purpose_name}
    needs = words.listed([subject.names.item(name) for name in subject.policy.schema.purposes[purpose.name].fields])
    at = _at(subject, ("purposes", purpose.name, "data"))
    if rule is None:
        asked = fields or tuple(sorted(purpose.fields))
        shown = purpose.treatments(subject.question.actor.roles)
        masked = [name for name in asked if shown[name] == "masked"]
        text = gettext("It needs them.") if fields else gettext("No field is named, so all that it needs are meant.")
        if masked:
            text += " " + gettext("Masked for this role: %(fields)s.") % {
                "fields": asking.field_words(subject.names, masked)
            }
        return Rule(
            "field",
            holds=True,
            title=title,
            text=text,
            facts=f"purposes.{purpose.name}.data ⊇ {{{', '.join(asked)}}}{at}",
        )
    culprit = next(name for name in fields if name not in purpose.fields)
    text = gettext("The policy lets it open these and nothing else: %(fields)s.") % {"fields": needs}
    return Rule(
        rule, holds=False, title=title, text=text, facts=f"purposes.{purpose.name}.data ∌ {asking.safe(culprit)}{at}"
    )


def _signal(subject: Subject) -> Rule:
    on = subject.question.gpc
    text = gettext("It is on.") if on else gettext("It is off, or was not sent.")
    return Rule("opt-out.signal", not on, gettext("The browser’s privacy signal does not close it"), text)


def _state(subject: Subject, person: PersonFacts) -> Rule:
    title = gettext("The customer is not erased, frozen or restricted")
    if not subject.is_known:
        return Rule("person.state", None, title, gettext("Nobody has looked at this customer’s state yet."))
    rule = state_rule(person)
    text = {
        "person.erased": gettext("The customer has been erased."),
        "person.frozen": gettext("The customer’s data is frozen after an incident."),
        "person.restricted": gettext("Processing of the customer’s data is restricted."),
    }.get(rule or "", gettext("None of the three is known."))
    return Rule(rule or "person.state", rule is None, title, text)


def _ground(subject: Subject, purpose: CompiledPurpose, person: PersonFacts) -> Rule:
    title = _ground_title(purpose)
    basis = f"purposes.{purpose.name}.basis{_at(subject, ('purposes', purpose.name, 'basis'))}"
    if not subject.is_known and (purpose.needs_consent or purpose.may_object or purpose.opt_out):
        return Rule("ground", None, title, gettext("Nobody has looked at what this customer said yet."), basis)
    said = person.consents.get(purpose.name)
    rule = ground_rule(purpose, said, subject.question.now_s)
    if not (purpose.needs_consent or purpose.may_object or purpose.opt_out) and rule is None:
        text = gettext("It rests on a ground that asks for no yes and hears no no.")
        return Rule("ground", holds=True, title=title, text=text, facts=basis)
    return Rule(rule or "ground", rule is None, title, _said(said, subject.question.now_s), basis)


def _ground_title(purpose: CompiledPurpose) -> str:
    if purpose.needs_consent:
        return gettext("The consent is alive")
    if purpose.may_object:
        return gettext("The customer has not objected")
    return gettext("The customer has not opted out") if purpose.opt_out else gettext("The legal ground is alive")


def _said(said: ConsentFact | None, now_s: int) -> str:
    if said is None:
        return gettext("The customer has said nothing about it.")
    if said.altered:
        return gettext("What is stored of it is not what was recorded, so it counts as a no.")
    values = {"day": day(said.at_s), "end": day(said.expires_s or now_s)}
    if said.status == "granted" and said.expires_s is not None:
        return (
            gettext("Given on %(day)s, ended on %(end)s.")
            if said.expires_s <= now_s
            else gettext("Given on %(day)s, ends on %(end)s.")
        ) % values
    return {
        "granted": gettext("Given on %(day)s."),
        "withdrawn": gettext("Withdrawn on %(day)s."),
        "objected": gettext("Objected on %(day)s."),
        "opted_out": gettext("Opted out on %(day)s."),
    }[said.status] % values


def _kept(subject: Subject, purpose: CompiledPurpose, person: PersonFacts) -> Rule:
    title = gettext("Its time has not ended")
    lasts = words.kept(purpose.retention_keep, purpose.retention_since)
    facts = f"purposes.{purpose.name}.retention{_at(subject, ('purposes', purpose.name, 'retention'))}"
    if not subject.is_known:
        return Rule("retention", None, title, gettext("Kept: %(time)s.") % {"time": lasts}, facts)
    ends = purpose.ends_s(person.moments)
    if ends is None:
        text = gettext("Kept: %(time)s. Nobody has recorded that moment, so the time has not begun.")
        return Rule("retention", holds=True, title=title, text=text % {"time": lasts}, facts=facts)
    rule = kept_rule(purpose, person, subject.question.now_s)
    text = gettext("Kept: %(time)s. It ended on %(day)s.") if rule else gettext("Kept: %(time)s. It ends on %(day)s.")
    return Rule(rule or "retention", rule is None, title, text % {"time": lasts, "day": day(ends)}, facts)


# ----------------------------------------------------------------------------------------------------------- sentences


def refusal(rule: str, subject: Subject) -> str:
    """Return why a rule refuses, as one sentence."""
    question, purpose = subject.question, subject.purpose
    known = purpose.fields if purpose is not None else frozenset()
    culprit = next((name for name in question.fields if name not in known), "")
    values = {
        "who": subject.who,
        "purpose": subject.purpose_name if purpose is not None else asking.safe(question.purpose or ""),
        "field": subject.names.item(culprit) if culprit in subject.policy.fields else asking.safe(culprit),
        "day": day(subject.policy.effective_s),
    }
    return _refusals()[rule] % values


def _refusals() -> dict[str, str]:
    return {
        "actor.action": gettext("%(who)s has no right to do this, for no purpose and with nobody’s data."),
        "actor.purpose": gettext("%(who)s may not act for “%(purpose)s”."),
        "policy.not-effective": gettext("This policy holds only from %(day)s on."),
        "purpose.missing": gettext("It opens customers’ data, and no purpose was named."),
        "purpose.unknown": gettext("This policy has no purpose of the name %(purpose)s."),
        "field.unknown": gettext("This policy does not know %(field)s, so nothing of the kind is held."),
        "field.not-in-purpose": gettext(
            "“%(purpose)s” never opens “%(field)s”, whoever asks and whatever the customer agreed to."
        ),
        "person.erased": gettext("The customer has been erased. There is nothing left to open."),
        "person.frozen": gettext("The customer’s data is frozen after an incident, for every purpose."),
        "person.restricted": gettext("Processing of the customer’s data is restricted, for every purpose."),
        "consent.missing": gettext("“%(purpose)s” needs the customer’s consent, and there is none."),
        "consent.withdrawn": gettext("The customer has withdrawn the consent to “%(purpose)s”. It works at once."),
        "consent.altered": gettext("What is stored of the customer’s wishes is not what was recorded."),
        "consent.expired": gettext("The customer’s consent to “%(purpose)s” has expired."),
        "objection": gettext("The customer has objected to “%(purpose)s”."),
        "opt-out": gettext("The customer has opted out of “%(purpose)s”."),
        "opt-out.signal": gettext("The browser’s privacy signal closes “%(purpose)s”, consent or not."),
        "retention.ended": gettext("The time for “%(purpose)s” has ended for this customer."),
    }


def _permission(subject: Subject, decision: Decision) -> str:
    if not decision.fields:
        return gettext("%(who)s may do this.") % {"who": subject.who}
    clear = [name for name, shown in decision.fields.items() if shown == "clear"]
    masked = [name for name in decision.fields if name not in clear]
    values = {
        "who": subject.who,
        "clear": asking.field_words(subject.names, clear),
        "masked": asking.field_words(subject.names, masked),
    }
    if clear and masked:
        return gettext("%(who)s sees in full: %(clear)s. Masked: %(masked)s.") % values
    if clear:
        return gettext("%(who)s sees in full: %(clear)s.") % values
    return gettext("%(who)s sees masked: %(masked)s.") % values


def _unknown() -> str:
    return gettext("Nothing refuses it so far. The rest depends on this customer, whose facts nobody has looked at.")


def _at(subject: Subject, path: tuple[str, ...]) -> str:
    line = subject.line(path)
    return f" · policy.yaml:{line}" if line else ""


def day(at_s: int) -> str:
    """Return a day in words, without markup."""
    try:
        return strip_tags(say.day(datetime.fromtimestamp(at_s, UTC)))
    except (OverflowError, ValueError, OSError):
        return gettext("a day beyond the calendar")


def _iso(at_s: int) -> str:
    return datetime.fromtimestamp(at_s, UTC).date().isoformat()
