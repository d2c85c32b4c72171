"""What all database sources share: one table or one SELECT, in a stable order, in a transaction that cannot write.

SQLAlchemy Core quotes names and opens connections; the statements are spelled here, so that what runs is what is read.
"""

# ruff: noqa: S608  (names are quoted by the dialect, numbers go through int(), a query is one checked SELECT)

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa
from sqlalchemy import exc, types

from keepfold.intake.rules.selects import single_select
from keepfold.intake.rules.text import column_names
from keepfold.intake.sources.tables import choose_table
from keepfold.intake.types import Batch, Column, Position, Row
from keepfold.kernel.errors import KeepfoldError, Malformed, Unavailable


class Sql:
    """A table, a view, or the result of one SELECT. Subclasses say how to connect and what a driver's error may say."""

    kind = "sql"
    settled = False

    def __init__(self, engine: sa.Engine, label: str, *, table: str | None = None, query: str | None = None) -> None:
        self._engine = engine
        self._place = label
        self.notes: list[str] = []
        self._prefer: list[str] = []
        with self._refusals():
            self._connection = self._connect()
        try:
            self._look(table, query)
        except BaseException:
            self.close()
            raise
        self.label = f"{label}, {'a query' if query else f'table {self._table}'}"

    def _look(self, table: str | None, query: str | None) -> None:
        with self._refusals():
            self._query = single_select(query, self.kind) if query else None
            self._table = None if query else self._choose(table)
            self._columns = self._describe()
            self._key, self._whole = self._primary_key()

    # -- what subclasses say ---------------------------------------------------------------------------------------

    def _connect(self) -> sa.Connection:
        return self._engine.connect().execution_options(stream_results=True, no_parameters=True)

    def _excuse(self, error: BaseException) -> str:
        """Return what may be shown of a driver's error: never a value, which casts and conversions like to quote."""
        return type(error).__name__

    # -- the protocol ----------------------------------------------------------------------------------------------

    def columns(self) -> tuple[Column, ...]:
        """See `Source`."""
        return self._columns

    def total(self) -> int | None:
        """See `Source`."""
        return int(self._one(f"SELECT count(*) FROM {self._from()}")[0])

    def sample(self, size: int) -> list[Row]:
        """See `Source`."""
        names = ", ".join(self._quote(column.name) for column in self._columns)
        return self._all(f"SELECT {names} FROM {self._from()} LIMIT {int(size)}")

    def order_by(self, names: Sequence[str]) -> None:
        """Sort by these columns where there is no primary key: by the person's natural key rows keep their places."""
        self._prefer = list(names)

    def batches(self, names: Sequence[str], start: Position, size: int) -> Iterator[Batch]:
        """See `Source`."""
        number, keyed = start.row, self._whole is not None
        with self._refusals(), self._stream(names, start) as result:
            while chunk := result.fetchmany(size):
                rows = [(number + place, tuple(row[1:] if keyed else row)) for place, row in enumerate(chunk, 1)]
                number += len(rows)
                yield Batch(rows, [], Position(number, int(chunk[-1][0]) if keyed else None))

    def fingerprint(self) -> str:
        """Hash where the rows come from, how many there are and how far the key reaches."""
        names = [column.name for column in self._columns]
        where = (self._place, self._table, self._query, names, self._order())
        facts = (where, self.total(), list(self._reach()), self._stamp())
        return hashlib.sha256(json.dumps(facts, default=str).encode()).hexdigest()

    def close(self) -> None:
        """See `Source`."""
        self._connection.close()
        self._engine.dispose()

    # -- statements ------------------------------------------------------------------------------------------------

    def _stamp(self) -> Sequence[int]:
        """Return what else changes when the content does; a file has its time."""
        return ()

    def _from(self) -> str:
        if self._query is not None:
            return f"(\n{self._query}) AS keepfold_query"
        return ".".join(self._quote(part) for part in str(self._table).split(".", 1))

    def _quote(self, name: str) -> str:
        return self._engine.dialect.identifier_preparer.quote_identifier(name)

    def _order(self) -> list[str]:
        return self._key or [name for name in self._prefer if name in {column.name for column in self._columns}]

    @contextmanager
    def _stream(self, names: Sequence[str], start: Position) -> Iterator[Any]:
        result = self._connection.exec_driver_sql(self._statement(names, start))
        try:
            yield result
        finally:
            result.close()

    def _statement(self, names: Sequence[str], start: Position) -> str:
        wanted = [self._whole, *names] if self._whole else list(names) or [self._columns[0].name]
        text = f"SELECT {', '.join(map(self._quote, wanted))} FROM {self._from()}"
        if self._whole and start.key is not None:
            text += f" WHERE {self._quote(self._whole)} > {int(start.key)}"
        order = [self._quote(name) for name in self._order()] or ["1"]
        text += f" ORDER BY {', '.join(order)}"
        return text if self._whole or not start.row else f"{text} {self._skip(start.row)}"

    def _skip(self, rows: int) -> str:
        return f"LIMIT {2**63 - 1} OFFSET {int(rows)}"

    def _reach(self) -> Row:
        if self._whole is None:
            return ()
        name = self._quote(self._whole)
        return self._one(f"SELECT min({name}), max({name}) FROM {self._from()}")

    # -- looking around --------------------------------------------------------------------------------------------

    def _choose(self, table: str | None) -> str:
        return choose_table(table, self._tables())

    def _tables(self) -> list[str]:
        inspector = sa.inspect(self._engine)
        return [*inspector.get_table_names(), *inspector.get_view_names()]

    def _describe(self) -> tuple[Column, ...]:
        with self._refusals():
            result = self._connection.exec_driver_sql(f"SELECT * FROM {self._from()} LIMIT 0")
            names = column_names(list(result.keys()))
            result.close()
        return tuple(Column(name) for name in names)

    def _primary_key(self) -> tuple[list[str], str | None]:
        """Return the columns of the primary key, and its only column when that holds whole numbers."""
        if self._table is None:
            self.notes.append("A query has no primary key: rows are sorted by the person's natural key.")
            return [], None
        *schema, table = self._table.split(".", 1)
        inspector = sa.inspect(self._engine)
        key = inspector.get_pk_constraint(table, schema=schema[0] if schema else None)["constrained_columns"]
        if not key:
            self.notes.append("This table has no primary key: rows are sorted by the person's natural key.")
            return [], None
        kinds = {
            entry["name"]: entry["type"] for entry in inspector.get_columns(table, schema=next(iter(schema), None))
        }
        return key, key[0] if len(key) == 1 and isinstance(kinds.get(key[0]), types.Integer) else None

    def _one(self, statement: str) -> Row:
        return self._all(statement)[0]

    def _all(self, statement: str) -> list[Row]:
        with self._refusals():
            result = self._connection.exec_driver_sql(statement)
            rows: list[Row] = [tuple(row) for row in result.fetchall()]
            return rows

    @contextmanager
    def _refusals(self) -> Iterator[None]:
        """Turn what a driver raises into an error that names the place and never quotes a value."""
        try:
            yield
        except KeepfoldError:
            raise
        except exc.DBAPIError as error:
            refused = error.orig or error
            kind = Unavailable if error.connection_invalidated or isinstance(error, exc.OperationalError) else Malformed
            raise kind(
                f"{self._place} refused: {self._excuse(refused)}.",
                code="intake.database-refused",
                next_step="Check address, user, password (KEEPFOLD_IMPORT_PASSWORD), table or query.",
            ) from None
        except (exc.SQLAlchemyError, UnicodeError, ValueError, OSError) as error:
            raise Malformed(
                f"{self._place} cannot be read: {type(error).__name__}.", code="intake.database-unreadable"
            ) from None
