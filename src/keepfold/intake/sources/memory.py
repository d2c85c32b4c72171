"""Contents in memory that look like a file: nothing is ever written to a disk, and nobody can change them.

An anonymous file (memfd_create(2)) is filled, then sealed against every change (F_ADD_SEALS in fcntl(2)), and reached
under /proc/self/fd by this process and by those that inherit its number.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path, PosixPath

_ALL_SEALS = fcntl.F_SEAL_SEAL | fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_WRITE


class MemoryPath(PosixPath):
    """The path of a file in memory, under the name that it had where it came from."""

    shown: str

    @property
    def name(self) -> str:
        """Return the name that people know it by."""
        return self.shown


def path_of(number: int, name: str) -> MemoryPath:
    """Return the path of an open file of this process."""
    path = MemoryPath(f"/proc/self/fd/{number}")
    path.shown = name
    return path


def is_memory(path: Path) -> bool:
    """Say whether a path leads to a file in memory."""
    return isinstance(path, MemoryPath)


@contextmanager
def filled(pieces: Iterable[bytes]) -> Iterator[int]:
    """Yield the number of a sealed anonymous file with this content; it is gone when the block ends."""
    number = os.memfd_create("keepfold", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    try:
        for piece in pieces:
            _write(number, piece)
        fcntl.fcntl(number, fcntl.F_ADD_SEALS, _ALL_SEALS)
        yield number
    finally:
        os.close(number)


def _write(number: int, piece: bytes) -> None:
    view = memoryview(piece)
    while view:
        view = view[os.write(number, view) :]
