"""Words for what the policy, the ledger and consents name: grounds, periods, moments, refusals, channels."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop, ngettext

from keepfold.consent.queries import CHANNEL_WORDS
from keepfold.gate.types import Decision
from keepfold.kernel.errors import NotAllowed
from keepfold.policy.types import FieldSpec, PurposeSpec, Schema
from keepfold.ui import say
from keepfold.ui.words import in_language

GROUNDS: Mapping[str, str] = {
    "6.1.a": gettext_noop("Consent"),
    "6.1.b": gettext_noop("Contract"),
    "6.1.c": gettext_noop("Legal duty"),
    "6.1.d": gettext_noop("Vital interest"),
    "6.1.e": gettext_noop("Public task"),
    "6.1.f": gettext_noop("Legitimate interest"),
    "business_purpose": gettext_noop("Business purpose"),
    "sell": gettext_noop("Sale"),
    "share": gettext_noop("Sharing"),
    "legal_obligation": gettext_noop("Legal duty"),
    "limitable_sensitive_use": gettext_noop("Use of sensitive data"),
    "treatment": gettext_noop("Treatment"),
    "payment": gettext_noop("Payment"),
    "operations": gettext_noop("Health care operations"),
    "authorization": gettext_noop("Authorization"),
    "opportunity_to_object": gettext_noop("Opportunity to object"),
    "public_interest": gettext_noop("Public interest"),
    "limited_data_set": gettext_noop("Limited data set"),
    "incidental": gettext_noop("Incidental use"),
    "required_by_law": gettext_noop("Required by law"),
    "1016.10": gettext_noop("Notice and opt-out"),
    "1016.13": gettext_noop("Service provider"),
    "1016.14": gettext_noop("Processing the transaction"),
    "1016.15": gettext_noop("Exception in law"),
}
_LAWS: Mapping[str, str] = {
    "gdpr": gettext_noop("GDPR"),
    "uk_gdpr": gettext_noop("UK GDPR"),
    "ccpa": gettext_noop("CCPA"),
    "hipaa": gettext_noop("HIPAA"),
    "glba": gettext_noop("GLBA"),
}
MOMENTS: Mapping[str, str] = {
    "order.closed": gettext_noop("their last order is closed"),
    "support.closed": gettext_noop("their last question is answered"),
    "account.closed": gettext_noop("their account is closed"),
    "consent.ended": gettext_noop("their consent ends"),
    "opt_out": gettext_noop("they opt out"),
    "record.created": gettext_noop("they became a customer"),
    "invoice.issued": gettext_noop("the last invoice is issued"),
    "treatment.ended": gettext_noop("the treatment ends"),
    "loan.closed": gettext_noop("the loan is closed"),
    "application.decided": gettext_noop("the application is decided"),
}
# What a rule says when it refuses; `{purpose}` and `{field}` are put in.
_REFUSALS: Mapping[str, tuple[str, str]] = {
    "actor.action": (gettext_noop("Your role does not include this."), gettext_noop("Not your role")),
    "actor.purpose": (gettext_noop("Your role does not work for this purpose."), gettext_noop("Not your role")),
    "policy.none-active": (gettext_noop("No policy is active, so nothing opens."), gettext_noop("No policy")),
    "policy.not-effective": (gettext_noop("The policy does not hold yet."), gettext_noop("Not yet")),
    "purpose.unknown": (gettext_noop("The policy has no such purpose."), gettext_noop("Unknown")),
    "purpose.missing": (gettext_noop("Without a purpose nothing opens."), gettext_noop("No purpose")),
    "field.unknown": (gettext_noop("The policy does not name this data."), gettext_noop("Unknown")),
    "field.not-in-purpose": (gettext_noop("“{purpose}” does not need this data."), gettext_noop("Not needed")),
    "person.erased": (gettext_noop("This person was erased."), gettext_noop("Erased")),
    "person.frozen": (gettext_noop("This person’s data is frozen after an incident."), gettext_noop("Frozen")),
    "person.restricted": (gettext_noop("Processing of this person’s data is restricted."), gettext_noop("Restricted")),
    "consent.missing": (gettext_noop("They have not agreed to it."), gettext_noop("No consent")),
    "consent.withdrawn": (gettext_noop("They withdrew their consent."), gettext_noop("Withdrawn")),
    "consent.expired": (gettext_noop("Their consent has ended."), gettext_noop("Ended")),
    "consent.altered": (
        gettext_noop("What is stored about their wish is not what was recorded."),
        gettext_noop("Altered"),
    ),
    "objection": (gettext_noop("They objected to it."), gettext_noop("Objected")),
    "opt-out": (gettext_noop("They opted out of it."), gettext_noop("Opted out")),
    "opt-out.signal": (gettext_noop("Their browser’s privacy signal closes it."), gettext_noop("Opted out")),
    "retention.ended": (gettext_noop("The time for it is over."), gettext_noop("Time is over")),
}
_NEXT: Mapping[str, str] = {
    "actor.action": gettext_noop("Whoever gives out roles can add one that does."),
    "actor.purpose": gettext_noop("Choose a purpose of your role, or ask your privacy lead for this one."),
    "field.not-in-purpose": gettext_noop("Leave it out, or open it for a purpose that needs it."),
    "consent.missing": gettext_noop("Ask them first, and record the answer under Consents."),
    "consent.withdrawn": gettext_noop("Respect it. Only they can agree again."),
    "consent.expired": gettext_noop("Ask them again, and record the answer under Consents."),
    "objection": gettext_noop("Respect it, or have your privacy lead look at it."),
    "opt-out": gettext_noop("Respect it."),
    "opt-out.signal": gettext_noop("Respect it."),
    "retention.ended": gettext_noop("It is due to be erased."),
    "person.restricted": gettext_noop("Wait until your privacy lead lifts the restriction."),
    "person.frozen": gettext_noop("Ask your security lead."),
    "consent.altered": gettext_noop("Tell your security lead. It counts for nothing until it is recorded again."),
}


def field(spec: FieldSpec) -> str:
    """Return what a data item is called."""
    return in_language(spec.label, spec.name)


def purpose(spec: PurposeSpec) -> str:
    """Return what a purpose is called."""
    return in_language(spec.label, spec.name)


def field_named(schema: Schema, name: str) -> str:
    """Return what a data item is called, its plain name when the policy no longer has it."""
    spec = schema.fields.get(name)
    return name if spec is None else field(spec)


def purpose_named(schema: Schema, name: str) -> str:
    """Return what a purpose is called, its plain name when the policy no longer has it."""
    spec = schema.purposes.get(name)
    return name if spec is None else purpose(spec)


def listed(words: Iterable[str]) -> str:
    """Return words as a list in one line."""
    return ", ".join(words)


def ground(spec: PurposeSpec) -> str:
    """Return the first ground of a purpose as one or two words."""
    regime, basis = next(iter(spec.basis.items()), ("", ""))
    return _(GROUNDS[basis]) if basis in GROUNDS else f"{_law(regime)} {basis}".strip()


def ground_with_law(spec: PurposeSpec) -> str:
    """Return the first ground of a purpose with the place in the law: Contract, GDPR 6(1)(b)."""
    regime, basis = next(iter(spec.basis.items()), ("", ""))
    if basis not in GROUNDS:
        return ground(spec)
    return f"{_(GROUNDS[basis])}, {_law(regime)}{_article(basis)}"


def _law(regime: str) -> str:
    return _(_LAWS[regime]) if regime in _LAWS else ""


def _article(basis: str) -> str:
    parts = basis.split(".")
    if parts[0] == "6" and len(parts) == 3:
        return f" {parts[0]}({parts[1]})({parts[2]})"
    return f" {basis}" if basis[:1].isdigit() else ""


def moment(text: str) -> str:
    """Return the moment from which a time counts: their last order is closed."""
    name = text.removeprefix("year_end(").removesuffix(")")
    known = _(MOMENTS[name]) if name in MOMENTS else _("“%(moment)s” happens") % {"moment": name}
    if name == text:
        return known
    return _("the end of the year in which %(moment)s") % {"moment": known}


def period(months: int, days: int, business_days: int) -> str:
    """Return a length of time: 8 years, 1 year and 6 months, 15 working days."""
    years, rest = divmod(months, 12)
    parts = []
    if years:
        parts.append(ngettext("%(number)s year", "%(number)s years", years) % {"number": say.num(years)})
    if rest:
        parts.append(ngettext("%(number)s month", "%(number)s months", rest) % {"number": say.num(rest)})
    if days:
        parts.append(ngettext("%(number)s day", "%(number)s days", days) % {"number": say.num(days)})
    if business_days:
        parts.append(
            ngettext("%(number)s working day", "%(number)s working days", business_days)
            % {"number": say.num(business_days)}
        )
    return _(" and ").join(parts)


def kept(length: str, since: str) -> str:
    """Return how long a purpose keeps its data, as a sentence without its stop: 90 days after their last order …"""
    if not length:
        return _("Until %(moment)s") % {"moment": moment(since)}
    return _("%(period)s after %(moment)s") % {"period": length, "moment": moment(since)}


def refusal(decision: Decision, purpose_label: str = "") -> tuple[str, str]:
    """Return why something is refused, as a sentence and as one or two words."""
    rule = decision.rules[0] if decision.rules else ""
    return refusal_of(rule, purpose_label) or (decision.reason, _("Refused"))


def refusal_of(rule: str, purpose_label: str = "") -> tuple[str, str] | None:
    """Return the same by the id of a rule; None for one without words of its own."""
    if rule not in _REFUSALS:
        return None
    sentence, word = _REFUSALS[rule]
    return _(sentence).format(purpose=purpose_label), _(word)


class Refused(NamedTuple):
    """A refusal as a page shows it: why, what to do, the rule, and the explainer's address."""

    why: str
    next: str
    rule: str
    explain: str


def refused(error: NotAllowed, purpose_label: str, explain: str) -> Refused:
    """Return a refusal of the gate in words."""
    rule = error.rule or ""
    known = refusal_of(rule, purpose_label)
    return Refused(known[0] if known else error.detail, next_step(rule) or "", rule, explain)


def next_step(rule: str) -> str:
    """Return what to do about a refusal."""
    return _(_NEXT[rule]) if rule in _NEXT else ""


def channel(name: str) -> str:
    """Return where something was said."""
    return _(CHANNEL_WORDS[name]) if name in CHANNEL_WORDS else name


def explain_address(purpose: str = "", action: str = "vault.record.open", field: str = "", customer: str = "") -> str:
    """Return the explainer's page with the question filled in. It holds names and ids, never a value."""
    asked = {"purpose": purpose, "action": action, "field": field, "customer": customer}
    return f"{reverse('decisions')}?{urlencode({key: value for key, value in asked.items() if value})}"
