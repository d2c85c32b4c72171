"""The page about everybody's consents: counts, a trend, the wording and the latest events; never a name."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from babel import Locale
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from keepfold.consent import actions, queries, rules
from keepfold.consent.queries import CHANNEL_WORDS, SAID_WORDS
from keepfold.consent.types import PREFIX, RecentEvent, SaidOn, Standing
from keepfold.gate.console import actor_of, page
from keepfold.kernel import clock, ids
from keepfold.kernel.errors import Invalid
from keepfold.policy import queries as policy
from keepfold.policy.types import PurposeSpec, Schema
from keepfold.ui import charts, nav, say, tables
from keepfold.ui import components as ui
from keepfold.ui.words import in_language

NEEDS = ("consent.event.list_recent",)
WEEKS = 13
_CUSTOMER = "cus"
_YES, _NO = ("granted", "confirmed"), ("withdrawn", "objected", "opted_out")
_DAY_S = 86_400

nav.register(
    nav.Item("consents", "customers", gettext_lazy("Consents"), "circle-check", "consents", NEEDS, order=20, keys="G E")
)

COUNTS = tables.Table(
    key="standings",
    caption=gettext_lazy("How everybody stands with each purpose"),
    columns=(
        tables.Column("purpose", gettext_lazy("Purpose")),
        tables.Column("granted", gettext_lazy("Agree"), kind="number"),
        tables.Column("no", gettext_lazy("Said no"), kind="number"),
        tables.Column("waiting", gettext_lazy("To be confirmed"), kind="number", rank=2),
        tables.Column("expired", gettext_lazy("Ended"), kind="number", rank=3),
        tables.Column("silent", gettext_lazy("Said nothing"), kind="number", rank=2),
    ),
    empty=(
        gettext_lazy("Nothing is up to the customers"),
        gettext_lazy("No purpose of the policy rests on consent or can be objected to."),
    ),
)
EVENTS = tables.Table(
    key="events",
    caption=gettext_lazy("What was said lately"),
    prefix="e_",
    columns=(
        tables.Column("said", gettext_lazy("What")),
        tables.Column("evidence", gettext_lazy("Evidence"), rank=2),
        tables.Column("customer", gettext_lazy("Customer"), kind="link"),
        tables.Column("at", gettext_lazy("When"), kind="moment"),
    ),
    limit=10,
    exports=False,
    empty=(
        gettext_lazy("Nobody has said anything yet"),
        gettext_lazy("Each yes and each no arrives here at once, with where it was said."),
    ),
)


def asked(schema: Schema) -> list[PurposeSpec]:
    """Return the purposes that are up to people, those that need a yes first."""
    found = [spec for spec in schema.purposes.values() if rules.may_be_granted(spec)]
    return sorted(found, key=lambda spec: spec.consent is None)


@page(*NEEDS)
def consents(request: HttpRequest) -> HttpResponseBase:
    """Show how people stand with each purpose that is up to them, and one of these closely."""
    schema, stands = policy.schema(), queries.standings()
    specs = asked(schema)
    counts = COUNTS.on(request, lambda _query: tables.Slice([_row(spec, stands[spec.name]) for spec in specs]))
    if counts.is_export:
        return counts.export()
    named = {spec.name: spec for spec in specs}
    chosen = named.get(request.GET.get("purpose", "")) or next(iter(specs), None)
    context: dict[str, Any] = {"active": "consents", "counts": counts, "chosen": None}
    if chosen is not None:
        actor = actor_of(request)
        context |= _closely(chosen, stands[chosen.name], schema)
        context["events"] = EVENTS.on(request, lambda query: _events(actor, chosen, query))
    return render(request, "consent/consents.html", context)


def _row(spec: PurposeSpec, stand: Standing) -> dict[str, Any]:
    return {
        "purpose": in_language(spec.label, spec.name),
        "granted": stand.granted,
        "no": stand.withdrawn + stand.objected + stand.opted_out,
        "waiting": stand.waiting,
        "expired": stand.expired,
        "silent": queries.silent(stand),
        "href": f"{reverse('consents')}?purpose={spec.name}",
    }


def _closely(spec: PurposeSpec, stand: Standing, schema: Schema) -> dict[str, Any]:
    return {
        "chosen": spec,
        "label": in_language(spec.label, spec.name),
        "figures": figures(spec, stand),
        "trend": trend(queries.said_since(spec.name, WEEKS * 7)),
        "wording": wording(spec, schema),
        "facts": facts(spec, schema),
    }


def figures(spec: PurposeSpec, stand: Standing) -> list[ui.Figure]:
    """Return how everybody stands with one purpose."""
    silent = queries.silent(stand)
    no = stand.withdrawn + stand.objected + stand.opted_out
    rest = _("it opens nothing for them") if spec.consent is not None else _("it works for them until they say no")
    found = [
        ui.Figure(_("Agree"), say.num(stand.granted), _share(stand.granted, silent, stand)),
        ui.Figure(_("Said no"), say.num(no), _("it opens nothing for them")),
        ui.Figure(_("Said nothing"), _("Unknown") if silent is None else say.num(silent), rest),
    ]
    if spec.consent is not None and spec.consent.double_opt_in:
        most = stand.waiting >= queries.MOST_WAITING
        shown = say.num(stand.waiting) + ("+" if most else "")
        found.insert(1, ui.Figure(_("To be confirmed"), shown, _("they have a week for it")))
    return found


def _share(number: int, silent: int | None, stand: Standing) -> str:
    everybody = stand.spoken + (silent or 0)
    if silent is None or not everybody:
        return _("it opens for them")
    return _("%(share)s %% of all customers") % {"share": say.num(round(100 * number / everybody, 1))}


def trend(said: Sequence[SaidOn]) -> charts.Chart:
    """Return what was said in each of the last weeks: yes, and above it no."""
    today = int(clock.now_s()) // _DAY_S
    first = today - WEEKS * 7 + 1
    weeks = [[0, 0] for _number in range(WEEKS)]
    for one in said:
        for place, kinds in enumerate((_YES, _NO)):
            if one.said in kinds and first <= one.day <= today:
                weeks[(one.day - first) // 7][place] += one.number
    points = [(_week(first + 7 * number), (yes, no)) for number, (yes, no) in enumerate(weeks)]
    yes, no = (sum(week[place] for week in weeks) for place in (0, 1))
    finding = _("In %(weeks)s weeks %(yes)s said yes and %(no)s said no.") % {
        "weeks": WEEKS,
        "yes": say.num(yes),
        "no": say.num(no),
    }
    return charts.stacked(finding, points, names=(_("said yes"), _("said no")))


def _week(day: int) -> str:
    at = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(days=day)
    return say.moment_text(at).split(",")[0]


def wording(spec: PurposeSpec, schema: Schema) -> list[tuple[str, str, str]]:
    """Return what people are asked, in each language of the policy: (language, its name, the words)."""
    here = say.locale()
    return [
        (language, str(Locale.parse(language.replace("-", "_")).get_display_name(here)), spec.label[language])
        for language in schema.languages
        if language in spec.label
    ]


def facts(spec: PurposeSpec, schema: Schema) -> list[ui.Pair]:
    """Return how people are asked, and what a yes opens."""
    fields = [in_language(schema.fields[name].label, name) for name in spec.fields]
    found = [ui.Pair(_("A yes opens") if spec.consent else _("It opens"), ", ".join(fields))]
    if spec.consent is None:
        no = _("Opting out ends it at once.") if spec.opt_out else _("An objection ends it at once.")
        return [*found, ui.Pair(_("A no"), no)]
    channels = [_(CHANNEL_WORDS.get(name, name)) for name in spec.consent.ask_in]
    found.append(ui.Pair(_("Asked in"), ", ".join(channels) or _("any place")))
    if spec.consent.expires is not None:
        keep = policy.active().policy.purposes[spec.name].consent
        found.append(ui.Pair(_("Valid for"), _length(keep.expires if keep else None)))
    return found


def _length(period: Any) -> str:
    months, days = (period.months, period.days) if period is not None else (0, 0)
    if months and months % 12 == 0 and not days:
        return ngettext("%(number)s year", "%(number)s years", months // 12) % {"number": months // 12}
    if months and not days:
        return ngettext("%(number)s month", "%(number)s months", months) % {"number": months}
    return ngettext("%(number)s day", "%(number)s days", days) % {"number": days}


def _events(actor: Any, spec: PurposeSpec, query: tables.Query) -> tables.Slice:
    found = actions.list_recent(actor=actor, about=spec.name, before=_event_id(query.after), limit=query.limit + 1)
    shown = found[: query.limit]
    after = ids.show(PREFIX, shown[-1].event.id) if len(found) > query.limit else ""
    return tables.Slice([_event(one) for one in shown], after=after)


def _event_id(text: str) -> bytes | None:
    try:
        return ids.parse(PREFIX, text)
    except Invalid:
        return None


def _event(one: RecentEvent) -> dict[str, Any]:
    customer, evidence = ids.show(_CUSTOMER, one.person), one.event.evidence
    where = _(CHANNEL_WORDS.get(evidence.channel, evidence.channel))
    return {
        "at": one.event.at,
        "said": _(SAID_WORDS[one.event.said]),
        "evidence": where + (f", {evidence.form_version}" if evidence.form_version else ""),
        "customer": ui.Link(customer, reverse("customer_consents", args=[customer])),
    }


urlpatterns = [path("consents", consents, name="consents")]
