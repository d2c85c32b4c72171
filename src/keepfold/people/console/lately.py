"""What one member of staff or client did lately, from the ledger."""

from __future__ import annotations

from django.urls import reverse
from django.utils.translation import gettext

from keepfold.gate.console import may
from keepfold.gate.types import Actor
from keepfold.ledger.types import EntryView
from keepfold.people import actions
from keepfold.people.console import words
from keepfold.people.types import Who
from keepfold.ui import components as ui

SEE, DETAILS = "people.audit.list", "ledger.detail.show"
SHOWN = 8
_ICONS = {
    "access": "lock-open",
    "change": "pencil",
    "consent": "circle-check",
    "erasure": "eraser",
    "policy": "scroll-text",
    "key": "key-round",
    "people": "user-round",
    "import": "file-up",
    "ledger": "layers",
    "system": "settings-2",
}


def of(reader: Actor, who: Who) -> list[ui.Event] | None:
    """Return the latest entries that somebody made, the newest first; None when the reader may not see them."""
    if not may(reader, SEE):
        return None
    found = actions.list_deeds(actor=reader, who=who, limit=SHOWN)
    route = "audit_entry" if who.kind == "staff" else "ledger_entry" if may(reader, DETAILS) else ""
    return [event(deed.view, route) for deed in found.deeds]


def event(view: EntryView, route: str) -> ui.Event:
    """Return an entry as a line of a timeline: what was done, when, and whether it was refused."""
    return ui.Event(
        who="",
        what=words.said(view.label, gettext("Something that this version does not know")),
        why="" if view.allowed else gettext("Refused"),
        at=view.hour_s,
        icon=_ICONS.get(view.kind, "circle-dashed") if view.allowed else "ban",
        tone="" if view.allowed else "bad",
        href=reverse(route, args=[view.index]) if route and view.index is not None else "",
    )
