"""How a draft went, for its timeline: what happened, by whom and when, and what is still to come."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from django.utils.html import format_html
from django.utils.translation import gettext as _

from keepfold.policy.types import Draft, DraftEvent
from keepfold.ui import components as ui
from keepfold.ui import say

_ICONS = {
    "started": "pencil-ruler",
    "sent": "send",
    "approved": "circle-check",
    "returned": "undo-2",
    "reopened": "pencil-ruler",
    "told": "mail",
    "agreed": "check",
    "activated": "circle-check",
    "discarded": "trash-2",
}
_TONES = {"approved": "good", "activated": "good", "returned": "warn", "discarded": "bad"}


def so_far(found: Draft, names: Mapping[bytes, str]) -> list[ui.Event]:
    """Return what happened to a draft, in order."""
    return [_event(event, names) for event in found.events]


def _event(event: DraftEvent, names: Mapping[bytes, str]) -> ui.Event:
    return ui.Event(
        who=_what(event),
        what=_("by %(who)s") % {"who": names.get(event.person, "?")},
        why=_("“%(comment)s”") % {"comment": event.comment} if event.comment else "",
        at=event.at_us,
        icon=_ICONS[event.kind],
        tone=_TONES.get(event.kind, ""),
    )


def _what(event: DraftEvent) -> str:
    if event.kind == "told":
        return format_html(_("Customers told on {}"), say.day(date.fromisoformat(event.day)))
    return {
        "started": _("Begun"),
        "sent": _("Sent to review"),
        "approved": _("Approved"),
        "returned": _("Sent back"),
        "reopened": _("Taken back to write on"),
        "agreed": _("Yes to the activation"),
        "activated": _("Put in force"),
        "discarded": _("Discarded"),
    }[event.kind]


def to_come(found: Draft, *, two_people: bool, lead: str, from_day: date | None) -> list[ui.Event]:
    """Return the steps that are still ahead. `lead` is the promised time in words when customers must hear first."""
    if found.state in {"active", "discarded"}:
        return []
    steps: list[ui.Event] = []
    if found.state != "approved":
        who = _("by a second person, none of the authors") if two_people else _("by a second person; optional here")
        steps.append(ui.Event(_("Review"), who))
    if lead:
        steps.append(ui.Event(_("Customers told"), _("%(period)s before it counts") % {"period": lead}))
    when = format_html(_("not before {}"), say.day(from_day)) if from_day is not None else ""
    if two_people and not when:
        when = _("with the yes of two people")
    return [*steps, ui.Event(_("In force"), when)]
