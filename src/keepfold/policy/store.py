"""Raw SQL of the room, the same for SQLite and PostgreSQL."""

from __future__ import annotations

from typing import NamedTuple

from keepfold.kernel import db, rowmac
from keepfold.policy.errors import PolicyAltered
from keepfold.policy.numbers import KINDS, Numbers

DATA = "default"
_ALL = 1_000_000


class VersionRow(NamedTuple):
    """One stored version without its texts."""

    version: str
    policy_id: str
    effective_from: str
    submitted_us: int
    submitted_by: bytes


def active() -> db.Row | None:
    """Return (version, when it became active, the row's mark), or None. `is_genuine` looks at the mark."""
    return db.fetch_one(DATA, "SELECT version, activated_us, mac FROM policy_active WHERE id = 1")


def is_genuine(row: db.Row) -> bool:
    """Say whether the row that names the active version is as this installation wrote it."""
    return rowmac.same(row[2], rowmac.mark("policy_active", *row[:2]))


def genuine_active() -> db.Row | None:
    """Return the active version like `active`; None when there is none, or when somebody else wrote the row."""
    row = active()
    return row if row is not None and is_genuine(row) else None


def activate(version: str, at_us: int) -> None:
    """Make a version the active one."""
    db.execute(
        DATA,
        "INSERT INTO policy_active (id, version, activated_us, mac) VALUES (1, %s, %s, %s) ON CONFLICT (id) DO UPDATE "
        "SET version = excluded.version, activated_us = excluded.activated_us, mac = excluded.mac",
        [version, at_us, rowmac.mark("policy_active", version, at_us)],
    )


def form(version: str) -> str | None:
    """Return the canonical form of a version, or None when there is none."""
    row = db.fetch_one(DATA, "SELECT form FROM policy_version WHERE version = %s", [version])
    return None if row is None else str(row[0])


def source(version: str) -> str | None:
    """Return the text as it was submitted, or None."""
    row = db.fetch_one(DATA, "SELECT source FROM policy_version WHERE version = %s", [version])
    return None if row is None else str(row[0])


def one(version: str) -> VersionRow | None:
    """Return one version, or None."""
    row = db.fetch_one(DATA, f"{_VERSIONS} WHERE version = %s", [version])
    return None if row is None else VersionRow(*row)


def matching(prefix: str) -> list[str]:
    """Return at most two versions that begin like this; the prefix holds hexadecimal digits only."""
    rows = db.fetch_all(DATA, "SELECT version FROM policy_version WHERE version LIKE %s LIMIT 2", [prefix + "%"])
    return [str(row[0]) for row in rows]


def versions(limit: int) -> list[VersionRow]:
    """Return the newest versions first."""
    rows = db.fetch_all(DATA, f"{_VERSIONS} ORDER BY submitted_us DESC, version LIMIT %s", [limit])
    return [VersionRow(*row) for row in rows]


def add(row: VersionRow, form_text: str, source_text: str) -> None:
    """Store a version."""
    db.execute(
        DATA,
        "INSERT INTO policy_version (version, policy_id, form, source, effective_from, submitted_us, submitted_by) "
        "VALUES (%s, %s, %s, %s, %s, %s, %s)",
        [row.version, row.policy_id, form_text, source_text, row.effective_from, row.submitted_us, row.submitted_by],
    )


def numbers() -> Numbers:
    """Return every number ever given. Raises `PolicyAltered`: other numbers give consents to other purposes."""
    found: dict[str, dict[str, int]] = {kind: {} for kind in KINDS}
    for kind, name, number, mac in db.fetch_all(DATA, _NUMBERS):
        if not rowmac.same(mac, rowmac.mark("policy_registry", kind, name, number)):
            raise PolicyAltered(
                "The numbers of data items and purposes are not as Keepfold wrote them, so nothing is decided by them.",
                next_step="Find out who writes to the database, then restore it from a backup.",
            )
        found[kind][name] = number
    return Numbers(**found)


def add_numbers(rows: list[tuple[str, str, int]]) -> None:
    """Give numbers to new names."""
    marked = [(*row, rowmac.mark("policy_registry", *row)) for row in rows]
    db.rows_insert(DATA, "policy_registry", ("kind", "name", "number", "mac"), marked)


def lock() -> None:
    """Let one submission at a time give numbers, until the transaction ends. SQLite's transactions do so anyway."""
    if db.is_postgres(DATA):
        db.execute(DATA, "LOCK TABLE policy_registry, policy_active IN EXCLUSIVE MODE")


def approve(version: str, person: bytes, at_us: int) -> None:
    """Note one person's yes to a version in place of the one that is active now; a second one counts as the first."""
    db.execute(
        DATA,
        "INSERT INTO policy_approval (version, actor, at_us, mac) VALUES (%s, %s, %s, %s) "
        "ON CONFLICT (version, actor) DO UPDATE SET at_us = excluded.at_us, mac = excluded.mac",
        [version, person, at_us, _approval_mark(active(), version, person, at_us)],
    )


def approvals(version: str) -> int:
    """Return how many people said yes since the active version became so; rows that somebody altered do not count."""
    now, sql = active(), "SELECT actor, at_us, mac FROM policy_approval WHERE version = %s"
    rows = db.fetch_all(DATA, sql, [version])
    return sum(rowmac.same(mac, _approval_mark(now, version, person, at_us)) for person, at_us, mac in rows)


def _approval_mark(now: db.Row | None, version: str, person: bytes, at_us: int) -> bytes:
    # Bound to the activation in force, so that a yes that was used up cannot be put back.
    return rowmac.mark("policy_approval", version, person, at_us, *(now[:2] if now else ()))


def altered() -> dict[str, int]:
    """Return how many rows of each table are not as this installation wrote them; of approvals those are none."""
    row = active()
    numbers_ = db.fetch_all(DATA, _NUMBERS)
    return {
        "policy_active": int(row is not None and not is_genuine(row)),
        "policy_registry": sum(not rowmac.same(one[3], rowmac.mark("policy_registry", *one[:3])) for one in numbers_),
        "policy_activation": sum(not is_ours for *_row, is_ours in activations(_ALL)),
    }


def forget_approvals(version: str) -> None:
    """Drop the yeses of a version, so that the next activation asks again."""
    db.execute(DATA, "DELETE FROM policy_approval WHERE version = %s", [version])


def yes_sayers(version: str) -> tuple[bytes, ...]:
    """Return whose yes a version has now, in the order of their ids; rows that somebody altered do not count."""
    now, sql = active(), "SELECT actor, at_us, mac FROM policy_approval WHERE version = %s ORDER BY actor"
    rows = db.fetch_all(DATA, sql, [version])
    return tuple(row[0] for row in rows if rowmac.same(row[2], _approval_mark(now, version, row[0], row[1])))


def add_activation(version: str, previous: str, at_us: int, people: tuple[bytes, ...]) -> None:
    """Write down that a version came into force, by whose yes."""
    row = db.fetch_one(DATA, "SELECT max(number) FROM policy_activation")
    columns = (((row[0] if row else None) or 0) + 1, version, previous, at_us, b"".join(people))
    mac = rowmac.mark("policy_activation", *columns)
    db.rows_insert(
        DATA, "policy_activation", ("number", "version", "previous", "at_us", "people", "mac"), [(*columns, mac)]
    )


def activations(limit: int) -> list[tuple[str, str, int, bytes, bool]]:
    """Return the newest activations first: version, previous, when, people, and whether the row carries its mark."""
    sql = "SELECT number, version, previous, at_us, people, mac FROM policy_activation ORDER BY number DESC LIMIT %s"
    return [
        (*row[1:5], rowmac.same(row[5], rowmac.mark("policy_activation", *row[:5])))
        for row in db.fetch_all(DATA, sql, [limit])
    ]


def count_versions() -> int:
    """Return how many versions were ever submitted."""
    row = db.fetch_one(DATA, "SELECT count(*) FROM policy_version")
    return int(row[0]) if row else 0


def ordinal(row: VersionRow) -> int:
    """Return the number of a version in the order of their submission, from 1."""
    sql = "SELECT count(*) FROM policy_version WHERE submitted_us < %s OR (submitted_us = %s AND version <= %s)"
    found = db.fetch_one(DATA, sql, [row.submitted_us, row.submitted_us, row.version])
    return int(found[0]) if found else 0


def places() -> dict[int, tuple[int, str]]:
    """Return the compartment and the type under which values of each data item may lie, by number."""
    rows = db.fetch_all(DATA, "SELECT number, compartment, type FROM policy_place")
    return {int(row[0]): (int(row[1]), str(row[2])) for row in rows}


def put_places(rows: list[tuple[int, int, str]]) -> None:
    """Write down where values of data items (number, compartment, type) may lie."""
    sql = (
        "INSERT INTO policy_place (number, compartment, type) VALUES (%s, %s, %s) ON CONFLICT (number) "
        "DO UPDATE SET compartment = excluded.compartment, type = excluded.type"
    )
    for row in rows:
        db.execute(DATA, sql, row)


def forget_places() -> None:
    """Drop all places: nobody's values lie anywhere."""
    db.execute(DATA, "DELETE FROM policy_place")


_NUMBERS = "SELECT kind, name, number, mac FROM policy_registry"
_VERSIONS = "SELECT version, policy_id, effective_from, submitted_us, submitted_by FROM policy_version"
