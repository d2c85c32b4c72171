"""Erasing a customer: what goes, what stays, what will not be possible any more; then what was destroyed, on paper."""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from keepfold.console.customers import consenting, held, words
from keepfold.console.customers.frame import OPENINGS
from keepfold.console.customers.whom import Customer, customer_page
from keepfold.gate.console import actor_of, may, page
from keepfold.gate.types import Actor
from keepfold.kernel import ids
from keepfold.ledger import actions as ledger
from keepfold.ledger import queries
from keepfold.policy import queries as policy
from keepfold.policy.types import Schema
from keepfold.ui.forms import Problem
from keepfold.vault import actions as vault
from keepfold.vault.types import Outline

_ERASE = "vault.record.erase"
_ATTEMPTS, _PAUSE_S = 5, 0.1
REASONS: Mapping[str, Any] = {
    "asked": gettext_lazy("They asked for it"),
    "ended": gettext_lazy("Nothing needs the data any more"),
    "mistake": gettext_lazy("They were added by mistake"),
    "law": gettext_lazy("An authority or a court orders it"),
}


class Part(NamedTuple):
    """One compartment with what is held in it."""

    name: str
    fields: str
    number: int


def parts(schema: Schema, outline: Outline) -> list[Part]:
    """Return what goes, by compartment."""
    by_place: dict[str, list[str]] = {}
    for name in outline.fields:
        spec = schema.fields[name]
        by_place.setdefault(spec.compartment, []).append(words.field(spec))
    return [Part(place, words.listed(labels), len(labels)) for place, labels in by_place.items()]


@page(_ERASE, methods=("GET", "POST"), fresh=True)
@customer_page
def erase(request: HttpRequest, customer: Customer) -> HttpResponse:
    """Show what erasing would mean, and do it when it was confirmed."""
    actor, schema = actor_of(request), policy.schema()
    problems: list[Problem] = []
    reason, typed = request.POST.get("reason", ""), request.POST.get("last", "").strip().lower()
    outline = vault.outline(actor=actor, person=customer.id)
    if request.method == "POST":
        problems = _problems(customer, reason, typed)
        if not problems:
            return _erase(request, actor, customer, outline, reason)
    context = {
        "active": "customers",
        "customer": customer,
        "parts": parts(schema, outline),
        "outline": outline,
        "entries": _entries(actor, customer),
        "overrides": _overrides(schema, outline),
        "reasons": REASONS.items(),
        "reason": reason,
        "problems": problems,
        "last_copy": held.last_copy(),
        "consents": _consents(actor, customer),
    }
    return render(request, "console/customers/erase.html", context, status=422 if problems else 200)


def _problems(customer: Customer, reason: str, typed: str) -> list[Problem]:
    found = []
    if reason not in REASONS:
        found.append(Problem(_("Choose why they are erased."), "reason-0"))
    if typed != customer.last:
        found.append(Problem(_("Type the last four characters of the id, as they stand above."), "last"))
    return found


def _entries(actor: Actor, customer: Customer) -> int | None:
    if not may(actor, OPENINGS):
        return None
    return ledger.entries_of(actor=actor, person=customer.id, limit=1, reason="console.erase", proofs=False).total


def _consents(actor: Actor, customer: Customer) -> int | None:
    wishes = consenting.wishes_of(actor, customer)
    return None if wishes is None else len(wishes.history.events)


def _overrides(schema: Schema, outline: Outline) -> list[tuple[str, str]]:
    """Return the purposes whose data the law may want kept although somebody asks for erasure, with the article."""
    return [
        (words.purpose(spec), spec.retention.overrides_erasure)
        for spec in schema.purposes.values()
        if spec.retention.overrides_erasure and any(name in spec.fields for name in outline.fields)
    ]


def _number_of(entry: bytes) -> int | None:
    """Return the entry's place in the ledger. The certificate is shown once, so it is worth half a second."""
    for _attempt in range(_ATTEMPTS):
        index = queries.index_of(entry)
        if index is not None:
            return index
        time.sleep(_PAUSE_S)
    return None


def _erase(request: HttpRequest, actor: Actor, customer: Customer, outline: Outline, reason: str) -> HttpResponse:
    schema = policy.schema()
    done = vault.erase(actor=actor, person=customer.id, reason=str(REASONS[reason]))
    gone_s = held.backups_gone_s()
    context = {
        "active": "customers",
        "customer": customer,
        "parts": parts(schema, outline),
        "outline": outline,
        "done": done,
        "at": done.erased_us,
        "who": request.user.name,  # type: ignore[union-attr]
        "reason": REASONS[reason],
        "entry": ids.show("ent", done.entry),
        "number": _number_of(done.entry),
        "backups": None if gone_s is None else datetime.fromtimestamp(gone_s, UTC),
        "policy_id": policy.active().policy_id,
        "version": schema.version[:8],
    }
    return render(request, "console/customers/erased.html", context)
