"""The manual inside the console: the pages of `docs/`, to be read where the work is, also without a network."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from keepfold.console.manual import shelf
from keepfold.gate.console import page
from keepfold.kernel.errors import NotFound
from keepfold.ui import nav

nav.register(nav.Item("manual", "running", gettext_lazy("Manual"), "book-open", "manual", hidden=True))

# What each group is for, in the reader's language; the pages themselves are in English.
GROUPS = {
    "tutorial": (gettext_lazy("Tutorial"), gettext_lazy("A first walk through everything, step by step.")),
    "howto": (gettext_lazy("How-to"), gettext_lazy("One task a page, for whoever has that task.")),
    "explanation": (gettext_lazy("Explanation"), gettext_lazy("How it works, why, and what the words mean.")),
    "reference": (gettext_lazy("Reference"), gettext_lazy("Every setting, command, call and key of the policy file.")),
    "threat-model": (gettext_lazy("Threat model"), gettext_lazy("What is protected, from whom, and what is not.")),
    "decisions": (gettext_lazy("Decisions"), gettext_lazy("Why it was built this way and not another.")),
}


@page()
def manual(request: HttpRequest) -> HttpResponse:
    """List every page by group."""
    groups = [(key, *GROUPS[key], entries) for key, entries in shelf.contents().items()]
    return render(request, "console/manual.html", {"active": "manual", "groups": groups})


@page()
def manual_page(request: HttpRequest, chapter: str) -> HttpResponse:
    """Show one page. What the address names is looked up among the pages known from the start, and nowhere else."""
    shown = shelf.read(chapter)
    if shown is None:
        raise NotFound(_("There is no such page in the manual."), next_step=_("Look for it in the list of all pages."))
    before, after = shelf.beside(shown.entry)
    context = {
        "active": "manual",
        "shown": shown,
        "group": shown.entry.group,
        "group_label": GROUPS[shown.entry.group][0],
        "before": before,
        "after": after,
    }
    return render(request, "console/manual_page.html", context)


urlpatterns = [
    path("manual/", manual, name="manual"),
    path("manual/<path:chapter>", manual_page, name="manual_page"),
]
