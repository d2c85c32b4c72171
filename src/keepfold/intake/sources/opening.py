"""Chooses the source: by URL scheme, by the first bytes of the file, by its ending."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from keepfold.intake.sources.files import check_file, readable
from keepfold.intake.types import Source
from keepfold.kernel.errors import Invalid, Unavailable

if TYPE_CHECKING:
    import sqlalchemy as sa

PASSWORD = "KEEPFOLD_IMPORT_PASSWORD"  # noqa: S105  (the name of a variable)
_SQLITE_MAGIC = b"SQLite format 3\0"
_PARQUET_MAGIC = b"PAR1"
_ENDINGS = frozenset((".parquet", ".pq", ".jsonl", ".ndjson", ".json", ".csv", ".tsv", ".tab", ".txt"))
_OTHERS = {
    b"PK\x03\x04": "a spreadsheet or a ZIP archive",
    b"\x1f\x8b": "a packed file (gzip)",
    b"BZh": "a packed file (bzip2)",
    b"\xfd7zXZ\0": "a packed file (xz)",
    b"7z\xbc\xaf": "a packed file (7-Zip)",
    b"\xd0\xcf\x11\xe0": "an old spreadsheet",
    b"%PDF": "a PDF document",
}
_POSTGRESQL = ("postgresql", "postgres")
_MYSQL = ("mysql", "mariadb")


class Options(NamedTuple):
    """How to read the source. `table` and `query` are for databases, the rest for CSV files."""

    table: str | None = None
    query: str | None = None
    encoding: str | None = None
    delimiter: str | None = None
    header: bool = True


def open_source(place: str, options: Options, environment: Mapping[str, str]) -> Source:
    """Open what `place` names. Raises `NotFound`, `Invalid`, `Malformed` or `Unavailable`, never showing a password."""
    if options.table and options.query:
        raise Invalid("A table and a query were both given.", code="intake.table-and-query", next_step="Give one.")
    if "://" in place:
        return _open_url(place, options, environment)
    return open_path(Path(place).expanduser(), options)


def open_path(path: Path, options: Options) -> Source:
    """Open a file, told by its first bytes or its ending. Raises as `open_source` does."""
    check_file(path)
    with readable(path), path.open("rb") as file:
        head = file.read(16)
    if head == _SQLITE_MAGIC:
        from keepfold.intake.sources.sqlite import SqliteFile  # noqa: PLC0415  (loads SQLAlchemy)

        return SqliteFile(path, table=options.table, query=options.query)
    if options.table or options.query:
        raise Invalid(
            f"{path.name} is not a database, so it has no tables.",
            code="intake.source-without-tables",
            next_step="Leave --table and --query away.",
        )
    refuse_kind(head, path.suffix)
    return _open_flat(path, head, options)


def refuse_kind(head: bytes, ending: str) -> None:
    """Raise `Invalid` when the first 16 bytes say that a file is of a kind that cannot be imported, or its ending does.

    Quick, so that a large file is refused by its beginning.
    """
    for mark, kind in _OTHERS.items():
        if head.startswith(mark):
            raise Invalid(
                f"This is {kind}, not a table.",
                code="intake.source-other",
                next_step="Unpack it, or save the sheet as CSV, and give that file.",
            )
    if head.startswith((_SQLITE_MAGIC, _PARQUET_MAGIC)):
        return
    if ending.lower() not in _ENDINGS:
        raise Invalid(
            "This file is of no kind that can be imported.",
            code="intake.source-unknown",
            next_step="Give .csv, .tsv, .jsonl, .ndjson, .parquet, a SQLite file, postgresql://… or mysql://….",
        )


def _open_flat(path: Path, head: bytes, options: Options) -> Source:
    ending = path.suffix.lower()
    if head.startswith(_PARQUET_MAGIC) or ending in {".parquet", ".pq"}:
        from keepfold.intake.sources.parquet import Parquet  # noqa: PLC0415  (loads pyarrow)

        return Parquet(path)
    if ending in {".jsonl", ".ndjson", ".json"}:
        from keepfold.intake.sources.jsonlines import JsonLines  # noqa: PLC0415

        return JsonLines(path)
    from keepfold.intake.sources.delimited import Delimited  # noqa: PLC0415

    return Delimited(path, encoding=options.encoding, delimiter=options.delimiter, header=options.header)


def _open_url(place: str, options: Options, environment: Mapping[str, str]) -> Source:
    url = _parsed(place)
    if url.drivername.split("+")[0] == "sqlite" and url.database:
        return open_path(Path(url.database), options)
    return _open_server(_with_password(url, environment), options)


def open_database(place: str, options: Options, *, address: str) -> Source:
    """Open a database on a server, at an address that its host name was found to have; the name is not looked up again.

    `place` is a URL with its password. Raises as `open_source` does.
    """
    return _open_server(_parsed(place), options, address)


def _parsed(place: str) -> sa.URL:
    import sqlalchemy as sa  # noqa: PLC0415  (0.2 s to load; files do not need it)

    try:
        return sa.make_url(place)
    except (sa.exc.ArgumentError, ValueError):
        raise _unknown_url() from None


def _open_server(url: sa.URL, options: Options, address: str = "") -> Source:
    scheme = url.drivername.split("+")[0]
    if scheme not in (*_POSTGRESQL, *_MYSQL) or not url.database:
        raise _unknown_url()
    label = f"{scheme}://{url.host or 'localhost'}{f':{url.port}' if url.port else ''}/{url.database}"
    if scheme in _POSTGRESQL:
        from keepfold.intake.sources.postgresql import Postgresql  # noqa: PLC0415

        # libpq connects to `hostaddr` and checks certificates against `host`.
        url = url.update_query_dict({"hostaddr": address, "gssencmode": "disable"}) if address else url
        return Postgresql(url, label, table=options.table, query=options.query)
    from keepfold.intake.sources.mysql import Mysql  # noqa: PLC0415

    return Mysql(url.set(host=address) if address else url, label, table=options.table, query=options.query)


def _with_password(url: sa.URL, environment: Mapping[str, str]) -> sa.URL:
    if url.password is not None:
        return url
    password = environment.get(PASSWORD)
    if password is None and (file := environment.get(f"{PASSWORD}_FILE")):
        try:
            password = Path(file).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError):
            raise Unavailable(
                f"The file that {PASSWORD}_FILE names cannot be read.", code="intake.password-file"
            ) from None
    return url.set(password=password) if password else url


def _unknown_url() -> Invalid:
    return Invalid(
        "This address is of no database that can be imported.",
        code="intake.source-unknown",
        next_step="Use postgresql://user@host/name, mysql://user@host/name, mariadb://… or sqlite:///path.",
    )
