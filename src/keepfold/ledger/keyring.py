"""The ledger's side of the keys: what the vault provides, and what is derived from it. No Django.

From the log key named `pending` every table's row key is derived (HKDF-Expand), from `detail` the key of details that
belong to no single person, from `sign` the Ed25519 signer. Row MACs show that a row was not made or changed by
somebody who has the database but not the keys.
"""

from __future__ import annotations

import hmac
import struct
from collections.abc import Iterable
from typing import ClassVar, Literal

from keepfold.kernel import config
from keepfold.kernel.crypto import mac
from keepfold.kernel.errors import Unavailable
from keepfold.ledger import note, tags
from keepfold.ledger.types import Keys

Table = Literal["log", "pending", "entry", "checkpoint", "closing", "closed", "verification"]

# The one log there is today. Rows carry its number so that later shards can stand beside it.
LOG = 1
MAC_SIZE = 16


class _State:
    """What the site has handed over, and what this process derived from it."""

    keys: Keys | None = None
    rows: ClassVar[dict[str, bytes]] = {}
    started: ClassVar[dict[str, mac.Started]] = {}
    detail: bytes | None = None
    signer: note.Signer | None = None
    identity: tuple[str, bytes] | None = None
    checked: bool = False


def wire(*, keys: Keys | None) -> None:
    """Hand the ledger its keys. The site does so at start-up; until then, and after None, nothing is appended."""
    _State.keys = keys
    forget()


def forget() -> None:
    """Drop everything derived; the next use asks the vault again."""
    _State.rows, _State.started, _State.detail, _State.signer = {}, {}, None, None
    _State.identity, _State.checked = None, False


def keys() -> Keys:
    """Return the keys. Raises `Unavailable` (`ledger.unwired`) before the site has handed them over."""
    if _State.keys is None:
        raise Unavailable(
            "The ledger has no keys yet, so it writes nothing down.",
            code="ledger.unwired",
            next_step="Start the program through `keepfold`; it wires the ledger.",
        )
    return _State.keys


def origin() -> str:
    """Return the name of this installation's log."""
    return _identity()[0]


def log_id() -> bytes:
    """Return the 32-byte id of this installation's log."""
    return _identity()[1]


def _identity() -> tuple[str, bytes]:
    if _State.identity is None:
        name = config.current().ledger_origin
        _State.identity = (name, tags.log_id(name))
    return _State.identity


def is_checked() -> bool:
    """Say whether this process has compared the setting with the log in the database."""
    return _State.checked


def set_checked() -> None:
    """Note that setting and log agree."""
    _State.checked = True


def detail_key() -> bytes:
    """Return the key of details that belong to nobody or to several people."""
    if _State.detail is None:
        _State.detail = tags.detail_key(keys().log_key("detail"))
    return _State.detail


def signer() -> note.Signer:
    """Return the signer of checkpoints; its name is the log's origin."""
    if _State.signer is None:
        _State.signer = note.Signer(origin(), keys().log_key("sign"))
    return _State.signer


def row_key(table: Table) -> bytes:
    """Return the key of one table's row MACs."""
    key = _State.rows.get(table)
    if key is None:
        key = _State.rows[table] = tags.expand(keys().log_key("pending"), b"keepfold/ledger/row/" + table.encode())
    return key


def row_mac(key: bytes, numbers: bytes, *parts: bytes) -> bytes:
    """Return the 16-byte MAC of one row. `numbers` has a fixed width; each part is preceded by its length."""
    framed = b"".join(len(part).to_bytes(4, "big") + part for part in parts)
    return hmac.digest(key, numbers + framed, "sha256")[:MAC_SIZE]


_AT = struct.Struct(">IQ")


def _started(table: Table) -> mac.Started:
    state = _State.started.get(table)
    if state is None:
        state = _State.started[table] = mac.start(row_key(table))
    return state


def pending_mac(log: int, at_us: int, ref: bytes, body: bytes, actor: bytes | None) -> bytes:
    """Return the MAC of a row that waits for its place in the log. Id and body have fixed lengths, so all is bound."""
    return mac.tag(_started("pending"), _AT.pack(log, at_us) + ref + body + (actor or b""))[:MAC_SIZE]


def pending_macs(log: int, rows: Iterable[tuple[int, bytes, bytes, bytes | None]]) -> list[bytes]:
    """Return the same for many rows (at_us, ref, body, actor)."""
    tag, state, pack = mac.tag, _started("pending"), _AT.pack
    return [tag(state, pack(log, at_us) + ref + body + (actor or b""))[:MAC_SIZE] for at_us, ref, body, actor in rows]


def entry_mac(log: int, index: int, ref: bytes, body: bytes, actor: bytes | None) -> bytes:
    """Return the MAC of an entry's row, which binds id, body and what the actor is found by to the index."""
    return mac.tag(_started("entry"), _AT.pack(log, index) + ref + body + (actor or b""))[:MAC_SIZE]


def entry_macs(log: int, first: int, rows: Iterable[tuple[bytes, bytes, bytes | None]]) -> list[bytes]:
    """Return the same for many entries (ref, body, actor) that stand at `first` and the indexes that follow."""
    tag, state, pack = mac.tag, _started("entry"), _AT.pack
    return [
        tag(state, pack(log, index) + ref + body + (actor or b""))[:MAC_SIZE]
        for index, (ref, body, actor) in enumerate(rows, start=first)
    ]


def log_mac(log: int, name: str, size: int, frontier: bytes, checkpoints: int) -> bytes:
    """Return the MAC of the log's state."""
    return row_mac(row_key("log"), struct.pack(">IQI", log, size, checkpoints), name.encode(), frontier)


def checkpoint_mac(log: int, number: int, size: int, at_us: int, signed: str) -> bytes:
    """Return the MAC of a checkpoint's row."""
    return row_mac(row_key("checkpoint"), struct.pack(">IIQQ", log, number, size, at_us), signed.encode())


def closing_mac(log: int, subject: bytes) -> bytes:
    """Return the mark of a person whose entries are being closed."""
    return row_mac(row_key("closing"), struct.pack(">I", log), subject)


def closed_mac(log: int, number: bytes, count: int) -> bytes:
    """Return the MAC of the row that says how many tags an erased person left behind."""
    return row_mac(row_key("closed"), struct.pack(">IQ", log, count), number)


def verification_mac(run: bytes, ended_us: int, report: str) -> bytes:
    """Return the mark of what a verification found."""
    return row_mac(row_key("verification"), struct.pack(">Q", ended_us), run, report.encode())
