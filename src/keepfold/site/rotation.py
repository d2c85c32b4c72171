"""A log file that starts anew when it is full and keeps a few old ones. Mode 0600."""

from __future__ import annotations

import os
from pathlib import Path

_FULL_BYTES = 5 * 1024 * 1024
_KEPT = 5


class RotatingLog:
    """Takes bytes, writes lines. Never raises for a full disk: the log must not stop the service."""

    def __init__(self, path: Path, *, full: int = _FULL_BYTES, kept: int = _KEPT) -> None:
        """Open the file for appending; `kept` old files of at most about `full` bytes stay beside it."""
        self._path, self._full, self._kept = path, full, kept
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._file = self._open()

    def write(self, data: bytes) -> None:
        """Append bytes; rotate at the end of a line when the file is full."""
        try:
            os.write(self._file, data)
            if data.endswith(b"\n") and os.fstat(self._file).st_size >= self._full:
                self._rotate()
        except OSError:
            return

    def close(self) -> None:
        """Close the file."""
        os.close(self._file)

    def _open(self) -> int:
        return os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)

    def _rotate(self) -> None:
        os.close(self._file)
        for number in range(self._kept - 1, 0, -1):
            older = self._numbered(number)
            if older.exists():
                older.replace(self._numbered(number + 1))
        self._path.replace(self._numbered(1))
        self._file = self._open()

    def _numbered(self, number: int) -> Path:
        return self._path.with_name(f"{self._path.name}.{number}")
