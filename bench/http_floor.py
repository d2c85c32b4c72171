"""The floor of bench_http: Starlette with the same crypto and the same rows, and nothing else.

No policy, no consent, no idempotency, no checks of form; one table instead of five for the log. Per record: a key per
compartment, each wrapped; a frame per compartment; two blind indexes; keys committed first, then data and one log row
with a sealed frame. Per reading: one durable log row first, then keys, frames, JSON. Both stores are SQLite with
`synchronous=FULL`, as ours.
"""

from __future__ import annotations

import hmac
import os
import sqlite3
from hashlib import sha256
from pathlib import Path

import orjson
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

COMPARTMENTS = {
    1: ("email", "first_name", "last_name", "phone"),
    2: ("address", "city", "state", "postal_code", "country"),
    3: ("iban",),
}
LOG, OPENED = 0, (1, 2)
TOKEN_HASH = sha256(b"floor").digest()
KEK, INDEX = AESGCM(os.urandom(32)), os.urandom(32)


def _store(name: str, tables: str) -> sqlite3.Connection:
    path = Path(os.environ["FLOOR_HOME"]) / name
    store = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    store.executescript(f"PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; {tables}")
    return store


keys = _store(
    "keys",
    "CREATE TABLE IF NOT EXISTS k (person BLOB, part INT, wrapped BLOB, PRIMARY KEY (person, part)) WITHOUT ROWID",
)
data = _store(
    "data",
    "CREATE TABLE IF NOT EXISTS r (person BLOB, part INT, sealed BLOB, PRIMARY KEY (person, part)) WITHOUT ROWID;"
    "CREATE TABLE IF NOT EXISTS i (slot INT, tag BLOB, person BLOB, PRIMARY KEY (slot, tag)) WITHOUT ROWID;"
    "CREATE TABLE IF NOT EXISTS log (id BLOB PRIMARY KEY, body BLOB, frame BLOB) WITHOUT ROWID;",
)


def _seal(key: AESGCM, plain: bytes, aad: bytes) -> bytes:
    nonce = os.urandom(12)
    return nonce + key.encrypt(nonce, plain, aad)


def _log(key: AESGCM, person: bytes) -> tuple[bytes, bytes, bytes]:
    entry = os.urandom(16)
    return (
        entry,
        entry * 12,
        _seal(key, orjson.dumps({"who": "floor", "what": "bench", "for": "fulfil_order"}), entry + person),
    )


def _allowed(request: Request) -> bool:
    token = request.headers.get("authorization", "")[7:].encode()
    return hmac.compare_digest(sha256(token).digest(), TOKEN_HASH)


async def create(request: Request) -> Response:
    """Seal one record."""
    if not _allowed(request):
        return Response(status_code=401)
    values = orjson.loads(await request.body())["values"]
    person, log_key = os.urandom(16), os.urandom(32)
    key_rows, rows = [(person, LOG, _seal(KEK, log_key, person + b"0"))], []
    for part, names in COMPARTMENTS.items():
        place = person + bytes((part,))
        key = os.urandom(32)
        key_rows.append((person, part, _seal(KEK, key, place)))
        rows.append((person, part, _seal(AESGCM(key), orjson.dumps({name: values[name] for name in names}), place)))
    tags = [
        (slot, hmac.digest(INDEX, values[name].encode(), "sha256")[:8], person)
        for slot, name in ((1, "email"), (2, "phone"))
    ]
    keys.execute("BEGIN IMMEDIATE")
    keys.executemany("INSERT INTO k VALUES (?, ?, ?)", key_rows)
    keys.execute("COMMIT")
    data.execute("BEGIN IMMEDIATE")
    data.executemany("INSERT OR IGNORE INTO i VALUES (?, ?, ?)", tags)
    data.executemany("INSERT INTO r VALUES (?, ?, ?)", rows)
    data.execute("INSERT INTO log VALUES (?, ?, ?)", _log(AESGCM(log_key), person))
    data.execute("COMMIT")
    return Response(orjson.dumps({"id": person.hex()}), 201, media_type="application/json")


async def read(request: Request) -> Response:
    """Log, then open one record."""
    if not _allowed(request):
        return Response(status_code=401)
    person = bytes.fromhex(request.path_params["person"])
    wrapped = dict(keys.execute("SELECT part, wrapped FROM k WHERE person = ? AND part IN (0, 1, 2)", [person]))
    opened = {
        part: AESGCM(KEK.decrypt(one[:12], one[12:], person + (bytes((part,)) if part else b"0")))
        for part, one in wrapped.items()
    }
    data.execute("BEGIN IMMEDIATE")
    data.execute("INSERT INTO log VALUES (?, ?, ?)", _log(opened[LOG], person))
    data.execute("COMMIT")
    values: dict[str, str] = {}
    for part, sealed in data.execute("SELECT part, sealed FROM r WHERE person = ? AND part IN (1, 2)", [person]):
        values |= orjson.loads(opened[part].decrypt(sealed[:12], sealed[12:], person + bytes((part,))))
    return Response(orjson.dumps({"id": person.hex(), "values": values}), media_type="application/json")


async def ready(_request: Request) -> Response:
    """Say that it is up."""
    return Response(b"ok")


app = Starlette(
    routes=[
        Route("/readyz", ready),
        Route("/customers", create, methods=["POST"]),
        Route("/customers/{person}", read),
    ]
)
