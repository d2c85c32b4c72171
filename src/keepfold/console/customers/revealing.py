"""Opening a customer's data for a purpose: four questions, then the values, which hide again by themselves."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from keepfold.console.customers import purposes, values, words
from keepfold.console.customers.finding import CASE
from keepfold.console.customers.purposes import Choice
from keepfold.console.customers.whom import Customer, customer_page
from keepfold.gate.console import actor_of, may, page
from keepfold.gate.types import Actor
from keepfold.kernel import clock, ids
from keepfold.kernel.errors import NotAllowed
from keepfold.people import queries as people
from keepfold.policy import queries as policy
from keepfold.policy.types import FieldSpec, Schema
from keepfold.ui.forms import Problem
from keepfold.ui.words import in_language
from keepfold.vault import actions as vault
from keepfold.vault.types import Opened, Outline

OPEN, OUTLINE = "vault.record.open", "vault.record.outline"
MINUTES = (1, 5, 10)
_USUAL = 5
# What happened, in words that no customer's name belongs to. The customer can read them.
WHYS: Mapping[str, Any] = {
    "order": gettext_lazy("Question about an order"),
    "delivery": gettext_lazy("Something was not delivered"),
    "wrong": gettext_lazy("Something wrong was delivered"),
    "data": gettext_lazy("Their data has to be corrected"),
    "request": gettext_lazy("They ask what we hold"),
    "other": gettext_lazy("Something else"),
}


class Offer(NamedTuple):
    """One field that a purpose may see: how it is shown, whether it is held, whether it is chosen."""

    name: str
    label: str
    note: str
    shown: str
    masked: bool
    held: bool
    chosen: bool


class Sheet(NamedTuple):
    """One purpose that may be taken, with its fields; `stay` counts the held fields that stay sealed."""

    choice: Choice
    number: int
    offers: tuple[Offer, ...]
    stay: int

    @property
    def clear(self) -> list[str]:
        """Return what it may see in full, of what is held."""
        return [one.label for one in self.offers if one.held and not one.masked]

    @property
    def masked(self) -> list[str]:
        """Return what it may see masked, with what remains to be seen."""
        return [f"{one.label} ({one.shown})" for one in self.offers if one.held and one.masked]


class Asked(NamedTuple):
    """The answers to the four questions."""

    purpose: str = ""
    fields: tuple[str, ...] = ()
    minutes: int = _USUAL
    case: str = ""
    why: str = ""

    @property
    def reason(self) -> str:
        """Return what is written down as the reason."""
        return f"{self.case}, {WHYS[self.why]}" if self.why in WHYS else self.case


def asked_by(given: QueryDict) -> Asked:
    """Return the answers in a form or an address."""
    name = given.get("purpose", "")
    minutes = given.get("minutes", "")
    return Asked(
        purpose=name,
        fields=tuple(dict.fromkeys(given.getlist(f"fields-{name}") or given.getlist("field"))),
        minutes=int(minutes) if minutes in {str(one) for one in MINUTES} else _USUAL,
        case=given.get("case", "").strip(),
        why=given.get("why", ""),
    )


@page(OPEN, methods=("GET", "POST"))
@customer_page
def reveal(request: HttpRequest, customer: Customer) -> HttpResponse:
    """Ask what for, which fields, for how long and for which case; then open."""
    actor, schema = actor_of(request), policy.schema()
    asked = asked_by(request.POST if request.method == "POST" else request.GET)
    problems: list[Problem] = []
    if request.method == "POST":
        problems = _problems(schema, asked)
        if not problems:
            return _open(request, actor, customer, schema, asked)
    outline = _outline(actor, customer)
    choices = _choices(schema, actor, outline, customer)
    context = {
        "active": "customers",
        "customer": customer,
        "choices": choices,
        "sheets": [_sheet(schema, outline, one, n, asked) for n, one in enumerate(choices, 1) if one.allowed],
        "asked": asked.purpose if purposes.chosen(choices, asked.purpose) else "",
        "case": asked.case,
        "why": asked.why,
        "whys": WHYS.items(),
        "minutes": [(one, one == asked.minutes) for one in MINUTES],
        "problems": problems,
        "who": request.user.name,  # type: ignore[union-attr]
        "roles": words.listed(_roles(actor)),
        "policy_id": policy.active().policy_id,
        "version": schema.version[:8],
    }
    return render(request, "console/customers/reveal.html", context, status=422 if problems else 200)


def _outline(actor: Actor, customer: Customer) -> Outline | None:
    """Return what is held; None for whoever may open but not look, which some installation may want."""
    return vault.outline(actor=actor, person=customer.id) if may(actor, OUTLINE) else None


def _choices(schema: Schema, actor: Actor, outline: Outline | None, customer: Customer) -> list[Choice]:
    if outline is None:
        return purposes.for_anybody(schema, actor, OPEN)
    return purposes.of_decisions(schema, outline.decisions, OPEN, customer.shown)


def _roles(actor: Actor) -> list[str]:
    known = people.roles()
    return [in_language(known[name].label, name) if name in known else name for name in actor.roles]


def _sheet(schema: Schema, outline: Outline | None, choice: Choice, number: int, asked: Asked) -> Sheet:
    treated = choice.fields
    offers = tuple(
        _offer(schema.fields[name], choice, outline, asked, masked=treated.get(name) == "masked")
        for name in choice.spec.fields
    )
    held = set() if outline is None else set(outline.fields)
    return Sheet(choice, number, offers, len(held - choice.spec.fields.keys()))


def _offer(spec: FieldSpec, choice: Choice, outline: Outline | None, asked: Asked, *, masked: bool) -> Offer:
    held = outline is None or spec.name in outline.fields
    need = choice.spec.fields[spec.name]
    picked = asked.purpose == choice.name and asked.fields
    chosen = spec.name in asked.fields if picked else need.required and held
    shown = mask_words(spec) if masked else _("In full")
    needed = _("needed for it") if need.required else _("may help")
    note = _("Not held") if not held else f"{shown} · {needed}"
    return Offer(spec.name, words.field(spec), note, shown, masked, held, chosen and held)


def mask_words(spec: FieldSpec) -> str:
    """Return what a masked value still shows."""
    return {
        "last4": _("Last four characters only"),
        "email": _("First letter and domain only"),
        "initials": _("Initials only"),
        "year": _("Year only"),
        "none": _("In full"),
    }.get(spec.mask, _("Hidden"))


def _problems(schema: Schema, asked: Asked) -> list[Problem]:
    found = []
    if asked.purpose not in schema.purposes:
        found.append(Problem(_("Choose what it is for."), "purpose-0"))
    elif not asked.fields:
        found.append(Problem(_("Choose at least one field."), "fields"))
    if not CASE.match(asked.case):
        found.append(Problem(_("Write a case or order number, for example FW-20418."), "case"))
    return found


# ------------------------------------------------------------------------------------------------------------- opened


class Sight(NamedTuple):
    """One opened value with how it came."""

    value: values.Value
    how: str


def _open(request: HttpRequest, actor: Actor, customer: Customer, schema: Schema, asked: Asked) -> HttpResponse:
    label = words.purpose(schema.purposes[asked.purpose])
    try:
        opened = vault.open_record(
            actor=actor, person=customer.id, purpose=asked.purpose, fields=asked.fields, reason=asked.reason
        )
    except NotAllowed as error:
        explain = words.explain_address(asked.purpose, OPEN, _culprit(schema, asked), customer.shown)
        context = {
            "active": "customers",
            "customer": customer,
            "refusal": words.refused(error, label, explain),
            "label": label,
            "again": f"{customer.url('customer_open')}?purpose={asked.purpose}",
        }
        return render(request, "console/customers/refused.html", context, status=403)
    return render(request, "console/customers/opened.html", _opened(request, customer, schema, asked, opened, label))


def _culprit(schema: Schema, asked: Asked) -> str:
    """Return the field that the purpose does not need, so that the explainer is asked about it."""
    listed = schema.purposes[asked.purpose].fields
    return next((name for name in asked.fields if name in schema.fields and name not in listed), "")


def _opened(
    request: HttpRequest, customer: Customer, schema: Schema, asked: Asked, opened: Opened, label: str
) -> dict[str, Any]:
    until: datetime = clock.now() + timedelta(minutes=asked.minutes)
    there = [name for name in asked.fields if name in opened.values]
    return {
        "active": "customers",
        "customer": customer,
        "label": label,
        "until": until,
        "seconds": asked.minutes * 60,
        "home": customer.url(),
        "sights": [_sight(schema.fields[name], opened, label) for name in there],
        "absent": [words.field_named(schema, name) for name in asked.fields if name not in opened.values],
        "reason": asked.reason,
        "entry": ids.show("ent", opened.entry),
        "who": request.user.name,  # type: ignore[union-attr]
        "version": opened.policy_hash.hex()[:8],
        "again": f"{customer.url('customer_open')}?purpose={asked.purpose}",
        "may_see_entries": may(actor_of(request), "ledger.entries.list_of_person"),
    }


def _sight(spec: FieldSpec, opened: Opened, label: str) -> Sight:
    if spec.name in opened.masked:
        why = _("Masked for “%(purpose)s” in the policy") % {"purpose": label}
        return Sight(values.value_of(spec, opened.values[spec.name], masked=True, why=why), mask_words(spec))
    return Sight(values.value_of(spec, opened.values[spec.name]), _("In full"))
