"""Links that work once."""

from __future__ import annotations

import pytest

from keepfold.people import errors, queries
from keepfold.people.models import Link
from keepfold.people.signin import actions, factors, links
from tests.people.signin.conftest import (
    OTHER,
    PASSWORD,
    add_app,
    browser,
    give_password,
    is_in,
    member,
    options_in,
    sign_in,
)
from tests.support.authenticator import Key
from tests.support.console import text_of


def path_of(made) -> str:
    assert made.address.startswith("http://localhost:8700/welcome/")
    return made.address.removeprefix("http://localhost:8700")


@pytest.fixture
def ana_link(installation):
    return path_of(actions.make_link(actor=installation.operator, staff=installation.ana.id))


def test_looking_at_it_uses_nothing_up_and_setting_a_password_does(installation, ana_link):
    client = browser()
    for _ in range(2):
        assert "Welcome, Ana." in text_of(client.get(ana_link))
    assert client.post(ana_link, {"password": PASSWORD})["Location"] == "/"
    assert is_in(client)
    assert browser().get(ana_link).status_code == 404
    assert browser().post(ana_link, {"password": OTHER}).status_code == 404
    assert is_in(sign_in("Ana", client=browser())[0])


def test_a_passkey_can_be_made_with_it_instead(installation, ana_link):
    client = browser()
    key = Key()
    made = key.make(options_in(client.get(ana_link)))
    assert client.post(ana_link, {"credential": made, "name": ""})["Location"] == "/"
    assert is_in(client)
    assert [one.name for one in factors.passkeys(member("Ana"))] == ["Linux"]
    assert not member("Ana").has_usable_password()


def test_a_refused_password_does_not_use_it_up(installation, ana_link):
    client = browser()
    assert "at least 15" in text_of(client.post(ana_link, {"password": "short"}))
    assert client.post(ana_link, {"password": PASSWORD}).status_code == 302


def test_a_forged_passkey_does_not_use_it_up(installation, ana_link):
    client = browser()
    assert client.post(ana_link, {"credential": "{}"}).status_code == 200
    assert client.post(ana_link, {"password": PASSWORD}).status_code == 302


def test_it_works_for_a_limited_time(installation, ana_link, later):
    later(72 * 3600 - 60)
    assert browser().get(ana_link).status_code == 200
    later(61)
    assert browser().get(ana_link).status_code == 404
    assert browser().post(ana_link, {"password": PASSWORD}).status_code == 404


def test_a_new_one_ends_the_earlier_one(installation, ana_link):
    second = path_of(actions.make_link(actor=installation.operator, staff=installation.ana.id))
    assert browser().get(ana_link).status_code == 404
    assert browser().get(second).status_code == 200


def test_the_table_holds_a_hash_of_it(installation, ana_link):
    secret = ana_link.rpartition("/")[2]
    row = Link.objects.get()
    assert secret.encode() not in bytes(row.digest)
    assert len(bytes(row.digest)) == 32


@pytest.mark.parametrize("change", [{"expires_s": 10**10}, {"used_s": None}, {"clears": True}])
def test_a_row_that_somebody_changed_does_not_work(installation, ana_link, later, change):
    if "used_s" in change:
        browser().post(ana_link, {"password": PASSWORD})
    Link.objects.all().update(**change)
    assert browser().get(ana_link).status_code == 404


def test_a_link_made_out_to_somebody_else_in_the_table_does_not_work(installation, ana_link):
    Link.objects.all().update(staff=member("Olga").id)
    assert browser().get(ana_link).status_code == 404


@pytest.mark.parametrize("token", ["x", "x" * 43, "%00", "ä"])
def test_what_was_never_made_is_answered_as_what_is_over(installation, token):
    page = browser().get(f"/welcome/{token}")
    assert page.status_code == 404
    assert "does not work" in text_of(page)


def test_it_does_not_lead_past_a_second_factor(installation, ana_link):
    give_password("Ana", OTHER)
    client, _ = sign_in("Ana", OTHER)
    add_app(client)
    link = path_of(actions.make_link(actor=installation.operator, staff=installation.ana.id))
    other = browser()
    assert other.post(link, {"password": PASSWORD})["Location"] == "/sign-in/code"
    assert not is_in(other)
    assert not is_in(client)


def test_for_whoever_lost_their_phone_it_removes_what_was_set_up(installation):
    give_password("Ana", OTHER)
    add_app(sign_in("Ana", OTHER)[0])
    link = path_of(actions.make_link(actor=installation.operator, staff=installation.ana.id, clears=True))
    client = browser()
    assert "is removed" in text_of(client.get(link))
    client.post(link, {"password": PASSWORD})
    assert is_in(client)
    assert member("Ana").factors == ""


def test_nobody_makes_one_for_somebody_who_may_do_more(installation):
    import msgspec

    lead = msgspec.structs.replace(installation.ben, actions=(*installation.ben.actions, "people.link.*"))
    with pytest.raises(errors.TooMuch):
        actions.make_link(actor=lead, staff=installation.ana.id)


def test_making_and_using_one_is_written_down_without_its_secret(installation, ana_link, mailbox):
    browser().post(ana_link, {"password": PASSWORD})
    assert "A one-time link was used" in [one.subject for one in mailbox()]


def test_the_address_is_told_to_no_other_page(installation, ana_link):
    assert browser().get(ana_link)["Referrer-Policy"] == "origin"


def test_the_first_owner_gets_one_until_an_owner_can_sign_in(installation):
    from keepfold.people.signin import members

    assert members.owner_without_sign_in() == member("Olga").id.bytes
    give_password("Olga")
    assert members.owner_without_sign_in() is None
    assert queries.has_owner()


def test_what_opens_is_not_in_the_words_of_an_error(installation):
    made = actions.make_link(actor=installation.operator, staff=installation.ana.id)
    assert made.address not in repr(made)
    assert links.OWNER_S == 900
