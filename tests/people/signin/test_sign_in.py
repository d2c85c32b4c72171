"""By password: who comes in, who does not, and what both are told."""

from __future__ import annotations

import re

import pytest

from tests.people.signin.conftest import PASSWORD, browser, give_password, is_in, sign_in
from tests.support.console import text_of, visitor


def test_address_and_password_open_the_console(installation):
    give_password("Ana")
    client, answer = sign_in("Ana")
    assert (answer.status_code, answer["Location"]) == (302, "/")
    assert is_in(client)


def test_the_case_of_an_address_does_not_matter(installation):
    give_password("Ana")
    client = browser()
    client.post("/sign-in", {"email": " ANA@example.ORG ", "password": PASSWORD})
    assert is_in(client)


def test_a_wrong_password_and_an_unknown_address_are_answered_alike(installation):
    give_password("Ana")
    wrong = text_of(browser().post("/sign-in", {"email": "ana@example.org", "password": "wrong"}))
    nobody = text_of(browser().post("/sign-in", {"email": "mallory@example.org", "password": "wrong"}))
    assert "do not belong together" in wrong
    alike = [re.sub(r'(name="csrfmiddlewaretoken" value|nonce|value)="[^"]*"', "", page) for page in (wrong, nobody)]
    assert alike[0] == alike[1]


def test_the_address_is_kept_and_the_password_never_shown_again(installation):
    page = text_of(browser().post("/sign-in", {"email": "ana@example.org", "password": "never show this"}))
    assert 'value="ana@example.org"' in page
    assert "never show this" not in page


def test_whoever_was_deactivated_does_not_come_in(installation):
    from keepfold.people import actions

    give_password("Ben")
    client, _ = sign_in("Ben")
    actions.deactivate_staff(actor=installation.operator, staff=installation.ben.id)
    assert not is_in(client)
    assert not is_in(sign_in("Ben")[0])


@pytest.mark.parametrize(
    ("wanted", "led_to"),
    [
        ("/ledger/entries?kind=access", "/ledger/entries?kind=access"),
        ("//evil.example/", "/"),
        ("/\\evil.example/", "/"),
        ("/\t/evil.example/", "/"),
        ("/\n//evil.example", "/"),
        ("https://evil.example/", "/"),
        ("javascript:alert(1)", "/"),
        ("http:evil.example", "/"),
        ("evil.example", "/"),
        ("/a\\b", "/"),
        ("", "/"),
    ],
)
def test_one_is_led_to_own_paths_only(installation, wanted, led_to):
    give_password("Ana")
    client, answer = sign_in("Ana", next=wanted)
    assert answer["Location"] == led_to
    assert client.get("/sign-in", {"next": wanted})["Location"] == led_to


def test_a_key_that_was_there_before_opens_nothing_after_signing_in(installation):
    from keepfold.people.models import Session
    from keepfold.people.sessions import SessionStore, digest

    give_password("Ana")
    planted = SessionStore()
    planted["mine"] = True
    planted.create()
    client = browser()
    client.cookies["sessionid"] = planted.session_key
    sign_in("Ana", client=client)
    assert is_in(client)
    assert client.cookies["sessionid"].value != planted.session_key
    assert not Session.objects.filter(session_key=digest(planted.session_key)).exists()


def test_a_key_that_the_server_never_made_is_not_taken_over(installation):
    give_password("Ana")
    client = browser()
    client.cookies["sessionid"] = "x" * 32
    sign_in("Ana", client=client)
    assert is_in(client)
    assert client.cookies["sessionid"].value != "x" * 32


def test_forms_from_elsewhere_are_refused(installation):
    give_password("Ana")
    strict = browser(enforce_csrf_checks=True)
    assert strict.post("/sign-in", {"email": "ana@example.org", "password": PASSWORD}).status_code == 403
    client, _ = sign_in("Ana")
    client.handler.enforce_csrf_checks = True
    for path in ("/sign-out", "/account", "/account/sessions", "/account/not-me", "/account/password"):
        assert client.post(path, {}).status_code == 403
    assert is_in(client)


def test_signing_out_needs_a_form_and_ends_the_session(installation):
    from keepfold.people.models import Session

    give_password("Ana")
    client, _ = sign_in("Ana")
    assert client.get("/sign-out").status_code == 405
    assert is_in(client)
    assert client.post("/sign-out")["Location"] == "/sign-in"
    assert not is_in(client)
    assert Session.objects.filter(staff__isnull=False).count() == 0


def test_another_host_name_is_refused_before_anything_is_looked_at(installation):
    answer = visitor().get("/sign-in", HTTP_HOST="evil.example")
    assert answer.status_code == 400
    assert "evil.example" not in text_of(answer)


def test_whoever_comes_back_too_late_is_told_why(installation, later):
    give_password("Ana")
    client, _ = sign_in("Ana")
    later(17 * 60)
    answer = client.get("/customers")
    assert answer["Location"] == "/sign-in?next=%2Fcustomers&away=1"
    assert "You were away for 15 minutes" in text_of(client.get(answer["Location"]))


def test_what_happens_is_written_down_without_what_was_typed(installation):
    from keepfold.kernel import db
    from keepfold.people.signin import actions

    give_password("Ana")
    seen = []
    original = actions.gate.current

    def spy():
        seen.append(original().context)
        return original()

    actions.gate.current, before = spy, actions.gate.current
    try:
        sign_in("Ana")
    finally:
        actions.gate.current = before
    assert [(one.action, one.actor.kind, dict(one.details)) for one in seen] == [
        ("people.session.begin", "staff", {"with": "password"})
    ]
    kinds = db.fetch_all("default", "SELECT count(*) FROM ledger_pending")
    assert kinds[0][0] > 0


def test_the_page_carries_what_password_managers_need(installation):
    page = text_of(browser().get("/sign-in"))
    assert 'autocomplete="username"' in page
    assert 'autocomplete="current-password"' in page
    assert '<html lang="en"' in page


def test_the_page_speaks_german(installation):
    page = text_of(browser(HTTP_ACCEPT_LANGUAGE="de").get("/sign-in"))
    assert '<html lang="de"' in page
    assert "Anmelden" in page
