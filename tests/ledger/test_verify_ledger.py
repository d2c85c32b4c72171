"""Whatever is changed, removed or exchanged in the ledger's tables, verification says so and names it."""

from __future__ import annotations

import itertools
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.db import IntegrityError, connections

from keepfold import ledger
from keepfold.kernel import db
from keepfold.ledger.audit.rows import TABLES
from keepfold.ledger.queries import verify
from tests.conftest import at_home
from tests.ledger import world as worlds
from tests.ledger.support import MadeKeys

# Only for operation: who sequences, until when, when the beat last came, why it stopped.
OPERATIONAL = {"lease_owner", "lease_until_us", "beat_us", "halted", "unsigned"}
KEYS = {
    "ledger_log": ["log"],
    "ledger_pending": ["ref"],
    "ledger_entry": ["log", "idx"],
    "ledger_tile": ["log", "level", "n"],
    "ledger_checkpoint": ["log", "n"],
    "ledger_detail": ["ref"],
    "ledger_members": ["ref"],
    "ledger_tag": ["tag"],
    "ledger_subject": ["log", "subject"],
    "ledger_closed": ["id"],
    "ledger_index": ["log", "number", "low"],
    "ledger_tally": ["log", "span", "hour", "number"],
}
# What verifications found, each under a mark of its own; they are no part of the log.
BESIDE = {"ledger_verification"}
# What a sentence must name to be of use: an index, an id in hex, a tile's path, a checkpoint, or the one row there is.
NAMES_SOMETHING = re.compile(
    r"[Ee]ntry -?\d+|[Ee]ntries from \d+|[0-9a-f]{30}|tile/\d|tile -?\d|[Cc]heckpoint -?\d|checkpoints|ledger_log"
    r"|[Tt]he log|ledger_closed|log number -?\d|[Pp]erson [0-9a-f]*|erased person|tally of \w+|Runs of the index"
)


@pytest.fixture(scope="module")
def world(tmp_path_factory, _migrated, django_db_blocker) -> Iterator[worlds.World]:
    """Return a log with something of everything; each test changes it in a transaction that is rolled back."""
    home = tmp_path_factory.mktemp("tampered")
    shutil.copytree(_migrated, home, dirs_exist_ok=True)
    keys = MadeKeys()
    with django_db_blocker.unblock(), at_home(home):
        ledger.wire(keys=keys)
        yield worlds.build(keys)
        ledger.wire(keys=None)


@contextmanager
def undone() -> Iterator[None]:
    """Roll back what happens inside."""
    with db.atomic():
        yield
        connections["default"].set_rollback(True)


def columns_of(table):
    return [row[1] for row in db.fetch_all("default", f"PRAGMA table_info({table})")]


def some_rows(table, most=7):
    """Return rows as {column: value}: all of a small table; of a large one its ends and an even spread."""
    names = columns_of(table)
    found = [
        dict(zip(names, row, strict=True)) for row in db.fetch_all("default", f"SELECT * FROM {table} ORDER BY 1, 2")
    ]
    step = max(1, len(found) // most)
    return found if len(found) <= most else [*found[:2], *found[2:-2:step], *found[-2:]][:most]


def where(table, row):
    return " AND ".join(f"{key} = %s" for key in KEYS[table]), [row[key] for key in KEYS[table]]


def changed(value) -> list:
    """Return other values of the same type."""
    if isinstance(value, bytes):
        flips = [value[:at] + bytes([value[at] ^ bit]) + value[at + 1 :] for at, bit in spread(len(value))]
        return [*flips, value[:-1], value + b"\x00"]
    if isinstance(value, int):
        return [value + 1, value - 1, value ^ 0x40, -value - 1]
    if isinstance(value, str):
        at = len(value) // 2
        return [value[:at] + ("x" if value[at] != "x" else "y") + value[at + 1 :], value + "\n", value[:-1], ""]
    return [b"\x00" * 16, b"x"]


def spread(length):
    return [(0, 1), (length // 2, 0x10), (length - 1, 0x80)] if length else []


def update(table, row, values):
    condition, key = where(table, row)
    assignments = ", ".join(f"{column} = %s" for column in values)
    return db.execute("default", f"UPDATE {table} SET {assignments} WHERE {condition}", [*values.values(), *key])


def assert_found(what):
    report = verify()
    assert not report.ok, what
    for finding in report.findings:
        assert NAMES_SOMETHING.search(finding.message), finding.message
    return report


def test_the_untouched_ledger_passes(world):
    report = verify()
    assert (report.ok, report.findings, report.notes) == (True, (), ())
    assert (report.size, report.pending, report.people, report.checkpoints) == (266, 4, 3, 4)


def test_every_table_of_the_ledger_is_tampered_with(world):
    found = db.fetch_all("default", "SELECT name FROM sqlite_master WHERE type = 'table' AND name LIKE 'ledger_%%'", [])
    assert {name for (name,) in found} - BESIDE == set(TABLES) == set(KEYS)
    assert all(some_rows(table) for table in TABLES)


@pytest.mark.parametrize("table", TABLES)
def test_a_changed_value_in_any_column_is_found(world, table):
    tried = 0
    for row in some_rows(table):
        for column in columns_of(table):
            if column in OPERATIONAL:
                continue
            for value in changed(row[column]):
                if value == row[column]:
                    continue
                with undone():
                    try:
                        with db.atomic():
                            assert update(table, row, {column: value}) == 1
                    except IntegrityError:
                        continue
                    assert_found(f"{table}.{column} of {row}: {value!r}")
                    tried += 1
    assert tried > 10


@pytest.mark.parametrize("table", TABLES)
def test_a_deleted_row_is_found(world, table):
    for row in some_rows(table, most=16):
        with undone():
            condition, key = where(table, row)
            assert db.execute("default", f"DELETE FROM {table} WHERE {condition}", key) == 1
            assert_found(f"{table} without {row}")


@pytest.mark.parametrize("table", [table for table in TABLES if table != "ledger_log"])
def test_two_exchanged_rows_are_found(world, table):
    tried = 0
    for one, other in itertools.combinations(some_rows(table, most=8), 2):
        contents = [column for column in columns_of(table) if column not in KEYS[table]]
        if all(one[column] == other[column] for column in contents):
            continue
        with undone():
            for column in contents:
                if isinstance(one[column], bytes):  # out of the way of unique columns
                    update(table, one, {column: b"elsewhere"})
                elif column == "size":
                    update(table, one, {column: -5})
            update(table, other, {column: one[column] for column in contents})
            update(table, one, {column: other[column] for column in contents})
            assert_found(f"{table}: {one} and {other}")
            tried += 1
    assert tried


@pytest.mark.parametrize("table", [table for table in TABLES if table != "ledger_log"])
def test_one_column_exchanged_between_two_rows_is_found(world, table):
    for one, other in itertools.combinations(some_rows(table, most=5), 2):
        for column in columns_of(table):
            if (
                one[column] == other[column]
                or column in KEYS[table]
                or (table, column) == ("ledger_checkpoint", "size")
            ):
                continue
            with undone():
                update(table, one, {column: b"elsewhere" if isinstance(one[column], bytes) else one[column]})
                update(table, other, {column: one[column]})
                update(table, one, {column: other[column]})
                assert_found(f"{table}.{column}: {one} and {other}")


@pytest.mark.parametrize("table", [table for table in TABLES if table != "ledger_log"])
def test_an_added_copy_of_a_row_is_found_or_noted(world, table):
    row = some_rows(table)[-1]
    fresh = {
        key: (b"\x07" * len(row[key]) if isinstance(row[key], bytes) else row[key] + 1000)
        for key in KEYS[table]
        if key != "log"
    }
    copy = row | fresh | ({"ref": b"\x09" * 16} if table == "ledger_entry" else {})
    copy |= {"size": row["size"] + 1} if table == "ledger_checkpoint" else {}
    with undone():
        names = ", ".join(copy)
        marks = ", ".join(["%s"] * len(copy))
        db.execute("default", f"INSERT INTO {table} ({names}) VALUES ({marks})", list(copy.values()))
        assert_found(f"{table} with {copy}")


def test_a_changed_entry_is_named_by_its_index_and_by_nothing_else(world):
    with undone():
        body = db.fetch_one("default", "SELECT body FROM ledger_entry WHERE idx = 42")[0]
        db.execute("default", "UPDATE ledger_entry SET body = %s WHERE idx = 42", [body[:-1] + bytes([body[-1] ^ 1])])
        report = assert_found("entry 42")
    assert [(finding.index, finding.message) for finding in report.findings] == [
        (42, "Entry 42 was changed: the entry itself.")
    ]


def test_a_missing_entry_is_named_by_its_index(world):
    with undone():
        db.execute("default", "DELETE FROM ledger_entry WHERE idx = 100")
        report = assert_found("entry 100")
    assert "Entry 100 is missing." in [finding.message for finding in report.findings]


def test_two_exchanged_entries_are_both_named(world):
    with undone():
        (one,), (other,) = (
            db.fetch_all("default", f"SELECT ref, body, mac FROM ledger_entry WHERE idx = {idx}") for idx in (50, 60)
        )
        db.execute("default", "UPDATE ledger_entry SET ref = %s WHERE idx = 50", [b"elsewhere"])
        for idx, row in ((60, one), (50, other)):
            db.execute("default", f"UPDATE ledger_entry SET ref = %s, body = %s, mac = %s WHERE idx = {idx}", list(row))
        report = assert_found("exchanged")
    assert [finding.index for finding in report.findings] == [50, 60]


def test_history_rewritten_by_somebody_with_the_row_keys_contradicts_a_checkpoint(world):
    """Mallory has the database and the MAC key, and makes everything fit; the signed root still tells."""
    from keepfold.ledger import keyring, store, tiles, tree
    from keepfold.ledger.hashing import leaf_hash

    with undone():
        rows = store.entries_between(1, 0, 266)
        body = rows[42].body[:-1] + bytes([rows[42].body[-1] ^ 1])
        rows[42] = rows[42]._replace(body=body, mac=keyring.entry_mac(1, 42, rows[42].ref, body, rows[42].actor))
        db.execute("default", "UPDATE ledger_entry SET body = %s, mac = %s WHERE idx = 42", [body, rows[42].mac])
        frontier = tree.Frontier()
        made = frontier.extend(leaf_hash(row.body) for row in rows)
        for level, hashes in made.items():
            for n in range(0, len(hashes), tiles.WIDTH):
                packed = b"".join(hashes[n : n + tiles.WIDTH])
                store.write_tiles(1, [(level, n // tiles.WIDTH, packed)])
        log = store.read_log(1)
        mac = keyring.log_mac(1, log.origin, log.size, frontier.pack(), log.checkpoints)
        db.execute("default", "UPDATE ledger_log SET frontier = %s, mac = %s", [frontier.pack(), mac])
        report = assert_found("rewritten")
    messages = [finding.message for finding in report.findings]
    assert any("root that checkpoint" in message for message in messages)
    assert any("details of entry 42" in message for message in messages)


def test_a_missing_counter_is_named_by_the_person(world):
    with undone():
        db.execute("default", "DELETE FROM ledger_subject WHERE subject = %s", [world.quiet])
        report = assert_found("counter")
    assert [finding.code for finding in report.findings] == ["ledger.subject-missing"]
    assert world.quiet.hex() in report.findings[0].message


def test_a_key_that_is_gone_without_an_erasure_is_named(world):
    key = world.keys.people
    del key[world.quiet]
    try:
        report = assert_found("key")
    finally:
        key[world.quiet] = None
    assert [finding.code for finding in report.findings] == ["ledger.key-missing"]


def test_text_where_bytes_belong_is_a_finding_and_no_crash(world):
    for table, key, column in (
        ("ledger_entry", "idx", "body"),
        ("ledger_tag", "tag", "ref"),
        ("ledger_detail", "ref", "frame"),
        ("ledger_pending", "ref", "mac"),
    ):
        with undone():
            last = f"(SELECT MAX({key}) FROM {table})"
            for value in ("'text'", "CAST(x'ff00fe' AS TEXT)", "17", "1.5"):
                assert db.execute("default", f"UPDATE {table} SET {column} = {value} WHERE {key} = {last}") == 1
                assert_found(f"{table}.{column} = {value}")


def test_an_absurd_number_is_a_finding_and_no_endless_loop(world):
    for sql in (
        "UPDATE ledger_subject SET next = 4611686018427387904",
        "UPDATE ledger_log SET size = 4611686018427387904",
        "UPDATE ledger_entry SET idx = 4611686018427387904 WHERE idx = 3",
        "UPDATE ledger_tile SET n = 4611686018427387904 WHERE level = 0 AND n = 1",
        "UPDATE ledger_checkpoint SET n = 2147483647 WHERE n = 1",
        "UPDATE ledger_checkpoint SET size = 4611686018427387904 WHERE n = 3",
        "UPDATE ledger_log SET checkpoints = 2147483647",
        "UPDATE ledger_closed SET tags = 4611686018427387904",
        "UPDATE ledger_tag SET position = 4611686018427387904",
    ):
        with undone():
            db.execute("default", sql)
            assert_found(sql)


def test_everything_destroyed_at_once_is_reported_with_a_limit(world):
    with undone():
        db.execute("default", "UPDATE ledger_entry SET mac = %s", [bytes(16)])
        report = assert_found("all")
    assert len(report.findings) == 100
    assert report.more > 100


def test_progress_is_reported_up_to_the_end(world):
    seen = []
    verify(lambda *step: seen.append(step))
    assert seen[-1] == ("rest", 1, 1)
    assert ("entries", 266, 266) in seen


def test_changed_missing_or_exchanged_details_of_a_living_person_are_named_by_the_entry(world):
    owned = db.fetch_all(
        "default",
        "SELECT d.ref, d.frame, e.idx FROM ledger_detail AS d JOIN ledger_entry AS e ON e.ref = d.ref"
        " WHERE substr(e.body, 15, 4) = x'00000001' ORDER BY e.idx",
    )
    assert len(owned) == 2, "two sequenced entries about the one who lives"
    (one, frame, first), (other, other_frame, second) = owned
    update = "UPDATE ledger_detail SET frame = %s WHERE ref = %s"
    for steps, wanted in (
        ([(update, [frame[:-1] + bytes([frame[-1] ^ 1]), one])], {first}),
        ([(update, [frame[:2] + bytes([frame[2] ^ 1]) + frame[3:], other])], {second}),
        ([("DELETE FROM ledger_detail WHERE ref = %s", [one])], {first}),
        ([(update, [other_frame, one]), (update, [frame, other])], {first, second}),
    ):
        with undone():
            for sql, parameters in steps:
                assert db.execute("default", sql, parameters) == 1
            report = assert_found(steps)
        assert {finding.index for finding in report.findings} == wanted
