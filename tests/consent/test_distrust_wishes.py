"""What somebody else wrote about a person's wishes refuses the purpose. On both databases."""

from __future__ import annotations

import pytest

from keepfold.consent import actions, queries
from keepfold.consent.errors import StateAltered
from keepfold.kernel import db
from tests.consent.conftest import ANA, CARL, STRANGER

STATE = "person, purpose, status, at_s, expires_s, event, pending_s, number, mac"
PLANT = f"INSERT INTO consent_state ({STATE}) VALUES (%s, 1, 1, 1, NULL, %s, NULL, %s, %s)"
UNALTERED = {"consent_event": 0, "consent_state": 0}


def grant(purpose="surveys", person=CARL, channel="api"):
    return actions.grant_consent(actor=ANA, customer=person, purpose=purpose, channel=channel)


def withdraw(purpose="surveys", person=CARL):
    return actions.withdraw_consent(actor=ANA, customer=person, purpose=purpose)


def write(sql, *values):
    db.execute("default", sql, values)


def force(store, sql, *values):
    """Change events as somebody does who owns the tables: without their triggers."""
    if store == "postgres":
        write("ALTER TABLE consent_event DISABLE TRIGGER USER")
        write(sql, *values)
        write("ALTER TABLE consent_event ENABLE TRIGGER USER")
        return
    for name in ("update", "delete", "replace"):
        write(f"DROP TRIGGER consent_event_no_{name}")
    write(sql, *values)


def alike(person=CARL):
    """Return what a decision about one person, and one about many, sees of surveys."""
    one = queries.facts_of(person).get("surveys")
    assert queries.facts_of_many([person], "surveys").get(person, {}).get("surveys") == one
    return one


def test_wishes_that_the_room_wrote_are_found_unaltered(room):
    room.known.add(STRANGER)
    for person in (CARL, STRANGER):
        grant(person=person)
        withdraw("analysis", person=person)
        grant("newsletter", person=person, channel="signup_form")
        actions.confirm_consent(actor=ANA, customer=person, purpose="newsletter")
        withdraw(person=person)
    assert {name: fact.status for name, fact in queries.facts_of(CARL).items()} == {
        "surveys": "withdrawn",
        "analysis": "objected",
        "newsletter": "granted",
    }
    numbers = db.fetch_all("default", "SELECT number FROM consent_event WHERE person = %s ORDER BY number", [CARL])
    assert [row[0] for row in numbers] == [1, 2, 3, 4, 5]
    assert queries.altered() == UNALTERED


def test_a_consent_that_somebody_planted_is_none(room):
    write(PLANT, CARL, bytes(16), 1, bytes(32))
    assert alike() is None
    assert queries.altered() == UNALTERED | {"consent_state": 1}


def test_a_consent_planted_with_its_event_refuses(room):
    given = grant("surveys")
    row = db.fetch_all("default", "SELECT mac FROM consent_state")[0]
    write(
        "INSERT INTO consent_event (id, person, purpose, said, at_us, channel, form_version, policy_hash, entry, number,"
        " before, mac) SELECT %s, %s, purpose, said, at_us, channel, form_version, policy_hash, entry, number, before,"
        " mac FROM consent_event",
        bytes(15) + b"e",
        STRANGER,
    )
    write(PLANT, STRANGER, given.event, 1, row[0])
    assert alike(STRANGER).altered
    assert not alike(CARL).altered
    assert queries.altered() == {"consent_event": 1, "consent_state": 1}


@pytest.mark.parametrize(
    "change",
    ["status = 1", "expires_s = 99999999999", "at_s = at_s - 1", "purpose = 2", "event = person", "number = 0"],
)
def test_a_state_that_somebody_altered_refuses(room, change):
    grant()
    withdraw()
    assert not alike().altered
    write(f"UPDATE consent_state SET {change}")
    assert alike().altered
    with pytest.raises(StateAltered):
        actions.list_consents(actor=ANA, customer=CARL)
    assert queries.altered()["consent_state"] >= 1


def test_a_state_of_before_the_withdrawal_refuses_when_it_is_put_back(room):
    grant()
    columns = STATE.split(", ")
    row = db.fetch_one("default", f"SELECT {STATE} FROM consent_state")
    withdraw()
    write(f"UPDATE consent_state SET {', '.join(f'{name} = %s' for name in columns)}", *row)
    assert alike().altered
    assert queries.altered() == UNALTERED | {"consent_state": 1}


@pytest.mark.parametrize("attempt", ["DELETE FROM consent_state", "UPDATE consent_state SET status = 1"])
def test_an_objection_is_not_lost_with_its_row(room, attempt):
    withdraw("analysis")
    write(attempt)
    assert queries.facts_of(CARL)["analysis"].altered
    assert queries.facts_of_many([CARL], "analysis")[CARL]["analysis"].altered


def test_asking_anew_does_not_turn_an_altered_state_into_ours(room):
    grant("newsletter", channel="paper")
    withdraw("newsletter")
    write("UPDATE consent_state SET status = 1")
    with pytest.raises(StateAltered):
        grant("newsletter", channel="signup_form")
    with pytest.raises(StateAltered):
        actions.confirm_consent(actor=ANA, customer=CARL, purpose="newsletter")


def test_what_the_person_says_next_counts_again(room):
    grant()
    write("UPDATE consent_state SET status = 2")
    assert alike().altered
    withdraw()
    assert (alike().status, alike().altered) == ("withdrawn", False)
    assert queries.altered() == UNALTERED


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE consent_event SET channel = 'paper' WHERE number = 2",
        "UPDATE consent_event SET at_us = at_us - 1 WHERE number = 2",
        "DELETE FROM consent_event WHERE number = 2",
        "UPDATE consent_event SET number = number + 1",
    ],
)
def test_an_event_that_was_altered_or_removed_between_others_is_found(room, store, change):
    grant()
    withdraw()
    grant()
    force(store, change)
    assert queries.altered()["consent_event"] >= 1
