"""`kill -9` of server and worker at each step of an import in the console: nothing lies open, nothing is done twice."""

from __future__ import annotations

import json
import os
import re
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing, suppress
from html import unescape
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlencode

import pytest

from tests.intake.importing import VALUES
from tests.intake.searching import hits
from tests.intake.test_kill_import import free_port

ROWS = 12_000
PEOPLE = "Email,First name,Last name,Phone,Fax\n" + "".join(
    f"zora{number}@example.org,Zora,Hurston,+46 70 174 06 05,+1 212 555 0199\n" for number in range(ROWS)
)
REPOSITORY = Path(__file__).resolve().parents[2]


class Home:
    """A home of its own with server and worker as processes, and a browser without scripts."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = free_port()
        clean = {name: value for name, value in os.environ.items() if not name.startswith(("KEEPFOLD_", "PYTEST"))}
        self.environment = clean | {
            "KEEPFOLD_HOME": str(folder),
            "KEEPFOLD_SQLITE_SYNCHRONOUS": "NORMAL",
            "KEEPFOLD_BIND": f"127.0.0.1:{self.port}",
            "KEEPFOLD_METRICS_BIND": f"127.0.0.1:{free_port()}",
        }
        self.server: subprocess.Popen[bytes] | None = None
        self.cookies: dict[str, str] = {}

    def keepfold(self, *words: str) -> None:
        command = [sys.executable, "-m", "keepfold.cli.main", *words]
        subprocess.run(command, env=self.environment, check=True, capture_output=True)

    def sign_in(self) -> None:
        code = (
            "import sys; from tests.support.shots import session_cookie; value = session_cookie('ana@example.org');"
            "from django.conf import settings; print(settings.SESSION_COOKIE_NAME, value)"
        )
        done = subprocess.run(
            [sys.executable, "-c", code],
            env=self.environment,
            cwd=REPOSITORY,
            check=True,
            capture_output=True,
            text=True,
        )
        name, value = done.stdout.split()
        self.cookies[name] = value

    def start(self) -> None:
        for _ in range(20):
            self.server = self.begin()
            until = time.monotonic() + 40
            while self.server.poll() is None and time.monotonic() < until:
                if self.answers():
                    return
                time.sleep(0.1)
            self.server.kill()
            self.server.communicate()
            time.sleep(0.5)
        raise TimeoutError("server and worker were not ready")

    def begin(self) -> subprocess.Popen[bytes]:
        """Start without waiting: the worker goes on with its job before the server answers."""
        self.server = subprocess.Popen(
            [sys.executable, "-m", "keepfold.cli.main", "up"],
            env=self.environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        return self.server

    def answers(self) -> bool:
        try:
            with closing(HTTPConnection("127.0.0.1", self.port, timeout=2)) as connection:
                connection.request("GET", "/readyz")
                return connection.getresponse().status == 200
        except OSError:
            return False

    def kill(self) -> None:
        """End everything of this home at once, children of the supervisor included."""
        for folder in Path("/proc").glob("[0-9]*"):
            if _home_of(folder) == str(self.folder):
                with suppress(ProcessLookupError):
                    os.kill(int(folder.name), signal.SIGKILL)
        if self.server is not None:
            self.server.communicate()
        self.let_leases_run_out()

    def let_leases_run_out(self) -> None:
        """Let a minute pass for the jobs of a dead worker; that it must pass is a test of the kernel's."""
        with closing(sqlite3.connect(self.folder / "data.sqlite3", timeout=30)) as connection, connection:
            connection.execute("UPDATE kernel_job SET lease_us = 0 WHERE lease_us > 0")

    def ask(self, method: str, path: str, body: bytes = b"", kind: str = "") -> tuple[int, dict[str, str], str]:
        sent = {"Host": "localhost", "Accept": "text/html", "Cookie": self.cookie}
        sent |= {"Content-Type": kind} if kind else {}
        with closing(HTTPConnection("127.0.0.1", self.port, timeout=60)) as connection:
            connection.request(method, path, body, sent)
            answer = connection.getresponse()
            headers, text = answer.getheaders(), answer.read().decode()
        for name, value in headers:
            if name.lower() == "set-cookie" and "csrf" in value:
                key, _, rest = value.partition("=")
                self.cookies[key] = rest.partition(";")[0]
        return answer.status, {key.lower(): value for key, value in headers}, text

    @property
    def cookie(self) -> str:
        return "; ".join(f"{key}={value}" for key, value in self.cookies.items())

    def page(self, path: str) -> str:
        status, _, text = self.ask("GET", path)
        assert status == 200, text[:500]
        return text

    def token(self, path: str) -> str:
        return re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', self.page(path))[1]

    def post(self, path: str, **fields: str) -> str:
        form = urlencode({"csrfmiddlewaretoken": self.token(path), **fields}).encode()
        status, headers, text = self.ask("POST", path, form, "application/x-www-form-urlencoded")
        assert status == 302, text[:800]
        return headers["location"]

    def upload(self) -> str:
        token, mark = self.token("/imports/new"), "----keepfold"
        parts = [
            f'--{mark}\r\nContent-Disposition: form-data; name="csrfmiddlewaretoken"\r\n\r\n{token}\r\n',
            f'--{mark}\r\nContent-Disposition: form-data; name="file"; filename="people.csv"\r\nContent-Type: text/csv\r\n\r\n{PEOPLE}\r\n',
            f"--{mark}--\r\n",
        ]
        status, headers, text = self.ask(
            "POST", "/imports/new", "".join(parts).encode(), f"multipart/form-data; boundary={mark}"
        )
        assert status == 302, text[:800]
        return headers["location"]

    def row(self, columns: str) -> tuple:
        with closing(sqlite3.connect(f"file:{self.folder / 'data.sqlite3'}?mode=ro", uri=True)) as connection:
            return connection.execute(f"SELECT {columns} FROM intake_import").fetchone()

    def wait_for(self, state: str) -> None:
        until = time.monotonic() + 150
        while (found := self.row("state")[0]) != state and time.monotonic() < until:
            assert found != "failed"
            time.sleep(0.1)
        assert found == state

    def nothing_open(self) -> None:
        values = [value for value in VALUES if value in PEOPLE] + ["zora77@example.org", "zora11999@example.org"]
        assert hits(self.folder, values) == []


def _home_of(process: Path) -> str:
    try:
        parts = (process / "environ").read_bytes().split(b"\0")
    except OSError:
        return ""
    return next((part.decode().partition("=")[2] for part in parts if part.startswith(b"KEEPFOLD_HOME=")), "")


@pytest.fixture
def home(tmp_path):
    made = Home(tmp_path / "home")
    made.keepfold("init")
    made.keepfold("staff", "add", "ana@example.org", "--name", "Ana", "--role", "privacy_lead")
    made.sign_in()
    yield made
    made.kill()


def proposed(page: str) -> dict[str, str]:
    found = {}
    for part in re.finditer(r'<select class="input[^"]*" name="((?:to|how)\d?-\d+)".*?</select>', page, re.DOTALL):
        option = re.search(r'<option value="([^"]*)" selected', part[0])
        found[part[1]] = unescape(option[1]) if option else ""
    return found


@pytest.mark.slow
@pytest.mark.loopback
@pytest.mark.timeout(600)
def test_everything_killed_at_each_step_goes_on_where_it_stood_and_stores_each_row_once(home):
    home.start()
    where = home.upload()
    home.kill()
    home.nothing_open()
    home.start()
    home.wait_for("mapping")
    home.kill()
    home.nothing_open()
    home.start()
    home.post(where, do="check", existing="skip", **proposed(home.page(where)))
    time.sleep(0.3)
    home.kill()
    home.nothing_open()
    home.start()
    home.wait_for("checked")
    home.post(where, do="launch")
    for part in (1, 2):
        until = time.monotonic() + 150
        while position(home) < ROWS * part // 5 and time.monotonic() < until:
            time.sleep(0.02)
        home.kill()
        home.nothing_open()
        assert 0 < position(home) < ROWS
        home.begin()
    home.kill()
    home.start()
    home.wait_for("done")
    assert "were dealt with" in home.page(where)
    home.kill()
    home.nothing_open()
    with closing(sqlite3.connect(f"file:{home.folder / 'data.sqlite3'}?mode=ro", uri=True)) as connection:
        assert connection.execute("SELECT count(*) FROM vault_person").fetchone() == (ROWS,)
        assert connection.execute("SELECT sealed, skipped, refused FROM intake_run").fetchall() == [(ROWS, 0, 0)]
    assert home.row("wrapped, draft") == (None, None)
    assert list((home.folder / "uploads").iterdir()) == []
    verified = subprocess.run(
        [sys.executable, "-m", "keepfold.cli.main", "ledger", "verify", "--json"],
        env=home.environment,
        check=False,
        capture_output=True,
    )
    assert json.loads(verified.stdout)["ok"] is True


def position(home: Home) -> int:
    with closing(sqlite3.connect(f"file:{home.folder / 'data.sqlite3'}?mode=ro", uri=True)) as connection:
        row = connection.execute("SELECT max(position_row) FROM intake_run").fetchone()
    return row[0] or 0


@pytest.mark.slow
@pytest.mark.loopback
def test_a_server_killed_while_a_file_comes_in_leaves_nothing_open_and_nothing_begun(home):
    home.start()
    token, mark = home.token("/imports/new"), "----keepfold"
    head = (
        f'--{mark}\r\nContent-Disposition: form-data; name="csrfmiddlewaretoken"\r\n\r\n{token}\r\n'
        f'--{mark}\r\nContent-Disposition: form-data; name="file"; filename="people.csv"\r\n\r\n'
    )
    folder = home.folder / "uploads"
    with closing(HTTPConnection("127.0.0.1", home.port, timeout=30)) as connection:
        connection.putrequest("POST", "/imports/new", skip_host=True)
        for name, value in {
            "Host": "localhost",
            "Cookie": home.cookie,
            "Content-Type": f"multipart/form-data; boundary={mark}",
            "Content-Length": "5000000",
        }.items():
            connection.putheader(name, value)
        connection.endheaders()
        connection.send((head + PEOPLE).encode())
        until = time.monotonic() + 20
        while not (folder.is_dir() and list(folder.iterdir())) and time.monotonic() < until:
            time.sleep(0.05)
        # The upload trickles; the other thread answers.
        assert home.answers()
        home.kill()
    home.nothing_open()
    assert len(list(folder.iterdir())) == 1
    assert home.row("count(*)") == (0,)
