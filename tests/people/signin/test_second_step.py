"""Codes of an app and recovery codes: set up, asked for, used up, and worthless in the table."""

from __future__ import annotations

import json

import pytest
from allauth.mfa.models import Authenticator

from keepfold.people.signin import factors
from tests.people.signin.conftest import add_app, browser, code_of, give_password, is_in, member, sign_in
from tests.support.console import text_of


@pytest.fixture
def ana(installation):
    """Ana, signed in, with an app."""
    give_password("Ana")
    client, _ = sign_in("Ana")
    client.secret = add_app(client)
    return client


def at_second_step(name: str = "Ana"):
    client, answer = sign_in(name, client=browser())
    assert answer["Location"] == "/sign-in/code"
    return client


def test_the_drawing_and_the_secret_say_the_same(installation):
    give_password("Ana")
    client, _ = sign_in("Ana")
    page = text_of(client.get("/account/app"))
    assert 'role="img"' in page
    assert "style=" not in page
    assert "otpauth://totp/ana%40example.org?secret=" in page
    assert text_of(client.get("/account/app")).count("otpauth") == 1


def test_the_drawing_decodes_to_the_address():
    from keepfold.people.signin import qr

    found = qr.drawn("otpauth://totp/ana?secret=ABC")
    assert found.size == 29 + 8
    assert found.path.startswith("M4 4h7v1h-7z")
    assert len(found.path) < 6000


def test_a_password_alone_no_longer_opens_anything(ana):
    client = at_second_step()
    assert not is_in(client)
    assert client.get("/")["Location"].startswith("/sign-in")


def test_a_code_of_the_app_opens(ana):
    client = at_second_step()
    answer = client.post("/sign-in/code", {"code": code_of(ana.secret, 1)})
    assert answer["Location"] == "/"
    assert is_in(client)


def test_a_code_may_be_typed_with_a_space(ana):
    client = at_second_step()
    code = code_of(ana.secret, 1)
    client.post("/sign-in/code", {"code": f" {code[:3]} {code[3:]} "})
    assert is_in(client)


def test_one_is_led_to_where_one_wanted_after_both_steps(ana):
    client, _ = sign_in("Ana", client=browser(), next="/ledger/verify")
    answer = client.post("/sign-in/code", {"code": code_of(ana.secret, 1)})
    assert answer["Location"] == "/ledger/verify"


def test_a_code_works_once(ana):
    code = code_of(ana.secret, 1)
    at_second_step().post("/sign-in/code", {"code": code})
    again = at_second_step()
    page = text_of(again.post("/sign-in/code", {"code": code}))
    assert "was used already" in page
    assert not is_in(again)


def test_the_code_that_proved_the_app_is_used_up(ana):
    client = at_second_step()
    client.post("/sign-in/code", {"code": code_of(ana.secret)})
    assert not is_in(client)


def test_a_code_from_long_ago_or_of_another_app_is_refused(ana):
    for code in (code_of(ana.secret, -3), code_of(ana.secret, 3), "000000", "", "１２３４５６", "a" * 40):
        client = at_second_step()
        client.post("/sign-in/code", {"code": code})
        assert not is_in(client)


def test_a_recovery_code_opens_once_and_is_told_by_mail(ana, mailbox):
    mailbox()
    client = at_second_step()
    client.post("/sign-in/code", {"code": ana.codes[0]})
    assert is_in(client)
    assert "A recovery code was used" in [one.subject for one in mailbox()]
    again = at_second_step()
    again.post("/sign-in/code", {"code": ana.codes[0]})
    assert not is_in(again)
    assert factors.codes_left(member("Ana")) == 9


def test_ten_codes_are_shown_once(ana):
    assert len(set(ana.codes)) == 10
    page = text_of(ana.get("/account/codes"))
    assert not any(code in page for code in ana.codes)
    assert "10 codes are left" in page


def test_new_codes_replace_the_earlier_ones(ana):
    import re

    fresh = re.findall(r'<li class="mono">(\d{5} \d{5})</li>', text_of(ana.post("/account/codes")))
    assert len(fresh) == 10
    old, new = at_second_step(), at_second_step()
    old.post("/sign-in/code", {"code": ana.codes[1]})
    new.post("/sign-in/code", {"code": fresh[1]})
    assert (is_in(old), is_in(new)) == (False, True)


def test_few_codes_are_warned_of(ana):
    for code in ana.codes[:7]:
        at_second_step().post("/sign-in/code", {"code": code})
    page = text_of(ana.get("/account"))
    assert "3 recovery codes are left" in page
    assert "Make new ones before they are used up." in page


def test_nothing_that_opens_is_readable_in_the_table(ana):
    for row in Authenticator.objects.all():
        text = json.dumps(row.data)
        assert ana.secret not in text
        assert not any(code.replace(" ", "") in text for code in ana.codes)


def test_the_pending_secret_is_not_readable_in_the_table_of_sessions(installation):
    import re

    from keepfold.people.models import Session

    give_password("Ana")
    client, _ = sign_in("Ana")
    page = text_of(client.get("/account/app"))
    secret = re.search(r'id="secret">([A-Z2-7 ]+)<', page)[1].replace(" ", "").encode()
    assert secret
    assert not any(secret in bytes(row.session_data) for row in Session.objects.all())


def test_a_secret_moved_to_another_account_does_not_count(ana):
    give_password("Ben")
    ben, _ = sign_in("Ben", client=browser())
    add_app(ben)
    own = Authenticator.objects.get(user=member("Ben"), type="totp")
    Authenticator.objects.filter(pk=own.pk).update(data=Authenticator.objects.get(user=member("Ana"), type="totp").data)
    client = at_second_step("Ben")
    client.post("/sign-in/code", {"code": code_of(ana.secret, 1)})
    assert not is_in(client)


def test_removing_the_row_from_the_table_does_not_open_the_account(ana):
    Authenticator.objects.all().delete()
    client = at_second_step()
    assert client.get("/sign-in/code").status_code == 200
    client.post("/sign-in/code", {"code": code_of(ana.secret, 1)})
    assert not is_in(client)


def test_a_used_recovery_code_cannot_be_brought_back_by_editing_its_row(ana):
    client = at_second_step()
    client.post("/sign-in/code", {"code": ana.codes[0]})
    row = Authenticator.objects.get(type="recovery_codes")
    Authenticator.objects.filter(pk=row.pk).update(data={**row.data, "used_mask": 0})
    for code in ana.codes[:2]:
        mallory = at_second_step()
        mallory.post("/sign-in/code", {"code": code})
        assert not is_in(mallory)


def test_one_can_start_over(ana):
    client = at_second_step()
    assert client.post("/sign-in/code", {"start_over": "1"})["Location"] == "/sign-in"
    assert client.get("/sign-in/code")["Location"] == "/sign-in"


def test_the_second_step_is_for_whoever_took_the_first(ana):
    client = browser()
    assert client.get("/sign-in/code")["Location"] == "/sign-in"
    assert client.post("/sign-in/code", {"code": code_of(ana.secret, 1)})["Location"] == "/sign-in"


def test_the_second_step_runs_out(ana, later):
    client = at_second_step()
    later(16 * 60)
    assert client.post("/sign-in/code", {"code": code_of(ana.secret)})["Location"] == "/sign-in"


def test_an_app_is_removed_with_the_codes_that_stand_in_for_it(ana, mailbox):
    mailbox()
    assert "Your recovery codes go with it" in text_of(ana.get("/account/app"))
    assert ana.post("/account/app", {"remove": "yes"})["Location"] == "/account"
    assert member("Ana").factors == ""
    assert Authenticator.objects.count() == 0
    assert [one.subject for one in mailbox()] == ["A way to sign in was removed"]


def test_a_second_app_is_not_set_up_beside_the_first(ana):
    from keepfold.people.errors import FactorThere
    from keepfold.people.signin import actions, who

    with pytest.raises(FactorThere):
        actions.add_app(actor=who.oneself(member("Ana")), secret=factors.new_secret(), step=1)


def test_showing_again_who_one_is_works_by_password_and_by_code(ana, later):
    for proof in ({"password": "lantern gravel seventeen otters"}, {"code": ana.codes[2]}, {"code": ""}):
        later(11 * 60)
        led = ana.get("/account/codes")["Location"]
        assert led == "/sign-in/again?next=%2Faccount%2Fcodes"
        page = text_of(ana.get(led))
        assert "Is it still you?" in page
        given = {"code": code_of(ana.secret)} if proof == {"code": ""} else proof
        wrong = ana.post("/sign-in/again", {next(iter(proof)): "wrong", "next": "/account/codes"})
        assert wrong.status_code == 200
        assert ana.get("/account/codes").status_code == 302
        assert ana.post("/sign-in/again", {**given, "next": "/account/codes"})["Location"] == "/account/codes"
        assert ana.get("/account/codes").status_code == 200
