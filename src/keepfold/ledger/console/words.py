"""What stands in entries, in the reader's words."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from django.utils.functional import Promise
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from keepfold.gate.catalogue import known_actions
from keepfold.ledger import names
from keepfold.ledger.types import EntryView
from keepfold.ui import components as ui
from keepfold.ui import say
from keepfold.ui.words import in_language

KINDS: Mapping[str, str | Promise] = {
    "access": _("Openings and searches"),
    "change": _("Changes of data"),
    "consent": _("Consents and objections"),
    "erasure": _("Erasures"),
    "policy": _("Policy"),
    "key": _("Keys"),
    "people": _("Staff, roles and clients"),
    "import": _("Imports"),
    "ledger": _("The ledger itself"),
    "system": _("The system"),
}
ACTORS: Mapping[str, str | Promise] = {
    "staff": _("A member of staff"),
    "client": _("An API client"),
    "customer": _("A customer"),
    "system": _("The system"),
    "anonymous": _("Nobody known"),
}


def action(view: EntryView) -> str:
    """Return what happened."""
    return in_language(view.label) or gettext("Action number %(number)s") % {"number": view.action_number}


def actor(view: EntryView) -> str:
    """Return what kind of actor it was."""
    return str(ACTORS.get(view.actor_kind, view.actor_kind))


def purpose(number: int) -> str:
    """Return what a purpose is called; nothing for none."""
    if not number:
        return ""
    return in_language(names.purposes().get(number, {})) or gettext("Purpose number %(number)s") % {"number": number}


def purposes() -> list[tuple[str, str]]:
    """Return every purpose that entries may name, for a choice."""
    found = [(str(number), in_language(labels)) for number, labels in names.purposes().items()]
    return sorted(found, key=lambda one: one[1].casefold())


def actions() -> list[tuple[str, str]]:
    """Return every action of the catalogue, for a choice."""
    found = [(str(line.number), in_language(line.label)) for line in known_actions().values()]
    return sorted(found, key=lambda one: one[1].casefold())


def about(view: EntryView) -> str:
    """Return how many people it concerns."""
    if not view.subjects:
        return gettext("Nobody")
    return ngettext("%(count)s person", "%(count)s people", view.subjects) % {"count": say.num(view.subjects)}


def hour(view: EntryView) -> str:
    """Return the hour that it happened in, from when to when."""
    start = datetime.fromtimestamp(view.hour_s, UTC)
    end = start + timedelta(hours=1)
    return gettext("%(start)s to %(end)s UTC") % {
        "start": say.moment_text(start),
        "end": say.moment_text(end, "time"),
    }


def outcome(view: EntryView) -> ui.Badge:
    """Return whether it was allowed, as a word."""
    return ui.Badge(gettext("Allowed")) if view.allowed else ui.Badge(gettext("Refused"), "bad")


def state(index: int | None, signed: int) -> ui.Badge:
    """Return how far an entry is proven: it stands in a signed checkpoint, or waits for the next."""
    if index is not None and index < signed:
        return ui.Badge(gettext("Signed"), "", "recorded")
    return ui.Badge(gettext("Waits"), "line", "hourglass")
