"""Whoever fails too often waits; nobody learns from it whether an address is known."""

from __future__ import annotations

import statistics
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keepfold.people.hashers import Argon2idHasher
from keepfold.people.memory import memory
from keepfold.people.models import Attempt
from keepfold.people.signin import rules
from tests.people.signin.conftest import PASSWORD, add_app, browser, code_of, give_password, is_in, member, sign_in
from tests.support.console import text_of

NOBODY = "mallory@example.org"


def fail(email: str, times: int = 1, client=None) -> list[int]:
    client = client or browser()
    found = []
    for _ in range(times):
        memory.failures.clear()
        found.append(client.post("/sign-in", {"email": email, "password": "wrong"}).status_code)
    return found


@pytest.mark.parametrize("email", ["ana@example.org", NOBODY])
def test_five_failures_are_free_then_one_waits(installation, email):
    give_password("Ana")
    assert fail(email, 7) == [200] * 5 + [429] * 2


def test_the_page_says_how_long(installation):
    fail(NOBODY, 5)
    answer = browser().post("/sign-in", {"email": NOBODY, "password": "wrong"})
    assert 25 <= int(answer["Retry-After"]) <= 30
    assert "30 seconds" in text_of(answer) or "29 seconds" in text_of(answer)


def test_the_right_password_waits_as_well_and_works_afterwards(installation, later):
    give_password("Ana")
    fail("ana@example.org", 5)
    assert sign_in("Ana", client=browser())[1].status_code == 429
    later(31)
    assert is_in(sign_in("Ana", client=browser())[0])
    assert not Attempt.objects.exists()


@given(st.integers(0, 5000))
def test_waiting_grows_and_no_hundred_failures_go_without(failures):
    wait = rules.cool_down(failures)
    assert wait <= rules.cool_down(failures + 1)
    assert (wait == 0) == (failures < 5)
    assert failures < 100 or wait >= 24 * 3600


def test_a_hundred_failures_take_days():
    assert sum(rules.cool_down(count) for count in range(100)) > 3 * 24 * 3600


def test_a_browser_that_is_known_is_counted_apart(installation):
    give_password("Ana")
    laptop, _ = sign_in("Ana")
    laptop.post("/sign-out")
    assert fail("ana@example.org", 6)[-1] == 429
    memory.failures.clear()
    assert is_in(sign_in("Ana", client=laptop)[0])


def test_a_made_up_cookie_is_no_known_browser(installation):
    give_password("Ana")
    mallory = browser()
    mallory.cookies["device"] = "eyJhIjoxfQ:abc"
    assert fail("ana@example.org", 6, mallory)[-1] == 429


def test_one_address_waits_after_ten_failures_with_different_accounts(installation):
    client = browser()
    answers = [
        client.post("/sign-in", {"email": f"nobody{number}@example.org", "password": "x"}).status_code
        for number in range(12)
    ]
    assert answers == [200] * 10 + [429] * 2


def test_codes_are_counted_too_and_signing_in_anew_does_not_help(installation):
    give_password("Ana")
    secret = add_app(sign_in("Ana")[0])
    answers = []
    for _ in range(6):
        memory.failures.clear()
        client, _ = sign_in("Ana", client=browser())
        answers.append(client.post("/sign-in/code", {"code": "000000"}).status_code)
    assert answers == [200] * 5 + [429]
    assert client.post("/sign-in/code", {"code": code_of(secret, 1)}).status_code == 429
    assert not is_in(client)


def test_the_count_does_not_say_what_was_typed(installation):
    fail("carl.lindqvist@example.org", 2)
    (row,) = Attempt.objects.all()
    assert (row.failures, row.known) == (2, False)
    assert len(bytes(row.key)) == 16
    assert b"carl" not in bytes(row.key)


def test_counts_of_addresses_that_nobody_has_are_forgotten_after_a_month_others_never(installation, later):
    from keepfold.people.jobs import sweep

    give_password("Ana")
    fail(NOBODY, 2)
    fail("ana@example.org", 2)
    later(31 * 24 * 3600)
    sweep()
    assert [row.known for row in Attempt.objects.all()] == [True]


def test_an_unknown_address_takes_as_long_as_a_known_one(installation, monkeypatch):
    monkeypatch.setattr(Argon2idHasher, "memory_kib", 16 * 1024)
    give_password("Ana")

    def seconds(email: str) -> float:
        Attempt.objects.all().delete()
        memory.failures.clear()
        client = browser()
        client.get("/sign-in")
        began = time.process_time()  # of this process alone, whatever else the machine does
        client.post("/sign-in", {"email": email, "password": "wrong"})
        return time.process_time() - began

    pairs = [(seconds("ana@example.org"), seconds(NOBODY)) for _ in range(9)]
    known, unknown = (statistics.median(side) for side in zip(*pairs, strict=True))
    assert 0.7 < known / unknown < 1.4


def test_asking_for_codes_by_mail_is_limited_alike(installation):
    for email in ("ana@example.org", NOBODY):
        answers = []
        for _ in range(6):
            memory.failures.clear()
            answers.append(browser().post("/sign-in/forgotten", {"email": email}).status_code)
        assert answers == [302] * 5 + [429]


def test_passkey_options_are_not_given_without_end(installation):
    client = browser()
    answers = [client.get("/sign-in/passkey").status_code for _ in range(12)]
    assert answers == [200] * 10 + [429] * 2
    assert member("Ana").is_active
    assert PASSWORD
