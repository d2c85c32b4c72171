"""A second reader of sealed rows, written from `docs/explanation/vault.md` alone.

It imports nothing of Keepfold. SQLite comes with Python, the AES-GCM is Google's Tink (raw, without its own prefix), the
msgpack is msgspec's. What it opens shows that the documentation is complete and that the frames are what it says.
"""

from __future__ import annotations

import sqlite3
import struct
from pathlib import Path
from typing import Any

from msgspec.msgpack import decode
from tink import aead, proto_keyset_format, secret_key_access
from tink.proto import aes_gcm_pb2, tink_pb2

PERSON = "FROM vault_person_key, vault_keyring WHERE person = ? AND compartment = ? AND generation = ?"
SHARD = "FROM vault_shard_key WHERE compartment = ? AND shard = ? AND version = ?"
TENANT = "FROM vault_named_key WHERE name = 'tenant' AND version = ?"
aead.register()


def unseal(key: bytes, sealed: bytes, context: bytes) -> bytes:
    """Open `nonce | ciphertext | tag`. Raises `tink.TinkError`."""
    value = aes_gcm_pb2.AesGcmKey(key_value=key).SerializeToString()
    data = tink_pb2.KeyData(type_url="type.googleapis.com/google.crypto.tink.AesGcmKey", value=value)
    data.key_material_type = tink_pb2.KeyData.SYMMETRIC
    only = tink_pb2.Keyset.Key(key_data=data, key_id=1, status=tink_pb2.ENABLED, output_prefix_type=tink_pb2.RAW)
    keyset = tink_pb2.Keyset(primary_key_id=1, key=[only]).SerializeToString()
    return proto_keyset_format.parse(keyset, secret_key_access.TOKEN).primitive(aead.Aead).decrypt(sealed, context)


def person_key(keys: sqlite3.Connection, root: bytes, place: tuple[bytes, int, int]) -> bytes:
    """Walk from the root key to the key of a person, compartment and generation. Raises `TypeError` without a row."""
    shard, wrapped, tenant = keys.execute(f"SELECT shard, wrapped, tenant {PERSON}", place).fetchone()
    above = (place[1], shard, int.from_bytes(wrapped[1:5], "big"))
    outer = keys.execute(f"SELECT wrapped {SHARD}", above).fetchone()[0]
    outermost = keys.execute(f"SELECT wrapped {TENANT}", (int.from_bytes(outer[1:5], "big"),)).fetchone()[0]
    key = unseal(root, outermost[5:], b"SGT1" + tenant + outer[1:5])
    key = unseal(key, outer[5:], b"SGS1" + tenant + struct.pack(">III", *above))
    return unseal(key, wrapped[5:], b"SGK1" + tenant + struct.pack(">16sIB", *place))


def read(home: Path, root: bytes, person: bytes) -> dict[int, Any]:
    """Return the values of a person by number of their field. Raises `tink.TinkError` when something does not open."""
    data, keys = (sqlite3.connect(f"file:{home / name}.sqlite3?mode=ro", uri=True) for name in ("data", "keys"))
    tenant, found = data.execute("SELECT tenant FROM vault_home").fetchone()[0], {}
    for compartment, record in data.execute("SELECT compartment, sealed FROM vault_record WHERE person = ?", [person]):
        at = 0
        while at < len(record):
            field, length = struct.unpack_from(">II", record, at)
            frame, at = record[at + 8 : at + 8 + length], at + 8 + length
            place = struct.pack(">16sIIIB", person, compartment, field, 0, frame[1])
            key = person_key(keys, root, (person, compartment, frame[1]))
            plain = unseal(key, frame[2:], b"SGF1" + frame[:1] + tenant + place)
            found |= {field: decode(plain.rstrip(b"\0").removesuffix(b"\x80"))} if field else decode(plain)
    return found
