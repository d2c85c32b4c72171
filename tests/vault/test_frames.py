"""The formats, byte by byte: they are final, so these tests hold them still."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keepfold.kernel.errors import Unopened
from keepfold.vault import frames, rules
from keepfold.vault.keys import context

TENANT, PERSON = bytes(range(16)), bytes(range(16, 32))


def test_the_associated_data_of_a_frame_names_its_place():
    aad = frames.aad_prefix(TENANT, PERSON, 0x01020304) + frames.aad_place(0x05060708, 9, list_index=0x0A0B0C0D)
    assert aad == b"SGF1\x01" + TENANT + PERSON + bytes.fromhex("01020304 05060708 0a0b0c0d 09")
    assert len(aad) == 50


def test_the_associated_data_of_keys_name_their_places():
    assert context.of_person(TENANT, PERSON, 2, 1) == b"SGK1" + TENANT + PERSON + bytes.fromhex("00000002 01")
    assert context.of_tenant(TENANT, 3) == b"SGT1" + TENANT + bytes.fromhex("00000003")
    assert context.of_shard(TENANT, 1, 2, 3) == b"SGS1" + TENANT + bytes.fromhex("00000001 00000002 00000003")
    assert context.of_side(TENANT, "index/5", 1) == b"SGN1" + TENANT + bytes.fromhex("00000001") + b"index/5"
    assert context.of_actor(TENANT, PERSON) == b"SGA1" + TENANT + PERSON


def test_a_segment_is_field_length_frame():
    frame = b"\x01\x01" + bytes(28)
    record = frames.segment_head(7, len(frame)) + frame
    assert record[:8] == bytes.fromhex("00000007 0000001e")
    assert frames.segments(record) == [(7, frame)]


@pytest.mark.parametrize(
    ("length", "padded"),
    [(0, 16), (15, 16), (16, 32), (31, 32), (32, 64), (63, 64), (64, 128), (4095, 4096), (4096, 8192), (8191, 8192)],
)
def test_padding_goes_up_in_steps(length, padded):
    assert len(frames.pad(b"x" * length)) == padded


@given(st.binary(max_size=5000))
def test_padding_comes_off_again(plain):
    assert frames.unpad(frames.pad(plain)) == plain


@pytest.mark.parametrize("padded", [b"", bytes(16), b"x" * 16])
def test_what_was_not_padded_is_refused(padded):
    with pytest.raises(Unopened):
        frames.unpad(padded)


VALUES = st.recursive(
    st.one_of(st.text(max_size=20), st.integers(-(2**63), 2**63 - 1), st.floats(allow_nan=False), st.booleans()),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=5), inner, max_size=3)),
    max_leaves=6,
)


@given(st.dictionaries(st.integers(1, 2**31), VALUES, max_size=6))
def test_values_keep_their_types(values):
    assert frames.unpack_shared(frames.pack_shared(values)) == values
    for value in values.values():
        again = frames.unpack_alone(frames.pack_alone(value))
        assert again == value
        assert type(again) is type(value)


@given(st.binary(max_size=60))
def test_bytes_that_are_no_map_are_refused(plain):
    try:
        values = frames.unpack_shared(plain)
    except Unopened:
        return
    assert all(isinstance(number, int) for number in values)


TAGS = st.lists(st.tuples(st.integers(0, 2**40), st.booleans(), st.binary(min_size=8, max_size=8)), max_size=5)


@given(TAGS)
def test_index_rows_are_kept_beside_the_person(tags):
    plain = [(slot, tag) for slot, _, tag in tags]
    assert rules.unpack_tags(rules.pack_tags(tags)) == plain
    assert rules.join_tags(plain) == rules.pack_tags(tags)


@given(st.integers(1, 2**31 - 1), st.integers(1, 255))
def test_a_slot_gives_back_its_index(number, version):
    assert rules.number_of(rules.slot_of(number, version)) == number
