"""Mallory writes to the database and holds what its owner has removed: a lost key, a phone that was replaced."""

from __future__ import annotations

import pytest
from allauth.mfa.models import Authenticator

from tests.people.signin.conftest import (
    add_app,
    add_passkey,
    browser,
    cheap,
    code_of,
    give_password,
    is_in,
    member,
    sign_in,
)
from tests.people.signin.test_passkeys import enter_with

__all__ = ["cheap"]


@pytest.fixture
def ana(installation):
    give_password("Ana")
    return sign_in("Ana")[0]


def put_back(rows) -> None:
    Authenticator.objects.bulk_create([Authenticator(**row) for row in rows])


def test_a_passkey_that_was_removed_opens_nothing_when_its_row_is_put_back(ana):
    lost = add_passkey(ana)
    rows = list(Authenticator.objects.filter(type="webauthn").values())
    ana.post(f"/account/passkeys/{rows[0]['id']}", {"remove": "yes"})
    assert member("Ana").factors == ""
    put_back(rows)
    assert not is_in(enter_with(lost)[0])


def test_a_code_of_an_app_that_was_removed_counts_for_nothing_when_its_row_is_put_back(ana):
    add_passkey(ana, alone=False)
    stolen = add_app(ana)
    rows = list(Authenticator.objects.filter(type="totp").values())
    ana.post("/account/app", {"remove": "yes"})
    put_back(rows)
    client, answer = sign_in("Ana", client=browser())
    assert answer["Location"] == "/sign-in/code"
    client.post("/sign-in/code", {"code": code_of(stolen, 1)})
    assert not is_in(client)
