"""The whole way in and out, on PostgreSQL: bytes, JSON and conflicts are told otherwise there."""

from __future__ import annotations

import pytest
from allauth.mfa.models import Authenticator

from keepfold.people.jobs import sweep
from keepfold.people.memory import memory
from keepfold.people.models import Attempt, Session
from keepfold.people.signin import actions
from tests.people.signin.conftest import (
    PASSWORD,
    add_app,
    add_passkey,
    browser,
    code_of,
    is_in,
    member,
    sign_in,
)

pytestmark = [pytest.mark.loopback, pytest.mark.postgres]


@pytest.fixture
def installation(postgres_stores, home):
    from tests.support import cast

    cast.set_up()
    return cast.enter(home)


def test_link_password_app_recovery_code_passkey_sessions_and_waiting(installation, later):
    made = actions.make_link(actor=installation.operator, staff=installation.ana.id)
    client = browser()
    client.post(made.address.removeprefix("http://localhost:8700"), {"password": PASSWORD})
    assert is_in(client)
    secret = add_app(client)
    key = add_passkey(client)

    by_code, _ = sign_in("Ana", client=browser())
    by_code.post("/sign-in/code", {"code": code_of(secret, 1)})
    assert is_in(by_code)
    again, _ = sign_in("Ana", client=browser())
    again.post("/sign-in/code", {"code": code_of(secret, 1)})
    assert not is_in(again)
    again.post("/sign-in/code", {"code": client.codes[0]})
    assert is_in(again)
    alone = browser()
    alone.post("/sign-in/passkey", {"credential": key.sign(alone.get("/sign-in/passkey").json())})
    assert is_in(alone)

    assert Session.objects.filter(staff=member("Ana").id).count() == 4
    client.post("/account/sessions")
    assert is_in(client)
    assert not is_in(by_code)
    later(61)
    assert is_in(client)

    for _ in range(5):
        memory.failures.clear()
        sign_in("Ana", "wrong", client=browser())
    assert Attempt.objects.get().failures == 5
    assert sign_in("Ana", client=browser())[1].status_code == 429

    Authenticator.objects.filter(type="totp").update(data={"secret": "x", "mark": "00"})
    later(40)
    planted, _ = sign_in("Ana", client=browser())
    planted.post("/sign-in/code", {"code": "000000"})
    assert not is_in(planted)
    sweep()
