"""My account, the duty to set up a second factor, mails about new browsers, and how the console looks."""

from __future__ import annotations

from dataclasses import replace

import pytest

from keepfold.kernel import config
from keepfold.people.models import Preference
from keepfold.people.signin import rules, standing
from tests.people.signin.conftest import LAPTOP, OTHER, add_app, browser, give_password, is_in, member, sign_in
from tests.support.console import signed_in, text_of, visitor

DAY = 24 * 3600
PHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0"
    " Mobile/15E148 Safari/604.1"
)


@pytest.fixture
def ana(installation):
    give_password("Ana")
    return sign_in("Ana")[0]


@pytest.fixture
def grace():
    before = config.current()
    yield lambda days: config.use(replace(before, mfa_grace_days=days))
    config.use(before)


def test_the_days_of_grace_count_down_from_the_first_sign_in(ana, later):
    assert "within 7 days" in text_of(ana.get("/account"))
    later(6 * DAY)
    client, _ = sign_in("Ana", client=browser())
    assert "within 1 day." in text_of(client.get("/account"))


def test_afterwards_only_what_ends_it_opens(ana, later):
    later(7 * DAY + 1)
    client, _ = sign_in("Ana", client=browser())
    for path in ("/", "/customers", "/people", "/design/", "/ledger"):
        assert client.get(path)["Location"] == "/account/secure"
    assert client.get("/", HTTP_HX_REQUEST="true")["HX-Redirect"] == "/account/secure"
    assert client.post("/customers", {"q": "x"})["Location"] == "/account/secure"
    for path in ("/account", "/account/secure", "/account/app", "/account/passkeys/new", "/status"):
        assert client.get(path).status_code == 200
    add_app(client)
    assert client.get("/").status_code == 200


def test_without_grace_it_is_asked_for_at_once(ana, grace):
    grace(0)
    assert ana.get("/")["Location"] == "/account/secure"


def test_removing_the_last_factor_when_grace_is_over_closes_the_console_again(ana, later):
    add_app(ana)
    later(8 * DAY)
    from tests.people.signin.conftest import code_of

    client, _ = sign_in("Ana", client=browser())
    import re

    secret_row = ana  # the browser that set it up knows the codes
    client.post("/sign-in/code", {"code": secret_row.codes[0]})
    assert client.get("/").status_code == 200
    client.post("/account/app", {"remove": "yes"})
    assert client.get("/")["Location"] == "/account/secure"
    assert re
    assert code_of


def test_a_new_browser_is_told_of_by_mail_without_a_link_that_signs_in(ana, mailbox):
    mailbox()
    sign_in("Ana", client=visitor(HTTP_USER_AGENT=PHONE))
    (mail,) = mailbox()
    assert mail.to == "ana@example.org"
    assert mail.subject == "Somebody signed in as you in a new browser"
    assert "Safari on iPhone" in mail.text
    assert "/sign-in" not in mail.text
    assert "welcome" not in mail.text
    assert "127.0.0.1" not in mail.text


def test_a_known_browser_and_the_very_first_one_are_not(ana, mailbox):
    assert mailbox() == []
    ana.post("/sign-out")
    sign_in("Ana", client=ana)
    assert mailbox() == []


def test_the_cookie_of_one_account_does_not_make_a_browser_known_to_another(ana, mailbox):
    give_password("Ben")
    sign_in("Ben", client=browser())
    mailbox()
    ana.post("/sign-out")
    sign_in("Ben", client=ana)
    assert [one.to for one in mailbox()] == ["ben@example.org"]


def test_the_browser_in_which_the_password_is_changed_stays_known_others_do_not(ana, mailbox):
    other, _ = sign_in("Ana", client=browser())
    assert ana.post("/account/password", {"password": OTHER}).status_code == 302
    ana.post("/sign-out")
    mailbox()
    sign_in("Ana", OTHER, client=ana)
    assert mailbox() == []
    sign_in("Ana", OTHER, client=other)
    assert [one.subject for one in mailbox()] == ["Somebody signed in as you in a new browser"]


def test_mails_are_in_the_language_that_somebody_chose(ana, mailbox):
    ana.post("/account", {"theme": "auto", "density": "auto", "language": "de"})
    sign_in("Ana", client=browser())
    assert mailbox()[0].subject == "Jemand hat sich in einem neuen Browser als Sie angemeldet"


def test_a_mail_server_that_is_away_keeps_nobody_out(ana, monkeypatch):
    from keepfold.kernel import mailer
    from keepfold.kernel.errors import Unavailable

    def away(*_: object) -> None:
        raise Unavailable("away")

    monkeypatch.setattr(mailer, "send", away)
    assert is_in(sign_in("Ana", client=browser())[0])


def test_the_page_says_who_one_is_how_one_signs_in_and_what_is_missing(ana):
    page = text_of(ana.get("/account"))
    for words in ("Ana", "ana@example.org", "Privacy lead", "Next: a passkey", "Firefox on Linux"):
        assert words in page
    add_app(ana)
    page = text_of(ana.get("/account"))
    for words in ("Authenticator app", "10 recovery codes are left"):
        assert words in page


def test_theme_density_and_language_are_kept_and_written_into_every_page(ana):
    ana.post("/account", {"theme": "dark", "density": "compact", "language": "de"})
    page = text_of(ana.get("/"))
    assert 'data-theme="dark"' in page
    assert 'data-density="compact"' in page
    assert '<html lang="de"' in page
    ana.post("/account", {"theme": "auto", "density": "auto", "language": "auto"})
    page = text_of(ana.get("/", HTTP_ACCEPT_LANGUAGE="en"))
    assert "data-theme" not in page
    assert '<html lang="en"' in page


def test_what_is_no_choice_is_not_kept(ana):
    assert ana.post("/account", {"theme": "neon", "density": "auto", "language": "auto"}).status_code == 200
    assert not Preference.objects.exists()


def test_a_choice_is_ones_own(ana):
    ana.post("/account", {"theme": "dark", "density": "auto", "language": "auto"})
    assert 'data-theme="dark"' not in text_of(signed_in("Ben").get("/"))


def test_a_step_of_the_tour_is_kept_and_leads_on(ana):
    assert ana.post("/account/tour", {"step": "3", "next": "/ledger"})["Location"] == "/ledger"
    assert Preference.objects.get(staff=member("Ana").id).tour_step == 3
    for step in ("-1", "100", "x", "", "１"):
        ana.post("/account/tour", {"step": step, "next": "//evil.example"})
    assert Preference.objects.get(staff=member("Ana").id).tour_step == 3


def test_everybody_has_an_account_page_and_nobody_else_does(installation):
    for name in ("Olga", "Ana", "Ben", "Dora"):
        assert signed_in(name).get("/account").status_code == 200
    assert visitor().get("/account")["Location"] == "/sign-in?next=%2Faccount"


@pytest.mark.parametrize(
    ("agent", "expected"),
    [
        (LAPTOP, ("Firefox", "Linux")),
        (PHONE, ("Safari", "iPhone")),
        (
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/140.0 Safari/537.36 Edg/140.0",
            ("Edge", "Windows"),
        ),
        ("Mozilla/5.0 (Linux; Android 15) AppleWebKit/537.36 Chrome/140.0 Mobile Safari/537.36", ("Chrome", "Android")),
        (
            "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 Version/18.0 Safari/605.1.15",
            ("Safari", "macOS"),
        ),
        ("curl/8.0", ("", "")),
        ("<script>alert(1)</script>", ("", "")),
        ("", ("", "")),
    ],
)
def test_a_browser_is_called_what_people_call_it(agent, expected):
    found = rules.device_of(agent)
    assert tuple(found) == expected
    assert rules.device_from(*rules.device_numbers(found)) == found


@pytest.mark.parametrize(
    ("address", "place"),
    [
        ("127.0.0.1", "here"),
        ("::1", "here"),
        ("192.168.3.4", "near"),
        ("8.8.4.4", "8.8.…"),
        ("::ffff:8.8.4.4", "8.8.…"),
        ("2a00:1450:4001::5", "2a00:1450:…"),
        ("", ""),
        ("nonsense", ""),
    ],
)
def test_a_place_is_coarse(address, place):
    assert rules.place_of(address) == place


def test_owing_nothing_is_owing_nothing(installation):
    assert standing.duty(member("Ana")) is None


def test_how_the_console_looks_is_chosen_in_the_wide_column_in_a_panel_of_its_own(installation):
    page = text_of(signed_in("Ana").get("/account"))
    wide, narrow = page.split('<div class="split">')[1].split("<aside")
    look = wide.split('id="appearance"')[1].split("</section>")[0]
    assert 'class="panel look"' in look
    assert [name for name in ("theme", "density", "language") if f'name="{name}"' not in look] == []
    assert "<fieldset" not in narrow.split("</aside>")[0]
