"""Passkeys, also with a browser that was changed to claim what is not so."""

from __future__ import annotations

import json

import pytest
from allauth.mfa.models import Authenticator

from keepfold.people.signin import factors
from tests.people.signin.conftest import (
    add_app,
    add_passkey,
    browser,
    give_password,
    is_in,
    member,
    options_in,
    sign_in,
)
from tests.support.authenticator import Key
from tests.support.console import text_of


@pytest.fixture
def ana(installation):
    give_password("Ana")
    return sign_in("Ana")[0]


def ask(client):
    return client.get("/sign-in/passkey").json()


def enter_with(key: Key, client=None, **signed):
    client = client or browser()
    answer = client.post("/sign-in/passkey", {"credential": key.sign(ask(client), **signed), "next": "/ledger/verify"})
    return client, answer


def test_a_passkey_signs_in_by_itself(ana):
    key = add_passkey(ana)
    client, answer = enter_with(key)
    assert answer["Location"] == "/ledger/verify"
    assert is_in(client)


def test_it_is_bound_to_the_configured_name_whatever_the_request_says(ana):
    options = ana.get("/account/passkeys/new", HTTP_HOST="127.0.0.1:8700")
    assert "data-options" not in text_of(options)
    assert options_in(ana.get("/account/passkeys/new"))["publicKey"]["rp"]["id"] == "localhost"


def test_one_that_was_made_as_a_second_step_does_not_sign_in_by_itself(ana):
    """allauth takes it (its issue #4224): the browser is changed to name no credential and claim the account."""
    key = add_passkey(ana, alone=False)
    client, answer = enter_with(key)
    assert answer.status_code == 200
    assert "does not sign in by itself" in text_of(answer)
    assert not is_in(client)


def test_what_the_browser_claims_about_it_does_not_matter(ana):
    """Some devices keep every passkey as one that could sign in alone; what its owner chose counts."""
    key = add_passkey(ana, alone=False, resident=True)
    assert Authenticator.objects.get(type="webauthn").wrap().is_passwordless
    assert not is_in(enter_with(key)[0])


def test_as_a_second_step_it_opens_after_the_password(ana):
    key = add_passkey(ana, alone=False)
    client, answer = sign_in("Ana", client=browser())
    assert answer["Location"] == "/sign-in/code"
    assert not is_in(client)
    options = options_in(client.get("/sign-in/code"))
    assert client.post("/sign-in/code", {"credential": key.sign(options)})["Location"] == "/"
    assert is_in(client)


def test_one_that_signs_in_alone_must_have_checked_its_holder(ana):
    careless = Key(verifies=False)
    options = options_in(ana.get("/account/passkeys/new"))
    page = ana.post("/account/passkeys/new", {"name": "x", "alone": "yes", "credential": careless.make(options)})
    assert page.status_code == 200
    assert factors.passkeys(member("Ana")) == []


def test_without_a_check_of_its_holder_it_does_not_sign_in(ana):
    key = add_passkey(ana)
    key.flags &= ~0x04
    assert not is_in(enter_with(key)[0])


def test_a_signature_for_another_page_or_name_is_worth_nothing(ana):
    for change in ({"origin": "https://localhost.evil.example"}, {"rp": "evil.example"}):
        key = add_passkey(ana, key=Key())
        for name, value in change.items():
            setattr(key, name, value)
        assert not is_in(enter_with(key)[0])


def test_a_signature_is_taken_once_and_in_the_browser_that_asked(ana):
    key = add_passkey(ana)
    client = browser()
    signed = key.sign(ask(client))
    thief = browser()
    ask(thief)
    thief.post("/sign-in/passkey", {"credential": signed})
    assert not is_in(thief)
    client.post("/sign-in/passkey", {"credential": signed})
    assert is_in(client)
    client.post("/sign-out")
    client.post("/sign-in/passkey", {"credential": signed})
    assert not is_in(client)


def test_a_passkey_does_not_open_another_account(ana):
    key = add_passkey(ana)
    assert not is_in(enter_with(key, user=member("Ben").id.hex)[0])


@pytest.mark.parametrize(
    "credential",
    ["", "{}", "[]", "null", '"x"', "{", '{"id": 1}', '{"id":"AA","rawId":"AA","type":"public-key"}', "9" * 99],
)
def test_nonsense_in_place_of_a_passkey_is_refused_calmly(ana, credential):
    client = browser()
    ask(client)
    assert client.post("/sign-in/passkey", {"credential": credential}).status_code == 200
    assert ana.post("/account/passkeys/new", {"name": "x", "alone": "yes", "credential": credential}).status_code == 200


def test_a_passkey_that_somebody_planted_in_the_table_opens_nothing(ana):
    add_passkey(ana)
    planted = Key()
    options = options_in(ana.get("/account/passkeys/new"))
    credential = json.loads(planted.make(options))
    before = Authenticator.objects.get(type="webauthn")
    Authenticator.objects.bulk_create(
        [
            Authenticator(
                user=member("Ana"),
                type="webauthn",
                data={"name": "x", "credential": credential, "alone": True, "mark": before.data["mark"]},
            )
        ]
    )
    client = browser()
    client.post("/sign-in/passkey", {"credential": planted.sign(ask(client))})
    assert not is_in(client)
    assert [one.name for one in factors.passkeys(member("Ana"))] == ["Blue key"]


def test_a_choice_that_somebody_changed_in_the_table_makes_it_worthless(ana):
    key = add_passkey(ana, alone=False)
    row = Authenticator.objects.get(type="webauthn")
    Authenticator.objects.filter(pk=row.pk).update(data={**row.data, "alone": True})
    assert not is_in(enter_with(key)[0])


def test_whoever_was_deactivated_does_not_come_in_by_passkey(ana, installation):
    from keepfold.people import actions

    key = add_passkey(ana)
    actions.deactivate_staff(actor=installation.operator, staff=installation.ana.id)
    assert not is_in(enter_with(key)[0])


def test_the_first_one_brings_recovery_codes_the_next_does_not(ana):
    options = options_in(ana.get("/account/passkeys/new"))
    first = ana.post("/account/passkeys/new", {"name": "a", "alone": "yes", "credential": Key().make(options)})
    assert text_of(first).count('class="mono"') >= 10
    options = options_in(ana.get("/account/passkeys/new"))
    second = ana.post("/account/passkeys/new", {"name": "b", "alone": "yes", "credential": Key().make(options)})
    assert second["Location"] == "/account"
    assert member("Ana").factors == "recovery_codes webauthn:2"


def test_it_is_renamed_and_removed_by_its_owner_only(ana):
    key = add_passkey(ana)
    (one,) = factors.passkeys(member("Ana"))
    give_password("Ben")
    ben, _ = sign_in("Ben", client=browser())
    assert ben.get(f"/account/passkeys/{one.id}").status_code == 404
    assert ben.post(f"/account/passkeys/{one.id}", {"remove": "yes"}).status_code == 404
    ana.post(f"/account/passkeys/{one.id}", {"name": "Red key"})
    assert factors.passkeys(member("Ana"))[0].name == "Red key"
    ana.post(f"/account/passkeys/{one.id}", {"remove": "yes"})
    assert factors.passkeys(member("Ana")) == []
    assert not is_in(enter_with(key)[0])


def test_it_shows_again_who_one_is(ana, later):
    key = add_passkey(ana)
    add_app(ana)
    later(11 * 60)
    assert ana.get("/account/codes").status_code == 302
    options = options_in(ana.get("/sign-in/again?next=/account/codes"))
    other = Key()
    other.user = key.user
    refused = ana.post("/sign-in/again", {"credential": other.sign(options), "next": "/account/codes"})
    assert refused.status_code == 200
    options = options_in(ana.get("/sign-in/again?next=/account/codes"))
    answer = ana.post("/sign-in/again", {"credential": key.sign(options), "next": "/account/codes"})
    assert answer["Location"] == "/account/codes"
    assert ana.get("/account/codes").status_code == 200
