"""Which passwords are taken, what is stored of them, and what each refusal says."""

from __future__ import annotations

import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keepfold.people import queries, store
from keepfold.people.hashers import Argon2idHasher
from keepfold.people.models import Staff
from keepfold.people.signin import passwords, rules
from tests.people.signin.conftest import OTHER, PASSWORD, add_app, browser, give_password, is_in, member, sign_in
from tests.support.console import text_of

FACTOR = pytest.mark.parametrize("has_factor", [True, False], ids=["with a factor", "alone"])


@pytest.mark.parametrize(
    ("password", "reason"),
    [
        ("short but good!", None),
        ("fourteen chars", "short"),
        ("x" * 257, "long"),
        ("123456789012345678", "guessable"),
        ("aaaaaaaaaaaaaaaaaaaaaaaa", "guessable"),
        ("qwertyuiopasdfghjkl", "guessable"),
        ("abcabcabcabcabcabc", "guessable"),
        ("correct horse battery staple", "common"),
        ("CorrectHorseBatteryStaple", "common"),
        ("keepfold-ana-2026-11", "context"),
        ("Ana.Example.Org.2026", "context"),
        ("lantern gravel seventeen otters", None),
        ("Ana keeps seven blue otters", None),
        ("дом река облако вечером тихо", None),
        ("私は毎朝六時に散歩しますよねえ", None),
        ("🦦 🧂 🪔 otters carry lanterns", None),
    ],
)
def test_a_password_is_judged_as_a_whole(installation, password, reason):
    found = passwords.problem(password, member("Ana"), has_factor=False)
    assert (found.reason if found else None) == reason
    if found:
        assert str(found.text).endswith(".")


def test_the_name_of_the_business_alone_is_no_password(installation):
    from keepfold.people.signin import place

    assert place.business()
    found = passwords.problem(f"{place.business()} 2026!", None, has_factor=False)
    assert found is not None
    assert found.reason == "context"


@FACTOR
@given(st.text(alphabet=st.characters(codec="utf-8"), max_size=400))
def test_length_counts_characters_of_any_script(has_factor, password):
    least = 8 if has_factor else 15
    expected = "long" if len(password) > 256 else "short" if len(password) < least else None
    assert rules.length_problem(password, has_factor=has_factor) == expected


@given(st.text(min_size=1, max_size=60), st.lists(st.text(min_size=1, max_size=12), max_size=5))
def test_a_password_without_any_known_word_is_never_refused_for_one(password, words):
    if not any(word.casefold() in password.casefold() for word in words if len(word) > 2):
        assert not rules.is_mostly(password, words)


def test_shorter_ones_are_taken_beside_a_second_factor(installation):
    give_password("Ana")
    client, _ = sign_in("Ana")
    assert "at least 15" in text_of(client.post("/account/password", {"password": "gravel otters"}))
    add_app(client)
    assert client.post("/account/password", {"password": "gravel otters"}).status_code == 302


def test_a_refused_password_is_not_shown_again_and_the_reason_is(installation):
    give_password("Ana")
    client, _ = sign_in("Ana")
    page = text_of(client.post("/account/password", {"password": "keepfold-ana-2026-11"}))
    assert "mostly made of names" in page
    assert "keepfold-ana-2026-11" not in page
    assert re.search(r'<input type="password"[^>]*aria-invalid="true"', page)


def test_keyboards_that_compose_differently_type_the_same_password(installation):
    composed = unicodedata.normalize("NFC", "blühende Gärten über Öfen")
    give_password("Ana", composed)
    assert is_in(sign_in("Ana", unicodedata.normalize("NFD", composed))[0])
    assert is_in(sign_in("Ana", composed.replace("b", "\uff42", 1))[0])


def test_every_character_of_a_long_password_counts(installation):
    long = " ".join(f"otter{number}" for number in range(40))[:256]
    give_password("Ana", long)
    assert not is_in(sign_in("Ana", long[:-1] + "!")[0])
    assert not is_in(sign_in("Ana", long[:72])[0])
    assert is_in(sign_in("Ana", long)[0])


def test_it_is_stored_as_argon2id_with_a_pepper_that_the_database_does_not_have(installation, monkeypatch):
    from keepfold.people import sealing

    monkeypatch.undo()
    stored = give_password("Ana").password
    assert re.fullmatch(r"argon2id\$argon2id\$v=19\$m=65536,t=3,p=4\$[A-Za-z0-9+/]{22,}\$[A-Za-z0-9+/]{43}", stored)
    hasher = Argon2idHasher()
    assert hasher.verify(PASSWORD, stored)
    monkeypatch.setattr(sealing, "key", lambda kind: bytes(32))
    assert not hasher.verify(PASSWORD, stored)


def test_a_password_hashed_at_lower_cost_is_hashed_anew_at_sign_in_and_the_row_stays_ours(installation, monkeypatch):
    before = give_password("Ana").password
    monkeypatch.setattr(Argon2idHasher, "iterations", 2)
    assert is_in(sign_in("Ana")[0])
    after = member("Ana")
    assert after.password != before
    assert "t=2" in after.password
    assert store.is_genuine_staff(after, queries.roles_of(after.id.bytes))


def test_a_hash_that_somebody_wrote_into_the_table_signs_nobody_in(installation):
    give_password("Ben")
    give_password("Ana", OTHER)
    Staff.objects.filter(name="Ana").update(password=member("Ben").password)
    assert not is_in(sign_in("Ana", PASSWORD)[0])


def test_signing_in_keeps_the_mark_of_the_row(installation):
    give_password("Ana")
    sign_in("Ana")
    row = member("Ana")
    assert row.last_login is not None
    assert row.first_s is not None
    assert store.is_genuine_staff(row, queries.roles_of(row.id.bytes))


@pytest.mark.parametrize("column", ["first_s", "password_s", "devices_s", "factors"])
def test_what_a_row_says_of_signing_in_is_marked(installation, column):
    give_password("Ana")
    sign_in("Ana")
    Staff.objects.filter(name="Ana").update(**{column: "totp" if column == "factors" else 12345})
    row = member("Ana")
    assert not store.is_genuine_staff(row, queries.roles_of(row.id.bytes))


def test_changing_it_ends_other_sessions_and_tells_by_mail(installation, mailbox):
    give_password("Ana")
    client, _ = sign_in("Ana")
    other, _ = sign_in("Ana", client=browser())
    mailbox()
    assert client.post("/account/password", {"password": OTHER}).status_code == 302
    assert is_in(client)
    assert not is_in(other)
    assert [one.subject for one in mailbox()] == ["Your password was changed"]
    assert not is_in(sign_in("Ana")[0])
    assert is_in(sign_in("Ana", OTHER)[0])


def test_it_is_changed_by_somebody_who_just_showed_who_they_are_only(installation, later):
    give_password("Ana")
    client, _ = sign_in("Ana")
    later(11 * 60)
    before = member("Ana").password
    for answer in (client.get("/account/password"), client.post("/account/password", {"password": OTHER})):
        assert answer["Location"] == "/sign-in/again?next=%2Faccount%2Fpassword"
    assert member("Ana").password == before
