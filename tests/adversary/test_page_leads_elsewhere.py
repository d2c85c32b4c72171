"""Mallory sends somebody a link to our page, and wants them to end up at hers."""

import re
from urllib.parse import quote, urlencode

import pytest

from tests.access import stage
from tests.access.conftest import declared, parts_of
from tests.access.routes import pages

HERS = (
    "https://evil.example/",
    "//evil.example/",
    "///evil.example/",
    "/\\evil.example/",
    "\\\\evil.example/",
    "/\t/evil.example/",
    "\t//evil.example/",
    " https://evil.example/",
    "https:evil.example",
    "http:///evil.example",
    "javascript:alert(document.domain)//evil.example",
    "data:text/html,evil.example",
    "//localhost@evil.example/",
    "https://localhost.evil.example/",
    "/%2f%2fevil.example",
    "/./\\/evil.example",
)
NAMES = ("next", "back", "return", "return_to", "to", "url", "from", "goto", "redirect")
# A place that a browser would go to: a header, a link, a form, a refresh, a base.
_PLACES = re.compile(r"""(?:href|action|formaction|content|src|hx-get|hx-post|hx-push-url)\s*=\s*["']([^"']*)["']""")


def leads_away(place: str) -> bool:
    """Say whether a browser on our page would leave for her host, as the URL standard has it."""
    cleaned = re.sub(r"[\t\r\n]", "", place).strip("\x00\x20").replace("\\", "/")
    has_scheme = re.match(r"[a-zA-Z][a-zA-Z0-9+.-]*:", cleaned) is not None
    return "evil.example" in cleaned and (cleaned.startswith("//") or has_scheme)


def places_of(answer):
    headers = [
        answer.headers.get(name, "") for name in ("Location", "HX-Redirect", "HX-Location", "HX-Push-Url", "Refresh")
    ]
    text = answer.content.decode(errors="replace") if not answer.streaming else ""
    return [*headers, *_PLACES.findall(text)]


@pytest.mark.parametrize("place", [place for place in HERS if place != "/%2f%2fevil.example"])
def test_the_judge_of_these_tests_knows_her_places(place):
    if place not in {"/./\\/evil.example", "https:evil.example"}:
        assert leads_away(place)
    assert not leads_away("/customers?next=" + quote(place, safe=""))


@pytest.mark.parametrize("path", declared("page"))
def test_no_address_in_a_request_becomes_a_place_to_go_to(things, path):
    route = next(route for route in pages() if route.path == path)
    address = route.filled(parts_of(declared("page")[path], things))
    wrong = []
    for who in ("nobody", "owner"):
        for place in HERS:
            given = dict.fromkeys(NAMES, place)
            for method in ("GET", "POST"):
                if method not in declared("page")[path]:
                    continue
                browser = stage.enter(who)
                target = f"{address}?{urlencode(given)}"
                answer = browser.get(target) if method == "GET" else browser.post(target, given)
                wrong += [f"{who} {method} {place!r} → {one!r}" for one in places_of(answer) if leads_away(one)]
    assert wrong == []
