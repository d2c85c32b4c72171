"""The SQL of imports begun in the console; the same statements run on SQLite and on PostgreSQL.

Whoever changes a state says from which one, so that two people, or a person and the worker, cannot both be right.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from keepfold.intake.types import WORKING, Held, State
from keepfold.kernel import db

_COLUMNS = (
    "id, owner, state, step, kind, size, wrapped, draft, words, run, rows_done, rows_from, rows_total, begun_us, "
    "created_us, changed_us, expires_us"
)
_NAMES = tuple(_COLUMNS.split(", "))


def add(import_id: bytes, *, now_us: int, **rest: Any) -> None:
    """Write a new import; it waits for the worker to look at its source.

    `rest`: owner, wrapped, draft, words, kind, size, content, expires_us.
    """
    fixed = {"id": import_id, "state": "reading", "step": 1, "rows_done": 0, "rows_from": 0}
    row = fixed | dict.fromkeys(("created_us", "changed_us", "begun_us"), now_us) | rest
    db.rows_insert("default", "intake_import", tuple(row), [tuple(row.values())])


def one(import_id: bytes) -> Held | None:
    """Return one import."""
    row = db.fetch_one("default", f"SELECT {_COLUMNS} FROM intake_import WHERE id = %s", [import_id])  # noqa: S608
    return _held(row) if row else None


def page(owner: bytes | None, before: tuple[int, bytes] | None, limit: int) -> list[Held]:
    """Return the newest imports, of one person or of all; `before` is (created_us, id) of the last one seen."""
    return _page("" if owner is None else "owner = %s", [] if owner is None else [owner], before, limit)


def page_for(owner: bytes, before: tuple[int, bytes] | None, limit: int) -> list[Held]:
    """Return the newest imports that are somebody's own, or done."""
    return _page("(owner = %s OR state = 'done')", [owner], before, limit)


def _page(where: str, values: list[Any], before: tuple[int, bytes] | None, limit: int) -> list[Held]:
    parts = [where] if where else []
    if before is not None:
        parts.append("(created_us < %s OR (created_us = %s AND id < %s))")
        values = [*values, before[0], before[0], before[1]]
    told = f"WHERE {' AND '.join(parts)} " if parts else ""
    sql = f"SELECT {_COLUMNS} FROM intake_import {told}ORDER BY created_us DESC, id DESC LIMIT %s"  # noqa: S608
    return [_held(row) for row in db.fetch_all("default", sql, [*values, limit])]


def move(
    import_id: bytes, old: Collection[str], new: State, *, now_us: int, step: bool = False, **changes: Any
) -> int | None:
    """Change the state if it is one of `old`, and further columns; `step` asks the worker. Return the step or None."""
    sets = "".join(f", {name} = %s" for name in changes)
    marks = ", ".join(["%s"] * len(old))
    sql = (
        f"UPDATE intake_import SET state = %s, changed_us = %s, begun_us = %s, step = step + %s{sets} "  # noqa: S608
        f"WHERE id = %s AND state IN ({marks}) RETURNING step"
    )
    values = [new, now_us, now_us, int(step), *changes.values(), import_id, *old]
    row = db.fetch_one("default", sql, values)
    return None if row is None else int(row[0])


def keep(import_id: bytes, step: int, **changes: Any) -> bool:
    """Change columns while a piece of work goes on; False when it is not this one any more."""
    sets = ", ".join(f"{name} = %s" for name in changes)
    sql = f"UPDATE intake_import SET {sets} WHERE id = %s AND step = %s AND state IN (%s, %s, %s)"  # noqa: S608
    return db.execute("default", sql, [*changes.values(), import_id, step, *sorted(WORKING)]) == 1


def draft(import_id: bytes, frame: bytes, *, now_us: int) -> None:
    """Write the sealed draft."""
    sql = "UPDATE intake_import SET draft = %s, changed_us = %s WHERE id = %s AND wrapped IS NOT NULL"
    db.execute("default", sql, [frame, now_us, import_id])


def close(import_id: bytes) -> None:
    """Forget key and draft: from now on nothing that the import held can be opened."""
    sql = "UPDATE intake_import SET wrapped = NULL, draft = NULL, expires_us = NULL WHERE id = %s"
    db.execute("default", sql, [import_id])


def expired(now_us: int, limit: int) -> list[Held]:
    """Return imports whose time is over."""
    sql = f"SELECT {_COLUMNS} FROM intake_import WHERE expires_us < %s ORDER BY expires_us LIMIT %s"  # noqa: S608
    return [_held(row) for row in db.fetch_all("default", sql, [now_us, limit])]


def with_content_of(import_id: bytes) -> Held | None:
    """Return the newest finished import, other than this one, of the same content."""
    sql = (
        f"SELECT {_COLUMNS} FROM intake_import WHERE content = (SELECT content FROM intake_import WHERE id = %s) "  # noqa: S608
        "AND state = 'done' AND id <> %s ORDER BY created_us DESC LIMIT 1"
    )
    row = db.fetch_one("default", sql, [import_id, import_id])
    return _held(row) if row else None


def add_mapping(mapping_id: bytes, owner: bytes, content: bytes, now_us: int) -> None:
    """Write a kept mapping."""
    columns = ("id", "owner", "content", "created_us")
    db.rows_insert("default", "intake_mapping", columns, [(mapping_id, owner, content, now_us)])


def mappings(owner: bytes, limit: int) -> list[tuple[bytes, bytes, int]]:
    """Return (id, sealed content, created) of somebody's kept mappings, the newest first."""
    sql = "SELECT id, content, created_us FROM intake_mapping WHERE owner = %s ORDER BY created_us DESC LIMIT %s"
    return [(row[0], row[1], row[2]) for row in db.fetch_all("default", sql, [owner, limit])]


def remove_mapping(mapping_id: bytes, owner: bytes) -> bool:
    """Forget a kept mapping; say whether there was one."""
    return db.execute("default", "DELETE FROM intake_mapping WHERE id = %s AND owner = %s", [mapping_id, owner]) == 1


def working(limit: int) -> list[Held]:
    """Return imports that wait for the worker, or are being worked on, the oldest first."""
    marks = ", ".join(["%s"] * len(WORKING))
    sql = f"SELECT {_COLUMNS} FROM intake_import WHERE state IN ({marks}) ORDER BY changed_us LIMIT %s"  # noqa: S608
    return [_held(row) for row in db.fetch_all("default", sql, [*sorted(WORKING), limit])]


def _held(row: Sequence[Any]) -> Held:
    return Held(**dict(zip(_NAMES, row, strict=True)))
