"""What breaks outside of the program: a clear sentence, nothing lost, nothing in clear. Real server processes."""

import json
import os
import shutil
import sqlite3
import time

import pytest

pytestmark = pytest.mark.loopback
CARL = {"email": "carl.lindqvist@example.org", "last_name": "Lindqvist", "first_name": "Carl"}
HOUR_US = 3_600_000_000


def refuses_to_start(machine):
    """Start, expect that it gives up by itself, and return what it said."""
    process = machine.up()
    _, said = process.communicate(timeout=30)
    assert process.returncode == 1
    assert "Traceback" not in said + machine.logs()
    assert "starting it again" not in said
    return said


def in_clear(machine):
    everything = machine.bytes_of_everything()
    return [value for value in CARL.values() if value.encode() in everything or value.lower().encode() in everything]


def seal(machine, number=0, **values):
    email = f"carl{number}@example.org" if number else CARL["email"]
    return machine.request("POST", "/api/v1/customers", {"values": CARL | {"email": email} | values})


def write_mark(machine, ahead_us):
    with sqlite3.connect(machine.home / "data.sqlite3", timeout=20) as store:
        high = time.time_ns() // 1000 + ahead_us
        store.execute(
            "INSERT INTO kernel_mark (id, high_us) VALUES (1, ?) ON CONFLICT (id) DO UPDATE SET high_us = ?",
            [high, high],
        )
    store.close()


def test_a_missing_root_key_stops_the_start_and_makes_no_other(machine):
    (machine.home / "root.key").unlink()
    said = refuses_to_start(machine)
    assert "The root key file is missing" in said
    assert not (machine.home / "root.key").exists()


def test_a_wrong_root_key_stops_the_start(machine):
    path = machine.home / "root.key"
    good = path.read_text()
    path.write_text(f"{good.split()[0]} {os.urandom(32).hex()}\n")
    said = refuses_to_start(machine)
    assert "root key" in said
    path.write_text(good)
    machine.up()
    machine.wait_until_ready()


def test_init_on_a_lost_root_key_makes_no_new_one(machine):
    (machine.home / "root.key").unlink()
    (machine.home / "run" / "init.stamp").unlink()
    done = machine.keepfold("init")
    assert done.returncode == 1
    assert "The root key file is missing" in done.stderr
    assert not (machine.home / "root.key").exists()


@pytest.mark.parametrize("name", ["data.sqlite3", "keys.sqlite3"])
def test_a_database_that_is_no_database_stops_the_start(machine, name):
    (machine.home / name).write_bytes(b"This is not a database. " * 4000)
    said = refuses_to_start(machine)
    assert "cannot be opened or is damaged" in said


def test_a_key_store_of_another_installation_stops_the_start(machine, tmp_path):
    from tests.site.conftest import Machine

    other = Machine(tmp_path / "other")
    other.keepfold("init")
    shutil.copy(other.home / "keys.sqlite3", machine.home / "keys.sqlite3")
    said = refuses_to_start(machine)
    assert "key" in said


def test_a_clock_behind_what_was_recorded_stops_the_start(machine):
    write_mark(machine, HOUR_US)
    said = refuses_to_start(machine)
    assert "clock" in said.lower()
    assert "accept-clock" in said


def size_when_all_is_numbered(machine):
    for _ in range(50):
        status = json.loads(machine.keepfold("ledger", "status", "--json").stdout)
        if not status["pending"]:
            break
        time.sleep(0.2)
    return status["size"]


def test_a_clock_that_falls_behind_while_it_runs_stops_openings_and_intake(machine):
    machine.up()
    machine.wait_until_ready()
    _, body = seal(machine)
    customer = json.loads(body)["id"]
    write_mark(machine, HOUR_US)
    time.sleep(1.2)
    for status, answer in (machine.get(f"/api/v1/customers/{customer}?purpose=support"), seal(machine, 1)):
        assert status == 503
        assert json.loads(answer)["code"] == "clock.behind"
        assert CARL["email"].encode() not in answer
    status, answer = machine.get("/readyz")
    assert (status, json.loads(answer)["checks"]["clock"]) == (503, "clock.behind")
    machine.stop()
    assert machine.keepfold("config", "accept-clock", "--yes").returncode == 0
    machine.up()
    machine.wait_until_ready()
    assert machine.get(f"/api/v1/customers/{customer}?purpose=support")[0] == 200
    last = size_when_all_is_numbered(machine)
    shown = [machine.keepfold("ledger", "show", str(index)).stdout for index in range(last - 3, last)]
    assert any("site.clock.accept" in one for one in shown)


def test_a_full_disk_refuses_intake_and_openings_and_loses_nothing(machine):
    machine.up(before="ulimit -f 900;")  # no file may grow beyond 900 KiB, which is what a full disk looks like
    machine.wait_until_ready()
    stored, status, answer = {}, 201, b""
    for number in range(1, 400):
        status, answer = seal(machine, number, address="Vasagatan 1 " * 10)
        if status != 201:
            break
        stored[number] = json.loads(answer)["id"]
    problem = json.loads(answer)
    assert (status, problem["code"]) == (503, "storage.full")
    assert "Free some space" in problem["next_step"]
    first = next(iter(stored.values()))
    for _ in range(100):  # an opening writes less than an intake: a few may still fit
        status, answer = machine.get(f"/api/v1/customers/{first}?purpose=support")
        if status != 200:
            break
    assert (status, json.loads(answer)["code"]) == (503, "storage.full")
    assert b"carl1@" not in answer
    machine.stop()
    assert b"Traceback" not in machine.logs().encode()
    assert in_clear(machine) == []

    machine.up()
    machine.wait_until_ready()
    for number, customer in stored.items():
        status, answer = machine.get(f"/api/v1/customers/{customer}?purpose=support")
        assert (status, json.loads(answer)["values"]["email"]) == (200, f"carl{number}@example.org")
    assert seal(machine, 999)[0] == 201
    machine.stop()
    assert machine.keepfold("ledger", "verify").returncode == 0


def test_a_database_that_breaks_while_it_runs_gives_a_clear_refusal(machine):
    machine.up()
    machine.wait_until_ready()
    _, body = seal(machine)
    customer = json.loads(body)["id"]
    # Somebody else's commit: what the server holds in memory no longer counts, so it reads the files.
    with sqlite3.connect(machine.home / "keys.sqlite3", timeout=20) as store:
        store.execute("CREATE TABLE somebody_elses (a)")
    store.close()
    for name in ("keys.sqlite3", "keys.sqlite3-wal"):
        path = machine.home / name
        path.write_bytes(b"\xde\xad" * (path.stat().st_size // 2))
    status, answer = machine.get(f"/api/v1/customers/{customer}?purpose=support")
    assert status == 503
    assert json.loads(answer)["code"] == "storage.unreadable"
    assert CARL["email"].encode() not in answer
    time.sleep(1.1)
    assert machine.get("/readyz")[0] == 503
    assert machine.get("/healthz")[0] == 200
    assert b"Traceback" not in machine.logs().encode()


def test_when_the_ledger_takes_no_entry_nothing_is_opened(machine):
    machine.up()
    machine.wait_until_ready()
    _, body = seal(machine)
    customer = json.loads(body)["id"]
    with sqlite3.connect(machine.home / "data.sqlite3", timeout=20) as store:
        store.execute("ALTER TABLE ledger_pending RENAME TO ledger_elsewhere")
    store.close()
    status, answer = machine.get(f"/api/v1/customers/{customer}?purpose=support")
    assert status == 503
    assert CARL["email"].encode() not in answer
    status, _ = seal(machine, 1)
    assert status == 503
    with sqlite3.connect(machine.home / "data.sqlite3", timeout=20) as store:
        assert store.execute("SELECT count(*) FROM vault_person").fetchone() == (1,)
        store.execute("ALTER TABLE ledger_elsewhere RENAME TO ledger_pending")
    store.close()
    assert machine.get(f"/api/v1/customers/{customer}?purpose=support")[0] == 200


def test_the_status_page_says_what_is_wrong_and_what_to_do(machine):
    machine.up()
    machine.wait_until_ready()
    write_mark(machine, HOUR_US)
    time.sleep(1.2)
    status, page = machine.get("/status", Accept="text/html")
    assert status == 200
    assert b"Something needs you before Keepfold can go on." in page
    assert b"<code>keepfold doctor</code>" in page
    assert b"clock.behind" in page
