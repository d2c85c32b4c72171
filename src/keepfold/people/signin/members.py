"""Changes of a member's own row that go with signing in. The row's mark is renewed with each."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from keepfold.kernel import clock
from keepfold.people import errors, queries, sessions, store
from keepfold.people.models import Staff
from keepfold.people.signin import links


def genuine(staff: bytes) -> Staff:
    """Return the row of an active member, or raise `NoSuchStaff`, `RowAltered`."""
    row = Staff.objects.filter(id=UUID(bytes=staff), is_active=True).first()
    if row is None:
        raise errors.NoSuchStaff("There is no such member of staff, or no longer.")
    queries.require_genuine_staff(row, queries.roles_of(staff))
    return row


def find(staff: bytes | None) -> Staff | None:
    """Return the row of an active member if it is ours, or None."""
    row = Staff.objects.filter(id=UUID(bytes=staff or bytes(16)), is_active=True).first()
    roles = queries.roles_of(staff or bytes(16))
    return row if row is not None and store.is_genuine_staff(row, roles) else None


def change(row: Staff, **columns: Any) -> None:
    """Write columns of a genuine row, and its mark."""
    for name, value in columns.items():
        setattr(row, name, value)
    row.mac = store.staff_mark(row, queries.roles_of(row.id.bytes))
    row.save(update_fields=[*columns, "mac"])


def set_password(row: Staff, stored: str, *, keep: str | None = None) -> int:
    """Give somebody a password, by what is stored of it; end all sessions but `keep`; return how many ended."""
    change(row, password=stored, password_s=clock.now_s())
    links.end_all(row.id)
    return sessions.end_all(row.id, but=keep)


def end_others(row: Staff) -> int:
    """End somebody's links and sessions; return how many sessions."""
    links.end_all(row.id)
    return sessions.end_all(row.id)


def can_sign_in(row: Staff) -> bool:
    """Say whether somebody has what it takes to sign in by themselves."""
    return row.has_usable_password() or "webauthn" in row.factors


def owner_without_sign_in() -> bytes | None:
    """Return the first owner as long as no owner can sign in by themselves; None afterwards."""
    found = list(Staff.objects.filter(id__in=queries.owners()).order_by("id"))
    return None if not found or any(can_sign_in(row) for row in found) else found[0].id.bytes
