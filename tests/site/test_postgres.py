"""The same processes on PostgreSQL: both stores on a real server, reached by its socket."""

import json

import pytest

from tests.site.conftest import Machine
from tests.site.test_run import CARL

pytestmark = [pytest.mark.loopback, pytest.mark.postgres]


@pytest.fixture
def machine(tmp_path, postgres):
    """A machine whose stores are two databases of one server."""
    found = Machine(tmp_path / "home")
    urls = {"KEEPFOLD_DATA_URL": postgres.create("data"), "KEEPFOLD_KEYS_URL": postgres.create("keys")}
    found.settings |= urls
    yield found
    found.stop()
    for url in urls.values():
        postgres.drop(url)


def test_it_is_set_up_starts_seals_opens_and_verifies(machine):
    first, again = machine.keepfold("init", "--json"), machine.keepfold("init", "--json")
    assert (first.returncode, again.returncode) == (0, 0), first.stderr + again.stderr
    assert not list(machine.home.glob("*.sqlite3"))
    machine.up()
    assert machine.wait_until_ready() <= 3.0
    status, body = machine.request("POST", "/api/v1/customers", {"values": CARL})
    assert status == 201, body
    status, body = machine.get(f"/api/v1/customers/{json.loads(body)['id']}?purpose=support")
    assert (status, json.loads(body)["values"]["email"]) == (200, CARL["email"])
    assert machine.keepfold("doctor").returncode == 0
    machine.stop()
    assert machine.keepfold("ledger", "verify").returncode == 0


def test_a_server_that_goes_away_is_a_clear_refusal_and_comes_back(machine, postgres):
    machine.keepfold("init")
    machine.up()
    machine.wait_until_ready()
    _, body = machine.request("POST", "/api/v1/customers", {"values": CARL})
    customer = json.loads(body)["id"]
    # What a restart of the server does to its clients.
    postgres.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND datname IS NOT NULL"
    )
    answers = [machine.get(f"/api/v1/customers/{customer}?purpose=support") for _ in range(12)]
    assert {status for status, _ in answers} <= {200, 503}
    assert answers[-1][0] == 200
    for status, answer in answers:
        if status == 503:
            assert json.loads(answer)["code"] == "storage.unreadable"
            assert CARL["email"].encode() not in answer


def test_a_database_that_is_not_there_stops_the_start_without_showing_the_password(machine):
    machine.keepfold("init")
    machine.settings["KEEPFOLD_KEYS_URL"] = "postgresql://keepfold:s3cret-pw@127.0.0.1:1/keys"
    done = machine.keepfold("init")
    assert done.returncode == 1
    assert "cannot be opened" in done.stderr
    assert "s3cret-pw" not in done.stderr + machine.logs()
