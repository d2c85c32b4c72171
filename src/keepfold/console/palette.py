"""The command palette: from a few letters, an id or a number to the page that is meant.

What is typed comes by POST and goes nowhere else: somebody may type a customer's name into it by mistake. Customers
are found by id only; everything else would be a search without a purpose.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import NoReverseMatch, path, reverse
from django.utils.translation import gettext as _

from keepfold.console import places
from keepfold.gate.console import actor_of, is_partial, may, page
from keepfold.ui import nav

MOST = 12
LONGEST = 80
_IDS = {"cus": "customer", "stf": "staff_member", "cli": "client"}
_PUBLIC_ID = re.compile(r"([a-z]{3})_[0-7][0-9a-hjkmnp-tv-z]{25}\Z")
_VERSION = re.compile(r"[0-9a-f]{8,64}\Z")


class Found(NamedTuple):
    """One place to go to. `hint` says what it is; `keys` how the keyboard leads there."""

    label: str
    url: str
    icon: str
    hint: str = ""
    keys: str = ""


@page(methods=("GET", "POST"))
def palette(request: HttpRequest) -> HttpResponse:
    """Go to the one place that is meant, or show those that could be."""
    words = request.POST.get("words", "").strip()[:LONGEST]
    found = find(request, words)
    if is_partial(request):
        return render(request, "console/_found.html", {"found": found, "words": words})
    if request.method == "POST" and len(found) == 1:
        return HttpResponseRedirect(found[0].url)
    return render(request, "console/palette.html", {"found": found, "words": words, "active": "palette"})


def find(request: HttpRequest, words: str) -> list[Found]:
    """Return where the words can lead somebody with these roles, the best first, at most twelve."""
    actor = actor_of(request)
    exact = _by_id(words)
    if exact is not None:
        return [exact]
    known = [_of_item(item) for item in nav.items(lambda need: may(actor, need))]
    known += [Found(*place) for place in places.named()]
    return _ranked(known, words)[:MOST]


def _by_id(words: str) -> Found | None:
    match = _PUBLIC_ID.match(words.lower())
    if match and match[1] in _IDS:
        return _reached(_IDS[match[1]], words.lower(), words.lower(), "users", _("By its id"))
    digits = words.replace(",", "").replace(".", "").removeprefix("#")
    if digits.isascii() and digits.isdigit() and len(digits) < 16:
        number = _("Entry %(number)s of the ledger") % {"number": words}
        return _reached("ledger_entry", int(digits), number, "layers")
    if _VERSION.match(words) and not words.isdigit():
        return _reached(
            "policy_version", words, _("Policy version %(version)s") % {"version": words[:8]}, "scroll-text"
        )
    return None


def _reached(route: str, argument: str | int, label: str, icon: str, hint: str = "") -> Found | None:
    try:
        return Found(label, reverse(route, args=[argument]), icon, hint)
    except NoReverseMatch:
        return None


def _of_item(item: nav.Item) -> Found:
    return Found(str(item.label), item.url, item.icon, str(nav.GROUPS[item.group]), item.keys)


def _ranked(known: list[Found], words: str) -> list[Found]:
    """Return what begins with the words, then what has a word that does, then what contains them."""
    wanted = words.casefold()
    ranks = [(rank, place) for place in known if (rank := _rank(place.label.casefold(), wanted)) is not None]
    return [place for _rank_, place in sorted(ranks, key=lambda pair: pair[0])]


def _rank(label: str, wanted: str) -> int | None:
    if label.startswith(wanted):
        return 0
    if any(word.startswith(wanted) for word in label.split()):
        return 1
    return 2 if wanted in label else None


urlpatterns = [path("go", palette, name="palette")]
