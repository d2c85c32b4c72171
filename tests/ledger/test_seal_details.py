"""Details: their canonical form, the commitment, the sealed frame, and what may outlive a person."""

from __future__ import annotations

import os

import msgspec
import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from keepfold.gate.types import Actor, Decision
from keepfold.kernel import ids
from keepfold.kernel.crypto import keys as kernel_keys
from keepfold.kernel.errors import Unopened
from keepfold.ledger import commit, rules, sealing, tags
from keepfold.ledger.errors import EntryInvalid
from tests.ledger.support import ANA, entry

KEY, LOG, REF = bytes(range(32)), bytes(32), bytes(16)
texts = st.text(max_size=20)
values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | texts.filter(lambda text: text.isprintable()),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text("abcXYZ_09", min_size=1, max_size=6), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(st.dictionaries(st.text("abcXYZ_09.", min_size=1, max_size=8), values, max_size=6))
def test_details_are_written_as_rfc_8785_says(details):
    assert commit.write(details) == rfc8785.dumps(details)
    assert commit.read(commit.write(details)) == details


def test_bytes_tuples_and_sets_have_one_written_form():
    assert commit.write({"b": b"\x01\xff", "a": (1, "x"), "c": {"z", "y"}}) == b'{"a":[1,"x"],"b":"01ff","c":["y","z"]}'


def test_a_lone_surrogate_from_somebodys_request_does_not_stop_the_entry():
    assert commit.write({"reason": "a\ud800b"}) == b'{"reason":"a?b"}'


@pytest.mark.parametrize("value", [1.5, 2**53, object(), {"ä": 1}, {1: 2}, [[[[[[[1]]]]]]], float("nan")])
def test_what_has_no_canonical_form_is_refused(value):
    with pytest.raises(EntryInvalid):
        commit.write({"value": value})


def test_details_beyond_8_kib_are_refused():
    with pytest.raises(EntryInvalid, match="8 KiB"):
        commit.write({"names": ["x" * 100] * 100})


@given(st.binary(min_size=1, max_size=60), st.integers(0, 300), st.integers(1, 255))
def test_a_frame_opens_only_whole_with_its_key_for_its_entry_and_commitment(text, at, flip):
    nonce, written = commit.fresh_nonce(), commit.write({"text": text})
    promised = commit.commitment(nonce, written)
    frame = sealing.seal(KEY, LOG, REF, nonce, written)
    assert sealing.unseal(KEY, LOG, REF, frame, promised) == {"text": text.hex()}
    broken = bytearray(frame)
    broken[at % len(frame)] ^= flip
    for attempt in (
        (KEY, LOG, REF, bytes(broken), promised),
        (os.urandom(32), LOG, REF, frame, promised),
        (KEY, b"\x01" * 32, REF, frame, promised),
        (KEY, LOG, b"\x01" * 16, frame, promised),
        (KEY, LOG, REF, frame, bytes(32)),
        (KEY, LOG, REF, frame[:20], promised),
    ):
        with pytest.raises(Unopened):
            sealing.unseal(*attempt)


def test_the_same_details_have_another_commitment_every_time():
    written = commit.write({"action": "vault.record.open"})
    assert len({commit.commitment(commit.fresh_nonce(), written) for _ in range(100)}) == 100


def test_keys_are_derived_by_hkdf_and_differ_by_what_they_are_for():
    derived = [tags.tag_key(KEY), tags.detail_key(KEY)]
    assert derived == [
        kernel_keys.expand(KEY, b"keepfold/ledger/tag/v1"),
        kernel_keys.expand(KEY, b"keepfold/ledger/detail/v1"),
    ]
    assert len({*derived, tags.actor_tag(KEY, LOG, bytes(32)), tags.subject_tag(KEY, LOG, 0)}) == 4


def test_tags_of_a_batch_equal_those_of_single_entries():
    ledger_keys = [os.urandom(32) for _ in range(5)]
    made = tags.subject_tags(ledger_keys, LOG, range(5))
    assert made == [tags.subject_tag(tags.tag_key(key), LOG, number) for number, key in enumerate(ledger_keys)]


@given(st.sets(st.tuples(st.binary(min_size=32, max_size=32), st.integers(0, 2**64 - 1)), min_size=2, max_size=20))
def test_no_two_tags_of_anybody_are_alike(pairs):
    assert len({tags.subject_tag(key, LOG, number) for key, number in pairs}) == len(pairs)


# ------------------------------------------------------------------------------------- what may outlive a person


def described(made, *, tagged, kind="access"):
    return rules.details_of(made, kind=kind, at_ms=1, people=made.subjects, tagged=tagged)


def test_an_entry_about_one_person_keeps_reason_refusal_and_details():
    person = ids.uuid7()
    made = entry(person, allowed=False, reason="Mrs Smith called", details={"index": 3})
    details = described(made, tagged=1)
    assert details["reason"] == "Mrs Smith called"
    assert details["refusal"] == "Support does not cover this."
    assert details["more"] == {"index": 3}
    assert "untagged" not in details


def test_a_batch_keeps_counts_and_names_and_drops_free_text_and_ids_of_people():
    people = [ids.uuid7() for _ in range(3)]
    made = entry(
        *people,
        reason="list for Mrs Smith",
        fields=("email", "carl@example.com"),
        details={
            "records": 3,
            "import": ids.show("imp", ids.uuid7()),
            "first": ids.show("cus", people[0]),
            "hex": people[1].hex(),
            "raw": people[2],
            "names": ["email", people[0].hex(), "Müller", {"deep": people[1]}],
            "phone": "+491711234567",
            "digits": "4111111111111111",
        },
    )
    details = described(made, tagged=3)
    assert details["reason_given"] is True
    assert details["fields"] == ["email"]
    assert set(details["more"]) == {"records", "import", "names"}
    assert details["more"]["names"] == ["email", {}]
    assert details["left_out"] == 5
    written = commit.write(details)
    for secret in (b"Smith", b"example.com", b"4111", b"4917", *(person.hex().encode() for person in people)):
        assert secret not in written


def test_people_without_a_key_are_counted_and_their_ids_are_left_out():
    person = ids.uuid7()
    details = described(entry(person, details={"person": person, "count": 1}), tagged=0)
    assert details["untagged"] == 1
    assert details["more"] == {"count": 1}


def test_an_entry_about_the_policy_keeps_its_reason():
    details = described(entry(reason="legal review", details={"version": "a" * 64}), tagged=0, kind="policy")
    assert (details["reason"], details["more"]) == ("legal review", {"version": "a" * 64})


@given(st.lists(st.binary(min_size=16, max_size=16), min_size=2, max_size=4, unique=True), st.data())
def test_no_id_of_a_person_survives_in_a_batch_however_it_is_written(people, data):
    forms = [lambda raw: raw, lambda raw: raw.hex(), lambda raw: raw.hex().upper(), lambda raw: ids.show("cus", raw)]
    forms.append(
        lambda raw: f"{raw.hex()[:8]}-{raw.hex()[8:12]}-{raw.hex()[12:16]}-{raw.hex()[16:20]}-{raw.hex()[20:]}"
    )
    shown = [data.draw(st.sampled_from(forms))(person) for person in people]
    made = entry(*people, details={"list": shown, "map": {"a": shown[0]}, "tuple": tuple(shown)})
    written = commit.write(described(made, tagged=len(people)))
    for person in people:
        assert person.hex().encode() not in written.lower()
        assert ids.show("cus", person).encode() not in written


def test_masked_fields_are_named_apart():
    decision = Decision(allowed=True, rules=("r",), fields={"phone": "masked", "email": "clear"})
    made = msgspec.structs.replace(entry(ids.uuid7(), actor=ANA), decision=decision)
    details = described(made, tagged=1)
    assert (details["fields"], details["masked"], details["roles"]) == (
        ["email", "phone"],
        ["phone"],
        ("privacy-lead",),
    )


@pytest.mark.parametrize(("kind", "prefix"), [("staff", "stf"), ("client", "cli"), ("system", "sys")])
def test_details_say_who_of_ours_acted_also_when_they_outlive_the_people(kind, prefix):
    who = ids.uuid7()
    actor = Actor(kind=kind, id=who, name="x")
    for tagged in (1, 2):
        made = entry(*(ids.uuid7() for _ in range(tagged)), actor=actor)
        assert described(made, tagged=tagged)["actor"] == ids.show(prefix, who)


def test_a_customer_who_acts_is_not_named_in_details():
    carl = ids.uuid7()
    for people in ((carl,), (carl, ids.uuid7()), ()):
        made = entry(*people, actor=Actor(kind="customer", id=carl, name="x"))
        assert "actor" not in described(made, tagged=len(people))
