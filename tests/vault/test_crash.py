"""Whatever moment a process dies at: never data without keys, never half a person, and what is left over goes away."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from django.db import OperationalError, connections

from keepfold.kernel import config, db
from keepfold.kernel.errors import Unavailable
from keepfold.vault import actions, keys, queries, writing
from tests.conftest import at_home
from tests.vault.conftest import ANA, CARL, SCHEMA


def full(*_arguments):
    raise OperationalError("database or disk is full")


@pytest.mark.parametrize("step", ["add_people", "add_records", "add_index"])
def test_a_failure_after_the_keys_leaves_no_data_and_harmless_keys(vault, monkeypatch, step):
    monkeypatch.setattr(writing.store, step, full)
    with pytest.raises(Unavailable) as caught:
        actions.seal_many(actor=ANA, records=[CARL])
    assert caught.value.code == "storage.full"
    status = queries.status()
    assert (status.people, status.records, status.index_rows, status.identity_rows, status.keys) == (0, 0, 0, 0, 3)
    monkeypatch.undo()
    monkeypatch.setattr("keepfold.policy.queries.schema", lambda: SCHEMA)
    assert actions.seal_many(actor=ANA, records=[CARL])[0].state == "sealed"


def test_a_failure_while_writing_keys_leaves_nothing(vault, monkeypatch):
    monkeypatch.setattr(writing.key_store, "add_person_keys", full)
    with pytest.raises(Unavailable):
        actions.seal(actor=ANA, values=CARL)
    status = queries.status()
    assert (status.people, status.identity_rows, status.keys) == (0, 0, 0)


def test_a_failure_in_the_middle_of_a_change_changes_nothing(vault, monkeypatch):
    person = actions.seal(actor=ANA, values=CARL).id
    monkeypatch.setattr("keepfold.vault.store.put_record", full)
    with pytest.raises(Unavailable):
        actions.update(actor=ANA, person=person, values={"email": "new@example.com", "city": "Ulm"})
    values = actions.open_record(actor=ANA, person=person, purpose="all").values
    assert (values["email"], values["city"]) == (CARL["email"], "Stuttgart")
    assert actions.search(actor=ANA, field="email", value=CARL["email"], purpose="all") == [person]


def test_a_full_disk_is_said_and_nothing_is_lost(vault):
    person = actions.seal(actor=ANA, values=CARL).id
    pages = db.fetch_one("default", "PRAGMA page_count")[0]
    db.fetch_one("default", f"PRAGMA max_page_count = {pages}")
    with pytest.raises(Unavailable) as caught:
        actions.seal_many(actor=ANA, records=[{"vat": str(number), "note": "x" * 400} for number in range(500)])
    assert caught.value.code == "storage.full"
    db.fetch_one("default", "PRAGMA max_page_count = 1000000")
    assert queries.status().people == 1
    assert actions.open_record(actor=ANA, person=person, purpose="newsletter").values == {"email": CARL["email"]}


@pytest.mark.parametrize("wait", [0.0, 0.03, 0.1])
def test_a_killed_process_leaves_only_whole_people(vault, wait):
    connections.close_all()
    environment = {**os.environ, "KEEPFOLD_HOME": str(vault.home), "KEEPFOLD_SQLITE_SYNCHRONOUS": "FULL"}
    root = Path(__file__).resolve().parents[2]
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.vault.sealer"], cwd=root, env=environment, stdout=subprocess.PIPE
    )
    assert process.stdout is not None
    for _ in range(3):
        assert process.stdout.readline() == b"batch\n"
    time.sleep(wait)
    process.send_signal(signal.SIGKILL)
    process.wait()
    process.stdout.close()
    with at_home(vault.home):
        keys.forget()
        persons = [row[0] for row in db.fetch_all("default", "SELECT id FROM vault_person ORDER BY id")]
        assert len(persons) >= 600
        assert len(persons) % 200 == 0
        rows = actions.open_many(actor=ANA, persons=persons, purpose="all")
        assert all(row is not None and row.values["last_name"] == "Quast" for row in rows)
        status = queries.status()
        assert (status.records, status.identity_rows) == (len(persons), len(persons))
        assert status.keys in {2 * len(persons), 2 * (len(persons) + 200)}
        assert config.current().home == vault.home
