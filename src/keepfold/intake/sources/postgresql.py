"""PostgreSQL, through psycopg 3 and a server-side cursor, in one read-only snapshot."""

from __future__ import annotations

import psycopg
import sqlalchemy as sa

from keepfold.intake.sources.sql import Sql

_SESSION = "-c default_transaction_read_only=on -c statement_timeout=0"
# Classes of SQLSTATE whose messages speak of names and rights only (PostgreSQL manual, appendix A).
_SAFE_CLASSES = ("08", "28", "3D", "42")


class Postgresql(Sql):
    """A table, view or query of a PostgreSQL database."""

    kind = "postgresql"

    def __init__(self, url: sa.URL, label: str, *, table: str | None = None, query: str | None = None) -> None:
        options = " ".join(filter(None, [str(url.query.get("options", "")), _SESSION]))
        engine = sa.create_engine(
            url.set(drivername="postgresql+psycopg").difference_update_query(["options"]),
            connect_args={"options": options, "connect_timeout": 10, "application_name": "keepfold import"},
            isolation_level="REPEATABLE READ",
            poolclass=sa.NullPool,
        )
        super().__init__(engine, label, table=table, query=query)

    def _skip(self, rows: int) -> str:
        return f"OFFSET {int(rows)}"

    def _excuse(self, error: BaseException) -> str:
        state = getattr(error, "sqlstate", None) or ""
        if isinstance(error, psycopg.Error) and error.diag.message_primary and state.startswith(_SAFE_CLASSES):
            return error.diag.message_primary
        if isinstance(error, psycopg.OperationalError) and not state:  # no server spoke: names and addresses only
            return str(error).strip().splitlines()[0]
        return f"{type(error).__name__} {state}".strip()
