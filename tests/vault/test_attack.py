"""Mallory owns the data store: whatever is swapped, cut or changed there never opens, and always with the same error.

What she can do is withhold: a row, or an isolated field of it, that is gone is gone. She can never make a value.
"""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from keepfold.kernel import db
from keepfold.kernel.errors import Unopened
from keepfold.vault import actions, frames
from tests.vault.conftest import ANA, CARL

TRUE = CARL | {"phone": "+497112842222", "country": "DE", "iban": "DE89370400440532013000", "card": "4111111111111111"}
RECORDS = [
    CARL | {"card": "4111111111111111"},
    CARL | {"email": "b@example.com", "card": "378282246310005", "iban": "GB29NWBK60161331926819"},
]


@pytest.fixture
def two(vault) -> list[bytes]:
    return [outcome.id for outcome in actions.seal_many(actor=ANA, records=RECORDS)]


def sealed(person: bytes, compartment: int) -> bytes:
    return db.fetch_one(
        "default", "SELECT sealed FROM vault_record WHERE person = %s AND compartment = %s", [person, compartment]
    )[0]


def put(person: bytes, compartment: int, record: bytes) -> None:
    db.execute(
        "default",
        "UPDATE vault_record SET sealed = %s WHERE person = %s AND compartment = %s",
        [record, person, compartment],
    )


def join(parts: list[tuple[int, bytes]]) -> bytes:
    return b"".join(frames.segment_head(number, len(frame)) + frame for number, frame in parts)


def does_not_open(person: bytes) -> None:
    with pytest.raises(Unopened) as caught:
        actions.open_record(actor=ANA, person=person, purpose="all")
    assert caught.value.problem() == Unopened().problem()


def test_a_record_of_another_person_does_not_open(vault, two):
    put(two[0], 1, sealed(two[1], 1))
    does_not_open(two[0])


def opens_nothing_false(person: bytes) -> bool:
    """Say whether a person's values can be read; those that can must be the true ones."""
    try:
        values = actions.open_record(actor=ANA, person=person, purpose="all").values
    except Unopened:
        return False
    assert values.items() <= TRUE.items()
    return True


def test_a_record_of_another_compartment_does_not_open(vault, two):
    put(two[0], 2, sealed(two[0], 1))
    does_not_open(two[0])
    put(two[0], 1, sealed(two[1], 2))
    opens_nothing_false(two[0])


def test_the_keys_of_another_person_do_not_help(vault, two):
    put(two[0], 1, sealed(two[1], 1))
    wrapped = db.fetch_one(
        "keys", "SELECT wrapped FROM vault_person_key WHERE person = %s AND compartment = 1", [two[1]]
    )[0]
    db.execute(
        "keys", "UPDATE vault_person_key SET wrapped = %s WHERE person = %s AND compartment = 1", [wrapped, two[0]]
    )
    does_not_open(two[0])


def test_two_fields_of_one_person_cannot_be_swapped(vault, two):
    (iban, one), (card, other) = frames.segments(sealed(two[0], 2))
    put(two[0], 2, join([(iban, other), (card, one)]))
    does_not_open(two[0])


def test_an_isolated_field_cannot_pose_as_the_shared_one(vault, two):
    (_, frame), *rest = frames.segments(sealed(two[0], 2))
    put(two[0], 2, join([(frames.SHARED, frame), *rest]))
    does_not_open(two[0])


def test_a_field_given_twice_does_not_open(vault, two):
    parts = frames.segments(sealed(two[0], 2))
    put(two[0], 2, join([*parts, parts[0]]))
    does_not_open(two[0])


@pytest.mark.parametrize("head", [b"\x00\x01", b"\x02\x01", b"\x01\x02", b"\xff\xff", b"\x01\x00"])
def test_another_algorithm_or_generation_is_refused_and_nothing_falls_through(vault, two, head):
    record = sealed(two[0], 1)
    put(two[0], 1, record[:8] + head + record[10:])
    does_not_open(two[0])


def test_a_plaintext_put_in_place_of_a_frame_is_not_taken(vault, two):
    plain = frames.pack_shared({1: "mallory@example.com"})
    put(two[0], 1, join([(0, plain)]))
    does_not_open(two[0])
    put(two[0], 1, join([(0, b"\x01\x01" + bytes(12) + plain)]))
    does_not_open(two[0])


def test_every_byte_of_a_frame_counts(vault, two):
    for compartment in (1, 2):
        record, opened, at = sealed(two[0], compartment), [], 0
        for place in range(len(record)):
            put(two[0], compartment, record[:place] + bytes([record[place] ^ 1]) + record[place + 1 :])
            if opens_nothing_false(two[0]):
                opened.append(place)
        heads = set()
        for _, frame in frames.segments(record):
            heads |= set(range(at, at + 4))  # an isolated field renamed to one that nobody knows is withheld
            at += 8 + len(frame)
        assert set(opened) <= heads
        put(two[0], compartment, record)
    assert actions.open_record(actor=ANA, person=two[0], purpose="all").values == TRUE


def test_every_length_counts(vault, two):
    record = sealed(two[0], 2)
    (_, first), _ = frames.segments(record)
    whole = []
    for end in range(1, len(record)):
        put(two[0], 2, record[:end])
        if opens_nothing_false(two[0]):
            whole.append(end)
    assert whole == [8 + len(first)]  # exactly one of two isolated fields is left, the other withheld
    put(two[0], 2, record + b"\0")
    does_not_open(two[0])


def test_every_bit_of_a_wrapped_key_counts(vault, two):
    wrapped = db.fetch_one(
        "keys", "SELECT wrapped FROM vault_person_key WHERE person = %s AND compartment = 1", [two[0]]
    )[0]
    for at in range(len(wrapped)):
        changed = wrapped[:at] + bytes([wrapped[at] ^ 0x80]) + wrapped[at + 1 :]
        db.execute(
            "keys", "UPDATE vault_person_key SET wrapped = %s WHERE person = %s AND compartment = 1", [changed, two[0]]
        )
        with pytest.raises(Unopened):
            actions.open_record(actor=ANA, person=two[0], purpose="newsletter")


@pytest.mark.parametrize(
    "change",
    [
        "generation = 2",
        "shard = 1",
        "compartment = 7",
        "wrapped = zeroblob(65)",
        "wrapped = zeroblob(0)",
        "wrapped = zeroblob(66)",
    ],
)
def test_a_moved_key_does_not_open(vault, two, change):
    db.execute("keys", f"UPDATE vault_person_key SET {change} WHERE person = %s AND compartment = 1", [two[0]])
    does_not_open(two[0])


def test_a_shard_key_of_another_compartment_does_not_open(vault, two):
    from keepfold.vault import keys

    wrapped = db.fetch_one("keys", "SELECT wrapped FROM vault_shard_key WHERE compartment = 2")[0]
    db.execute("keys", "UPDATE vault_shard_key SET wrapped = %s WHERE compartment = 1", [wrapped])
    keys.forget()
    does_not_open(two[0])


def test_a_damaged_record_cannot_be_changed_either(vault, two):
    put(two[0], 1, sealed(two[1], 1))
    with pytest.raises(Unopened):
        actions.update(actor=ANA, person=two[0], values={"city": "Ulm"})


def test_a_lost_key_is_not_replaced_by_a_change(vault, two):
    db.execute("keys", "DELETE FROM vault_person_key WHERE person = %s AND compartment = 1", [two[0]])
    with pytest.raises(Unopened):
        actions.update(actor=ANA, person=two[0], values={"city": "Ulm"})
    assert db.fetch_one("keys", "SELECT count(*) FROM vault_person_key WHERE person = %s", [two[0]]) == (2,)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=120))
@example(b"")
@example(bytes(8))
def test_whatever_stands_in_a_row_is_refused_or_empty(vault, record):
    person = getattr(vault, "person", None)
    if person is None:
        person = vault.person = actions.seal(actor=ANA, values=CARL).id
    put(person, 1, record)
    try:
        values = actions.open_record(actor=ANA, person=person, purpose="newsletter").values
    except Unopened:
        return
    assert values == {}
