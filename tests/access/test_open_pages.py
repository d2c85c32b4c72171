"""Each role gets exactly the pages that the table says, and nobody learns from a refusal what is there."""

from __future__ import annotations

import re
from functools import cache
from itertools import zip_longest
from typing import Any
from urllib.parse import quote

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils.html import escape

from keepfold.gate.console import declared_by
from tests.access import stage
from tests.access.conftest import allowed, declared, parts_of
from tests.access.routes import METHODS, Route, pages

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
    "number": "99999999",
    "factor": "99999999",
    "token": "kfl_" + "b" * 43,
}
MALFORMED = ("x", "stf_", "cus_zzzzzzzzzzzzzzzzzzzzzzzzzz", "%00", "..%2f..%2fetc", "'%22%3E%3Cb%3E", "a" * 500, "-1")
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


def with_parts() -> list[str]:
    return [path for path in TABLE if "<" in path and path not in PUBLIC]


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
        assert set(page.methods) == set(TABLE[path]) - {"with"}


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
    assert not wrong, "\n" + "\n".join(wrong)


@pytest.mark.parametrize("path", TABLE)
def test_other_methods_are_refused_alike_whoever_asks(things, path):
    address = address_of(path, things)
    others = [
        method for method in METHODS if method not in TABLE[path] and not (method == "HEAD" and "GET" in TABLE[path])
    ]
    answers = {
        (who, method): stage.enter(who).generic(method, address).status_code
        for who in ("owner", "bare", "nobody")
        for method in others
    }
    assert {key: status for key, status in answers.items() if status not in {405, 403}} == {}


@pytest.mark.parametrize("path", TABLE)
def test_a_head_request_says_as_much_as_a_page_and_sends_none(things, path):
    address = address_of(path, things)
    for who in ("owner", "nobody"):
        browser = stage.enter(who)
        head, page = browser.head(address), browser.get(address)
        assert head.status_code == page.status_code
        assert head.content == b""


# --------------------------------------------------------------------------------------------------- absent or not yours


@pytest.mark.parametrize("path", with_parts())
def test_somebody_who_may_not_see_a_page_learns_nothing_from_its_address(things, path):
    """Whatever stands in the address: the same status, the same words, and the same questions to the database."""
    route, there, method = routes()[path], parts_of(TABLE[path], things), next(iter(TABLE[path]))
    for who in stage.EVERYBODY:
        if who in allowed(TABLE[path][method]):
            continue
        browser = stage.enter(who)
        browser.generic(method, route.filled(there))  # what is asked once per process is asked now
        seen: list[list[Any]] = []
        for given in (there, there | ABSENT):
            with CaptureQueriesContext(connection) as asked:
                answer = browser.generic(method, route.filled(given))
            questions = tuple(re.sub(r"X'[0-9a-fA-F]*'|'[^']*'|\d+", "?", one["sql"]) for one in asked)
            status, text = same(answer, route.filled(given))
            seen.append([status, *text.splitlines(), *questions])
        told = [f"{one!r} / {other!r}" for one, other in zip_longest(*seen, fillvalue="") if one != other]
        assert not told, f"{who} can tell by {path} what is there: {told}"


@pytest.mark.parametrize("path", with_parts())
def test_absent_and_malformed_are_the_same_to_whoever_may_look(things, path):
    route, there, method = routes()[path], parts_of(TABLE[path], things), next(iter(TABLE[path]))
    wrong = []
    for who in ("owner", "privacy_lead", "support", "auditor"):
        if who not in allowed(TABLE[path][method]):
            continue
        browser = stage.enter(who)
        for name in route.parameters:
            absent = route.filled(there | {name: ABSENT[name]})
            expected = same(browser.generic(method, absent), absent)
            if expected[0] != 404:
                wrong.append(f"{who} {absent}: {expected[0]}")
            for bad in MALFORMED:
                address = route.filled(there | {name: bad})
                given = same(browser.generic(method, address), address)
                if given[0] != 404:
                    wrong.append(f"{who} {path} with {bad[:20]}: {given[0]}")
                elif bad in SHAPED and name not in NUMBERS and given != expected:
                    wrong.append(f"{who} {path} with {bad}: other words than for what is absent")
    assert not wrong, "\n" + "\n".join(wrong)


# ----------------------------------------------------------------------------------------------------------------- forms


@pytest.mark.parametrize("path", [path for path in TABLE if "POST" in TABLE[path]])
def test_no_form_is_taken_without_its_token(things, path):
    from tests.support import console

    browser = console.signed_in("Olga", enforce_csrf_checks=True)
    answer = browser.post(address_of(path, things), {"anything": "1"})
    assert answer.status_code == 403
    assert "csrf" in answer.content.decode() or "form came from another page" in answer.content.decode()


@pytest.mark.parametrize("path", [path for path in TABLE if path not in PUBLIC])
def test_every_form_that_changes_something_carries_a_token_and_no_other_does(things, path):
    browser = stage.enter("owner")
    text = browser.get(address_of(path, things)).content.decode()
    for form in re.findall(r"<form\b.*?</form>", text, re.DOTALL):
        is_post = re.search(r'method="?post', form[: form.index(">")], re.IGNORECASE) is not None
        assert ("csrfmiddlewaretoken" in form) == is_post, form[:200]
