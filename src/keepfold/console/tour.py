"""The guided first visit of the demonstration: seven steps through the console, each with one thing to do.

Where somebody stands is kept with their preferences. It shows only where the demonstration is loaded, and never in the
way: a line above the page that can be skipped at any step.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import Promise, SimpleLazyObject
from django.utils.translation import gettext_lazy as _

from keepfold.demo import queries as demo
from keepfold.gate.console import may

# What the preference says of a visit that is over.
DONE = 99


class Stop(NamedTuple):
    """One step: the page it is about, what to look at, and what to do. `needs` as a page's."""

    route: str
    title: str | Promise
    text: str | Promise
    needs: tuple[str, ...] = ()


STOPS = (
    Stop(
        "home",
        _("This is what is held, and what needs you"),
        _("Two thousand made-up customers of a shop. The table below says which data may open for which purpose."),
    ),
    Stop(
        "customers",
        _("Look somebody up for a purpose"),
        _("Choose Support and search for an e-mail address, or take any id. Without a purpose there is no name."),
        ("vault.record.search",),
    ),
    Stop(
        "customers",
        _("Open two fields, with a reason"),
        _("On a customer's page choose “Open for a purpose”. The opening is written down before you see a value."),
        ("vault.record.open",),
    ),
    Stop(
        "decisions",
        _("Ask why something is refused"),
        _("Ask for a phone number for the newsletter. The answer names the rule and what would change it."),
    ),
    Stop(
        "policy",
        _("Read the rules that all of this follows"),
        _("One file says what is collected, why, on what ground, how long and who gets it. This page is made from it."),
    ),
    Stop(
        "workshop",
        _("Change a rule, and see whom it concerns"),
        _("Start a draft and let a purpose see one more item. A second person approves before it counts."),
        ("policy.draft.start",),
    ),
    Stop(
        "ledger",
        _("Check that nobody rewrote the past"),
        _("Every opening is an entry. Verify hashes all of them anew; a changed, missing or swapped one is named."),
        ("ledger.detail.show",),
    ),
)


class Guide(NamedTuple):
    """What the line above a page shows. `step` is what to note when going on, `after` where that leads."""

    number: int
    total: int
    title: str | Promise
    text: str | Promise
    url: str
    is_here: bool
    step: int
    after: str

    @property
    def is_last(self) -> bool:
        """Say whether nothing follows."""
        return self.number == self.total


def tour(request: HttpRequest) -> dict[str, Any]:
    """Return the template context of the guided visit; nothing is looked up before a page shows it."""
    return {
        "tour": SimpleLazyObject(lambda: guide(request)),
        "has_tour": SimpleLazyObject(lambda: demo.mark() is not None),
    }


def guide(request: HttpRequest) -> Guide | None:
    """Return the step that somebody is at, or None when there is no visit to guide."""
    actor = getattr(request, "actor", None)
    if actor is None or request.method != "GET" or demo.mark() is None:
        return None
    stops = [stop for stop in STOPS if not stop.needs or any(may(actor, need) for need in stop.needs)]
    at: int = request.prefs.tour_step  # type: ignore[attr-defined]
    if not 0 <= at < len(stops):
        return None
    stop = stops[at]
    url = reverse(stop.route)
    after = reverse(stops[at + 1].route) if at + 1 < len(stops) else reverse("home")
    step = at + 1 if at + 1 < len(stops) else DONE
    return Guide(at + 1, len(stops), stop.title, stop.text, url, request.path == url, step, after)
