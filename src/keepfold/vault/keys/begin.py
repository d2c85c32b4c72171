"""Making the keys of a new installation. Nothing else in the project makes a root or a tenant key."""

from __future__ import annotations

import os

from keepfold.kernel import clock, config, db
from keepfold.kernel.crypto import aead, argon2, keys, pool, wrap
from keepfold.vault.errors import KeysUnavailable
from keepfold.vault.keys import context, root, store
from keepfold.vault.keys.ring import TENANT, forget, not_initialised, open_ring
from keepfold.vault.keys.store import KeyringRow


def init(*, memory_kib: int = argon2.MEMORY_KIB, passes: int = argon2.ITERATIONS, lanes: int = argon2.LANES) -> bool:
    """Make the keys of a new installation; say whether they were made now. Safe to repeat and to interrupt.

    The parameters are those of Argon2id and count only when the root key comes from a passphrase. Raises
    `KeysUnavailable` when the data store holds sealed people whose keys are missing: new keys would not open them.
    """
    settings = config.current()
    forget()
    with db.atomic(store.KEYS):
        made = store.keyring() is None
        if made:
            _refuse_over_data()
            _make(
                settings,
                KeyringRow(os.urandom(16), settings.root_key, b"", os.urandom(16), lanes, memory_kib, passes, 1),
            )
    _settle_home()
    open_ring(settings)
    return made


def _refuse_over_data() -> None:
    error = not_initialised()
    if error.code != "keys.not-initialised":
        raise error


def _make(settings: config.Config, draft: KeyringRow) -> None:
    if settings.root_key == root.PASSPHRASE:
        secret = root.from_passphrase(settings, draft)
    elif settings.root_key_path.exists():
        secret = root.from_file(settings.root_key_path)  # placed there beforehand, or left by an interrupted start
    else:
        secret = root.make_file(settings.root_key_path)
    row = KeyringRow(
        draft.tenant, draft.root_kind, root.root_id(secret), draft.salt, draft.lanes, draft.memory_kib, draft.passes, 1
    )
    store.insert_keyring(row, clock.now_us())
    aad = context.of_tenant(row.tenant, 1)
    wrapped = wrap.wrap(aead.cipher(secret), 1, pool.nonce(), keys.new(), aad)
    store.add_named(TENANT, 1, wrapped, clock.now_us())


def _settle_home() -> None:
    row = store.keyring()
    if row is None:
        raise not_initialised()
    if db.fetch_one("default", "SELECT 1 FROM vault_home") is None:
        if db.fetch_one("default", "SELECT 1 FROM vault_person"):
            raise KeysUnavailable(
                "The data store holds sealed people but does not say to whom it belongs.",
                code="keys.other-store",
                next_step="Restore the data store from its backup.",
            )
        sql = "INSERT INTO vault_home (id, tenant) VALUES (1, %s) ON CONFLICT (id) DO NOTHING"
        db.execute("default", sql, [row.tenant])
