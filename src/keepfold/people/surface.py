"""Views as plain documents, the same on the command line and in REST: public ids, ISO 8601 times in UTC."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from keepfold.kernel import ids
from keepfold.people.types import Client, IssuedToken, Role, StaffMember


def _time(moment: datetime | None) -> str | None:
    return moment.isoformat(timespec="seconds").replace("+00:00", "Z") if moment else None


def client(one: Client) -> dict[str, Any]:
    """Return a client, never its token."""
    return {
        "id": ids.show("cli", one.id),
        "name": one.name,
        "actions": list(one.grants.actions),
        "purposes": list(one.grants.purposes),
        "rate": one.rate,
        "created_at": _time(one.created_at),
        "expires_at": _time(one.expires_at),
        "revoked_at": _time(one.revoked_at),
        "last_used_at": _time(one.last_used_at),
    }


def issued(one: IssuedToken) -> dict[str, Any]:
    """Return a client with its token, for the one time it is shown."""
    return {"client": client(one.client), "token": one.token}


def staff(one: StaffMember) -> dict[str, Any]:
    """Return a member of staff."""
    return {
        "id": ids.show("stf", one.id),
        "email": one.email,
        "name": one.name,
        "roles": list(one.roles),
        "is_active": one.is_active,
        "added_at": _time(one.added_at),
    }


def role(one: Role) -> dict[str, Any]:
    """Return a role with what it grants."""
    return {
        "name": one.name,
        "label": dict(one.label),
        "actions": list(one.grants.actions),
        "purposes": list(one.grants.purposes),
        "stored": one.stored,
    }
