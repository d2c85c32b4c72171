"""A customer's consents: where they stand with each purpose, what was said, and recording it for them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from keepfold.consent import actions as consent
from keepfold.consent.errors import ChannelUnknown, NothingPending, ProofMissing, StateAltered
from keepfold.consent.queries import CHANNEL_WORDS, SAID_WORDS
from keepfold.consent.types import Consent, ConsentEvent, History
from keepfold.console.customers import words
from keepfold.console.customers.frame import CONSENTS, tabs
from keepfold.console.customers.until import Said
from keepfold.console.customers.whom import Customer, customer_page
from keepfold.gate.console import actor_of, may, page
from keepfold.gate.grants import allows_purpose
from keepfold.gate.types import Actor
from keepfold.kernel.errors import Invalid, KeepfoldError, NotAllowed, NotFound
from keepfold.people import queries as people
from keepfold.policy import queries as policy
from keepfold.policy.types import PurposeSpec, Schema
from keepfold.ui import components as ui
from keepfold.ui import say, toast
from keepfold.ui.forms import Problem

_EVENTS = 50
GRANT, CONFIRM, WITHDRAW = "consent.event.grant", "consent.event.confirm", "consent.event.withdraw"
_ACTIONS = {"grant": GRANT, "confirm": CONFIRM, "withdraw": WITHDRAW}
_LOOKS = {
    "granted": ("circle-check", "good"),
    "withdrawn": ("circle-x", "bad"),
    "objected": ("circle-x", "bad"),
    "opted_out": ("circle-x", "bad"),
    "pending": ("hourglass", "warn"),
    "expired": ("hourglass", "warn"),
}


class Wishes(NamedTuple):
    """What a customer has said. `altered`: what is stored is not what was recorded, so it counts for nothing."""

    history: History
    altered: bool = False

    @property
    def said(self) -> dict[str, Said]:
        """Return where they stand, by purpose."""
        return {
            one.purpose: Said(
                one.status, int(one.at.timestamp()), None if one.expires_at is None else int(one.expires_at.timestamp())
            )
            for one in self.history.consents
        }

    @property
    def events(self) -> dict[bytes, ConsentEvent]:
        """Return the events by id."""
        return {one.id: one for one in self.history.events}


def wishes_of(actor: Actor, customer: Customer, limit: int = _EVENTS) -> Wishes | None:
    """Return what a customer has said, or None for whoever may not read it. The look is recorded."""
    if not may(actor, CONSENTS):
        return None
    try:
        return Wishes(consent.list_consents(actor=actor, customer=customer.id, limit=limit))
    except StateAltered:
        return Wishes(History(consents=(), events=()), altered=True)


def is_asked(spec: PurposeSpec) -> bool:
    """Say whether it is up to the person: a purpose that rests on consent, or that they may say no to."""
    return spec.consent is not None or spec.opt_out is not None or spec.may_object


def lines(schema: Schema, wishes: Wishes) -> list[ui.Line]:
    """Return where a customer stands with each purpose that is up to them."""
    stands = {one.purpose: one for one in wishes.history.consents}
    asked = [spec for spec in schema.purposes.values() if is_asked(spec)]
    return [_line(spec, stands.get(spec.name), wishes.events) for spec in asked]


def _line(spec: PurposeSpec, stands: Consent | None, events: Mapping[bytes, ConsentEvent]) -> ui.Line:
    if stands is None:
        icon = "circle-dashed" if spec.consent is not None else "circle-check"
        return ui.Line(words.purpose(spec), unsaid(spec), icon)
    icon, tone = _LOOKS[stands.status]
    return ui.Line(words.purpose(spec), sentence(stands, events.get(stands.event)), icon, tone)


def unsaid(spec: PurposeSpec) -> str:
    """Return what holds while a customer has said nothing about a purpose."""
    if spec.consent is not None:
        return _("Never asked. It opens nothing.")
    return _("They have not objected.") if spec.may_object else _("They have not opted out.")


def sentence(stands: Consent, event: ConsentEvent | None) -> str:
    """Return where a customer stands with a purpose, with the evidence."""
    day = _day(stands.at)
    said = {
        "granted": _("Given on %(day)s"),
        "withdrawn": _("Withdrawn on %(day)s"),
        "objected": _("Objected on %(day)s"),
        "opted_out": _("Opted out on %(day)s"),
        "pending": _("Said yes on %(day)s, and has to confirm it"),
        "expired": _("Given earlier, and ended"),
    }[stands.status] % {"day": day}
    parts = [said + _evidence(event)]
    if stands.expires_at is not None and stands.status == "granted":
        parts.append(_("Ends on %(day)s") % {"day": _day(stands.expires_at)})
    if stands.expires_at is not None and stands.status == "expired":
        parts.append(_("It ended on %(day)s") % {"day": _day(stands.expires_at)})
    return ". ".join(parts) + "."


def _day(at: datetime) -> str:
    return say.moment_text(at).rsplit(",", 1)[0]


def _evidence(event: ConsentEvent | None) -> str:
    if event is None:
        return ""
    where = words.channel(event.evidence.channel)
    form = event.evidence.form_version
    return f", {where}" + (_(", form %(form)s") % {"form": form} if form else "")


# ------------------------------------------------------------------------------------------------------------ the tab


class Stand(NamedTuple):
    """One purpose that is up to the customer: where they stand, and what may be recorded."""

    spec: PurposeSpec
    label: str
    ground: str
    line: ui.Line
    badge: ui.Badge
    may_grant: bool
    may_confirm: bool
    may_withdraw: bool
    no_word: str
    not_yours: bool


def _stand(spec: PurposeSpec, wishes: Wishes, actor: Actor) -> Stand:
    found = next((one for one in wishes.history.consents if one.purpose == spec.name), None)
    status = found.status if found is not None else ""
    yours = allows_purpose(actor.purposes, spec.name)
    is_no = status in {"withdrawn", "objected", "opted_out"}
    return Stand(
        spec=spec,
        label=words.purpose(spec),
        ground=words.ground_with_law(spec),
        line=_line(spec, found, wishes.events),
        badge=_badge(spec, status),
        may_grant=yours and may(actor, GRANT) and (spec.consent is not None or is_no),
        may_confirm=yours and may(actor, CONFIRM) and status == "pending",
        may_withdraw=may(actor, WITHDRAW) and not is_no,
        no_word=_no_word(spec),
        not_yours=not yours,
    )


def _badge(spec: PurposeSpec, status: str) -> ui.Badge:
    known = {
        "granted": ui.Badge(_("Agrees"), "good"),
        "withdrawn": ui.Badge(_("Withdrawn"), "bad"),
        "objected": ui.Badge(_("Objected"), "bad"),
        "opted_out": ui.Badge(_("Opted out"), "bad"),
        "pending": ui.Badge(_("To be confirmed"), "warn", "hourglass"),
        "expired": ui.Badge(_("Ended"), "warn", "hourglass"),
    }
    return known.get(status, ui.Badge(_("Never asked")) if spec.consent is not None else ui.Badge(_("No objection")))


def _no_word(spec: PurposeSpec) -> str:
    if spec.consent is not None:
        return _("Record a withdrawal")
    return _("Record an opt-out") if spec.opt_out is not None else _("Record an objection")


class Line(NamedTuple):
    """One event of the history, as a page shows it."""

    at: datetime
    said: str
    purpose: str
    evidence: str
    staff: str
    policy: str


def _events(schema: Schema, wishes: Wishes) -> list[Line]:
    events = wishes.history.events
    names = people.names_of([one.evidence.staff for one in events if one.evidence.staff is not None])
    return [
        Line(
            at=one.at,
            said=_(SAID_WORDS[one.said]),
            purpose=words.purpose_named(schema, one.purpose),
            evidence=_evidence(one).removeprefix(", "),
            staff=names.get(one.evidence.staff or b"", ""),
            policy=one.policy_hash.hex()[:8],
        )
        for one in events
    ]


@page(CONSENTS, methods=("GET", "POST"))
@customer_page
def consents(request: HttpRequest, customer: Customer) -> HttpResponse:
    """Show what a customer has said, and record what they say now."""
    actor, schema = actor_of(request), policy.schema()
    given = request.POST if request.method == "POST" else request.GET
    spec, act = schema.purposes.get(given.get("purpose", "")), given.get("act", "")
    if spec is not None and (act not in _ACTIONS or not is_asked(spec)):
        raise NotFound(_("There is nothing like this to record."), code="customer.consent-unknown")
    problems: list[Problem] = []
    refusal = None
    if request.method == "POST" and spec is not None:
        try:
            return _record(request, actor, customer, spec, act)
        except NotAllowed as error:
            refusal = words.refused(error, words.purpose(spec), words.explain_address(spec.name, _ACTIONS[act]))
        except (Invalid, NothingPending) as error:
            problems.append(_problem(error, spec))
    wishes = wishes_of(actor, customer) or Wishes(History(consents=(), events=()))
    context = {
        "active": "customers",
        "customer": customer,
        "tabs": tabs(customer, actor, "customer_consents"),
        "wishes": wishes,
        "stands": [_stand(one, wishes, actor) for one in schema.purposes.values() if is_asked(one)],
        "others": [words.purpose(one) for one in schema.purposes.values() if not is_asked(one)],
        "events": _events(schema, wishes),
        "problems": problems,
        "refusal": refusal,
        "recording": None
        if spec is None or refusal is not None
        else _recording(schema, spec, act, given, wishes, actor),
    }
    status = 403 if refusal is not None else 422 if problems else 200
    return render(request, "console/customers/consents.html", context, status=status)


def _recording(schema: Schema, spec: PurposeSpec, act: str, given: Any, wishes: Wishes, actor: Actor) -> dict[str, Any]:
    """Return what the form says that records one thing: what opens or closes with it, and what it asks."""
    stand = _stand(spec, wishes, actor)
    channels = spec.consent.ask_in if spec.consent is not None and spec.consent.ask_in else tuple(CHANNEL_WORDS)
    fields = [words.field(schema.fields[name]) for name in spec.fields]
    proof = spec.consent.proof if spec.consent is not None else ()
    return {
        "act": act,
        "spec": spec,
        "label": stand.label,
        "title": {
            "grant": _("They said yes"),
            "confirm": _("They confirmed"),
            "withdraw": stand.no_word,
        }[act],
        "button": {
            "grant": _("Record the yes"),
            "confirm": _("Record the confirmation"),
            "withdraw": stand.no_word,
        }[act],
        "fields": words.listed(fields),
        "channels": [(one, words.channel(one)) for one in (channels if act == "grant" else tuple(CHANNEL_WORDS))],
        "channel": given.get("channel", ""),
        "form_version": given.get("form_version", ""),
        "needs_form": "form_version" in proof,
        "double": spec.consent is not None and spec.consent.double_opt_in,
        "asks_form": act == "grant",
        "asks_channel": act != "confirm",
    }


def _record(request: HttpRequest, actor: Actor, customer: Customer, spec: PurposeSpec, act: str) -> HttpResponse:
    channel, form = request.POST.get("channel", ""), request.POST.get("form_version", "").strip()
    if act == "grant":
        made = consent.grant_consent(
            actor=actor, customer=customer.id, purpose=spec.name, channel=channel, form_version=form or None
        )
    elif act == "confirm":
        made = consent.confirm_consent(actor=actor, customer=customer.id, purpose=spec.name)
    else:
        made = consent.withdraw_consent(actor=actor, customer=customer.id, purpose=spec.name, channel=channel)
    toast.say(request, _done(made.status))
    return HttpResponseRedirect(reverse("customer_consents", args=[customer.shown]))


def _done(status: str) -> str:
    return {
        "granted": _("Recorded. It opens now."),
        "pending": _("Recorded. It opens once they confirm it."),
        "withdrawn": _("Withdrawn. It works now."),
        "objected": _("Objection recorded. It works now."),
        "opted_out": _("Opt-out recorded. It works now."),
    }.get(status, _("Recorded."))


def _problem(error: KeepfoldError, spec: PurposeSpec) -> Problem:
    if isinstance(error, ChannelUnknown):
        return Problem(
            _("The policy does not ask for this consent there. Choose one of the places it names."), "channel"
        )
    if isinstance(error, ProofMissing):
        return Problem(_("The policy wants a proof: write the version of the form that they saw."), "form-version")
    if isinstance(error, NothingPending):
        return Problem(_("Nothing waits to be confirmed any more. Record the yes again."), "")
    if error.extra.get("field") == "form_version":
        return Problem(_("Write the form version in letters and digits, for example 2026-11."), "form-version")
    if error.extra.get("field") == "channel":
        return Problem(_("Choose where they said it."), "channel")
    return Problem(_("“%(purpose)s” does not ask for this.") % {"purpose": words.purpose(spec)}, "")
