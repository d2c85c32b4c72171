"""Mallory has got hold of a sign-in link that was meant for somebody with a second factor."""

from __future__ import annotations

import pytest

from keepfold.people.errors import NoSuchLink
from keepfold.people.signin import actions, factors, who
from tests.people.signin.conftest import (
    OTHER,
    PASSWORD,
    add_app,
    browser,
    cheap,
    give_password,
    is_in,
    member,
    options_in,
    sign_in,
)
from tests.support.authenticator import Key
from tests.support.console import text_of

__all__ = ["cheap"]


def link_for(installation, staff: bytes) -> str:
    made = actions.make_link(actor=installation.operator, staff=staff)
    return made.address.removeprefix("http://localhost:8700")


@pytest.fixture
def link(installation) -> str:
    give_password("Ana", OTHER)
    add_app(sign_in("Ana", OTHER)[0])
    return link_for(installation, installation.ana.id)


def test_a_passkey_made_with_a_link_does_not_lead_past_a_second_factor(installation, link):
    thief = browser()
    assert "data-options" not in text_of(thief.get(link))
    # Another link in the same browser gives Mallory a challenge all the same.
    options = options_in(thief.get(link_for(installation, installation.ben.id)))
    answer = thief.post(link, {"credential": Key().make(options), "name": ""})
    assert answer.status_code == 200
    assert not is_in(thief)
    assert factors.passkeys(member("Ana")) == []
    assert thief.post(link, {"password": PASSWORD})["Location"] == "/sign-in/code"


def test_nor_does_the_action_behind_the_page_take_one(installation, link):
    options = options_in(browser().get(link_for(installation, installation.ben.id)))
    passkey = {"name": "x", "credential": Key().make(options)}
    with pytest.raises(NoSuchLink):
        actions.use_link(actor=who.visitor(), secret=link.rpartition("/")[2], passkey=passkey)
    assert factors.passkeys(member("Ana")) == []
    assert browser().get(link).status_code == 200
