"""Mallory swaps, cuts, relabels and replays stored rows; each is refused by every action that opens, always alike.

`test_attack.py` has her change whole records, headers and every single byte; here she keeps the outline of a record
intact, so that only the seal itself can notice, and she moves keys between their places. The last tests say what is
not noticed: see "An earlier state" in `docs/threat-model.md`.
"""

from __future__ import annotations

import pytest

from keepfold.kernel import db
from keepfold.kernel.crypto import aead, wrap
from keepfold.kernel.errors import Unopened
from keepfold.vault import actions, frames, keys
from keepfold.vault.keys import context, people
from keepfold.vault.keys import store as key_store
from tests.vault.conftest import ALL, ANA, CARL
from tests.vault.test_attack import join, put, sealed

ALLERGIES = {"allergies": ["nuts", "penicillin"]}
RECORDS = [
    CARL | ALLERGIES | {"card": "4111111111111111"},
    CARL | {"email": "b@example.com", "iban": "GB29NWBK60161331926819", "allergies": ["dust"]},
]
CONTACT, PAYMENT, HEALTH = 1, 2, 3
IBAN, CARD, LIST = 10, 11, 13
OTHER_TENANT = b"another tenant.."


@pytest.fixture
def two(vault) -> list[bytes]:
    return [outcome.id for outcome in actions.seal_many(actor=ANA, records=RECORDS)]


def parts(person: bytes, compartment: int) -> dict[int, bytes]:
    return dict(frames.segments(sealed(person, compartment)))


def replace(person: bytes, compartment: int, field: int, frame: bytes) -> None:
    put(person, compartment, join([*(parts(person, compartment) | {field: frame}).items()]))


def refused(person: bytes) -> None:
    """Whatever opens says the same: one class, one code, and none of the person's values in it."""
    attempts = (
        lambda: actions.open_record(actor=ANA, person=person, purpose="all"),
        lambda: actions.open_record(actor=ANA, person=person, purpose="support"),
        lambda: actions.open_many(actor=ANA, persons=[person], purpose="all"),
        lambda: actions.export(actor=ANA, persons=[person], purpose="all", fields=tuple(ALL), reason="asked"),
    )
    for attempt in attempts:
        with pytest.raises(Unopened) as caught:
            attempt()
        assert type(caught.value) is Unopened
        assert caught.value.code == "crypto.unopened"
        assert caught.value.problem() == Unopened().problem()
        assert caught.value.__cause__ is None


def person_key(person: bytes, compartment: int) -> bytes:
    where = "SELECT wrapped FROM vault_person_key WHERE person = %s AND compartment = %s"
    return db.fetch_one("keys", where, [person, compartment])[0]


def put_key(person: bytes, compartment: int, wrapped: bytes, generation: int = 1) -> None:
    set_ = "UPDATE vault_person_key SET wrapped = %s, generation = %s WHERE person = %s AND compartment = %s"
    db.execute("keys", set_, [wrapped, generation, person, compartment])


def opened_key(person: bytes, compartment: int) -> bytes:
    (row,) = key_store.person_keys([person], [compartment])
    return bytes(people.Opener(keys.ring(), bytearray(32)).open(row))


def wrapped_for(tenant: bytes, person: bytes, compartment: int, generation: int, key: bytes) -> bytes:
    kek = keys.ring().writer(compartment, 0, 1)
    aad = context.of_person(tenant, person, compartment, generation)
    return wrap.wrap(kek.cipher, kek.version, b"unlike twice", key, aad)


def frame_for(tenant: bytes, person: bytes, compartment: int, field: int, *, generation: int = 1, index: int = 0):
    """A frame under the person's true key that differs in its context alone."""
    aad = frames.aad_prefix(tenant, person, compartment) + frames.aad_place(field, generation, index)
    plain = frames.pack_alone(["mallory"]) if field else frames.pack_shared({1: "mallory@example.com"})
    return aead.seal(aead.cipher(opened_key(person, compartment)), generation, b"never before", plain, aad)


def test_what_is_built_here_opens_when_its_context_is_the_true_one(vault, two):
    replace(two[0], HEALTH, LIST, frame_for(keys.ring().tenant, two[0], HEALTH, LIST))
    assert actions.open_record(actor=ANA, person=two[0], purpose="all").values["allergies"] == ["mallory"]


@pytest.mark.parametrize(
    ("compartment", "field"),
    [(CONTACT, frames.SHARED), (PAYMENT, IBAN), (HEALTH, LIST)],
    ids=["shared", "alone", "list"],
)
def test_one_frame_swapped_between_two_people_is_refused_for_both(vault, two, compartment, field):
    one, other = parts(two[0], compartment)[field], parts(two[1], compartment)[field]
    replace(two[0], compartment, field, other)
    replace(two[1], compartment, field, one)
    refused(two[0])
    refused(two[1])


def test_an_isolated_frame_moved_to_another_field_is_refused(vault, two):
    replace(two[0], PAYMENT, CARD, parts(two[0], PAYMENT)[IBAN])
    refused(two[0])


def test_a_shared_frame_posing_as_an_isolated_one_is_refused(vault, two):
    put(two[0], CONTACT, join([(6, parts(two[0], CONTACT)[frames.SHARED])]))
    refused(two[0])


def test_isolated_frames_swapped_between_compartments_are_refused(vault, two):
    iban, allergies = parts(two[0], PAYMENT)[IBAN], parts(two[0], HEALTH)[LIST]
    replace(two[0], PAYMENT, IBAN, allergies)
    refused(two[0])
    replace(two[0], PAYMENT, IBAN, iban)
    replace(two[0], HEALTH, LIST, iban)
    refused(two[0])


def test_a_frame_moved_to_a_compartment_together_with_its_key_is_refused(vault, two):
    replace(two[0], HEALTH, LIST, parts(two[0], PAYMENT)[IBAN])
    put_key(two[0], HEALTH, person_key(two[0], PAYMENT))
    refused(two[0])


@pytest.mark.parametrize(("person", "compartment"), [(1, CONTACT), (0, PAYMENT)], ids=["people", "compartments"])
def test_wrapped_keys_swapped_between_two_places_are_refused_for_everybody(vault, two, person, compartment):
    here, there = (two[0], CONTACT), (two[person], compartment)
    one, other = person_key(*here), person_key(*there)
    put_key(*here, other)
    put_key(*there, one)
    refused(two[0])
    refused(two[person])


@pytest.mark.parametrize("head", [b"\x00", b"\x02", b"\xff"])
def test_a_wrapped_key_of_another_format_is_refused(vault, two, head):
    put_key(two[0], CONTACT, head + person_key(two[0], CONTACT)[1:])
    refused(two[0])


@pytest.mark.parametrize("version", [0, 2, 2**31])
def test_a_wrapped_key_that_names_another_version_of_its_shard_key_is_refused(vault, two, version):
    wrapped = person_key(two[0], CONTACT)
    put_key(two[0], CONTACT, wrapped[:1] + version.to_bytes(4, "big") + wrapped[5:])
    refused(two[0])


@pytest.mark.parametrize("field", [IBAN, CARD])
@pytest.mark.parametrize("head", [b"\x00\x01", b"\x02\x01", b"\x01\x00", b"\x01\x02"])
def test_an_isolated_frame_of_another_format_or_generation_is_refused(vault, two, field, head):
    replace(two[0], PAYMENT, field, head + parts(two[0], PAYMENT)[field][2:])
    refused(two[0])


def test_a_frame_cut_short_is_refused_even_when_the_outline_fits(vault, two):
    for compartment, field in ((CONTACT, frames.SHARED), (PAYMENT, IBAN), (HEALTH, LIST)):
        record = parts(two[0], compartment)
        whole = record[field]
        for end in (0, 1, 2, 13, 14, 29, 30, len(whole) - 16, len(whole) - 1):
            put(two[0], compartment, join([*(record | {field: whole[:end]}).items()]))
            refused(two[0])
        put(two[0], compartment, join([*(record | {field: whole + b"\0"}).items()]))
        refused(two[0])
        put(two[0], compartment, join([*record.items()]))
    assert actions.open_record(actor=ANA, person=two[0], purpose="all").values["allergies"] == ALLERGIES["allergies"]


def test_any_flipped_bit_of_a_frame_is_refused(vault, two):
    for compartment, field in ((CONTACT, frames.SHARED), (PAYMENT, CARD), (HEALTH, LIST)):
        whole = parts(two[0], compartment)[field]
        for at in range(0, len(whole), 7):
            for bit in range(8):
                replace(two[0], compartment, field, whole[:at] + bytes([whole[at] ^ 1 << bit]) + whole[at + 1 :])
                with pytest.raises(Unopened):
                    actions.open_record(actor=ANA, person=two[0], purpose="all")
        replace(two[0], compartment, field, whole)


@pytest.mark.parametrize(("compartment", "field"), [(CONTACT, frames.SHARED), (HEALTH, LIST)])
def test_a_frame_bound_to_another_tenant_is_refused_under_the_right_key(vault, two, compartment, field):
    replace(two[0], compartment, field, frame_for(OTHER_TENANT, two[0], compartment, field))
    refused(two[0])


def test_a_key_bound_to_another_tenant_is_refused(vault, two):
    key = opened_key(two[0], CONTACT)
    put_key(two[0], CONTACT, wrapped_for(OTHER_TENANT, two[0], CONTACT, 1, key))
    refused(two[0])


def test_another_item_of_a_list_cannot_pose_as_the_whole(vault, two):
    replace(two[0], HEALTH, LIST, frame_for(keys.ring().tenant, two[0], HEALTH, LIST, index=1))
    refused(two[0])


@pytest.mark.parametrize("key", ["another", "same"])
def test_a_frame_of_an_earlier_generation_does_not_open_after_a_renewal(vault, two, key):
    """Relabelled or not, and even if the renewed key were the same: the generation is in the context."""
    old = parts(two[0], HEALTH)[LIST]
    new = opened_key(two[0], HEALTH) if key == "same" else b"n" * 32
    put_key(two[0], HEALTH, wrapped_for(keys.ring().tenant, two[0], HEALTH, 2, new), generation=2)
    put(two[0], HEALTH, join([(LIST, frame_for(keys.ring().tenant, two[0], HEALTH, LIST, generation=2))]))
    assert actions.open_record(actor=ANA, person=two[0], purpose="all").values["allergies"] == ["mallory"]
    replace(two[0], HEALTH, LIST, old[:1] + b"\x02" + old[2:])
    refused(two[0])
    if key == "another":
        replace(two[0], HEALTH, LIST, old)
        refused(two[0])


def test_a_key_of_an_earlier_generation_cannot_be_relabelled(vault, two):
    put_key(two[0], HEALTH, person_key(two[0], HEALTH), generation=2)
    refused(two[0])


def test_a_swapped_frame_cannot_be_sealed_over_by_a_change(vault, two):
    replace(two[0], CONTACT, frames.SHARED, parts(two[1], CONTACT)[frames.SHARED])
    before = sealed(two[0], CONTACT)
    with pytest.raises(Unopened):
        actions.update(actor=ANA, person=two[0], values={"city": "Ulm"})
    assert sealed(two[0], CONTACT) == before


def test_an_older_frame_of_the_same_place_and_key_is_not_noticed(vault, two):
    """Not defended: she can put back what was true once, never what was not."""
    shared, iban = parts(two[0], CONTACT)[frames.SHARED], parts(two[0], PAYMENT)[IBAN]
    before = actions.open_record(actor=ANA, person=two[0], purpose="all").values
    actions.update(actor=ANA, person=two[0], values={"city": "Ulm", "iban": "GB29NWBK60161331926819", "card": None})
    replace(two[0], CONTACT, frames.SHARED, shared)
    replace(two[0], PAYMENT, IBAN, iban)
    now = actions.open_record(actor=ANA, person=two[0], purpose="all").values
    assert now == {name: value for name, value in before.items() if name != "card"}


def test_an_older_frame_does_not_come_back_to_a_person_who_was_erased(vault, two):
    old = sealed(two[0], CONTACT)
    row = db.fetch_one("default", "SELECT id, created_us, changed_us, tags FROM vault_person WHERE id = %s", [two[0]])
    actions.erase(actor=ANA, person=two[0], reason="asked")
    db.execute("default", "INSERT INTO vault_person (id, created_us, changed_us, tags) VALUES (%s, %s, %s, %s)", row)
    db.execute("default", "INSERT INTO vault_record (person, compartment, sealed) VALUES (%s, 1, %s)", [two[0], old])
    refused(two[0])
