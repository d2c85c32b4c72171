"""A private MariaDB server for tests: its own folder, a socket file only, gone afterwards."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pymysql
import pytest
from pymysql.constants import CLIENT

_PLACES = os.pathsep.join((os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin"))
_STARTS_WITHIN = 30.0


class MariaDB:
    """A running server. `url(database)` is what a person would hand to `keepfold import`."""

    def __init__(self, place: Path) -> None:
        self.socket = place

    def url(self, database: str, *, user: str = "root", password: str = "") -> str:
        return f"mariadb://{user}:{quote(password)}@localhost/{database}?unix_socket={quote(str(self.socket))}"

    def run(self, script: str, database: str | None = None) -> None:
        """Run statements separated by semicolons."""
        connection = pymysql.connect(
            unix_socket=str(self.socket),
            user="root",
            database=database,
            client_flag=CLIENT.MULTI_STATEMENTS,
            charset="utf8mb4",
        )
        with connection, connection.cursor() as cursor:
            cursor.execute(script)
            while cursor.nextset():
                pass
            connection.commit()


def start(folder: Path) -> Iterator[MariaDB]:
    """Run a server in `folder` until the generator is closed; skip when none is installed."""
    server, install = (shutil.which(name, path=_PLACES) for name in ("mariadbd", "mariadb-install-db"))
    if not server or not install:
        pytest.skip("no MariaDB here: install the package mariadb-server to run this test")
    user = ["--user=root"] if os.geteuid() == 0 else []
    common = ["--no-defaults", f"--datadir={folder / 'data'}", *user]
    subprocess.run(
        [install, *common, "--auth-root-authentication-method=normal", "--skip-test-db"],
        check=True,
        capture_output=True,
    )
    place = folder / "s"
    command = [
        server, *common, f"--socket={place}", f"--pid-file={folder / 'pid'}", "--skip-networking", "--skip-log-bin",
        "--innodb-buffer-pool-size=16M", "--innodb-flush-log-at-trx-commit=0",
    ]  # fmt: skip
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=log)
    try:
        yield _ready(process, MariaDB(place), folder)
    finally:
        process.terminate()
        process.wait(20)


def _ready(process: subprocess.Popen[bytes], found: MariaDB, folder: Path) -> MariaDB:
    until = time.monotonic() + _STARTS_WITHIN
    while time.monotonic() < until and process.poll() is None:
        if _listens(found.socket):
            found.run("SELECT 1")
            return found
        time.sleep(0.05)
    raise RuntimeError("MariaDB did not start: " + (folder / "log").read_text(errors="replace")[-500:])


def _listens(path: Path) -> bool:
    # PyMySQL forgets to close a socket that nobody answers, so it is asked only when somebody does.
    with socket.socket(socket.AF_UNIX) as knock:
        return knock.connect_ex(str(path)) == 0


@pytest.fixture(scope="session")
def mariadb() -> Iterator[MariaDB]:
    """Return a server for the whole session."""
    folder = Path(tempfile.mkdtemp(prefix="kf-maria-"))  # short: socket paths hold 107 characters
    try:
        yield from start(folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
