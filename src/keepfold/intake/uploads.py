"""Uploaded files: sealed while they come in, opened in memory only, gone when the import is over.

`<home>/uploads/imp_….sealed` is a stream (`kernel.sealed`) under a key of its own, which only the import's row holds,
wrapped under a side key of the vault. A file whose row was never written, or is gone, opens for nobody.
"""

from __future__ import annotations

import hashlib
import hmac
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from keepfold.intake.sources.memory import filled
from keepfold.kernel import clock, config, ids, sealed
from keepfold.kernel.errors import Invalid, NotFound, Unavailable

ROOM, PREFIX = "intake", "imp"
ENDING = ".sealed"
_WHAT = "file"


def folder() -> Path:
    """Return where uploads lie."""
    return config.current().home / "uploads"


def path_of(import_id: bytes) -> Path:
    """Return the path of an upload. The name holds our id alone, nothing that came with the file."""
    return folder() / f"{ids.show(PREFIX, import_id)}{ENDING}"


class Receiver:
    """Takes a file piece by piece. Without `finish` and a row that holds `wrapped`, it opens for nobody."""

    def __init__(self) -> None:
        self.import_id = ids.uuid7()
        self.key, self.wrapped = sealed.new_key(ROOM, self.import_id)
        self.size = 0
        self._digest = hashlib.sha256()
        self._sealer = self.key.sealer(_WHAT)
        self._file = _new_file(path_of(self.import_id))

    def take(self, piece: bytes) -> None:
        """Seal and write one piece. Raises `Unavailable` when the disk does not take it."""
        self.size += len(piece)
        self._digest.update(piece)
        self._write(self._sealer.update(piece))

    def finish(self) -> None:
        """Write the end, durably."""
        self._write(self._sealer.finish())
        os.fsync(self._file)
        os.close(self._file)
        self._file = -1

    def discard(self) -> None:
        """Remove what was written."""
        if self._file != -1:
            os.close(self._file)
            self._file = -1
        remove(self.import_id)

    @property
    def content(self) -> bytes:
        """Return a keyed hash by which the same content is known again; it says nothing to whoever reads it."""
        key = config.current().secret_key.encode()
        return hmac.digest(key, b"keepfold/intake/content/" + self._digest.digest(), hashlib.sha256)

    def _write(self, data: bytes) -> None:
        view = memoryview(data)
        try:
            while view:
                view = view[os.write(self._file, view) :]
        except OSError as error:
            raise _no_room() from error


def _new_file(path: Path) -> int:
    try:
        path.parent.mkdir(mode=0o700, exist_ok=True)
        return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise _no_room() from error


def _no_room() -> Unavailable:
    return Unavailable(
        "The server has no room for the file.",
        code="intake.upload-unwritable",
        next_step="Free disk space, then try again.",
    )


@contextmanager
def opened(import_id: bytes, key: sealed.Key) -> Iterator[int]:
    """Yield the number of a sealed file in memory that holds the upload; it is gone when the block ends.

    Raises `NotFound` when the upload is gone, `Unopened` when somebody changed it.
    """
    try:
        file = path_of(import_id).open("rb", buffering=0)
    except FileNotFoundError:
        raise NotFound(
            "The uploaded file is not there any more.", code="intake.upload-gone", next_step="Upload it again."
        ) from None
    with file, filled(key.unsealed(_WHAT, _full(file.fileno()))) as number:
        yield number


class _full:  # noqa: N801  a function with a file number
    """Reads exactly as much as asked for, less only at the end."""

    def __init__(self, number: int) -> None:
        self._number = number

    def __call__(self, size: int) -> bytes:
        parts = bytearray()
        while len(parts) < size and (piece := os.read(self._number, size - len(parts))):
            parts += piece
        return bytes(parts)


def remove(import_id: bytes) -> None:
    """Remove an upload if it is there."""
    path_of(import_id).unlink(missing_ok=True)


def left_behind(older_than_seconds: float) -> Iterator[tuple[bytes | None, Path]]:
    """Yield (import, path) of files that nobody wrote to for so long; the import is None when the name is not ours."""
    if not folder().is_dir():
        return
    now = clock.now().timestamp()
    for path in sorted(folder().iterdir()):
        if now - path.stat().st_mtime > older_than_seconds:
            yield _import_of(path), path


def _import_of(path: Path) -> bytes | None:
    try:
        return ids.parse(PREFIX, path.name.removesuffix(ENDING))
    except Invalid:
        return None
