"""Sources for the tests of the import: Chinook as a SQLite file, on PostgreSQL and on MariaDB."""

from __future__ import annotations

from pathlib import Path

import psycopg
import pytest

from tests.support.mariadb import MariaDB, mariadb  # noqa: F401  (a fixture)


@pytest.fixture(scope="session")
def chinook(shared_data: Path) -> Path:
    """Return the folder of the Chinook database."""
    folder = shared_data / "databases" / "chinook"
    if not folder.is_dir():
        pytest.skip(f"third-party test data is absent: no Chinook in {folder}")
    return folder


@pytest.fixture(scope="session")
def chinook_postgresql(postgres, chinook: Path) -> str:
    """Return the address of Chinook on a real PostgreSQL."""
    url = postgres.create("chinook")
    script = (chinook / "chinook_postgresql.sql").read_text(encoding="utf-8")
    # The script makes its own database by way of psql; everything after `\c` is plain SQL.
    statements = script.partition("\\c chinook;")[2]
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(statements)
    return url


@pytest.fixture(scope="session")
def chinook_mysql(mariadb: MariaDB, chinook: Path) -> str:  # noqa: F811  (the fixture of that name)
    """Return the address of Chinook on a real MariaDB."""
    mariadb.run((chinook / "chinook_mysql.sql").read_text(encoding="utf-8-sig"))
    return mariadb.url("Chinook")
