"""What all file sources share: finding the file, one pass that hashes and surveys it, noticing that it changed."""

from __future__ import annotations

import codecs
import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from keepfold.intake.rules.text import Encoding, encoding_from_start, encoding_of_bytes
from keepfold.kernel.errors import Conflict, Invalid, Malformed, NotFound, Unavailable

_CHUNK = 1 << 20
_HEAD = 1 << 16
_NOT_C1 = bytes(value for value in range(256) if not 0x80 <= value <= 0x9F)


class Stamp(NamedTuple):
    """Size in bytes and time of last change in nanoseconds: enough to notice that somebody wrote to the file."""

    size: int
    changed_ns: int


class Survey(NamedTuple):
    """What one pass over a text file tells."""

    digest: str
    lines: int
    encoding: Encoding


def check_file(path: Path) -> Stamp:
    """Return the stamp of a readable, non-empty file. Raises `NotFound`, `Invalid` or `Unavailable`."""
    with readable(path):
        if not path.exists():
            raise NotFound(
                f"There is no file {path.name} at that place.",
                code="intake.source-missing",
                next_step="Check the path; a database is given as postgresql://… or mysql://….",
            )
        if not path.is_file():
            raise Invalid(f"{path.name} is not a file.", code="intake.source-not-a-file")
        with path.open("rb") as file:
            file.read(1)
        found = stamp(path)
    if not found.size:
        raise Invalid(f"{path.name} is empty.", code="intake.source-empty")
    return found


def stamp(path: Path) -> Stamp:
    """Return size and time of last change."""
    status = path.stat()
    return Stamp(status.st_size, status.st_mtime_ns)


def ensure_unchanged(path: Path, first: Stamp) -> None:
    """Raise `Conflict` when the file changed since the import began."""
    with readable(path):
        if stamp(path) != first:
            raise Conflict(
                f"{path.name} changed while it was being read.",
                code="intake.source-changed",
                next_step="Let whatever writes it finish, then run the same command again.",
            )


@contextmanager
def readable(path: Path) -> Iterator[None]:
    """Turn the system's refusals to read a file into errors that people understand."""
    try:
        yield
    except PermissionError as error:
        raise Unavailable(
            f"{path.name} may not be read by this user.",
            code="intake.source-permission",
            next_step="Give this user permission to read the file.",
        ) from error
    except OSError as error:
        raise Unavailable(f"{path.name} cannot be read: {error.strerror}.", code="intake.source-unreadable") from error
    except UnicodeDecodeError as error:
        raise Malformed(
            f"{path.name} cannot be read as {error.encoding}.",
            code="intake.source-encoding",
            next_step="Name the right encoding with --encoding.",
        ) from error


def digest_of(path: Path) -> str:
    """Return the SHA-256 of a file as hex."""
    with readable(path), path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def survey(path: Path, encoding: str | None = None) -> Survey:
    """Read a text file once: its hash, its number of lines, and its encoding unless it was named."""
    with readable(path), path.open("rb") as file:
        head = file.read(_HEAD)
        given = Encoding(_known_codec(encoding)) if encoding else encoding_from_start(head)
        if given is None and b"\0" in head:
            raise Malformed(
                f"{path.name} is not a text file.",
                code="intake.source-not-text",
                next_step="Give a CSV, JSON Lines, Parquet or SQLite file.",
            )
        reading = _Reading(given)
        reading.take(head)
        for chunk in iter(lambda: file.read(_CHUNK), b""):
            reading.take(chunk)
        return reading.result()


class _Reading:
    """The running totals of one pass."""

    def __init__(self, given: Encoding | None) -> None:
        self._given = given
        self._digest = hashlib.sha256()
        self._decoder = codecs.getincrementaldecoder(given.codec if given else "utf-8")("strict")
        self._valid = True
        self._lines = 0
        self._seen: set[int] = set()

    def take(self, chunk: bytes) -> None:
        self._digest.update(chunk)
        self._lines += chunk.count(b"\n")
        if not self._given:
            self._seen.update(chunk.translate(None, _NOT_C1))
        self._decode(chunk)

    def result(self) -> Survey:
        self._decode(b"", final=True)
        encoding = self._given or encoding_of_bytes(valid_utf8=self._valid, seen=self._seen)
        return Survey(self._digest.hexdigest(), self._lines, encoding)

    def _decode(self, chunk: bytes, *, final: bool = False) -> None:
        if not self._valid:
            return
        try:
            self._decoder.decode(chunk, final)
        except UnicodeDecodeError:
            if self._given:
                raise
            self._valid = False


def _known_codec(name: str) -> str:
    try:
        info = codecs.lookup(name)
    except LookupError:
        info = None
    if info is None or not info._is_text_encoding:  # noqa: SLF001  (the only way to tell `hex` and `zip` from encodings)
        raise Invalid(
            "That encoding is not known.",
            code="intake.encoding-unknown",
            next_step="Use utf-8, utf-16, windows-1252, latin-1 or another name that Python knows.",
        )
    return info.name
