"""Known-answer tests of every primitive, run at start: a broken library must not get as far as the first customer."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO
from typing import NamedTuple

from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

from keepfold.kernel.crypto import aead, keys, mac, sign, stream, wrap
from keepfold.kernel.errors import Unavailable, Unopened


class Vector(NamedTuple):
    """One published test vector: its source and a function that says whether the answer is the published one."""

    source: str
    holds: Callable[[], bool]


_hex = bytes.fromhex


def _gcm() -> bool:
    key = _hex("feffe9928665731c6d6a8f9467308308") * 2
    nonce, aad = _hex("cafebabefacedbaddecaf888"), _hex("feedfacedeadbeeffeedfacedeadbeefabaddad2")
    plaintext = _hex(
        "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"
        "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39"
    )
    sealed = _hex(
        "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa"
        "8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662"
        "76fc6ece0f4e1768cddf8853bb2d551b"
    )
    frame = aead.seal(aead.cipher(key), 1, nonce, plaintext, aad)
    return frame == b"\x01\x01" + nonce + sealed and aead.unseal(aead.cipher(key), frame, aad) == plaintext


def _another_context_is_refused() -> bool:
    cipher = aead.cipher(bytes(32))
    frame = aead.seal(cipher, 1, bytes(12), b"value", b"context")
    wrapped = wrap.wrap(cipher, 7, bytes(12), bytes(32), b"context")
    return all(_refused(attempt) for attempt in (
        lambda: aead.unseal(cipher, frame, b"another"),
        lambda: aead.unseal(cipher, b"\x02" + frame[1:], b"context"),
        lambda: wrap.unwrap(cipher, wrapped, b"another"),
    ))  # fmt: skip


def _refused(attempt: Callable[[], object]) -> bool:
    try:
        attempt()
    except Unopened:
        return True
    return False


def _hmac() -> bool:
    answer = _hex("5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843")
    started = mac.start(b"Jefe")
    return all(mac.tag(started, b"what do ya want for nothing?") == answer for _ in range(2))


def _hkdf() -> bool:
    key = _hex("077709362c2e32df0ddc3f0dc47bba6390b6c73bb50f9c3122ec844ad7c2b3e5")
    answer = _hex("3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865")
    return keys.expand(key, _hex("f0f1f2f3f4f5f6f7f8f9"), 42) == answer


def _ed25519() -> bool:
    signer = sign.signer(_hex("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb"))
    public = _hex("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c")
    signature = _hex(
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
        "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"
    )
    return (
        sign.public(signer) == public
        and sign.sign(signer, b"\x72") == signature
        and sign.is_valid(public, signature, b"\x72")
        and not sign.is_valid(public, signature, b"\x73")
    )


def _argon2id() -> bool:
    # The published vector uses a secret and associated data, which `argon2.derive` does not; same implementation.
    answer = _hex("0d640df58d78766c08c037a34a8b53c9d01ef0452d75b65eb52520e96b01e659")
    primitive = Argon2id(
        salt=b"\x02" * 16, length=32, iterations=3, lanes=4, memory_cost=32, ad=b"\x04" * 12, secret=b"\x03" * 8
    )
    return primitive.derive(b"\x01" * 32) == answer


def _stream() -> bool:
    # Tink's java tests, AesGcmHkdfStreamingTestUtil, vector 7: SHA-1 in the HKDF, otherwise the format that we use.
    secret = _hex("00112233445566778899aabbccddeeff6eb56cdc726dfbe5d57f2fcdc6e9345b")
    sealed = _hex(
        "28782994617714a80fa085e15051a16854522330d6d0f26c049b2192f09cdd98b2eb90c753bfff277a29e54fa4afb15d648c28477eb07f01"
        "2535c767f5fdce24ffffae318480c1d37357d6d3c511159318afa09ef38aa3f5456fd7817c5c02dd6e1a7fef174c8bd24e38b5982ac10549"
        "7c0101ac5581fe5b"
    )
    content = b"".join(b"BLOCK %d." % number for number in range(1, 9))
    shape = stream.Shape(SHA1, 32, 120)
    sealer = stream.Sealer(secret, bytes(range(4)), shape, salt=sealed[1:33], prefix=sealed[33:40])
    again = b"".join(stream.unsealed(secret, bytes(range(4)), BytesIO(sealed).read, shape))
    return sealer.update(content) + sealer.finish() == sealed and again == content


VECTORS: tuple[Vector, ...] = (
    Vector("AES-256-GCM: McGrew and Viega, The Galois/Counter Mode of Operation, test case 16", _gcm),
    Vector(
        "AES-256-GCM: another context, another algorithm byte, another wrap are refused", _another_context_is_refused
    ),
    Vector("Streams: Tink, AesGcmHkdfStreamingTestUtil, vector 7", _stream),
    Vector("HMAC-SHA256: RFC 4231 section 4.3", _hmac),
    Vector("HKDF-Expand: RFC 5869 appendix A.1", _hkdf),
    Vector("Ed25519: RFC 8032 section 7.1, test 2", _ed25519),
    Vector("Argon2id: RFC 9106 section 5.3", _argon2id),
)


def run() -> list[str]:
    """Return the sources of the vectors that hold. Raises `Unavailable` (`crypto.selftest`) when one does not."""
    failed = [vector.source for vector in VECTORS if not _holds(vector)]
    if failed:
        raise Unavailable(
            f"A cryptographic primitive gave a wrong answer: {'; '.join(failed)}.",
            code="crypto.selftest",
            next_step="Reinstall the locked requirements; do not seal anything with this installation.",
        )
    return [vector.source for vector in VECTORS]


def _holds(vector: Vector) -> bool:
    try:
        return vector.holds()
    except Exception:  # noqa: BLE001  a primitive that raises has failed its test
        return False
