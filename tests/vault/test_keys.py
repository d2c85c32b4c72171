"""The keyring: made once, opened by the right root key only, and never made anew over sealed people."""

from __future__ import annotations

import os
import threading
from dataclasses import replace

import pytest
from django.db import connections

from keepfold.kernel import config, db
from keepfold.kernel.crypto import wrap
from keepfold.kernel.errors import Unopened
from keepfold.vault import actions, growing, keys, queries
from keepfold.vault.errors import KeysUnavailable
from keepfold.vault.keys import shards
from tests.vault.conftest import ANA, CARL

LIGHT = {"memory_kib": 64, "passes": 1, "lanes": 1}


def root_file(vault):
    return config.current().root_key_path


def problem(code: str) -> None:
    """Open the ring anew and expect a clear error with that code and a next step; nothing may have been made."""
    keys.forget()
    with pytest.raises(KeysUnavailable) as caught:
        queries.ready()
    assert caught.value.code == code
    assert caught.value.status == 503
    assert caught.value.next_step
    with pytest.raises(KeysUnavailable) as caught:
        actions.seal(actor=ANA, values=CARL)
    assert caught.value.code == code


def use_passphrase(phrase: str) -> None:
    config.use(replace(config.current(), root_key="passphrase", root_passphrase=phrase))


def test_the_root_key_file_is_only_for_its_owner(vault):
    assert root_file(vault).stat().st_mode & 0o777 == 0o600


def test_making_keys_again_changes_nothing(vault):
    before = (root_file(vault).read_bytes(), db.fetch_all("keys", "SELECT * FROM vault_named_key"))
    assert keys.init() is False
    assert (root_file(vault).read_bytes(), db.fetch_all("keys", "SELECT * FROM vault_named_key")) == before


def test_what_was_sealed_opens_after_a_restart(vault):
    person = actions.seal(actor=ANA, values=CARL).id
    keys.forget()
    assert actions.open_record(actor=ANA, person=person, purpose="newsletter").values == {"email": CARL["email"]}


def test_a_missing_root_key_is_said_and_not_replaced(vault):
    actions.seal(actor=ANA, values=CARL)
    root_file(vault).unlink()
    problem("keys.root-missing")
    with pytest.raises(KeysUnavailable) as caught:
        keys.init()
    assert caught.value.code == "keys.root-missing"
    assert not root_file(vault).exists()


def test_another_root_key_is_recognised(vault):
    root_file(vault).write_text("keepfold-root-1 " + "ab" * 32 + "\n")
    problem("keys.root-wrong")
    with pytest.raises(KeysUnavailable):
        keys.init()


@pytest.mark.parametrize(
    "content",
    [b"", b"keepfold-root-1 zz", b"\x00" * 32, b"keepfold-root-2 " + b"a" * 64, os.urandom(5000)],
    ids=range(5),
)
def test_a_damaged_root_key_file_is_recognised(vault, content):
    root_file(vault).write_bytes(content)
    problem("keys.root-unreadable")


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o644])
def test_a_root_key_file_that_others_may_read_is_refused(vault, mode):
    root_file(vault).chmod(mode)
    problem("keys.root-mode")


@pytest.mark.parametrize("make", [os.mkdir, os.mkfifo])
def test_something_else_in_place_of_the_root_key_file_is_refused(vault, make):
    root_file(vault).unlink()
    make(root_file(vault), 0o700)
    problem("keys.root-unreadable")


def test_an_empty_key_store_over_sealed_people_is_said_and_nothing_is_made(vault):
    actions.seal(actor=ANA, values=CARL)
    for table in ("keyring", "named_key", "shard_key", "person_key"):
        db.execute("keys", f"DELETE FROM vault_{table}")
    problem("keys.store-empty")
    root_file(vault).unlink()
    with pytest.raises(KeysUnavailable) as caught:
        keys.init()
    assert caught.value.code == "keys.store-empty"
    assert not root_file(vault).exists()
    assert db.fetch_all("keys", "SELECT * FROM vault_keyring") == []


def test_keys_of_another_installation_are_recognised(vault):
    db.execute("default", "UPDATE vault_home SET tenant = %s", [os.urandom(16)])
    problem("keys.other-store")


def test_a_data_store_that_does_not_say_whose_it_is_is_refused(vault):
    actions.seal(actor=ANA, values=CARL)
    db.execute("default", "DELETE FROM vault_home")
    with pytest.raises(KeysUnavailable) as caught:
        keys.init()
    assert caught.value.code == "keys.other-store"


@pytest.mark.parametrize(
    "damage",
    ["DELETE FROM vault_named_key WHERE name = 'tenant'", "UPDATE vault_named_key SET wrapped = zeroblob(65) WHERE name = 'tenant'",
     "UPDATE vault_named_key SET version = 2 WHERE name = 'tenant'"],
)  # fmt: skip
def test_a_damaged_tenant_key_is_recognised(vault, damage):
    db.execute("keys", damage)
    problem("keys.damaged")


def test_without_keys_nothing_is_sealed_and_none_are_made(stores, monkeypatch):
    keys.forget()
    with pytest.raises(KeysUnavailable) as caught:
        queries.ready()
    assert caught.value.code == "keys.not-initialised"
    assert "keepfold init" in caught.value.next_step
    assert not (stores / "root.key").exists()


def test_a_root_key_placed_beforehand_is_used(stores):
    (stores / "root.key").write_text("keepfold-root-1 " + "cd" * 32 + "\n")
    (stores / "root.key").chmod(0o600)
    assert keys.init() is True
    assert (stores / "root.key").read_text().split()[1] == "cd" * 32


def test_an_unreadable_key_store_is_a_clear_error(vault):
    connections.close_all()
    (vault.home / "keys.sqlite3").write_bytes(b"this is not a database" * 100)
    for suffix in ("-wal", "-shm"):
        (vault.home / f"keys.sqlite3{suffix}").unlink(missing_ok=True)
    keys.forget()
    from keepfold.kernel.errors import Unavailable

    with pytest.raises(Unavailable) as caught:
        actions.seal(actor=ANA, values=CARL)
    assert caught.value.code.startswith("storage.")
    connections.close_all()


def test_a_passphrase_opens_the_keys_and_another_does_not(stores, monkeypatch):
    use_passphrase("correct horse battery")
    assert keys.init(**LIGHT) is True
    assert not (stores / "root.key").exists()
    assert queries.status().root == "passphrase"
    keys.forget()
    queries.ready()
    for phrase, code in (
        ("correct horse batterz", "keys.root-wrong"),
        ("short", "keys.passphrase-missing"),
        ("", "keys.passphrase-missing"),
    ):
        use_passphrase(phrase)
        keys.forget()
        with pytest.raises(KeysUnavailable) as caught:
            queries.ready()
        assert caught.value.code == code
    config.use(replace(config.current(), root_key="file"))
    with pytest.raises(KeysUnavailable) as caught:
        queries.ready()
    assert caught.value.code == "keys.root-kind"


def test_the_parameters_of_the_passphrase_are_stored_and_checked(stores):
    use_passphrase("correct horse battery")
    keys.init(**LIGHT)
    assert db.fetch_one("keys", "SELECT memory_kib, passes, lanes, length(salt) FROM vault_keyring") == (64, 1, 1, 16)
    db.execute("keys", "UPDATE vault_keyring SET memory_kib = 999999999")
    keys.forget()
    with pytest.raises(KeysUnavailable) as caught:
        queries.ready()
    assert caught.value.code == "keys.damaged"


def test_a_wrapped_key_does_not_open_in_another_place(vault):
    ring = keys.ring()
    ring.side("one"), ring.side("two")
    rows = dict(db.fetch_all("keys", "SELECT name, wrapped FROM vault_named_key WHERE name IN ('one', 'two')"))
    assert {len(row) for row in rows.values()} == {65}
    db.execute("keys", "UPDATE vault_named_key SET wrapped = %s WHERE name = 'one'", [rows["two"]])
    keys.forget()
    with pytest.raises(Unopened):
        keys.ring().side("one")


def test_side_keys_are_made_once_and_differ(vault):
    ledger = keys.LedgerKeys()
    first = {name: ledger.log_key(name) for name in ("sign", "detail", "pending")}
    keys.forget()
    assert {name: ledger.log_key(name) for name in first} == first
    assert len(set(first.values())) == 3
    assert {len(key) for key in first.values()} == {32}


def test_actors_have_keys_of_their_own_made_on_first_use(vault):
    ledger = keys.LedgerKeys()
    ana, ben = ledger.actor_key(b"a" * 16), ledger.actor_key(b"b" * 16)
    assert ana != ben
    assert keys.LedgerKeys().actor_key(b"a" * 16) == ana
    assert db.fetch_one("keys", "SELECT count(*) FROM vault_actor_key") == (2,)


def test_peoples_ledger_keys_come_in_the_order_asked_and_are_absent_for_strangers(vault):
    ledger = keys.LedgerKeys()
    one = actions.seal(actor=ANA, values=CARL).id
    two = actions.seal(actor=ANA, values={"first_name": "Two"}).id
    found = ledger.subject_keys([two, b"s" * 16, one, two])
    assert found[0] == found[3] != found[2]
    assert found[1] is None
    assert list(ledger.living_subjects()) == sorted([one, two])


def test_fresh_ledger_keys_are_those_that_were_stored(vault):
    person = actions.seal(actor=ANA, values=CARL).id
    during = vault.notebook.keys
    assert keys.LedgerKeys().subject_keys([person]) == during


def test_nothing_shows_a_key(vault):
    ring = keys.ring()
    shown = [repr(ring), str(ring), repr(ring.writer(1, 0, 1)), repr(keys.LedgerKeys()), f"{ring.shards!r}"]
    assert all("0x" in text or "…" in text or text.startswith("Shard(") for text in shown)
    assert ring.side("x").hex() not in " ".join(shown)


def test_uses_of_a_shard_key_are_counted_from_above_and_end_in_a_new_version(vault, monkeypatch):
    monkeypatch.setattr(shards, "MOST_WRAPS", 20)
    monkeypatch.setattr(shards, "BLOCK", 5)
    people = [actions.seal(actor=ANA, values={"first_name": "A", "vat": str(number)}).id for number in range(30)]
    rows = db.fetch_all("keys", "SELECT version, wraps FROM vault_shard_key WHERE compartment = 1 ORDER BY version")
    assert [row[0] for row in rows] == [1, 2]
    assert sum(row[1] for row in rows) >= 30
    versions = {
        wrap.kek_version(row[0])
        for row in db.fetch_all("keys", "SELECT wrapped FROM vault_person_key WHERE compartment = 1")
    }
    assert versions == {1, 2}
    keys.forget()
    rows = actions.open_many(actor=ANA, persons=people, purpose="all", fields=("vat",))
    assert [row.values["vat"] for row in rows] == [str(number) for number in range(30)]


def test_more_people_get_more_shards_and_nobody_is_lost(vault, monkeypatch):
    monkeypatch.setattr(shards, "PEOPLE_PER_SHARD", 4)
    first = [outcome.id for outcome in actions.seal_many(actor=ANA, records=[{"vat": str(n)} for n in range(30)])]
    assert growing.grow() == 8
    second = [outcome.id for outcome in actions.seal_many(actor=ANA, records=[{"vat": str(n)} for n in range(30, 90)])]
    used = {row[0] for row in db.fetch_all("keys", "SELECT DISTINCT shard FROM vault_person_key")}
    assert len(used) > 4
    keys.forget()
    rows = actions.open_many(actor=ANA, persons=first + second, purpose="all", fields=("vat",))
    assert [row.values["vat"] for row in rows] == [str(number) for number in range(90)]
    assert growing.grow() == 32
    assert queries.status().keys == 180


def test_shards_are_a_power_of_two_up_to_4096():
    assert [shards.shards_for(people) for people in (0, 2500, 2501, 10_000, 10**6, 10**9)] == [1, 1, 2, 4, 512, 4096]


def test_two_starts_at_once_agree_on_one_set_of_keys(stores):
    failures: list[Exception] = []

    def start() -> None:
        try:
            keys.init()
        except Exception as error:  # noqa: BLE001  whatever it is, the test shows it
            failures.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=start) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert db.fetch_one("keys", "SELECT count(*) FROM vault_named_key") == (1,)
    keys.forget()
    queries.ready()
