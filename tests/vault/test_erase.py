from __future__ import annotations

import shutil

import pytest

from keepfold.kernel import db, ids
from keepfold.kernel.errors import Unavailable, Unopened
from keepfold.vault import actions, erasing, keys, queries
from keepfold.vault.errors import PersonMissing
from tests.conftest import at_home
from tests.vault.conftest import ANA, CARL


@pytest.fixture
def carl(vault) -> bytes:
    return actions.seal(actor=ANA, values=CARL).id


def erase(person: bytes):
    return actions.erase(actor=ANA, person=person, reason="asked for it")


def names(person: bytes) -> object:
    return actions.open_record(actor=ANA, person=person, purpose="all", fields=("first_name",)).values


def test_rows_index_rows_and_keys_go_and_a_tombstone_stays(vault, carl):
    done = erase(carl)
    status = queries.status()
    assert (status.people, status.records, status.index_rows, status.identity_rows, status.keys) == (0, 0, 0, 0, 0)
    assert (status.erased, status.erasures_pending) == (1, 0)
    assert done.keys_destroyed == 3
    assert queries.is_erased(carl)
    tombstone = db.fetch_one("default", "SELECT mark, person, destroyed_us FROM vault_tombstone")
    assert tombstone[0] != carl
    assert tombstone[1] is None
    assert tombstone[2] >= done.erased_us


def test_the_erased_cannot_be_opened_changed_found_or_erased_again(vault, carl):
    erase(carl)
    for attempt in (
        lambda: names(carl),
        lambda: actions.update(actor=ANA, person=carl, values={"city": "Ulm"}),
        lambda: erase(carl),
    ):
        with pytest.raises(PersonMissing):
            attempt()
    assert actions.search(actor=ANA, field="email", value=CARL["email"], purpose="all") == []
    assert actions.open_many(actor=ANA, persons=[carl], purpose="all") == [None]
    assert keys.LedgerKeys().subject_keys([carl]) == [None]


def test_the_entry_of_the_erasure_still_has_the_persons_key(vault, carl):
    erase(carl)
    entry = vault.notebook.entries[-1]
    assert (entry.context.action, entry.context.reason) == ("vault.record.erase", "asked for it")
    assert vault.notebook.keys[0] is not None


def test_others_are_not_touched(vault, carl):
    other = actions.seal(actor=ANA, values={"first_name": "Other", "last_name": CARL["last_name"]}).id
    erase(carl)
    assert names(other) == {"first_name": "Other"}
    assert actions.search(actor=ANA, field="last_name", value=CARL["last_name"], purpose="all") == [other]


def test_an_identity_is_free_again_after_erasure(vault, carl):
    erase(carl)
    assert actions.seal(actor=ANA, values=CARL).id != carl


def test_an_erasure_whose_entry_cannot_be_written_does_not_happen(vault, carl):
    vault.notebook.refuses = True
    with pytest.raises(OSError, match="no space"):
        erase(carl)
    vault.notebook.refuses = False
    assert names(carl) == {"first_name": "Carl"}
    assert queries.status().keys == 3


def test_old_data_rows_put_back_stay_unreadable(vault, carl):
    tables = {
        table: db.fetch_all("default", f"SELECT * FROM {table}")
        for table in ("vault_person", "vault_record", "vault_identity", "vault_index")
    }
    erase(carl)
    for table, rows in tables.items():
        for row in rows:
            db.execute("default", f"INSERT INTO {table} VALUES ({', '.join(['%s'] * len(row))})", row)
    with pytest.raises(Unopened):
        names(carl)


def test_an_interrupted_erasure_is_finished_by_the_next_reconciliation(vault, carl, monkeypatch):
    monkeypatch.setattr(
        erasing, "destroy_after_commit", lambda _person: None
    )  # as if the process died after the commit
    erase(carl)
    assert queries.status().keys == 3
    assert queries.erasures_pending()
    assert actions.reconcile(actor=ANA) == 1
    assert (queries.status().keys, queries.status().erasures_pending) == (0, 0)
    assert not queries.erasures_pending()
    assert actions.reconcile(actor=ANA) == 0


def test_a_reconciliation_that_is_interrupted_itself_can_be_repeated(vault, carl, monkeypatch):
    monkeypatch.setattr(erasing, "destroy_after_commit", lambda _person: None)
    erase(carl)
    monkeypatch.setattr(erasing.store, "close_tombstone", lambda *_arguments: None)  # died between the two stores
    erasing.destroy(*erasing.store.open_tombstones()[0])
    monkeypatch.undo()
    assert queries.erasures_pending()
    assert actions.reconcile(actor=ANA) == 1
    assert not queries.erasures_pending()


def test_a_key_store_that_fails_after_the_commit_leaves_the_erasure_to_the_job(vault, carl, monkeypatch):
    from django.db import OperationalError

    def fail(_person):
        raise OperationalError("disk I/O error")

    monkeypatch.setattr(erasing.key_store, "destroy_person_keys", fail)
    erase(carl)
    assert queries.status().erasures_pending == 1
    monkeypatch.undo()
    actions.reconcile(actor=ANA)
    assert queries.status().keys == 0


def test_people_who_come_back_with_an_old_data_store_are_erased_again(vault, carl, django_db_blocker):
    other = actions.seal(actor=ANA, values={"first_name": "Other"}).id
    db.fetch_all("default", "PRAGMA wal_checkpoint(TRUNCATE)")
    shutil.copy(vault.home / "data.sqlite3", vault.home / "old.sqlite3")
    erase(carl)
    later = actions.seal(actor=ANA, values=CARL).id
    erase(later)
    from django.db import connections

    connections.close_all()
    for suffix in ("", "-wal", "-shm"):
        (vault.home / f"data.sqlite3{suffix}").unlink(missing_ok=True)
    shutil.move(vault.home / "old.sqlite3", vault.home / "data.sqlite3")
    with at_home(vault.home):
        assert queries.status().people == 2
        assert queries.erasures_pending()
        assert actions.reconcile(actor=ANA) == 1
        assert queries.status().people == 1
        assert queries.is_erased(carl)
        assert queries.is_erased(later)
        assert names(other) == {"first_name": "Other"}
        assert not queries.erasures_pending()


def test_keys_lost_by_accident_are_not_taken_for_an_erasure(vault, carl):
    db.execute("keys", "DELETE FROM vault_person_key WHERE person = %s AND compartment = 1", [carl])
    with pytest.raises(Unopened):
        names(carl)
    assert actions.reconcile(actor=ANA) == 0
    assert queries.status().people == 1


def old_orphan() -> bytes:
    """Leave keys without a person, as a crash between the two stores does, made two hours ago."""
    from keepfold.kernel import clock

    person = ids.uuid7(at_ms=clock.now_us() // 1000 - 7_200_000)
    db.execute("keys", "INSERT INTO vault_person_key VALUES (%s, 0, 1, 0, %s)", [person, bytes(65)])
    return person


def test_keys_that_a_crash_left_are_swept_when_they_are_old_enough(vault):
    old = old_orphan()
    young = ids.uuid7()
    db.execute("keys", "INSERT INTO vault_person_key VALUES (%s, 0, 1, 0, %s)", [young, bytes(65)])
    carl = actions.seal(actor=ANA, values=CARL).id
    assert actions.sweep(actor=ANA) == 1
    left = {row[0] for row in db.fetch_all("keys", "SELECT person FROM vault_person_key")}
    assert left == {young, carl}
    assert old not in left


def test_keys_newer_than_all_data_are_kept_because_the_data_may_be_an_old_copy(vault):
    old_orphan()
    assert actions.sweep(actor=ANA) == 0
    assert queries.status().keys == 1


def test_a_sweep_that_would_remove_suspiciously_many_removes_nothing(vault, carl, monkeypatch):
    monkeypatch.setattr(erasing, "_MOST_FEW", 1)
    old_orphan(), old_orphan()
    with pytest.raises(Unavailable) as caught:
        actions.sweep(actor=ANA)
    assert caught.value.code == "keys.sweep-suspicious"
    assert queries.status().keys == 5
