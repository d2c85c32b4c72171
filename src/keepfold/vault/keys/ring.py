"""The open keyring of this process: tenant key, shard keys and side keys, unwrapped once and kept; people's keys never.

Opening it is the one moment when the root key is used. Everything that is wrong is an error with a next step.
"""

from __future__ import annotations

import threading

from keepfold.kernel import clock, config, db
from keepfold.kernel.crypto import aead, keys, mac, pool, wrap
from keepfold.kernel.errors import Unopened
from keepfold.vault.errors import KeysUnavailable
from keepfold.vault.keys import context, root, store
from keepfold.vault.keys.shards import Shard, Shards

TENANT = "tenant"


class Ring:
    """The keys of one installation. Its repr shows none of them."""

    def __init__(self, tenant: bytes, tenant_keys: dict[int, aead.Cipher], shard_count: int) -> None:
        self.tenant = tenant
        self.shard_count = shard_count
        self._tenant_keys = tenant_keys
        self._newest = max(tenant_keys)
        self.shards = Shards(self)
        self._side: dict[str, list[tuple[int, bytes]]] = {}
        self._started: dict[str, list[tuple[int, mac.Started]]] = {}

    def __repr__(self) -> str:
        return "Ring(…)"

    def wrap(self, key: bytes, aad: bytes) -> bytes:
        """Wrap a key under the newest tenant key."""
        return wrap.wrap(self._tenant_keys[self._newest], self._newest, pool.nonce(), key, aad)

    def unwrap(self, wrapped: bytes, aad: bytes) -> bytes:
        """Unwrap what a tenant key wrapped. Raises `Unopened`."""
        cipher = self._tenant_keys.get(wrap.kek_version(wrapped))
        if cipher is None:
            raise Unopened
        return wrap.unwrap(cipher, wrapped, aad)

    def side_versions(self, name: str) -> list[tuple[int, bytes]]:
        """Return (version, key) of all versions of a side key, oldest first; the first one is made when asked for."""
        found = self._side.get(name)
        if found is None:
            if not (rows := store.named(name)):
                store.add_named(name, 1, self.wrap(keys.new(), context.of_side(self.tenant, name, 1)), clock.now_us())
                rows = store.named(name)  # another process may have been first
            found = [(version, self.unwrap(row, context.of_side(self.tenant, name, version))) for version, row in rows]
            self._side[name] = found
        return found

    def side(self, name: str) -> bytes:
        """Return the newest version of a side key."""
        return self.side_versions(name)[-1][1]

    def index(self, number: int) -> list[tuple[int, mac.Started]]:
        """Return (version, started HMAC) of an index's keys, oldest first."""
        name = f"index/{number}"
        found = self._started.get(name)
        if found is None:
            found = [(version, mac.start(key)) for version, key in self.side_versions(name)]
            self._started[name] = found
        return found

    def mark(self, person: bytes) -> bytes:
        """Return the 16 bytes by which an erased person is recognised."""
        name = "tombstone"
        if name not in self._started:
            self._started[name] = [(1, mac.start(self.side(name)))]
        return mac.tag(self._started[name][0][1], person)[:16]

    def shard_of(self, person: bytes) -> int:
        """Return the shard of a new person: the first bits of an HMAC of the id."""
        if self.shard_count == 1:
            return 0
        name = "shard"
        if name not in self._started:
            self._started[name] = [(1, mac.start(self.side(name)))]
        return int.from_bytes(mac.tag(self._started[name][0][1], person)[:2], "big") % self.shard_count

    def writer(self, compartment: int, shard: int, wraps: int) -> Shard:
        """Return the shard key for new wraps, with that many reserved."""
        return self.shards.writer(compartment, shard, wraps)

    def reader(self, compartment: int, shard: int, version: int) -> Shard:
        """Return one shard key for unwrapping. Raises `Unopened` when there is none."""
        return self.shards.reader(compartment, shard, version)


class _Process:
    """The ring of this process; None until it is first needed."""

    ring: Ring | None = None
    lock = threading.Lock()


def ring() -> Ring:
    """Return the open keyring. Raises `KeysUnavailable` with the reason and what to do; makes nothing."""
    found = _Process.ring
    if found is None:
        with _Process.lock:
            if _Process.ring is None:
                _Process.ring = open_ring(config.current())
            found = _Process.ring
    return found


def forget() -> None:
    """Drop the open keyring; the next use opens it again with the root key."""
    _Process.ring = None


def open_ring(settings: config.Config) -> Ring:
    """Open the keyring with the root key of this configuration."""
    row = store.keyring()
    if row is None:
        raise not_initialised()
    check_home(row.tenant)
    secret = aead.cipher(root.read(settings, row))
    try:
        tenant_keys = {
            version: aead.cipher(wrap.unwrap(secret, wrapped, context.of_tenant(row.tenant, version)))
            for version, wrapped in store.named(TENANT)
        }
    except Unopened:
        raise damaged() from None
    if not tenant_keys:
        raise damaged()
    return Ring(row.tenant, tenant_keys, row.shards)


def check_home(tenant: bytes) -> None:
    """Raise `KeysUnavailable` unless the data store belongs to these keys."""
    home = db.fetch_one("default", "SELECT tenant FROM vault_home WHERE id = 1")
    if home is None:
        raise not_initialised()
    if home[0] != tenant:
        raise KeysUnavailable(
            "The key store and the data store belong to different installations.",
            code="keys.other-store",
            next_step="Point keys_url and data_url (or KEEPFOLD_HOME) to the two stores that belong together.",
        )


def not_initialised() -> KeysUnavailable:
    """Return the error for a key store without keys."""
    if db.fetch_one("default", "SELECT 1 FROM vault_home") or db.fetch_one("default", "SELECT 1 FROM vault_person"):
        return KeysUnavailable(
            "The key store is empty, but the data store holds sealed people. No new keys were made.",
            code="keys.store-empty",
            next_step="Restore the key store from its backup, or point keys_url to the right one.",
        )
    return KeysUnavailable(
        "This installation has no keys yet.",
        code="keys.not-initialised",
        next_step="Run `keepfold init`.",
    )


def damaged() -> KeysUnavailable:
    """Return the error for a keyring whose rows do not open under the right root key."""
    return KeysUnavailable(
        "The key store is damaged: its tenant key is missing or does not open.",
        code="keys.damaged",
        next_step="Restore the key store from its backup. Nothing was changed.",
    )
