"""Who runs in a home: a lock that the kernel drops when its holder dies, and a small file with the address.

Plain Python on purpose: the supervisor stays small, and `keepfold status` answers without loading the rooms.
"""

from __future__ import annotations

import fcntl
import json
import os
import time
from pathlib import Path
from typing import NamedTuple, Self

_PATIENCE_S = 0.3


class Running(NamedTuple):
    """A live supervisor: its process id, address, version and start (seconds since the epoch)."""

    pid: int
    address: str
    version: str
    started_s: int


class RunLock:
    """Held by the one supervisor of a home for as long as it lives."""

    def __init__(self, home: Path) -> None:
        """Name the lock; nothing is touched yet."""
        self._path = home / "run" / "up.lock"
        self._file: int | None = None

    def take(self) -> bool:
        """Take the lock; False when another process holds it. Readers hold it for an instant, hence the patience."""
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        file = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
        deadline = time.monotonic() + _PATIENCE_S
        while not _lock(file, fcntl.LOCK_EX):
            if time.monotonic() > deadline:
                os.close(file)
                return False
            time.sleep(0.02)
        self._file = file
        return True

    def release(self) -> None:
        """Give the lock back."""
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def __enter__(self) -> Self:
        """Enter with or without the lock; `take` says which."""
        return self

    def __exit__(self, *_exception: object) -> None:
        """Give the lock back."""
        self.release()


def write(home: Path, running: Running) -> None:
    """Write the address file in one step, so that no reader sees half of it."""
    path = home / "run" / "up.json"
    draft = path.with_suffix(".draft")
    draft.write_text(json.dumps(running._asdict()), encoding="utf-8")
    draft.replace(path)


def forget(home: Path) -> None:
    """Remove the address file."""
    (home / "run" / "up.json").unlink(missing_ok=True)


def find(home: Path) -> Running | None:
    """Return what runs in this home, or None. A file left behind by a dead supervisor does not count."""
    if not _held(home / "run" / "up.lock"):
        return None
    try:
        return Running(**json.loads((home / "run" / "up.json").read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None


def is_free(home: Path) -> bool:
    """Say whether no supervisor holds this home."""
    return not _held(home / "run" / "up.lock")


def _held(path: Path) -> bool:
    try:
        file = os.open(path, os.O_RDWR)
    except FileNotFoundError:
        return False
    try:
        return not _lock(file, fcntl.LOCK_SH)
    finally:
        os.close(file)


def _lock(file: int, kind: int) -> bool:
    try:
        fcntl.flock(file, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
