"""The root key: 32 bytes in a file that only its owner may read, or a passphrase through Argon2id.

The file holds one line, `keepfold-root-1 ` and 64 hexadecimal digits.
"""

from __future__ import annotations

import os
import re
import stat
from pathlib import Path

from keepfold.kernel.config import Config
from keepfold.kernel.crypto import argon2, keys, mac
from keepfold.vault.errors import KeysUnavailable
from keepfold.vault.keys.store import KeyringRow

FILE, PASSPHRASE = "file", "passphrase"
SHORTEST_PASSPHRASE = 12
_LINE = re.compile(rb"keepfold-root-1 ([0-9a-f]{64})\s*\Z")
_MOST_MEMORY_KIB = 4 * 1024 * 1024


def root_id(root: bytes) -> bytes:
    """Return 16 bytes that recognise a root key and tell nothing of it."""
    return mac.tag(mac.start(root), b"keepfold/root-id/v1")[:16]


def read(config: Config, row: KeyringRow) -> bytes:
    """Return the root key of this keyring. Raises `KeysUnavailable` when it is missing, unsafe or another one."""
    if row.root_kind != config.root_key:
        raise KeysUnavailable(
            f"These keys were made with root_key = {row.root_kind}, but the setting says {config.root_key}.",
            code="keys.root-kind",
            next_step=f"Set root_key to {row.root_kind}.",
        )
    root = from_passphrase(config, row) if row.root_kind == PASSPHRASE else from_file(config.root_key_path)
    if not mac.equal(root_id(root), row.root_id):
        raise KeysUnavailable(
            f"This is not the root key of this installation: the {_noun(row.root_kind)} is another one.",
            code="keys.root-wrong",
            next_step=f"Use the {_noun(row.root_kind)} that this installation was made with. Nothing was changed.",
        )
    return root


def from_file(path: Path) -> bytes:
    """Return the root key in a file. Raises `KeysUnavailable`; never makes one."""
    try:
        # Without O_NONBLOCK a pipe in its place would hold up the start for ever.
        handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except FileNotFoundError:
        raise _missing() from None
    except OSError as error:
        raise _unreadable() from error
    try:
        match = _LINE.match(_content(handle))
    finally:
        os.close(handle)
    if match is None:
        raise _unreadable()
    return bytes.fromhex(match[1].decode())


def _content(handle: int) -> bytes:
    mode = os.fstat(handle).st_mode
    if not stat.S_ISREG(mode):
        raise _unreadable()
    if mode & 0o077:
        raise KeysUnavailable(
            "The root key file may be read by others than its owner.",
            code="keys.root-mode",
            next_step="Run `chmod 600` on the root key file and find out who could have read it.",
        )
    return os.read(handle, 1000)


def make_file(path: Path) -> bytes:
    """Make a new root key in a new file, durably, and return it. Raises `KeysUnavailable` when that cannot be done."""
    root = keys.new()
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        try:
            os.write(handle, b"keepfold-root-1 " + root.hex().encode() + b"\n")
            os.fsync(handle)
        finally:
            os.close(handle)
        _sync_folder(path.parent)
    except OSError as error:
        raise KeysUnavailable(
            "The root key file cannot be written.",
            code="keys.root-unwritable",
            next_step="Check the folder of the root key file: it must exist, be writable and have space.",
        ) from error
    return root


def from_passphrase(config: Config, row: KeyringRow) -> bytes:
    """Return the root key that the configured passphrase gives. Raises `KeysUnavailable` when there is none."""
    if len(config.root_passphrase) < SHORTEST_PASSPHRASE:
        raise KeysUnavailable(
            f"The root key comes from a passphrase of at least {SHORTEST_PASSPHRASE} characters, and none is set.",
            code="keys.passphrase-missing",
            next_step="Set KEEPFOLD_ROOT_PASSPHRASE, or KEEPFOLD_ROOT_PASSPHRASE_FILE to a file that holds it.",
        )
    if not 8 <= row.memory_kib <= _MOST_MEMORY_KIB or not 1 <= row.passes <= 100 or not 1 <= row.lanes <= 64:
        raise KeysUnavailable(
            "The stored parameters of the passphrase are not plausible.",
            code="keys.damaged",
            next_step="Restore the key store from its backup.",
        )
    return argon2.derive(
        config.root_passphrase, row.salt, memory_kib=row.memory_kib, iterations=row.passes, lanes=row.lanes
    )


def _sync_folder(folder: Path) -> None:
    # A new name is durable only once its folder is.
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _noun(kind: str) -> str:
    return "passphrase" if kind == PASSPHRASE else "root key file"


def _missing() -> KeysUnavailable:
    return KeysUnavailable(
        "The root key file is missing. No new one was made, because it could not open what is sealed.",
        code="keys.root-missing",
        next_step="Put the root key file back from where its copy is kept, or set root_key_file to its place.",
    )


def _unreadable() -> KeysUnavailable:
    return KeysUnavailable(
        "The root key file cannot be read, or does not hold a root key.",
        code="keys.root-unreadable",
        next_step="Check owner and content of the root key file; put its copy back if it was damaged.",
    )
