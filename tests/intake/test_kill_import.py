"""`kill -9` at any moment of a long import, then the same command again: every row once, and the ledger verifies."""

from __future__ import annotations

import csv
import json
import os
import random
import signal
import socket
import sqlite3
import subprocess
import time
from contextlib import closing
from datetime import date

import pytest

from keepfold.demo.generator import as_table, customers
from keepfold.demo.lists import locales
from keepfold.ledger import queries as ledger
from keepfold.ledger.sequencer import checkpoint_beat, sequence_once
from keepfold.vault import queries as vault
from tests.intake.conftest import command, environment_of

ROWS = 50_000
KILLS = 6


@pytest.fixture(scope="module")
def many(tmp_path_factory):
    """Return a CSV file of 50,000 customers."""
    path = tmp_path_factory.mktemp("many") / "people.csv"
    rows = as_table(list(customers(locales(), ROWS, seed=9, today=date(2026, 11, 1))))
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path


def position(home) -> int:
    with closing(sqlite3.connect(f"file:{home / 'data.sqlite3'}?mode=ro", uri=True)) as connection:
        row = connection.execute("SELECT max(position_row) FROM intake_run").fetchone()
    return row[0] or 0


def start(home, path) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        command("import", str(path), "--apply", "--json"),
        env=environment_of(home),
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


def kill_after(process, home, rows: int, moment: float) -> None:
    """Kill when so many rows are in, a moment later."""
    until = time.monotonic() + 60
    while position(home) < rows and process.poll() is None and time.monotonic() < until:
        time.sleep(0.005)
    time.sleep(moment)
    process.kill()
    process.communicate()


@pytest.mark.slow
def test_an_import_that_is_killed_again_and_again_stores_every_row_once(installation, many):
    before, dice = vault.status().people, random.Random(5)
    reached, killed = [], 0
    for number in range(KILLS):
        process = start(installation.home, many)
        kill_after(process, installation.home, ROWS * number // (KILLS + 1), dice.random() * 0.2)
        killed += process.returncode == -signal.SIGKILL
        reached.append(position(installation.home))
    assert killed == KILLS
    assert reached == sorted(reached)
    assert 0 < reached[-1] < ROWS
    last = start(installation.home, many)
    done = json.loads(last.communicate(timeout=120)[0])
    assert last.returncode == 0
    # Nobody was skipped as "there already": position and people always moved together.
    assert (done["sealed"], done["skipped"], done["refused"], done["rows"]) == (ROWS, 0, 0, ROWS)
    assert vault.status().people == before + ROWS
    while sequence_once():
        pass
    checkpoint_beat()
    report = ledger.verify()
    assert (report.ok, report.findings, report.pending) == (True, (), 0)


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


@pytest.fixture
def home_of_its_own(tmp_path):
    """Return the environment of an installation that `keepfold init` made, with addresses of its own."""
    home = tmp_path / "home"
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("KEEPFOLD_", "PYTEST"))}
    environment |= {
        "KEEPFOLD_HOME": str(home),
        "KEEPFOLD_SQLITE_SYNCHRONOUS": "NORMAL",
        "KEEPFOLD_BIND": f"127.0.0.1:{free_port()}",
        "KEEPFOLD_METRICS_BIND": f"127.0.0.1:{free_port()}",
    }
    subprocess.run(command("init"), env=environment, check=True, capture_output=True)
    return home, environment


def start_server(begin, environment) -> subprocess.Popen[bytes]:
    """Start server and worker and wait until they are ready; again when children of a killed one still hold the address."""
    until = time.monotonic() + 60
    server = begin("up")
    while time.monotonic() < until:
        if server.poll() is not None:
            server.communicate()
            server = begin("up")
        status = subprocess.run(command("status", "--json"), env=environment, check=False, capture_output=True)
        if status.returncode == 0:
            return server
        time.sleep(0.1)
    raise TimeoutError("server and worker were not ready within a minute")


@pytest.mark.slow
@pytest.mark.loopback
def test_server_worker_and_import_killed_together_lose_nothing_and_do_nothing_twice(home_of_its_own, many):
    home, environment = home_of_its_own
    dice = random.Random(8)

    def begin(*words: str) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            command(*words), env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, start_new_session=True
        )

    for number in range(3):
        server = start_server(begin, environment)
        importing = begin("import", str(many), "--apply", "--json")
        kill_after(importing, home, ROWS * (number + 1) // 5, dice.random() * 0.2)
        assert server.poll() is None
        os.killpg(server.pid, signal.SIGKILL)
        server.communicate()
        assert importing.returncode == -signal.SIGKILL
        assert position(home) < ROWS
    done = json.loads(
        subprocess.run(
            command("import", str(many), "--apply", "--json"), env=environment, check=True, capture_output=True
        ).stdout
    )
    assert (done["sealed"], done["skipped"], done["refused"]) == (ROWS, 0, 0)
    with closing(sqlite3.connect(f"file:{home / 'data.sqlite3'}?mode=ro", uri=True)) as connection:
        assert connection.execute("SELECT count(*) FROM vault_person").fetchone() == (ROWS,)
    verified = subprocess.run(command("ledger", "verify", "--json"), env=environment, check=False, capture_output=True)
    assert json.loads(verified.stdout)["ok"] is True


@pytest.mark.slow
def test_ctrl_c_finishes_the_batch_and_says_how_to_go_on(installation, many):
    process = subprocess.Popen(
        command("import", str(many), "--apply"),
        env=environment_of(installation.home),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    while position(installation.home) == 0 and process.poll() is None:
        time.sleep(0.01)
    os.kill(process.pid, signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "Finishing this batch" in err
    assert "the same command again goes on there: keepfold import" in out
    at = position(installation.home)
    assert f"Stopped after row {at:,}" in out
    assert vault.status().people == 1 + at
