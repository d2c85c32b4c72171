"""Each role gets exactly the pages that the table says, and nobody learns from a refusal what is there."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import product, zip_longest
from typing import Any
from urllib.parse import quote

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils.html import escape

from keepfold.gate.console import declared_by
from tests.access import stage
from tests.access.conftest import allowed, declared, parts_of
from tests.access.routes import METHODS, Route, fill, pages
from tests.support import console

TABLE = declared("page")
# Answered before any page; files are the same for everybody.
PUBLIC = {"/status", "/static/<name>"}
ABSENT = {
    "staff_id": "stf_01m6gmjjfxfpdrtq75epy790dt",
    "client_id": "cli_01m6gmjjfxfpdrtq75epy790dt",
    "customer": "cus_01m6gmjjfxfpdrtq75epy790dt",
    "index": "99999999",
    "name": "no_such_role",
    "version": "0" * 64,
    "draft": "drf_01m6gmjjfxfpdrtq75epy790dt",
    "import_id": "imp_01m6gmjjfxfpdrtq75epy790dt",
    "entry": "ent_01m6gmjjfxfpdrtq75epy790dt",
    "run_id": "ver_01m6gmjjfxfpdrtq75epy790dt",
    "number": "99999999",
    "factor": "99999999",
    "chapter": "explanation/nothing",
    "token": "kfl_" + "b" * 43,
}
MALFORMED = ("x", "stf_", "cus_zzzzzzzzzzzzzzzzzzzzzzzzzz", "%00", "..%2f..%2fetc", "'%22%3E%3Cb%3E", "a" * 500, "-1")
# Pages by the first word of their address: what is only looked at shares one installation.
AREAS: dict[str, list[str]] = {}
for _path in TABLE:
    AREAS.setdefault(_path.split("/")[1] or "home", []).append(_path)
in_every_area = pytest.mark.parametrize("area", AREAS.values(), ids=AREAS.keys())
# These reach the view, unless a number is wanted; then no page has such an address, and the words are others.
NUMBERS = {"index", "number", "factor"}
SHAPED = ("x", "stf_", "cus_zzzzzzzzzzzzzzzzzzzzzzzzzz")
_OWN = (
    (re.compile(r'nonce="[^"]*"'), 'nonce=""'),
    (re.compile(r'name="csrfmiddlewaretoken" value="[^"]*"'), ""),
    (re.compile(r'<dd class="mono hash">[0-9a-f]{16}</dd>'), ""),
    (re.compile(r"\b[0-9a-hjkmnp-tv-z]{26}\b"), ""),
)


@cache
def routes() -> dict[str, Route]:
    return {route.path: route for route in pages()}


def view_of(path: str) -> Any:
    """Return the view at an address; a line without one fails a test of its own."""
    return routes()[path].view if path in routes() else None


def address_of(path: str, things: dict[str, str]) -> str:
    """Return the address of a page about things that are there."""
    return routes()[path].filled(parts_of(TABLE[path], things))


def told(wrong: list[str]) -> str:
    return "\n" + "\n".join(wrong)


def same(answer: Any, part: str) -> tuple[int, str]:
    """Return what an answer says, without what differs by chance or repeats the address."""
    text = answer.headers.get("Location", "") + answer.content.decode()
    for shape in (part, quote(part, safe=""), quote(part), escape(part)):
        text = text.replace(shape, "…")
    for pattern, put in _OWN:
        text = pattern.sub(put, text)
    return answer.status_code, text


def is_refusal(answer: Any, who: str) -> bool:
    """Say whether an answer is the one for somebody who may not be here."""
    if who in {"nobody", "gone"}:
        return answer.status_code == 302 and answer.headers["Location"].startswith("/sign-in?next=")
    return answer.status_code == 403


# ------------------------------------------------------------------------------------------------------------ the table


def test_the_table_names_every_address_and_no_other():
    there, said = set(routes()) - {"/static/<name>"}, set(TABLE)
    assert there - said == set(), "these addresses are not in matrix.toml"
    assert said - there == set(), "these lines of matrix.toml have no address"


def test_every_view_of_the_console_says_what_it_needs():
    assert [path for path, route in routes().items() if path not in PUBLIC and declared_by(route.view) is None] == []


@pytest.mark.parametrize("path", TABLE)
def test_the_table_names_the_methods_that_the_view_answers(path):
    page = declared_by(view_of(path))
    if page is not None:
        assert set(page.methods) == set(TABLE[path]) - {"with", "page"}


# ---------------------------------------------------------------------------------------------------------- the answers


@pytest.mark.parametrize("path", TABLE)
def test_each_role_gets_what_the_table_says(things, path):
    address = address_of(path, things)
    wrong = []
    for who in stage.EVERYBODY:
        browser = stage.enter(who)
        for method in ("GET", "HEAD", "POST"):
            line = TABLE[path].get("GET" if method == "HEAD" else method)
            if line is None:
                continue
            answer = browser.generic(method, address)
            may = who in allowed(line)
            if may == (is_refusal(answer, who) or answer.status_code >= 500):
                wrong.append(f"{who} {method} {address}: {answer.status_code}, and the table says {may}")
    assert not wrong, told(wrong)


@in_every_area
def test_other_methods_are_refused_alike_whoever_asks(things, area):
    wrong = []
    for path in area:
        known = set(TABLE[path]) | ({"HEAD"} if "GET" in TABLE[path] else set())
        for who, method in product(("owner", "bare", "nobody"), [one for one in METHODS if one not in known]):
            status = stage.enter(who).generic(method, address_of(path, things)).status_code
            if status not in {405, 403}:
                wrong.append(f"{who} {method} {path}: {status}")
    assert not wrong, told(wrong)


@in_every_area
def test_a_head_request_says_as_much_as_a_page_and_sends_none(things, area):
    """And it does nothing: a view that takes whatever is not GET for a form would show here."""
    wrong = []
    for who, path in product(("owner", "nobody"), area):
        browser, address = stage.enter(who), address_of(path, things)
        head, page = browser.head(address), browser.get(address)
        if head.status_code != page.status_code or head.content:
            wrong.append(f"{who} {path}: {head.status_code} and {page.status_code}, {len(head.content)} bytes")
    assert not wrong, told(wrong)


# --------------------------------------------------------------------------------------------------- absent or not yours


@in_every_area
def test_somebody_who_may_not_see_a_page_learns_nothing_from_its_address(things, area):
    """Whatever stands in the address: the same status, the same words, and the same questions to the database."""
    wrong = []
    for path in area:
        method = next(iter(TABLE[path]))
        for who in stage.EVERYBODY if "<" in path else ():
            if who not in allowed(TABLE[path][method]):
                wrong += [f"{who} {path}: {one}" for one in differences(who, method, path, things)]
    assert not wrong, told(wrong)


def differences(who: str, method: str, path: str, things: dict[str, str]) -> list[str]:
    """Return what differs between the answers about something that is there and something that is not."""
    browser, there = stage.enter(who), parts_of(TABLE[path], things)
    browser.generic(method, fill(path, there))  # what is asked once per process is asked now
    seen: list[list[Any]] = []
    for given in (there, there | ABSENT):
        address = fill(path, given)
        with CaptureQueriesContext(connection) as asked:
            answer = browser.generic(method, address)
        questions = [re.sub(r"X'[0-9a-fA-F]*'|'[^']*'|\d+", "?", one["sql"]) for one in asked]
        status, text = same(answer, address)
        seen.append([status, *text.splitlines(), *questions])
    return [f"{one!r} / {other!r}" for one, other in zip_longest(*seen, fillvalue="") if one != other]


@in_every_area
def test_absent_and_malformed_are_the_same_to_whoever_may_look(things, area):
    wrong = []
    for who, path in product(("owner", "privacy_lead", "support", "auditor"), area):
        method = next(iter(TABLE[path]))
        if who in allowed(TABLE[path][method]):
            browser, there = stage.enter(who), parts_of(TABLE[path], things)
            for name in routes()[path].parameters:
                wrong += [f"{who} {one}" for one in unlike_absent(browser, method, path, there, name)]
    assert not wrong, told(wrong)


def unlike_absent(browser: Any, method: str, path: str, there: dict[str, str], name: str) -> Iterator[str]:
    """Yield what is answered in other words than something that is not there."""
    absent = fill(path, there | {name: ABSENT[name]})
    expected = same(browser.generic(method, absent), absent)
    if expected[0] != 404:
        yield f"{absent}: {expected[0]}"
    for bad in MALFORMED:
        address = fill(path, there | {name: bad})
        given = same(browser.generic(method, address), address)
        if given[0] != 404:
            yield f"{path} with {bad[:20]}: {given[0]}"
        elif bad in SHAPED and name not in NUMBERS and given != expected:
            yield f"{path} with {bad}: other words than for what is absent"


# ----------------------------------------------------------------------------------------------------------------- forms


@in_every_area
def test_no_form_is_taken_without_its_token(things, area):
    browser = console.signed_in("Olga", enforce_csrf_checks=True)
    for path in [path for path in area if "POST" in TABLE[path]]:
        answer = browser.post(address_of(path, things), {"anything": "1"})
        assert answer.status_code == 403, path
        assert "form came from another page" in answer.content.decode(), path


@in_every_area
def test_every_form_that_changes_something_carries_a_token_and_no_other_does(things, area):
    browser = stage.enter("owner")
    for path in [path for path in area if "GET" in TABLE[path]]:
        text = browser.get(address_of(path, things)).content.decode(errors="replace")
        for form in re.findall(r"<form\b.*?</form>", text, re.DOTALL):
            is_post = re.search(r'method="?post', form[: form.index(">")], re.IGNORECASE) is not None
            assert ("csrfmiddlewaretoken" in form) == is_post, f"{path}: {form[:200]}"


@in_every_area
def test_what_matters_is_done_only_by_whoever_showed_lately_who_they_are(things, area):
    for path in area:
        page = declared_by(view_of(path))
        if page is None or not page.fresh:
            continue
        browser = stage.enter("owner")
        with time_machine.travel(datetime.now(UTC) + timedelta(minutes=11)):
            answer = browser.post(address_of(path, things), {"anything": "1"})
        assert answer.status_code == 302, path
        assert answer.headers["Location"].startswith("/sign-in/again?next="), path
