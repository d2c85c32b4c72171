"""Signed notes and verifier keys (C2SP signed-note): a text with signature lines below it.

Pure. Ed25519 (type 0x01) signs and verifies; ECDSA P-256 over SHA-256 (type 0x02) verifies only, because logs of
others still use it. Lines of unknown keys are ignored; a line of a known key that fails makes the whole note invalid.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple, Protocol

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, SECP256R1, EllipticCurvePublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_public_key

from keepfold.kernel.crypto import sign as ed25519
from keepfold.ledger.errors import NoteInvalid

ED25519 = 0x01
ECDSA_P256 = 0x02
# Cosignatures (0x04 Ed25519, 0x06 ML-DSA-44) and RFC 6962 tree heads (0x05) are recognised but not verified here.
KINDS = frozenset({ED25519, ECDSA_P256, 0x04, 0x05, 0x06})
KEY_ID_SIZE = 4
# Sixteen post-quantum cosignatures of 3.3 kB and a text fit four times over.
LARGEST_NOTE = 256 * 1024
MOST_SIGNATURES = 100

_DASH = "\u2014 "
_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f]")
_KEY_ID = re.compile(r"[0-9a-f]{8}", re.ASCII)


class Signature(NamedTuple):
    """One signature line: who signed, the key's id (4 bytes), and the signature."""

    name: str
    key_id: bytes
    value: bytes

    def line(self) -> str:
        """Return the line as it stands in the note."""
        return f"{_DASH}{self.name} {base64.b64encode(self.key_id + self.value).decode()}\n"


class Note(NamedTuple):
    """A parsed note. `text` ends in a line feed."""

    text: str
    signatures: tuple[Signature, ...]


class Opened(NamedTuple):
    """A note of which at least one trusted signature holds."""

    text: str
    verified: tuple[Signature, ...]
    unverified: tuple[Signature, ...]


class PublicKey(Protocol):
    """What a verifier needs of a key."""

    def check(self, signature: bytes, message: bytes) -> bool:
        """Say whether the signature holds."""
        ...


class _Ed25519:
    """An Ed25519 public key of 32 bytes."""

    def __init__(self, raw: bytes) -> None:
        if len(raw) != 32:
            raise NoteInvalid("An Ed25519 key has 32 bytes.", code="ledger.vkey")
        self._raw = raw

    def check(self, signature: bytes, message: bytes) -> bool:
        """Say whether the signature holds."""
        return ed25519.is_valid(self._raw, signature, message)


class _Ecdsa:
    """An ECDSA P-256 public key as SubjectPublicKeyInfo."""

    def __init__(self, spki: bytes) -> None:
        try:
            key = load_der_public_key(spki)
        except (ValueError, UnsupportedAlgorithm):
            key = None
        if not isinstance(key, EllipticCurvePublicKey) or not isinstance(key.curve, SECP256R1):
            raise NoteInvalid("This is not a P-256 key.", code="ledger.vkey")
        self._key = key

    def check(self, signature: bytes, message: bytes) -> bool:
        """Say whether the signature holds."""
        try:
            self._key.verify(signature, message, ECDSA(SHA256()))
        except InvalidSignature:
            return False
        return True


class Verifier(NamedTuple):
    """A key one trusts: `kind` is the type byte, `key` is None for a type that this module cannot verify."""

    name: str
    key_id: bytes
    kind: int
    public: bytes
    key: PublicKey | None

    def vkey(self) -> str:
        """Return the text form: `name+hex8(key id)+base64(type ‖ public key)`."""
        return f"{self.name}+{self.key_id.hex()}+{base64.b64encode(bytes([self.kind]) + self.public).decode()}"


class Signer:
    """An Ed25519 key that signs notes. `seed` has 32 bytes and appears in no repr."""

    __slots__ = ("_key", "key_id", "name", "public")

    def __init__(self, name: str, seed: bytes) -> None:
        _check_name(name)
        self.name = name
        self._key = ed25519.signer(seed)
        self.public = ed25519.public(self._key)
        self.key_id = key_id(name, ED25519, self.public)

    def sign(self, text: str) -> Signature:
        """Return this key's signature line for a text."""
        _check_text(text)
        return Signature(self.name, self.key_id, ed25519.sign(self._key, text.encode()))

    def verifier(self) -> Verifier:
        """Return the key by which others verify."""
        return Verifier(self.name, self.key_id, ED25519, self.public, _Ed25519(self.public))


def key_id(name: str, kind: int, public: bytes) -> bytes:
    """Return the recommended id of a key; for ECDSA the one of sigstore, which hashes the key alone."""
    if kind == ECDSA_P256:
        return hashlib.sha256(public).digest()[:KEY_ID_SIZE]
    return hashlib.sha256(name.encode() + b"\n" + bytes([kind]) + public).digest()[:KEY_ID_SIZE]


def parse_vkey(text: str, *, any_id: bool = False) -> Verifier:
    """Return the verifier of a vkey. Raises `NoteInvalid` on any other form.

    The id must be the recommended hash unless `any_id` says that its owner chose it otherwise.
    """
    name, first, rest = text.partition("+")
    shown_id, second, packed = rest.partition("+")
    data = _decode(packed)
    if not (first and second) or not _KEY_ID.fullmatch(shown_id) or not data or len(data) < 2:
        raise NoteInvalid("A verifier key looks like name+key id+base64.", code="ledger.vkey")
    _check_name(name)
    kind, public = data[0], data[1:]
    if kind not in KINDS:
        raise NoteInvalid("The verifier key is of an unknown kind.", code="ledger.vkey")
    key = _public_key(kind, public)
    if key is not None and not any_id and key_id(name, kind, public).hex() != shown_id:
        raise NoteInvalid("The id of the verifier key is not the hash of its parts.", code="ledger.vkey")
    return Verifier(name, bytes.fromhex(shown_id), kind, public, key)


def _public_key(kind: int, public: bytes) -> PublicKey | None:
    if kind == ED25519:
        return _Ed25519(public)
    return _Ecdsa(public) if kind == ECDSA_P256 else None


def parse_note(raw: bytes | str) -> Note:
    """Split a note into its text and its signature lines. Raises `NoteInvalid` when it is not one."""
    data = raw.encode() if isinstance(raw, str) else raw
    if len(data) > LARGEST_NOTE:
        raise NoteInvalid("The signed note is too long.", code="ledger.note-size")
    try:
        whole = data.decode()
    except UnicodeDecodeError:
        raise NoteInvalid("A signed note is UTF-8.") from None
    text, blank, tail = whole.rpartition("\n\n")
    if _CONTROL.search(whole) or not blank or not tail.endswith("\n"):
        raise NoteInvalid("This is not a signed note.")
    lines = tail[:-1].split("\n")
    if len(lines) > MOST_SIGNATURES:
        raise NoteInvalid("The note has too many signatures.", code="ledger.note-size")
    return Note(text + "\n", tuple(_parse_line(line) for line in lines))


def _parse_line(line: str) -> Signature:
    name, space, packed = line.removeprefix(_DASH).partition(" ")
    data = _decode(packed)
    if not line.startswith(_DASH) or not space or data is None or len(data) <= KEY_ID_SIZE:
        raise NoteInvalid("A signature line looks like — name base64.")
    _check_name(name)
    return Signature(name, data[:KEY_ID_SIZE], data[KEY_ID_SIZE:])


def open_note(raw: bytes | str, trusted: Sequence[Verifier]) -> Opened:
    """Return a note whose trusted signatures all hold, and there is at least one. Raises `NoteInvalid` otherwise."""
    note = parse_note(raw)
    verified: list[Signature] = []
    unverified: list[Signature] = []
    for signature in dict.fromkeys(note.signatures):
        key = _find(trusted, signature)
        if key is None:
            unverified.append(signature)
        elif not key.check(signature.value, note.text.encode()):
            raise NoteInvalid("A signature of a trusted key does not hold.", code="ledger.note-signature")
        elif signature not in verified:
            verified.append(signature)
    if not verified:
        raise NoteInvalid("No trusted key has signed this note.", code="ledger.note-unsigned")
    return Opened(note.text, tuple(verified), tuple(unverified))


def _find(trusted: Iterable[Verifier], signature: Signature) -> PublicKey | None:
    found = [item for item in trusted if (item.name, item.key_id) == (signature.name, signature.key_id)]
    if len(found) > 1:
        raise NoteInvalid("Two trusted keys have the same name and id.", code="ledger.vkey-ambiguous")
    return found[0].key if found else None


def sign_note(text: str, signers: Iterable[Signer]) -> str:
    """Return the note of a text, signed by each signer in turn."""
    return text + "\n" + "".join(signer.sign(text).line() for signer in signers)


def _check_name(name: str) -> None:
    if not name or "+" in name or any(letter.isspace() for letter in name) or _CONTROL.search(name) or "\n" in name:
        raise NoteInvalid("The name of a key has no spaces and no plus sign.", code="ledger.key-name")


def _check_text(text: str) -> None:
    if not text.endswith("\n") or _CONTROL.search(text):
        raise NoteInvalid("A note's text ends in a line feed and has no other control characters.")


def _decode(text: str) -> bytes | None:
    """Return the bytes of canonical padded base64, or None."""
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None
    return data if base64.b64encode(data).decode() == text else None
