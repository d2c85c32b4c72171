"""SQLite files, opened read-only through a URI, with a connection that refuses to write."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from urllib.parse import quote

import sqlalchemy as sa
from sqlalchemy.pool import StaticPool

from keepfold.intake.sources.files import check_file, stamp
from keepfold.intake.sources.memory import is_memory
from keepfold.intake.sources.sql import Sql
from keepfold.kernel.errors import Malformed

MAGIC = b"SQLite format 3\0"
# sqlite3 quotes names in these messages, never values.
_SAFE = ("no such table", "no such column", "near ", "no such function", "file is not a database", "malformed")


class SqliteFile(Sql):
    """A SQLite file. Text that is not UTF-8 arrives with surrogates and is refused as a value, not as a file."""

    kind = "sqlite"

    def __init__(self, path: Path, *, table: str | None = None, query: str | None = None) -> None:
        self._path = path
        check_file(path)
        with path.open("rb") as file:
            if file.read(len(MAGIC)) != MAGIC:
                raise Malformed(f"{path.name} is not a SQLite file.", code="intake.source-not-sqlite")
        engine = sa.create_engine("sqlite://", creator=lambda: open_read_only(path), poolclass=StaticPool)
        super().__init__(engine, f"{path.name} (SQLite)", table=table, query=query)

    def _tables(self) -> list[str]:
        # In a stranger's file views and virtual tables are programs; only what holds rows is read.
        if not is_memory(self._path):
            return super()._tables()
        plain = (
            "SELECT name FROM sqlite_master WHERE type = 'table' AND substr(name, 1, 7) <> 'sqlite_' "
            "AND sql NOT LIKE 'CREATE VIRTUAL%' ORDER BY name"
        )
        return [str(row[0]) for row in self._all(plain)]

    def _stamp(self) -> tuple[int, ...]:
        if is_memory(self._path):
            return ()
        files = [self._path, self._path.with_name(f"{self._path.name}-wal")]
        return tuple(part for file in files if file.exists() for part in stamp(file))

    def _excuse(self, error: BaseException) -> str:
        text = str(error)
        return text if any(part in text for part in _SAFE) else super()._excuse(error)


def open_read_only(path: Path) -> sqlite3.Connection:
    """Open a SQLite file so that nothing can be written to it."""
    if is_memory(path):
        return _open_memory(path)
    address = f"file:{quote(str(path.resolve()))}?mode=ro"
    connection = sqlite3.connect(address, uri=True, check_same_thread=False)
    connection.text_factory = _text
    try:
        connection.execute("PRAGMA query_only=ON")
        connection.execute("SELECT count(*) FROM sqlite_master")
    except sqlite3.OperationalError:
        # A file in WAL mode in a folder that we may not write to: nobody else can be writing to it either.
        connection.close()
        connection = sqlite3.connect(f"{address}&immutable=1", uri=True, check_same_thread=False)
        connection.text_factory = _text
    connection.execute("PRAGMA trusted_schema=OFF")
    return connection


def _open_memory(path: Path) -> sqlite3.Connection:
    """Open what a stranger made: nothing spills to a disk, no value grows beyond a limit, nothing in it is believed."""
    content = bytearray(path.read_bytes())
    # "Journal mode" of the header: what is not in this file cannot be waited for (sqlite.org/fileformat2.html, 1.3.3).
    content[18:20] = b"\x01\x01"
    connection = sqlite3.connect(":memory:", check_same_thread=False)
    connection.deserialize(content)
    connection.text_factory = _text
    connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, 4 << 20)
    for pragma in ("query_only=ON", "trusted_schema=OFF", "temp_store=MEMORY", "cell_size_check=ON"):
        connection.execute(f"PRAGMA {pragma}")
    return connection


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", "surrogateescape")
