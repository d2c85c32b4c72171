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
    return _open_file(Path(place).expanduser(), options)


def _open_file(path: Path, options: Options) -> Source:
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
    return _open_flat(path, head, options)


def _open_flat(path: Path, head: bytes, options: Options) -> Source:
    ending = path.suffix.lower()
    if head.startswith(_PARQUET_MAGIC) or ending in {".parquet", ".pq"}:
        from keepfold.intake.sources.parquet import Parquet  # noqa: PLC0415  (loads pyarrow)

        return Parquet(path)
    if ending in {".jsonl", ".ndjson", ".json"}:
        from keepfold.intake.sources.jsonlines import JsonLines  # noqa: PLC0415

        return JsonLines(path)
    if ending in {".csv", ".tsv", ".tab", ".txt"}:
        from keepfold.intake.sources.delimited import Delimited  # noqa: PLC0415

        return Delimited(path, encoding=options.encoding, delimiter=options.delimiter, header=options.header)
    raise Invalid(
        f"{path.name} is of no kind that can be imported.",
        code="intake.source-unknown",
        next_step="Give .csv, .tsv, .jsonl, .ndjson, .parquet, a SQLite file, postgresql://… or mysql://….",
    )


def _open_url(place: str, options: Options, environment: Mapping[str, str]) -> Source:
    import sqlalchemy as sa  # noqa: PLC0415  (0.2 s to load; files do not need it)

    try:
        url = sa.make_url(place)
    except (sa.exc.ArgumentError, ValueError):
        raise _unknown_url() from None
    scheme = url.drivername.split("+")[0]
    if scheme == "sqlite" and url.database:
        return _open_file(Path(url.database), options)
    if scheme not in (*_POSTGRESQL, *_MYSQL) or not url.database:
        raise _unknown_url()
    url = _with_password(url, environment)
    label = f"{scheme}://{url.host or 'localhost'}{f':{url.port}' if url.port else ''}/{url.database}"
    if scheme in _POSTGRESQL:
        from keepfold.intake.sources.postgresql import Postgresql  # noqa: PLC0415

        return Postgresql(url, label, table=options.table, query=options.query)
    from keepfold.intake.sources.mysql import Mysql  # noqa: PLC0415

    return Mysql(url, label, table=options.table, query=options.query)


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
