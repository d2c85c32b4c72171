"""Mallory asks for pages with headers, methods and lines of her own."""

from itertools import product

import pytest

from tests.access import stage
from tests.access.conftest import declared, parts_of
from tests.access.routes import pages

PATHS = list(declared("page"))
LINES = (
    "%0d%0aSet-Cookie:%20owned=1",
    "\r\nSet-Cookie: owned=1",
    "%E5%98%8A%E5%98%8DSet-Cookie:owned=1",
    "\u010d\u010aSet-Cookie: owned=1",
)


def address_of(path, things):
    route = next(route for route in pages() if route.path == path)
    return route.filled(parts_of(declared("page")[path], things))


@pytest.mark.parametrize("path", PATHS)
def test_a_foreign_host_name_is_refused_before_anything_else(things, path):
    address = address_of(path, things)
    for who in ("owner", "nobody"):
        for host in (
            "evil.example",
            "localhost.evil.example",
            "localhost:80@evil.example",
            "evil.example:8700",
            "-",
            "",
        ):
            answer = stage.enter(who).get(address, headers={"host": host or " "}, SERVER_NAME="evil.example")
            assert answer.status_code == 400, (who, host)
            assert b"evil.example" not in answer.content


@pytest.mark.parametrize("path", PATHS)
def test_a_forwarded_host_name_is_not_believed(things, path):
    address = address_of(path, things)
    headers = {
        "X-Forwarded-Host": "evil.example",
        "X-Host": "evil.example",
        "Forwarded": "host=evil.example;proto=https",
        "X-Forwarded-Server": "evil.example",
        "X-Original-URL": "/status",
        "X-Rewrite-URL": "/status",
    }
    browser = stage.enter("owner")
    plain, asked = browser.get(address), stage.enter("owner").get(address, headers=headers)
    assert asked.status_code == plain.status_code
    assert b"evil.example" not in asked.content
    assert "evil.example" not in str(asked.headers)


@pytest.mark.parametrize("path", PATHS)
def test_no_line_in_an_address_becomes_a_header(things, path):
    address = address_of(path, things)
    for who, line in product(("owner", "nobody"), LINES):
        browser = stage.enter(who)
        for target in (f"{address}?next=/{line}&sort={line}&as={line}&q={line}", f"{address}{line}"):
            answer = browser.get(target)
            assert "owned" not in answer.cookies
            assert not any("\n" in value or "\r" in value for value in answer.headers.values())


@pytest.mark.parametrize("path", PATHS)
def test_no_header_or_field_turns_a_look_into_a_change(things, path):
    address = address_of(path, things)
    plain = stage.enter("owner").get(address).status_code
    for method in ("PUT", "DELETE", "PATCH", "POST"):
        headers = {"X-HTTP-Method-Override": method, "X-Method-Override": method, "X-HTTP-Method": method}
        asked = stage.enter("owner").get(f"{address}?_method={method}", headers=headers)
        assert asked.status_code == plain, method


@pytest.mark.parametrize("path", PATHS)
def test_what_a_page_answers_is_kept_by_nobody_and_framed_by_nobody(things, path):
    """Whoever asks, and whatever is answered: a page, a redirect, a refusal, an error."""
    address = address_of(path, things)
    for who in stage.EVERYBODY:
        browser = stage.enter(who)
        for method in ("GET", "POST", "DELETE"):
            answer = browser.generic(method, address)
            headers, policy = answer.headers, answer.headers["Content-Security-Policy"]
            assert headers["Cache-Control"] == "no-store", (who, method, answer.status_code)
            assert headers["X-Frame-Options"] == "DENY"
            assert headers["X-Content-Type-Options"] == "nosniff"
            assert headers["Referrer-Policy"] in {"no-referrer", "same-origin", "origin"}
            assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
            assert "frame-ancestors 'none'" in policy
            assert "unsafe" not in policy
            assert "*" not in policy
            for cookie in (cookie for cookie in answer.cookies.values() if cookie.value):
                assert cookie["httponly"], cookie.key
                assert cookie["samesite"] in {"Strict", "Lax"}, cookie.key
                assert cookie["path"] == "/"
                assert not cookie["domain"]


@pytest.mark.parametrize("path", PATHS)
def test_a_nonce_is_never_used_twice(things, path):
    address = address_of(path, things)
    browser = stage.enter("owner")
    assert len({browser.get(address).headers["Content-Security-Policy"] for _ in range(3)}) == 3
