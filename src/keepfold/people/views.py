"""Turns rows into the frozen views of `types`."""

from __future__ import annotations

from datetime import UTC, datetime

from keepfold.people import store, types
from keepfold.people.models import Staff


def staff(row: Staff) -> types.StaffMember:
    """Return one member of staff."""
    return types.StaffMember(
        id=row.id.bytes,
        email=row.email,
        name=row.name,
        roles=tuple(sorted(role.role for role in row.roles.all())),
        is_active=row.is_active,
        added_at=row.added_at,
    )


def client(row: store.ClientRow) -> types.Client:
    """Return one client."""
    return types.Client(
        id=row.id,
        name=row.name,
        grants=row.grants,
        rate=row.rate,
        created_by=row.created_by,
        created_at=_moment(row.created_s),
        expires_at=_maybe(row.expires_s),
        revoked_at=_maybe(row.revoked_s),
        last_used_at=_maybe(row.last_used_s),
    )


def _moment(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def _maybe(seconds: int | None) -> datetime | None:
    return None if seconds is None else _moment(seconds)
