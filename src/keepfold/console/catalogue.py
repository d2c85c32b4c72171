"""The catalogue of every part, and the glossary: what the console is built from, and what its words mean."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path

from keepfold.gate.console import page
from keepfold.ui import catalogue as parts
from keepfold.ui import glossary, nav

nav.register(
    nav.Item("catalogue", "running", parts.TITLE, "palette", "catalogue", hidden=True),
    nav.Item("words", "running", parts.WORDS_TITLE, "book-open", "words", hidden=True),
)


@page()
def catalogue(request: HttpRequest) -> HttpResponse:
    """Show every part in every state; `?dir=rtl` mirrors the page."""
    direction = "rtl" if request.GET.get("dir") == "rtl" else "ltr"
    return render(
        request,
        "ui/catalogue.html",
        {
            "active": "catalogue",
            "direction": direction,
            "directions": parts.directions(direction),
            "exhibits": parts.shown(request),
        },
    )


@page()
def words(request: HttpRequest) -> HttpResponse:
    """Explain every word that stands in the console over a dotted line."""
    return render(request, "ui/words.html", {"active": "words", "terms": glossary.terms()})


urlpatterns = [path("design/", catalogue, name="catalogue"), path("design/words", words, name="words")]
