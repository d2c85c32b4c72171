"""A customer's page: what is held, for which purposes on which ground, and until when. Nothing is opened for it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import NamedTuple

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from keepfold.console.customers import consenting, history, until, words
from keepfold.console.customers.frame import OPENINGS, OUTLINE, tabs
from keepfold.console.customers.until import Said, Until
from keepfold.console.customers.whom import Customer, customer_page
from keepfold.gate.console import actor_of, may, page
from keepfold.kernel import clock
from keepfold.policy import queries as policy
from keepfold.policy.types import FieldSpec, PurposeSpec, Schema
from keepfold.ui import charts, say
from keepfold.ui import components as ui
from keepfold.vault import actions as vault
from keepfold.vault.types import Outline

_LATELY = 5
_NEXT = 4
_SECOND_US = 1_000_000


class Ends(NamedTuple):
    """Until when something is held, as a page shows it. `badge` is there when a person should look."""

    text: str
    note: str = ""
    badge: ui.Badge | None = None
    at: datetime | None = None


class Row(NamedTuple):
    """One data item that is held: what for, on which ground, until when, and its line on the time axis."""

    name: str
    label: str
    compartment: str
    held_for: tuple[tuple[str, str], ...]
    ends: Ends
    track: SafeString
    openings: str


@page(OUTLINE, OPENINGS)
@customer_page
def held(request: HttpRequest, customer: Customer) -> HttpResponse:
    """Show what is held of a customer."""
    actor = actor_of(request)
    if not may(actor, OUTLINE):
        return HttpResponseRedirect(customer.url("customer_openings"))
    schema, outline = policy.schema(), vault.outline(actor=actor, person=customer.id)
    wishes = consenting.wishes_of(actor, customer)
    said = None if wishes is None else wishes.said
    ends = ends_of(schema, outline, said)
    context = {
        "active": "customers",
        "customer": customer,
        "tabs": tabs(customer, actor, "customer"),
        "outline": outline,
        "rows": rows(schema, outline, ends, customer),
        "axis": _axis(outline, ends),
        "unknown": [words.moment(name) for name in _unknown(ends)],
        "absent": [words.field(spec) for name, spec in schema.fields.items() if _is_absent(outline, name)],
        "withheld": len(outline.withheld),
        "lately": history.lately(actor, customer, _LATELY) if may(actor, OPENINGS) else None,
        "wishes": wishes,
        "consents": None if wishes is None else consenting.lines(schema, wishes),
        "next": goes_next(schema, ends),
        "keys": keys(outline),
        "may_open": may(actor, "vault.record.open"),
        "may_edit": may(actor, "vault.record.update"),
        "may_erase": may(actor, "vault.record.erase"),
        "opens": any(decision.allowed for decision in outline.decisions.values()),
    }
    return render(request, "console/customers/held.html", context)


def _unknown(ends: Mapping[str, Until]) -> list[str]:
    """Return the moments that nobody told, in order and once each."""
    return list(dict.fromkeys(end.missing for end in ends.values() if end.kind == "unknown"))


def _is_absent(outline: Outline, name: str) -> bool:
    return name not in outline.fields and name not in outline.withheld


def ends_of(schema: Schema, outline: Outline, said: Mapping[str, Said] | None) -> dict[str, Until]:
    """Return until when each purpose holds this customer's data. Without leave to read consents, they are given."""
    created_s = outline.created_us // _SECOND_US
    return {name: until.of_purpose(spec, _heard(spec, said), created_s) for name, spec in schema.purposes.items()}


def _heard(spec: PurposeSpec, said: Mapping[str, Said] | None) -> Said | None:
    # Whoever may not read consents is told the rule: while they agree.
    return Said("granted", 0) if said is None else said.get(spec.name)


def rows(schema: Schema, outline: Outline, ends: Mapping[str, Until], customer: Customer) -> list[Row]:
    """Return a row for each data item that is held."""
    start, last, now = _span(outline, ends)
    since = _moment(outline.created_us // _SECOND_US)
    found = []
    for name in outline.fields:
        spec = schema.fields[name]
        end = until.of_field(name, ends, schema.purposes)
        holding = [one for one in _listing(schema, spec) if ends[one.name].kind != "never"]
        found.append(
            Row(
                name=name,
                label=words.field(spec),
                compartment=spec.compartment,
                held_for=tuple((words.purpose(one), words.ground(one)) for one in holding),
                ends=shown(end, _rule(holding, end)),
                track=charts.track(start, last, since, now if end.kind == "unknown" else _day(end), now),
                openings=f"{customer.url('customer_openings')}?field={name}",
            )
        )
    return found


def _listing(schema: Schema, spec: FieldSpec) -> list[PurposeSpec]:
    return [purpose for purpose in schema.purposes.values() if spec.name in purpose.fields]


def _rule(holding: list[PurposeSpec], end: Until) -> str:
    """Return the retention in words of the purpose that decides, for what has no date."""
    for spec in holding:
        if end.kind == "unknown" and end.missing in spec.retention.since:
            return retention(spec)
    return ""


def retention(spec: PurposeSpec) -> str:
    """Return how long a purpose keeps its data: 90 days after their last order is closed."""
    keep = policy.active().policy.purposes[spec.name].retention.keep
    return words.kept(words.period(keep.months, keep.days, keep.business_days), spec.retention.since)


def shown(end: Until, rule: str = "") -> Ends:
    """Return an end for a page."""
    at = None if end.at_s is None else _moment(end.at_s)
    if end.kind == "date":
        return Ends("", at=at)
    if end.kind == "agree":
        latest = "" if at is None else _("at the latest %(day)s") % {"day": _text(at)}
        return Ends(_("While they agree"), latest)
    if end.kind == "unknown":
        return Ends(rule, "", ui.Badge(_("Unknown"), "warn", "circle-help"))
    if end.kind == "nobody":
        return Ends(_("No purpose needs it now"), "", ui.Badge(_("Look at it"), "warn"))
    return Ends(_("They never agreed"))


def _text(at: datetime) -> str:
    return say.moment_text(at).rsplit(",", 1)[0]


def _moment(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def _day(end: Until) -> datetime | None:
    return None if end.at_s is None else _moment(end.at_s)


def _span(outline: Outline, ends: Mapping[str, Until]) -> tuple[datetime, datetime, datetime]:
    """Return where the time axis begins and ends, on whole years, and now."""
    now = clock.now()
    since = _moment(outline.created_us // _SECOND_US)
    known = [_moment(end.at_s) for end in ends.values() if end.at_s is not None]
    last = max([now, *known])
    # Room beyond now, so that what is to come can be seen beside it.
    final = max(last.year, now.year + 1) + 1
    return datetime(since.year, 1, 1, tzinfo=UTC), datetime(final, 1, 1, tzinfo=UTC), now


def _axis(outline: Outline, ends: Mapping[str, Until]) -> SafeString:
    return charts.track_head(*_span(outline, ends))


def goes_next(schema: Schema, ends: Mapping[str, Until]) -> list[ui.Line]:
    """Return what ends next, the soonest first, and what cannot be known yet."""
    dated = sorted((end.at_s, name) for name, end in ends.items() if end.kind == "date" and end.at_s is not None)
    now_s = clock.now_s()
    found = [_dated(schema.purposes[name], at_s, now_s) for at_s, name in dated]
    unknown = [name for name, end in ends.items() if end.kind == "unknown"]
    found += [_undated(schema.purposes[name]) for name in unknown]
    return found[:_NEXT]


def _dated(spec: PurposeSpec, at_s: int, now_s: int) -> ui.Line:
    if at_s <= now_s:
        text = _("The time for it is over since %(day)s. It opens nothing any more.")
        return ui.Line(words.purpose(spec), text % {"day": _text(_moment(at_s))}, "hourglass", "warn")
    text = _("Ends on %(day)s: %(rule)s.") % {"day": _text(_moment(at_s)), "rule": retention(spec)}
    return ui.Line(words.purpose(spec), text, "hourglass")


def _undated(spec: PurposeSpec) -> ui.Line:
    return ui.Line(words.purpose(spec), _("Unknown: %(rule)s.") % {"rule": retention(spec)}, "circle-help", "warn")


def keys(outline: Outline) -> list[ui.Pair]:
    """Return what is known of somebody's keys, and what erasing them now would mean."""
    return [
        ui.Pair(_("Own keys"), say.num(outline.keys), _("one per compartment, and one for the ledger")),
        ui.Pair(_("Made"), say.day(outline.created_us)),
        ui.Pair(_("Last change"), say.day(outline.changed_us)),
        ui.Pair(_("Last backup"), _("Unknown"), _("backups are made outside of Keepfold")),
        ui.Pair(_("If erased now"), last_copy()),
    ]


def last_copy() -> str:
    """Return when the last backup copy of somebody erased now becomes unreadable, as the policy promises."""
    at = backups_gone_s()
    if at is None:
        return _("Unknown: the policy does not say how long backups are kept")
    return _("Last copy unreadable on %(day)s") % {"day": _text(_moment(at))}


def backups_gone_s() -> int | None:
    """Return when backups made today are gone, by the policy's storage; None when it does not say."""
    kept = [place.keep for place in policy.active().policy.storage if place.keep is not None]
    return max((keep.after(clock.now_s()) for keep in kept), default=None)
