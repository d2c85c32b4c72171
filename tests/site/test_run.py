"""Setting up, starting, stopping: as real processes in a home of their own."""

import json
import os
import signal
import sqlite3
import subprocess
import time
from pathlib import Path

import pytest

from tests.site.conftest import Machine

pytestmark = pytest.mark.loopback
CARL = {"email": "carl.lindqvist@example.org", "last_name": "Lindqvist", "first_name": "Carl"}


def children_of(pid):
    listed = subprocess.run(["ps", "-o", "pid=,args=", "--ppid", str(pid)], capture_output=True, text=True, check=False)
    found = {}
    for line in listed.stdout.splitlines():
        number, _, words = line.strip().partition(" ")
        found[words.split()[-1]] = int(number)
    return found


def runs(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def pss_mib(pids):
    lines = [line for pid in pids for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()]
    return sum(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / 1024


def test_init_makes_a_home_for_its_owner_only_and_shows_the_first_token_once(tmp_path):
    machine = Machine(tmp_path / "home")
    first = machine.keepfold("init", "--json")
    again = machine.keepfold("init", "--json")
    assert json.loads(first.stdout)["token"] == machine.token
    assert json.loads(again.stdout)["token"] is None
    assert again.stderr == ""
    open_ones = [path for path in [machine.home, *machine.home.rglob("*")] if path.stat().st_mode & 0o077]
    assert open_ones == []


def test_init_refuses_a_home_that_others_may_enter(tmp_path):
    machine = Machine(tmp_path / "home")
    machine.home.mkdir(mode=0o755)
    machine.home.chmod(0o755)
    done = machine.keepfold("init")
    assert done.returncode == 1
    assert f"chmod 700 {machine.home}" in done.stderr


def test_init_names_the_owner_that_was_given(tmp_path):
    machine = Machine(tmp_path / "home")
    machine.keepfold("init", "--owner-email", "olga@shop.example", "--owner-name", "Olga")
    listed = json.loads(machine.keepfold("staff", "list", "--json").stdout)
    assert [(one["email"], one["roles"]) for one in listed] == [("olga@shop.example", ["owner"])]


def test_up_without_init_says_what_to_run(tmp_path):
    machine = Machine(tmp_path / "home")
    done = machine.keepfold("up")
    assert done.returncode == 1
    assert "keepfold init" in done.stderr


def test_it_is_ready_within_three_seconds_and_within_250_mib(machine):
    process = machine.up()
    assert machine.wait_until_ready() <= 3.0
    status, _ = machine.request("POST", "/api/v1/customers", {"values": CARL})
    assert status == 201
    family = children_of(process.pid)
    grandchildren = [pid for child in family.values() for pid in children_of(child).values()]
    assert pss_mib([process.pid, *family.values(), *grandchildren]) <= 250


def test_a_second_run_while_it_runs_answers_at_once_with_the_address(machine):
    machine.up()
    machine.wait_until_ready()
    began = time.monotonic()
    for command in (["run"], ["up"], ["run", "--detach"]):
        done = machine.keepfold(*command)
        assert done.returncode == 0
        assert f"http://127.0.0.1:{machine.port}" in done.stdout
    assert time.monotonic() - began < 3 * 3.0


def test_run_sets_up_starts_and_says_what_to_try(tmp_path):
    machine = Machine(tmp_path / "home")
    try:
        done = machine.keepfold("run", "--no-demo", "--detach")
        assert done.returncode == 0, done.stderr
        assert f"http://127.0.0.1:{machine.port}" in done.stdout
        assert machine.token in done.stdout
        assert "customer show" in done.stdout
        assert "ledger verify" in done.stdout
        assert machine.get("/readyz")[0] == 200
        assert machine.keepfold("status").returncode == 0
    finally:
        assert machine.keepfold("stop").returncode == 0
    assert machine.get("/healthz")[0] == 0
    assert machine.keepfold("status").returncode == 1


def test_the_token_is_not_shown_again_by_a_later_run(machine):
    try:
        done = machine.keepfold("run", "--no-demo", "--detach")
        assert machine.token not in done.stdout
        assert "owner.token" in done.stdout
    finally:
        machine.keepfold("stop")


def test_an_address_that_is_taken_is_named_at_once(machine):
    import socket

    with socket.socket() as other:
        other.bind(("127.0.0.1", machine.port))
        other.listen()
        done = machine.keepfold("up")
    assert done.returncode == 1
    assert f"127.0.0.1:{machine.port}" in done.stderr
    assert "KEEPFOLD_BIND" in done.stderr


def test_metrics_refuse_an_address_that_others_can_reach(machine):
    machine.settings["KEEPFOLD_METRICS_BIND"] = "0.0.0.0:8701"
    done = machine.keepfold("up")
    assert done.returncode == 1
    assert "not on 0.0.0.0:8701" in done.stderr


def test_metrics_of_all_processes_are_served_on_their_own_address(machine):
    machine.up()
    machine.wait_until_ready()
    assert machine.get("/metrics")[0] == 404
    machine.request("POST", "/api/v1/customers", {"values": CARL})
    machine.get("/api/v1/nowhere")
    web_port, machine.port = machine.port, machine.metrics_port
    status, text = machine.get("/metrics")
    machine.port = web_port
    assert status == 200
    assert b'keepfold_http_seconds_count{lane="hot",outcome="ok"} 1.0' in text
    assert b'keepfold_http_seconds_count{lane="api",outcome="refused"} 1.0' in text
    assert CARL["email"].encode() not in text


@pytest.mark.parametrize("victim", ["serve", "work"])
def test_a_killed_child_comes_back(machine, victim):
    process = machine.up()
    machine.wait_until_ready()
    first = children_of(process.pid)[victim]
    os.kill(first, signal.SIGKILL)
    deadline = time.monotonic() + 10
    while children_of(process.pid).get(victim, first) == first:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    machine.wait_until_ready()


def test_nothing_is_left_when_the_supervisor_is_killed_hard(machine):
    process = machine.up()
    machine.wait_until_ready()
    family = list(children_of(process.pid).values())
    family += [pid for child in family for pid in children_of(child).values()]
    process.kill()
    process.communicate()
    deadline = time.monotonic() + 20
    while any(runs(pid) for pid in family):
        assert time.monotonic() < deadline, family
        time.sleep(0.05)
    machine.up()
    machine.wait_until_ready()


def test_what_was_written_before_a_hard_stop_is_there_and_the_ledger_verifies(machine):
    process = machine.up()
    machine.wait_until_ready()
    _, body = machine.request("POST", "/api/v1/customers", {"values": CARL})
    process.kill()
    process.communicate()
    while machine.get("/healthz")[0]:  # the children die with their parent, a moment later
        time.sleep(0.02)
    machine.up()
    machine.wait_until_ready()
    status, body = machine.get(f"/api/v1/customers/{json.loads(body)['id']}?purpose=support")
    assert status == 200
    assert json.loads(body)["values"]["email"] == CARL["email"]
    machine.stop()
    assert machine.keepfold("ledger", "verify").returncode == 0


def test_an_erased_person_who_comes_back_with_an_old_copy_is_erased_again_before_anything_answers(machine):
    machine.up()
    machine.wait_until_ready()
    _, body = machine.request("POST", "/api/v1/customers", {"values": CARL})
    customer = json.loads(body)["id"]
    machine.stop()
    with sqlite3.connect(machine.home / "data.sqlite3") as store:
        store.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    store.close()
    backup = (machine.home / "data.sqlite3").read_bytes()
    machine.up()
    machine.wait_until_ready()
    assert machine.request("DELETE", f"/api/v1/customers/{customer}?reason=request")[0] == 200
    machine.stop()
    for name in ("data.sqlite3-wal", "data.sqlite3-shm"):
        (machine.home / name).unlink(missing_ok=True)
    (machine.home / "data.sqlite3").write_bytes(backup)
    machine.up()
    machine.wait_until_ready()
    assert machine.get(f"/api/v1/customers/{customer}?purpose=support")[0] == 404
    machine.stop()
    with sqlite3.connect(machine.home / "data.sqlite3") as store:
        assert store.execute("SELECT count(*) FROM vault_person").fetchone() == (0,)
    store.close()


def test_nothing_that_was_sealed_over_http_lies_on_the_disk_in_clear(machine):
    machine.up()
    machine.wait_until_ready()
    status, body = machine.request("POST", "/api/v1/customers", {"values": CARL})
    assert status == 201
    machine.get(f"/api/v1/customers/{json.loads(body)['id']}?purpose=support")
    machine.get(f"/api/v1/customers/{CARL['email']}?purpose=support")
    machine.request("POST", "/api/v1/customers", {"values": CARL | {"nickname": "Calle Kanin"}})
    machine.request(
        "POST", "/api/v1/customers/search", {"field": "email", "value": CARL["email"], "purpose": "support"}
    )
    machine.stop()
    everything = machine.bytes_of_everything()
    for value in [*CARL.values(), "Calle Kanin"]:
        for form in (value.encode(), value.lower().encode(), value.encode("utf-16-le"), value.encode().hex().encode()):
            assert form not in everything


def test_the_fast_lane_can_be_switched_off(machine):
    machine.settings["KEEPFOLD_FAST_LANE"] = "false"
    machine.up()
    machine.wait_until_ready()
    status, body = machine.request("POST", "/api/v1/customers", {"values": CARL})
    assert status == 201, body
    web_port, machine.port = machine.port, machine.metrics_port
    text = machine.get("/metrics")[1]
    machine.port = web_port
    assert b'lane="hot"' not in text


def test_the_doctor_finds_a_sound_installation_sound(machine):
    done = machine.keepfold("doctor", "--json")
    findings = json.loads(done.stdout)
    assert done.returncode == 0
    assert {finding["state"] for finding in findings} == {"ok"}
    assert {"python", "home", "modes", "disk", "databases", "keys", "clock", "policy", "ledger"} <= {
        finding["check"] for finding in findings
    }


def test_the_doctor_names_a_file_that_others_may_read(machine):
    (machine.home / "root.key").chmod(0o644)
    done = machine.keepfold("doctor")
    assert done.returncode == 1
    assert f"chmod 600 {machine.home / 'root.key'}" in done.stdout


def test_the_doctor_notices_a_ledger_whose_end_was_changed(machine):
    machine.up()
    machine.wait_until_ready()
    time.sleep(1)
    machine.stop()
    with sqlite3.connect(machine.home / "data.sqlite3") as store:
        store.execute(
            "UPDATE ledger_entry SET body = zeroblob(length(body)) WHERE idx = (SELECT max(idx) FROM ledger_entry)"
        )
    store.close()
    done = machine.keepfold("doctor")
    assert done.returncode == 1
    assert "BROKEN  ledger" in done.stdout
