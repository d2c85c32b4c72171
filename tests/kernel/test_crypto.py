"""Primitives: published vectors, exact formats, and one error for every way of not opening."""

from __future__ import annotations

import hmac

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keepfold.kernel.crypto import aead, argon2, keys, mac, pool, selftest, sign, stream, wipe, wrap
from keepfold.kernel.errors import Unavailable, Unopened

KEY = bytes(range(32))
NONCE = bytes(range(12))
CIPHER = aead.cipher(KEY)


def test_every_published_vector_holds():
    assert len(selftest.run()) == len(selftest.VECTORS) == 7


@pytest.mark.parametrize("answer", [lambda: False, lambda: 1 / 0], ids=["wrong", "raising"])
def test_a_primitive_that_fails_stops_the_start_and_is_named(monkeypatch, answer):
    monkeypatch.setattr(selftest, "VECTORS", (*selftest.VECTORS, selftest.Vector("Rot13: appendix Z", answer)))
    with pytest.raises(Unavailable, match="Rot13") as failure:
        selftest.run()
    assert failure.value.code == "crypto.selftest"


def test_no_process_starts_with_a_primitive_that_fails(monkeypatch):
    from django.apps import apps

    monkeypatch.setattr(selftest, "VECTORS", (selftest.Vector("Rot13: appendix Z", lambda: False),))
    with pytest.raises(Unavailable, match="Rot13"):
        apps.get_app_config("kernel").ready()


@pytest.mark.parametrize("source", [vector.source for vector in selftest.VECTORS])
def test_each_vector_notices_a_broken_primitive(monkeypatch, source):
    vector = next(vector for vector in selftest.VECTORS if vector.source == source)
    broken = {
        "AES": (aead, "seal", lambda *_: b"\x01\x01" + bytes(90)),
        "HMAC": (mac, "tag", lambda *_: bytes(32)),
        "Streams": (stream, "unsealed", lambda *_: iter((b"BLOCK 1.",))),
        "HKDF": (keys, "expand", lambda *_: bytes(42)),
        "Ed25519": (sign, "is_valid", lambda *_: True),
        "Argon2id": (selftest, "Argon2id", lambda **_: type("Broken", (), {"derive": lambda *_: bytes(32)})()),
    }
    module, name, replacement = broken[source.partition("-")[0].partition(":")[0]]
    if "context" in source:
        module, name, replacement = aead, "unseal", lambda *_: b"value"
    monkeypatch.setattr(module, name, replacement)
    assert not vector.holds()


@given(st.binary(max_size=300), st.binary(max_size=80), st.integers(0, 255))
def test_what_was_sealed_opens_in_its_place_and_is_30_bytes_longer(plaintext, aad, generation):
    frame = aead.seal(CIPHER, generation, NONCE, plaintext, aad)
    assert len(frame) == len(plaintext) + aead.OVERHEAD == len(plaintext) + 30
    assert frame[:14] == bytes((1, generation)) + NONCE
    assert aead.generation(frame) == generation
    assert aead.unseal(CIPHER, frame, aad) == plaintext


@given(st.data())
def test_changing_any_byte_of_a_frame_beyond_its_generation_closes_it(data):
    frame = bytearray(aead.seal(CIPHER, 1, NONCE, b"secret", b"place"))
    position = data.draw(st.sampled_from([place for place in range(len(frame)) if place != 1]))
    frame[position] ^= data.draw(st.integers(1, 255))
    with pytest.raises(Unopened):
        aead.unseal(CIPHER, bytes(frame), b"place")


@given(st.binary(max_size=80))
def test_no_bytes_make_anything_but_the_one_error(frame):
    with pytest.raises(Unopened) as refusal:
        aead.unseal(CIPHER, frame, b"place")
    assert refusal.value.__suppress_context__ or refusal.value.__context__ is None
    assert (refusal.value.code, refusal.value.detail) == ("crypto.unopened", Unopened().detail)


@pytest.mark.parametrize(
    ("frame", "aad", "key"),
    [
        (aead.seal(CIPHER, 1, NONCE, b"secret", b"place"), b"elsewhere", KEY),
        (aead.seal(CIPHER, 1, NONCE, b"secret", b"place"), b"place", bytes(32)),
        (b"\x02" + aead.seal(CIPHER, 1, NONCE, b"secret", b"place")[1:], b"place", KEY),
        (b"\x00" + aead.seal(CIPHER, 1, NONCE, b"secret", b"place")[1:], b"place", KEY),
        (aead.seal(CIPHER, 1, NONCE, b"secret", b"place")[:-1], b"place", KEY),
        (b"", b"place", KEY),
    ],
    ids=["place", "key", "algorithm-2", "algorithm-0", "cut", "empty"],
)
def test_every_cause_gives_the_same_error(frame, aad, key):
    with pytest.raises(Unopened) as refusal:
        aead.unseal(aead.cipher(key), frame, aad)
    assert refusal.value.problem() == Unopened().problem()
    assert b"secret" not in repr(refusal.value).encode()


@pytest.mark.parametrize("frame", [b"", b"\x01" * 29, b"\x02" * 40])
def test_a_generation_is_read_from_frames_only(frame):
    with pytest.raises(Unopened):
        aead.generation(frame)


@pytest.mark.parametrize("length", [0, 16, 31, 33])
def test_a_key_has_32_bytes(length):
    with pytest.raises(ValueError, match="32 bytes"):
        aead.cipher(bytes(length))
    with pytest.raises(ValueError, match="32 bytes"):
        wrap.wrap(CIPHER, 1, NONCE, bytes(length), b"")


@given(st.binary(min_size=32, max_size=32), st.integers(0, 2**32 - 1), st.binary(max_size=60))
def test_a_wrapped_key_has_65_bytes_and_unwraps_in_its_place_only(key, version, aad):
    wrapped = wrap.wrap(CIPHER, version, NONCE, key, aad)
    assert len(wrapped) == wrap.WRAPPED_BYTES == 65
    assert wrapped[:17] == b"\x01" + version.to_bytes(4, "big") + NONCE
    assert wrap.kek_version(wrapped) == version
    assert wrap.unwrap(CIPHER, wrapped, aad) == key
    with wipe.buffer() as room:
        wrap.unwrap_into(CIPHER, wrapped, aad, room)
        assert room == key
    assert room == bytes(32)
    with pytest.raises(Unopened):
        wrap.unwrap(CIPHER, wrapped, aad + b"x")


@pytest.mark.parametrize("wrapped", [b"", bytes(65), b"\x02" + bytes(64), b"\x01" * 64, b"\x01" * 66])
def test_what_is_no_wrapped_key_is_refused(wrapped):
    with pytest.raises(Unopened):
        wrap.unwrap(CIPHER, wrapped, b"")
    with pytest.raises(Unopened):
        wrap.unwrap_into(CIPHER, wrapped, b"", bytearray(32))


def test_a_wrapped_key_is_no_frame():
    # A frame that was put into the column of wrapped keys, or the other way round, must not open by accident.
    frame = aead.seal(CIPHER, 0, NONCE, bytes(35), b"aad")
    assert len(frame) == 65
    with pytest.raises(Unopened):
        wrap.unwrap(CIPHER, frame, b"aad")


def test_derived_keys_differ_by_purpose_and_need_a_real_key():
    assert keys.expand(KEY, b"one") != keys.expand(KEY, b"two")
    assert len(keys.expand(KEY, b"one", 64)) == 64
    with pytest.raises(ValueError, match="32 bytes"):
        keys.expand(b"short", b"one")


def test_new_keys_and_nonces_have_their_lengths_and_differ():
    made = [*keys.new_many(500), keys.new()]
    assert {len(key) for key in made} == {32}
    assert len(set(made)) == 501
    nonces = [*pool.nonces(500), pool.nonce()]
    assert {len(nonce) for nonce in nonces} == {12}
    assert len(set(nonces)) == 501
    assert pool.nonces(0) == keys.new_many(0) == []


@given(st.binary(min_size=1, max_size=100), st.binary(max_size=100), st.binary(max_size=100))
def test_a_started_tag_gives_the_same_as_a_fresh_one_and_is_not_used_up(key, one, other):
    import hashlib

    started = mac.start(key)
    for message in (one, other, one):
        assert mac.tag(started, message) == hmac.digest(key, message, hashlib.sha256)
    assert mac.equal(mac.tag(started, one), mac.tag(started, other)) == (one == other)


def test_a_passphrase_gives_the_same_key_however_it_was_typed():
    quick = {"memory_kib": 64, "iterations": 1, "lanes": 1}
    salt = bytes(16)
    assert argon2.derive("Zo\u00eb", salt, **quick) == argon2.derive("Zoe\u0308", salt, **quick)
    assert argon2.derive("Zoe", salt, **quick) != argon2.derive("Zo\u00eb", salt, **quick)
    assert len(argon2.derive("x", salt, length=64, **quick)) == 64
    with pytest.raises(ValueError, match="salt"):
        argon2.derive("x", b"short", **quick)


def test_a_stored_password_is_as_the_reference_implementation_writes_it():
    # github.com/P-H-C/phc-winner-argon2, src/test.c, version 19.
    stored = "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc"
    assert argon2.phc_matches(b"password", stored, b"")
    assert not argon2.phc_matches(b"Password", stored, b"")
    assert not argon2.phc_matches(b"password", stored, b"pepper")
    assert not argon2.phc_matches(b"password", "nonsense", b"")


def test_a_stored_password_belongs_to_the_secret_it_was_made_with():
    stored = argon2.phc(b"password", bytes(16), b"pepper", memory_kib=64, iterations=1, lanes=1)
    assert stored.startswith("$argon2id$v=19$m=64,t=1,p=1$")
    assert argon2.phc_matches(b"password", stored, b"pepper")
    assert not argon2.phc_matches(b"password", stored, b"salt")


def test_a_signature_belongs_to_its_key_and_message():
    seed = keys.new()
    signer = sign.signer(seed)
    signature = sign.sign(signer, b"message")
    public = sign.public(signer)
    assert sign.is_valid(public, signature, b"message")
    assert not sign.is_valid(public, signature, b"another")
    assert not sign.is_valid(sign.public(sign.signer(keys.new())), signature, b"message")
    assert not sign.is_valid(public, signature[:-1], b"message")
    assert not sign.is_valid(b"short", signature, b"message")


def test_a_buffer_is_wiped_also_by_an_error():
    with pytest.raises(RuntimeError), wipe.buffer(4) as room:  # noqa: PT012  leaving by an error is the subject
        room[:] = b"key!"
        raise RuntimeError
    assert room == bytes(4)


def test_core_dumps_can_be_forbidden():
    import subprocess
    import sys

    script = (
        "import resource; from keepfold.kernel.crypto import wipe; assert wipe.forbid_dumps(); "
        "print(resource.getrlimit(resource.RLIMIT_CORE))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        env={"PYTHONPATH": ":".join(sys.path)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == "(0, 0)"


@given(
    pairs=st.lists(st.tuples(st.binary(min_size=1, max_size=80), st.binary(max_size=80)), max_size=5),
    info=st.binary(max_size=40),
)
def test_chained_tags_are_two_hmacs_each(pairs, info):
    keys, messages = [key for key, _ in pairs], [message for _, message in pairs]
    expected = [hmac.digest(hmac.digest(key, info, "sha256"), message, "sha256") for key, message in pairs]
    assert mac.chained(keys, info, messages) == expected


def test_chained_tags_refuse_a_key_without_its_message():
    with pytest.raises(ValueError, match="zip"):
        mac.chained([b"k" * 32, b"l" * 32], b"info", [b"one"])
