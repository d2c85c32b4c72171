"""Facts that other rooms may react to. They hold ids and names of roles, never an address or a token."""

from __future__ import annotations

import msgspec


class StaffAdded(msgspec.Struct, frozen=True, kw_only=True):
    """A member of staff was added with these roles."""

    staff: bytes
    roles: tuple[str, ...]


class StaffDeactivated(msgspec.Struct, frozen=True, kw_only=True):
    """A member of staff can no longer act."""

    staff: bytes


class StaffReactivated(msgspec.Struct, frozen=True, kw_only=True):
    """A member of staff can act again."""

    staff: bytes


class RolesChanged(msgspec.Struct, frozen=True, kw_only=True):
    """A member of staff now holds exactly these roles."""

    staff: bytes
    roles: tuple[str, ...]


class RoleDefined(msgspec.Struct, frozen=True, kw_only=True):
    """What a role grants was changed in this installation."""

    role: str


class ClientCreated(msgspec.Struct, frozen=True, kw_only=True):
    """An API client was made."""

    client: bytes


class ClientRotated(msgspec.Struct, frozen=True, kw_only=True):
    """An API client got a new token."""

    client: bytes


class ClientRevoked(msgspec.Struct, frozen=True, kw_only=True):
    """An API client lost its tokens; so did the clients that it had made."""

    clients: tuple[bytes, ...]
