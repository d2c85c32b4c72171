"""The list of entries, newest first, with filters."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import path, reverse
from django.utils.translation import gettext_lazy as _

from keepfold.gate.console import page
from keepfold.ledger import queries
from keepfold.ledger.console import words
from keepfold.ledger.console.needs import SEE
from keepfold.ledger.types import EntryFilter, EntryView
from keepfold.ui import nav, say, tables

nav.register(
    nav.Item("ledger_entries", "proof", _("Entries of the ledger"), "list", "ledger_entries", SEE, 11, hidden=True)
)

ENTRIES = tables.Table(
    key="entries",
    caption=_("Entries of the ledger, the newest first"),
    columns=(
        tables.Column("index", _("Entry"), kind="number"),
        tables.Column("what", _("What")),
        tables.Column("hour", _("Hour (UTC)"), kind="moment", rank=2),
        tables.Column("actor", _("Who"), rank=3),
        tables.Column("purpose", _("Purpose"), rank=2),
        tables.Column("about", _("About"), rank=3),
        tables.Column("outcome", _("Outcome"), kind="badge"),
        tables.Column("state", _("State"), kind="badge", rank=3),
    ),
    filters=(
        tables.Search("number", _("Entry number")),
        tables.Choice("kind", _("Kind"), tuple(words.KINDS.items())),
        tables.Choice("action", _("What"), words.actions),
        tables.Choice("outcome", _("Outcome"), (("allowed", _("Allowed")), ("refused", _("Refused")))),
        tables.Choice("actor", _("Who"), tuple(words.ACTORS.items())),
        tables.Choice("purpose", _("Purpose"), words.purposes),
        tables.Days("day", _("Days")),
    ),
    empty=(
        _("Nothing has been written down yet"),
        _("Every opening, refusal and change appears here within a second, whoever made it."),
    ),
)


@page(*SEE)
def entries(request: HttpRequest) -> HttpResponseBase:
    """List entries; a number that was asked for leads straight to its entry."""
    table = ENTRIES.on(request, _source)
    if table.is_export:
        return table.export()
    asked = str(table.query.filters.get("number", "")).replace(",", "").replace(".", "").strip()
    if asked.isascii() and asked.isdigit() and len(asked) < 19:
        return HttpResponseRedirect(reverse("ledger_entry", args=[int(asked)]))
    return render(request, "ledger/entries.html", {"active": "ledger", "table": table, "status": queries.status()})


def _source(query: tables.Query) -> tables.Slice:
    older, newer = tables.cursor_values(query.after, int), tables.cursor_values(query.before, int)
    found = queries.entries(
        wanted(query.filters),
        before=older[0] if older else None,
        after=newer[0] if newer and not older else None,
        limit=query.limit,
    )
    signed = queries.signed_size()
    return tables.Slice(
        [_row(view, signed) for view in found.entries],
        after="" if found.before is None else tables.cursor(found.before),
        before="" if found.after is None else tables.cursor(found.after),
        total=found.total,
    )


def wanted(asked: Any) -> EntryFilter:
    """Return the ledger's filter for what was chosen."""
    since, until = asked.get("day", (None, None))
    outcome = asked.get("outcome")
    return EntryFilter(
        kind=asked.get("kind"),
        action=int(asked["action"]) if "action" in asked else None,
        allowed=None if outcome is None else outcome == "allowed",
        actor_kind=asked.get("actor"),
        purpose=int(asked["purpose"]) if "purpose" in asked else None,
        since=since,
        until=until,
    )


def _row(view: EntryView, signed: int) -> dict[str, Any]:
    return {
        "index": view.index,
        "href": reverse("ledger_entry", args=[view.index]),
        "what": words.action(view),
        "small": f"{say.moment_text(view.hour_s)} · {words.purpose(view.purpose_number) or words.actor(view)}",
        "hour": view.hour_s,
        "actor": words.actor(view),
        "purpose": words.purpose(view.purpose_number) or "–",
        "about": words.about(view),
        "outcome": words.outcome(view),
        "state": words.state(view.index, signed),
    }


urlpatterns = [path("ledger/entries", entries, name="ledger_entries")]
