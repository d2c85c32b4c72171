"""The audit of the console itself: what staff did here and to the installation, from the ledger, with who it was."""

from __future__ import annotations

from contextlib import suppress
from functools import partial
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import path, reverse
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from keepfold.console import deeds
from keepfold.gate.console import actor_of, may, page
from keepfold.gate.types import Actor
from keepfold.kernel import clock
from keepfold.kernel.errors import NotFound
from keepfold.ledger import actions as ledger_actions
from keepfold.ledger import queries as ledger
from keepfold.ledger.types import EntryFilter, EntryView
from keepfold.people import actions as people
from keepfold.people.types import Deed, Deeds
from keepfold.ui import components as ui
from keepfold.ui import nav, say, tables

SEE, OPEN = "people.audit.list", "ledger.detail.show"
DAYS = 30
# Whose deeds belong here: staff, the command line, and whoever tried to sign in.
INSIDE = frozenset({"staff", "system", "anonymous"})
_MOST = 500

nav.register(nav.Item("audit", "proof", _("Console audit"), "eye", "audit", (SEE,), 40, "G T"))

AUDIT = tables.Table(
    key="audit",
    caption=_("What staff did, the newest first"),
    columns=(
        tables.Column("what", _("What")),
        tables.Column("who", _("Who")),
        tables.Column("outcome", _("Outcome"), kind="badge", rank=2),
        tables.Column("hour", _("Hour"), kind="moment"),
        tables.Column("entry", _("Entry"), kind="number", rank=3),
    ),
    filters=(
        tables.Choice("topic", _("What"), deeds.topic_choices),
        tables.Choice("who", _("Who"), deeds.who_choices),
        tables.Choice("outcome", _("Outcome"), (("allowed", _("Allowed")), ("refused", _("Refused")))),
        tables.Days("at", _("Days")),
    ),
    empty=(
        _("Nothing was done here yet"),
        _("Sign-ins, roles, clients and changes of the policy appear here as soon as they are in the ledger."),
    ),
)


@page(SEE)
def audit(request: HttpRequest) -> HttpResponseBase:
    """Show what staff did, the newest first."""
    actor = actor_of(request)
    table = AUDIT.on(request, partial(_deeds, actor))
    if table.is_export:
        return table.export()
    shown = {"active": "audit", "table": table, "figures": _figures(), "reached": _reached(table.slice)}
    return render(request, "console/audit.html", shown)


def _reached(part: tables.Slice) -> int | None:
    """Return when the search for one person's deeds ended that found none and can go on; seconds since the epoch."""
    place = None if part.rows else tables.cursor_values(part.after, int, int)
    return None if place is None else place[0] * 3600


def _deeds(actor: Actor, query: tables.Query) -> tables.Slice:
    wanted = _wanted(query.filters)
    who = deeds.who_of(query.filters.get("who", ""))
    limit = min(query.limit, _MOST)
    if who is None:
        older, newer = _places(query)
        found = people.list_deeds(actor=actor, wanted=wanted, before=older, after=newer, limit=limit)
        after = "" if found.before is None else tables.cursor(found.before)
        before = "" if found.after is None else tables.cursor(found.after)
        return tables.Slice(_rows(found), after=after, before=before, total=found.total)
    place = tables.cursor_values(query.after, int, int)
    found = people.list_deeds(actor=actor, who=who, wanted=wanted, before=place, limit=limit)
    return tables.Slice(_rows(found), after="" if found.next is None else tables.cursor(*found.next))


def _places(query: tables.Query) -> tuple[int | None, int | None]:
    """Return below and above which entry to look: older ones come after on the page."""
    older, newer = tables.cursor_values(query.after, int), tables.cursor_values(query.before, int)
    return (older[0], None) if older else (None, newer[0] if newer else None)


def _wanted(asked: Any) -> EntryFilter:
    since, until = asked.get("at", (None, None))
    outcome = asked.get("outcome")
    return EntryFilter(
        actor_kinds=INSIDE,
        actions=deeds.actions_of(asked.get("topic", "")),
        allowed=None if outcome is None else outcome == "allowed",
        since=since,
        until=until,
    )


def _rows(found: Deeds) -> list[dict[str, Any]]:
    names = deeds.names(found.deeds)
    return [_row(deed, names) for deed in found.deeds]


def _row(deed: Deed, names: dict[bytes, str]) -> dict[str, Any]:
    view = deed.view
    return {
        "what": deeds.label(view),
        "href": "" if view.index is None else reverse("audit_entry", args=[view.index]),
        "who": deeds.who_name(deed, names),
        "outcome": outcome(view),
        "hour": view.hour_s,
        "entry": view.index,
    }


def outcome(view: EntryView) -> ui.Badge:
    """Return whether it was done or refused, as a word."""
    return ui.Badge(_("Allowed")) if view.allowed else ui.Badge(_("Refused"), "bad")


def _figures() -> list[ui.Figure]:
    """Return what the last thirty days brought. Openings are counted only: whose data it was stands elsewhere."""
    since = clock.now_s() - DAYS * 24 * 3600
    counts = ledger.counts(since)
    signed_in = counts.of(action="people.session.begin", allowed=True)
    turned_away = counts.of(action="people.session.refuse")
    changes = sum(
        row.entries
        for row in counts.rows
        if row.allowed and row.actor_kind in {"staff", "system"} and row.action_number in deeds.changing()
    )
    opened = counts.of(kind="access", actor_kind="staff", allowed=True)
    refused = counts.of(actor_kind="staff", allowed=False)
    turned = ngettext("%(count)s was turned away", "%(count)s were turned away", turned_away) % {
        "count": say.num(turned_away)
    }
    return [
        ui.Figure(_("Sign-ins"), signed_in, turned),
        ui.Figure(_("Changes"), changes, _("by staff and the command line")),
        ui.Figure(_("Openings by staff"), opened, _("counted here, listed with each customer")),
        ui.Figure(_("Refused"), refused, _("what staff tried and may not"), href="?outcome=refused"),
    ]


# ------------------------------------------------------------------------------------------------------------ one entry


@page(SEE, methods=("GET", "POST"))
def audit_entry(request: HttpRequest, index: int) -> HttpResponse:
    """Show one entry; its sealed details open on request, and that is written down as well."""
    actor = actor_of(request)
    view = _entry(index)
    shown = {
        "active": "audit",
        "entry": view,
        "label": deeds.label(view),
        "outcome": outcome(view),
        "may_open": may(actor, OPEN) and view.subjects == 0,
        "details": None,
    }
    if request.method == "POST":
        shown["details"] = _opened(actor, index)
        shown["is_gone"] = shown["details"] is None
    return render(request, "console/audit_entry.html", shown)


def _entry(index: int) -> EntryView:
    """Return an entry that belongs here; others are answered as if they were not there."""
    view: EntryView | None = None
    with suppress(NotFound):
        view = ledger.show(index) if index < 1 << 62 else None
    if view is None or view.actor_kind not in INSIDE:
        raise NotFound(gettext("There is nothing at this address."), next_step=gettext("Look for it in the list."))
    return view


def _opened(actor: Actor, index: int) -> list[ui.Pair] | None:
    _view, details = ledger_actions.show_detail(actor=actor, index=index)
    return None if details is None else deeds.told(details)


urlpatterns = [path("audit", audit, name="audit"), path("audit/<int:index>", audit_entry, name="audit_entry")]
