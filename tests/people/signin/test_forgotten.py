"""A forgotten password: a code by mail, the same answers for everybody."""

from __future__ import annotations

import re

import pytest

from keepfold.people.memory import memory
from keepfold.people.models import Session
from tests.people.signin.conftest import OTHER, add_app, browser, give_password, is_in, member, sign_in
from tests.support.console import text_of


def ask(email: str):
    client = browser()
    answer = client.post("/sign-in/forgotten", {"email": email})
    assert answer["Location"] == "/sign-in/forgotten/code"
    return client


def code_in(mail) -> str:
    return re.search(r"\b([BCDFGHJKLMNPQRSTVWXZ]{4}-[BCDFGHJKLMNPQRSTVWXZ]{4})\b", mail.text)[1]


def test_the_code_from_the_mail_sets_a_new_password(installation, mailbox):
    give_password("Ana")
    other, _ = sign_in("Ana")
    mailbox()
    client = ask("ana@example.org")
    (mail,) = mailbox()
    assert mail.to == "ana@example.org"
    assert "http://localhost:8700/" not in mail.text.replace("http://localhost:8700\n", "")
    assert client.post("/sign-in/forgotten/code", {"code": code_in(mail).lower()}).status_code == 302
    assert client.post("/sign-in/forgotten/code", {"password": OTHER})["Location"] == "/"
    assert is_in(client)
    assert not is_in(other)
    assert Session.objects.filter(staff=member("Ana").id).count() == 1
    assert is_in(sign_in("Ana", OTHER, client=browser())[0])
    assert "Your password was changed" in [one.subject for one in mailbox()]


def test_nobody_is_written_to_at_an_unknown_address_and_the_pages_are_the_same(installation, mailbox):
    give_password("Ana")
    known, unknown = ask("ana@example.org"), ask("mallory@example.org")
    assert len(mailbox()) == 1

    def shown(client, email):
        page = text_of(client.post("/sign-in/forgotten/code", {"code": "BBBB-BBBB"}))
        return re.sub(r'(csrfmiddlewaretoken" value|nonce)="[^"]*"', "", page).replace(email, "")

    assert shown(known, "ana@example.org") == shown(unknown, "mallory@example.org")


def test_the_code_works_in_the_browser_that_asked_only(installation, mailbox):
    give_password("Ana")
    ask("ana@example.org")
    (mail,) = mailbox()
    thief = ask("mallory@example.org")
    assert thief.post("/sign-in/forgotten/code", {"code": code_in(mail)}).status_code == 200


def test_the_code_runs_out(installation, mailbox, later):
    give_password("Ana")
    client = ask("ana@example.org")
    (mail,) = mailbox()
    later(901)
    assert client.post("/sign-in/forgotten/code", {"code": code_in(mail)})["Location"] == "/sign-in/forgotten"


def test_after_five_wrong_codes_it_has_to_be_asked_for_anew(installation, mailbox):
    give_password("Ana")
    client = ask("ana@example.org")
    (mail,) = mailbox()
    answers = [client.post("/sign-in/forgotten/code", {"code": "BBBB-BBBB"}).status_code for _ in range(5)]
    assert answers == [200] * 4 + [302]
    assert "too many wrong codes" in text_of(client.get("/sign-in/forgotten"))
    assert client.post("/sign-in/forgotten/code", {"code": code_in(mail)})["Location"] == "/sign-in/forgotten"


def test_a_right_code_is_not_asked_for_again_when_the_password_is_refused(installation, mailbox):
    give_password("Ana")
    client = ask("ana@example.org")
    client.post("/sign-in/forgotten/code", {"code": code_in(mailbox()[0])})
    assert "at least 15" in text_of(client.post("/sign-in/forgotten/code", {"password": "short"}))
    assert client.post("/sign-in/forgotten/code", {"password": OTHER})["Location"] == "/"


def test_it_does_not_lead_past_a_second_factor(installation, mailbox):
    give_password("Ana")
    add_app(sign_in("Ana")[0])
    mailbox()
    client = ask("ana@example.org")
    client.post("/sign-in/forgotten/code", {"code": code_in(mailbox()[0])})
    assert client.post("/sign-in/forgotten/code", {"password": OTHER})["Location"] == "/sign-in/code"
    assert not is_in(client)


def test_two_requests_have_two_codes(installation, mailbox):
    give_password("Ana")
    ask("ana@example.org")
    memory.failures.clear()
    ask("ana@example.org")
    one, two = mailbox()
    assert code_in(one) != code_in(two)


@pytest.mark.parametrize("path", ["/sign-in/forgotten/code"])
def test_without_having_asked_there_is_nothing_to_type_into(installation, path):
    assert browser().get(path)["Location"] == "/sign-in/forgotten"
    assert member("Ana").is_active
