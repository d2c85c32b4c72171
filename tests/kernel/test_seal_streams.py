"""Streams: the published vectors, and every way of tampering with one."""

from __future__ import annotations

from io import BytesIO

import pytest
from cryptography.hazmat.primitives.hashes import SHA1, SHA256
from hypothesis import given
from hypothesis import strategies as st

from keepfold.kernel import sealed
from keepfold.kernel.crypto import stream
from keepfold.kernel.errors import Unavailable, Unopened

SHORT = "6eb56cdc726dfbe5d57f2fcdc6e9345b"
LONG = "00112233445566778899aabbccddeeff6eb56cdc726dfbe5d57f2fcdc6e9345b"
THREE = b"This is a fairly long plaintext. It is of the exact length to create three output blocks. "
# Tink, tink-java, AesGcmHkdfStreamingTestUtil: (secret, shape, content, associated data, stream).
VECTORS = {
    "three segments": (
        SHORT,
        stream.Shape(SHA1, 16, 64),
        THREE,
        b"aad",
        (
            "1893b3af5e14ab378d065addfc8484da642c0862877baea8"
            "db92d9c77406a406168478821c4298eab3e6d531277f4c1a051714faebcaefcbca7b7be05e9445ea"
            "a0bb2904153398a25084dd80ae0edcd1c3079fcea2cd3770630ee36f7539207b8ec9d754956d486b71cdf989f0ed6fba6779b63558be0a66"
            "e668df14e1603cd2"
            "af8944844078345286d0b292e772e7190775c51a0f83e40c0b75821027e7e538e111"
        ),
    ),
    "nothing, SHA-256": (
        SHORT,
        stream.Shape(SHA256, 16, 64),
        b"",
        b"",
        "18be78bce0cab6fd38a9041eea8ab0ffc4cf17e3c00b661d3927f5f79069f41a210fedc40b25648c",
    ),
    "nothing, AES-256": (
        LONG,
        stream.Shape(SHA1, 32, 64),
        b"",
        b"",
        "28fae780c70a82d1256c8303a1261ac6a98cf557b4e173967a62f3c149517ba5b2431da93b3c6e90f508b34dc14bfda59bab05681c6ad3fa",
    ),
    "two segments, AES-256": (
        LONG,
        stream.Shape(SHA1, 32, 120),
        b"BLOCK 1.BLOCK 2.BLOCK 3.BLOCK 4.BLOCK 5.BLOCK 6.BLOCK 7.BLOCK 8.",
        bytes(range(4)),
        (
            "28782994617714a80fa085e15051a16854522330d6d0f26c049b2192f09cdd98b2eb90c753bfff277a29e54fa4afb15d648c28477eb07f01"
            "2535c767f5fdce24ffffae318480c1d37357d6d3c511159318afa09ef38aa3f5456fd7817c5c02dd6e1a7fef174c8bd24e38b5982ac10549"
            "7c0101ac5581fe5b"
        ),
    ),
}
TINY = stream.Shape(SHA256, 32, 64)
SECRET = bytes(range(32))


def sealed_by(content: bytes, aad: bytes = b"", step: int = 7) -> bytes:
    sealer = stream.Sealer(SECRET, aad, TINY)
    pieces = [sealer.update(content[place : place + step]) for place in range(0, len(content), step)]
    return b"".join([*pieces, sealer.finish()])


def opened(whole: bytes, aad: bytes = b"") -> bytes:
    return b"".join(stream.unsealed(SECRET, aad, BytesIO(whole).read, TINY))


@pytest.mark.parametrize("name", VECTORS)
def test_the_published_vectors_hold_both_ways(name):
    secret, shape, content, aad, published = VECTORS[name]
    key, whole = bytes.fromhex(secret), bytes.fromhex(published)
    place = 1 + shape.key_bytes
    sealer = stream.Sealer(key, aad, shape, salt=whole[1:place], prefix=whole[place : place + 7])
    assert sealer.update(content) + sealer.finish() == whole
    assert b"".join(stream.unsealed(key, aad, BytesIO(whole).read, shape)) == content


@given(st.binary(max_size=400), st.integers(1, 90))
def test_what_goes_in_comes_out_whatever_the_steps(content, step):
    whole = sealed_by(content, step=step)
    assert opened(whole) == content
    assert len(content) < 8 or content not in whole


@given(st.data())
def test_changing_any_byte_is_noticed(data):
    whole = bytearray(sealed_by(bytes(150)))
    whole[data.draw(st.integers(0, len(whole) - 1))] ^= data.draw(st.integers(1, 255))
    with pytest.raises(Unopened):
        opened(bytes(whole))


@pytest.mark.parametrize("left", [0, 1, 39, 40, 41, 63, 64, 65, 127, 128, 129])
def test_a_stream_that_was_cut_off_is_noticed_wherever_it_was_cut(left):
    with pytest.raises(Unopened):
        opened(sealed_by(bytes(150))[:left])


def test_segments_cannot_be_swapped_repeated_left_out_or_appended():
    whole = sealed_by(bytes(200))
    first, second, third, rest = whole[:64], whole[64:128], whole[128:192], whole[192:]
    for parts in ([first, third, second, rest], [first, second, second, third, rest], [first, third, rest]):
        with pytest.raises(Unopened):
            opened(b"".join(parts))
    with pytest.raises(Unopened):
        opened(whole + sealed_by(b"more"))


def test_another_context_or_key_opens_nothing():
    with pytest.raises(Unopened):
        opened(sealed_by(b"content", b"one"), b"another")
    with pytest.raises(Unopened):
        list(stream.unsealed(bytes(32), b"", BytesIO(sealed_by(b"content")).read, TINY))


def test_two_streams_of_the_same_content_have_nothing_in_common():
    assert sealed_by(bytes(100))[33:] != sealed_by(bytes(100))[33:]


def test_a_things_key_opens_its_own_values_and_files_only(installation):
    key, wrapped = sealed.new_key("intake", bytes(16))
    again = sealed.open_key("intake", bytes(16), wrapped)
    assert again.unseal("draft", key.seal("draft", b"value")) == b"value"
    sealer = key.sealer("file")
    whole = sealer.update(b"content") + sealer.finish()
    assert b"".join(again.unsealed("file", BytesIO(whole).read)) == b"content"
    with pytest.raises(Unopened):
        again.unseal("label", key.seal("draft", b"value"))
    with pytest.raises(Unopened):
        list(again.unsealed("draft", BytesIO(whole).read))
    for room, thing in (("people", bytes(16)), ("intake", b"1" * 16)):
        with pytest.raises(Unopened):
            sealed.open_key(room, thing, wrapped)
    assert repr(key) == "Key(…)"
    assert repr(sealer) == "Sealer(…)"


def test_a_lasting_key_is_the_same_each_time_and_another_for_each_thing(installation):
    frame = sealed.lasting_key("intake", bytes(16)).seal("label", b"people.csv")
    assert sealed.lasting_key("intake", bytes(16)).unseal("label", frame) == b"people.csv"
    with pytest.raises(Unopened):
        sealed.lasting_key("intake", b"1" * 16).unseal("label", frame)


def test_nothing_is_sealed_before_the_keys_were_handed_over(installation):
    sealed.wire(keys=None)
    try:
        with pytest.raises(Unavailable, match="keys were not handed over"):
            sealed.new_key("intake", bytes(16))
    finally:
        from keepfold.vault import keys

        sealed.wire(keys=keys.FileKeys())
