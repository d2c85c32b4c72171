"""Rows of clients, tokens, staff and roles that somebody else wrote: they count for nothing. On both databases."""

from __future__ import annotations

from hashlib import sha256

import pytest

from keepfold.kernel import db, ids
from keepfold.people import actions, queries, rules
from keepfold.people.errors import RowAltered, TokenRefused
from keepfold.people.memory import memory
from tests.people.conftest import SYSTEM, actor

KID, SECRET = "a" * 16, "b" * 52
UNKNOWN = rules.format_token("c" * 16, SECRET)
NEVER_ALTERED = {"people_client": 0, "people_token": 0, "people_staff": 0, "people_role": 0}


@pytest.fixture
def database(store):
    """Once on SQLite and once on PostgreSQL."""
    return store


@pytest.fixture
def shop(door):
    """A client that may hardly do anything."""
    return actions.create_client(actor=SYSTEM, name="shop", actions=("vault.record.open",), purposes=("support",))


def write(sql, *values):
    memory.forget()
    assert db.execute("default", sql, values) >= 1


def refusal(token):
    with pytest.raises(TokenRefused) as answer:
        queries.authenticate(token)
    return answer.value.detail, answer.value.code, answer.value.status


def test_rows_that_the_room_wrote_are_found_unaltered(door, shop, ana, ben):
    actions.define_role(actor=SYSTEM, name="helper", actions=("vault.record.open",))
    actions.set_roles(actor=SYSTEM, staff=ben.id, roles=("support", "helper"))
    actions.deactivate_staff(actor=SYSTEM, staff=ana.id)
    again = actions.rotate_client(actor=SYSTEM, client=shop.client.id, overlap_s=60)
    assert queries.authenticate(shop.token).id == queries.authenticate(again.token).id == shop.client.id
    actions.revoke_client(actor=SYSTEM, client=shop.client.id)
    assert queries.altered() == NEVER_ALTERED


def test_a_token_that_somebody_planted_for_a_client_is_as_unknown_as_any(shop, caplog):
    token = rules.format_token(KID, SECRET)
    digest = sha256(token.encode()).digest()
    sql = "INSERT INTO people_token (kid, client_id, digest, created_s, mac) VALUES (%s, %s, %s, 1, %s)"
    write(sql, KID, shop.client.id, digest, bytes(32))
    assert refusal(token) == refusal(UNKNOWN)
    assert "people.row-altered" in caplog.text
    assert queries.altered() == NEVER_ALTERED | {"people_token": 1}


def test_a_mark_of_another_row_does_not_help_a_planted_token(shop):
    token = rules.format_token(KID, SECRET)
    sql = (
        "INSERT INTO people_token (kid, client_id, digest, created_s, mac)"
        " SELECT %s, client_id, %s, created_s, mac FROM people_token"
    )
    write(sql, KID, sha256(token.encode()).digest())
    assert refusal(token) == refusal(UNKNOWN)


@pytest.mark.parametrize(
    "change",
    [
        "actions = 'vault.*'",
        "purposes = '*'",
        "rate = 99999",
        "created_s = 1",
        "created_by = id",
        "expires_s = 99999999999",
        "name = 'till'",
    ],
)
def test_a_client_with_other_grants_than_it_was_given_is_refused(shop, change):
    assert queries.authenticate(shop.token).purposes == ("support",)
    write(f"UPDATE people_client SET {change}")
    assert refusal(shop.token) == refusal(UNKNOWN)
    assert queries.altered()["people_client"] == 1


def test_a_revocation_or_an_end_cannot_be_taken_off_a_row(shop):
    other = actions.create_client(actor=SYSTEM, name="till", actions=("vault.record.open",))
    actions.rotate_client(actor=SYSTEM, client=shop.client.id)
    actions.revoke_client(actor=SYSTEM, client=other.client.id)
    write("UPDATE people_token SET ends_s = NULL")
    write("UPDATE people_client SET revoked_s = NULL")
    assert refusal(shop.token) == refusal(other.token) == refusal(UNKNOWN)


def test_revoking_rotating_or_ending_never_marks_an_altered_row_as_ours(shop):
    write("UPDATE people_client SET actions = 'vault.*'")
    with pytest.raises(RowAltered):
        actions.rotate_client(actor=SYSTEM, client=shop.client.id)
    assert actions.revoke_client(actor=SYSTEM, client=shop.client.id).revoked_at is not None
    write("UPDATE people_client SET revoked_s = NULL")
    assert refusal(shop.token) == refusal(UNKNOWN)


def test_a_client_whose_end_was_moved_makes_no_client_that_lives_longer(shop):
    write("UPDATE people_client SET expires_s = NULL, actions = 'people.*'")
    maker = actor("people.*", "vault.record.open", kind="client", id_=shop.client.id)
    with pytest.raises(RowAltered):
        actions.create_client(actor=maker, name="child", actions=("vault.record.open",))


def test_a_role_that_somebody_gave_herself_grants_nothing(ben):
    write("INSERT INTO people_staff_role (staff_id, role) SELECT id, 'owner' FROM people_staff")
    with pytest.raises(RowAltered) as refused:
        queries.staff_actor(ben.id)
    assert refused.value.code == "people.row-altered"
    assert not queries.has_owner()
    with pytest.raises(RowAltered):
        actions.set_roles(actor=SYSTEM, staff=ben.id, roles=("owner",))
    assert queries.altered() == NEVER_ALTERED | {"people_staff": 1}


def test_who_was_deactivated_is_not_brought_back_by_a_row(ben):
    actions.deactivate_staff(actor=SYSTEM, staff=ben.id)
    write("UPDATE people_staff SET is_active = %s", True)
    with pytest.raises(RowAltered):
        queries.staff_actor(ben.id)


def test_a_role_that_somebody_widened_grants_nothing_at_all(ben):
    actions.define_role(actor=SYSTEM, name="support", actions=("vault.record.open",), purposes=("support",))
    assert queries.staff_actor(ben.id).actions == ("vault.record.open",)
    write("UPDATE people_role SET actions = 'vault.* policy.*', purposes = '*'")
    assert queries.staff_actor(ben.id).actions == queries.staff_actor(ben.id).purposes == ()
    assert queries.altered() == NEVER_ALTERED | {"people_role": 1}
    actions.define_role(actor=SYSTEM, name="support", actions=("vault.record.open",))
    assert queries.staff_actor(ben.id).actions == ("vault.record.open",)


def test_a_role_that_somebody_planted_grants_nothing(ben):
    sql = "INSERT INTO people_role (name, label, actions, purposes, mac) VALUES ('support', '{}', 'vault.*', '*', %s)"
    write(sql, bytes(32))
    assert queries.staff_actor(ben.id).actions == ()


def client_of(maker):
    return queries.authenticate(actions.create_client(actor=maker, name="one", actions=("people.client.create",)).token)


def test_the_person_behind_a_client_is_the_one_at_the_end_of_its_makers(ben, ana):
    one = client_of(actor("people.*", id_=ana.id))
    two = client_of(one)
    assert queries.person_behind(one) == queries.person_behind(two) == queries.person_behind(ana) == ana.id
    assert queries.person_behind(client_of(actor("people.*", id_=ben.id))) == ben.id
    assert queries.person_behind(client_of(SYSTEM)) == queries.person_behind(SYSTEM) == queries.OPERATOR_ID


def test_nobody_is_behind_a_client_whose_makers_were_altered_or_removed(ben, ana):
    one = client_of(actor("people.*", id_=ana.id))
    two = client_of(one)
    write("UPDATE people_client SET created_by = %s WHERE id = %s", ben.id, one.id)
    with pytest.raises(RowAltered):
        queries.person_behind(two)
    write("DELETE FROM people_token")
    write("DELETE FROM people_client WHERE id = %s", one.id)
    with pytest.raises(RowAltered):
        queries.person_behind(two)


def test_nobody_is_behind_a_client_of_somebody_who_is_not_there(door):
    with pytest.raises(RowAltered):
        queries.person_behind(client_of(actor("people.*", id_=ids.uuid7())))
