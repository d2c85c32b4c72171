"""Sources for the tests of the import: Chinook as a SQLite file, on PostgreSQL and on MariaDB."""

from __future__ import annotations

import os
import subprocess
import sys
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


@pytest.fixture
def keepfold(installation):
    """Return a function that runs the real command line, in a process of its own, on this test's installation."""

    def run(*words: str, code: int | None = 0, **environment: str) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            command(*words),
            env=environment_of(installation.home) | environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        assert "Traceback" not in done.stderr
        if code is not None:
            assert done.returncode == code, done.stderr
        return done

    return run


def command(*words: str) -> list[str]:
    """Return the command line that runs `keepfold` with this Python."""
    return [sys.executable, "-m", "keepfold.cli.main", *words]


def environment_of(home: Path) -> dict[str, str]:
    """Return the environment of a process that works on this home."""
    (home / "run").mkdir(exist_ok=True)
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("KEEPFOLD_", "PYTEST"))}
    return kept | {"KEEPFOLD_HOME": str(home), "KEEPFOLD_SQLITE_SYNCHRONOUS": "NORMAL"}
