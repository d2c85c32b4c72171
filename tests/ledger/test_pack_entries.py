"""The entry's 154 bytes: every field where the layout says, and nothing accepted that would not have been written."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keepfold.gate.catalogue import known_actions
from keepfold.gate.types import ActorKind
from keepfold.ledger import entry
from keepfold.ledger.errors import EntryInvalid

tag = st.binary(min_size=32, max_size=32).filter(any)
bodies = st.builds(
    entry.Body,
    kind=st.sampled_from(entry.KINDS),
    allowed=st.booleans(),
    actor_kind=st.sampled_from(entry.ACTOR_KINDS),
    action=st.integers(0, 2**16 - 1),
    hour=st.integers(0, 2**32 - 1),
    purpose=st.integers(0, 2**32 - 1),
    subjects=st.integers(1, 2**32 - 1),
    policy_hash=tag,
    subject_tag=tag,
    actor_tag=tag,
    commitment=tag,
    tenant=st.binary(min_size=8, max_size=8),
)
EXAMPLE = entry.Body(
    kind="access",
    allowed=True,
    actor_kind="staff",
    action=302,
    hour=0x00078D2F,
    purpose=7,
    subjects=2,
    policy_hash=b"P" * 32,
    subject_tag=b"S" * 32,
    actor_tag=b"A" * 32,
    commitment=b"C" * 32,
)


def test_the_layout_of_version_1_is_what_it_was_on_the_first_day():
    assert EXAMPLE.pack() == (
        bytes.fromhex("01 01 03 01 012e 00078d2f 00000007 00000002 0000000000000000")
        + b"P" * 32
        + b"S" * 32
        + b"A" * 32
        + b"C" * 32
    )
    assert entry.SIZE == 154


@given(bodies)
def test_an_entry_is_read_as_it_was_written(body):
    assert entry.unpack(body.pack()) == body
    assert body.is_batch is (body.subjects > 1)


@given(bodies, st.integers(0, 153), st.integers(1, 255))
def test_every_byte_counts(body, at, flip):
    packed = bytearray(body.pack())
    packed[at] ^= flip
    with contextlib.suppress(EntryInvalid):
        assert entry.unpack(bytes(packed)) != body


@given(st.binary(max_size=200))
def test_random_bytes_are_refused_or_are_an_entry(data):
    try:
        body = entry.unpack(data)
    except EntryInvalid:
        return
    assert body.pack() == data


@pytest.mark.parametrize(
    ("offset", "value"),
    [(0, 0), (0, 2), (1, 0), (1, 11), (2, 0b111), (2, 0b01), (3, 5), (17, 0), (17, 1)],
    ids=["v0", "v2", "no-kind", "kind-11", "flag", "no-batch-flag", "actor-5", "nobody-with-tag", "batch-of-one"],
)
def test_what_pack_would_not_have_written_is_refused(offset, value):
    packed = bytearray(EXAMPLE.pack())
    packed[offset] = value
    with pytest.raises(EntryInvalid):
        entry.unpack(bytes(packed))


@pytest.mark.parametrize("length", [0, 153, 155, 256])
def test_another_length_is_refused(length):
    with pytest.raises(EntryInvalid, match="154 bytes"):
        entry.unpack(bytes(length))


def test_somebody_without_a_tag_is_refused():
    with pytest.raises(EntryInvalid, match="contradicts"):
        entry.unpack(EXAMPLE._replace(subjects=1, subject_tag=entry.ZERO_TAG).pack())


@pytest.mark.parametrize(
    "wrong",
    [
        {"action": 65_536},
        {"hour": -1},
        {"purpose": 2**32},
        {"subject_tag": b"short"},
        {"tenant": b""},
        {"kind": "gossip"},
    ],
)
def test_a_field_that_does_not_fit_is_refused(wrong):
    with pytest.raises(EntryInvalid):
        EXAMPLE._replace(**wrong).pack()


def test_every_action_of_the_vocabulary_fits_into_an_entry():
    for line in known_actions().values():
        assert line.kind in entry.KIND_CODES
        assert 0 < line.number < 2**16


def test_every_kind_of_actor_has_its_code():
    assert set(entry.ACTOR_KINDS) == set(ActorKind.__args__)
