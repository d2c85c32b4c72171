"""MySQL and MariaDB, through PyMySQL and an unbuffered cursor, in one read-only transaction."""

from __future__ import annotations

import sqlalchemy as sa

from keepfold.intake.sources.sql import Sql

# Error numbers whose messages speak of names and rights only (MariaDB knowledge base, error codes).
_SAFE = frozenset((1044, 1045, 1049, 1054, 1064, 1109, 1142, 1143, 1146, 1227, 1698, 2002, 2003, 2005, 2013))


class Mysql(Sql):
    """A table, view or query of a MySQL or MariaDB database."""

    kind = "mysql"

    def __init__(self, url: sa.URL, label: str, *, table: str | None = None, query: str | None = None) -> None:
        engine = sa.create_engine(
            url.set(drivername="mysql+pymysql").update_query_dict({"charset": "utf8mb4"}),
            connect_args={"init_command": "SET SESSION TRANSACTION READ ONLY", "connect_timeout": 10},
            isolation_level="REPEATABLE READ",
            poolclass=sa.NullPool,
        )
        super().__init__(engine, label, table=table, query=query)

    def _skip(self, rows: int) -> str:
        return f"LIMIT 18446744073709551615 OFFSET {int(rows)}"

    def _excuse(self, error: BaseException) -> str:
        number = error.args[0] if error.args else None
        if number in _SAFE and len(error.args) > 1:
            return f"{error.args[1]} (error {number})"
        return f"{type(error).__name__} {number or ''}".strip()
