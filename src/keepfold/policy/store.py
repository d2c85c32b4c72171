"""Raw SQL of the room, the same for SQLite and PostgreSQL."""

from __future__ import annotations

from typing import NamedTuple

from keepfold.kernel import db
from keepfold.policy.numbers import KINDS, Numbers

DATA = "default"


class VersionRow(NamedTuple):
    """One stored version without its texts."""

    version: str
    policy_id: str
    effective_from: str
    submitted_us: int
    submitted_by: bytes


def active() -> tuple[str, int] | None:
    """Return the active version and when it became so, or None."""
    row = db.fetch_one(DATA, "SELECT version, activated_us FROM policy_active WHERE id = 1")
    return None if row is None else (str(row[0]), int(row[1]))


def activate(version: str, at_us: int) -> None:
    """Make a version the active one."""
    db.execute(
        DATA,
        "INSERT INTO policy_active (id, version, activated_us) VALUES (1, %s, %s) "
        "ON CONFLICT (id) DO UPDATE SET version = excluded.version, activated_us = excluded.activated_us",
        [version, at_us],
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
    """Return every number ever given."""
    found: dict[str, dict[str, int]] = {kind: {} for kind in KINDS}
    for kind, name, number in db.fetch_all(DATA, "SELECT kind, name, number FROM policy_registry"):
        found[kind][name] = number
    return Numbers(**found)


def add_numbers(rows: list[tuple[str, str, int]]) -> None:
    """Give numbers to new names."""
    db.rows_insert(DATA, "policy_registry", ("kind", "name", "number"), rows)


def lock() -> None:
    """Let one submission at a time give numbers, until the transaction ends. SQLite's transactions do so anyway."""
    if db.is_postgres(DATA):
        db.execute(DATA, "LOCK TABLE policy_registry, policy_active IN EXCLUSIVE MODE")


def approve(version: str, actor: bytes, at_us: int) -> None:
    """Note one person's yes; a second one of the same person changes nothing."""
    db.execute(
        DATA,
        "INSERT INTO policy_approval (version, actor, at_us) VALUES (%s, %s, %s) ON CONFLICT DO NOTHING",
        [version, actor, at_us],
    )


def approvals(version: str) -> int:
    """Return how many people said yes."""
    row = db.fetch_one(DATA, "SELECT count(*) FROM policy_approval WHERE version = %s", [version])
    return int(row[0]) if row else 0


def forget_approvals(version: str) -> None:
    """Drop the yeses of a version, so that the next activation asks again."""
    db.execute(DATA, "DELETE FROM policy_approval WHERE version = %s", [version])


_VERSIONS = "SELECT version, policy_id, effective_from, submitted_us, submitted_by FROM policy_version"
