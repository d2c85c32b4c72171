"""What the room hands out: frozen views, never rows."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Literal, NamedTuple

import msgspec

from keepfold.ledger.types import EntryView

# `idle`: alive, and not used for so long that somebody should look.
ClientState = Literal["alive", "idle", "expired", "revoked"]


class Grants(msgspec.Struct, frozen=True):
    """What somebody holds: action patterns (`vault.record.open`, `vault.*`) and purposes (names, or `*`)."""

    actions: tuple[str, ...] = ()
    purposes: tuple[str, ...] = ()


class Role(msgspec.Struct, frozen=True, kw_only=True):
    """A named bundle of grants. `stored` is true when this installation changed what the pack says.

    `means` says in one sentence, by language, what somebody with the role is here for; an installation's own words on
    a role have none.
    """

    name: str
    label: Mapping[str, str]
    grants: Grants
    stored: bool = False
    means: Mapping[str, str] = {}


class StaffMember(msgspec.Struct, frozen=True, kw_only=True):
    """One member of staff."""

    id: bytes
    email: str
    name: str
    roles: tuple[str, ...]
    is_active: bool
    added_at: datetime


class Client(msgspec.Struct, frozen=True, kw_only=True):
    """One API client. `created_by` is the 16-byte id of whoever made it; `rate` is requests per second and process."""

    id: bytes
    name: str
    grants: Grants
    rate: int
    created_by: bytes
    created_at: datetime
    expires_at: datetime | None = None
    revoked_at: datetime | None = None
    last_used_at: datetime | None = None


class Who(NamedTuple):
    """One member of staff, client or the command line: the id (16 bytes) and what kind of actor it is."""

    id: bytes
    kind: Literal["staff", "client", "system"]


class Deed(msgspec.Struct, frozen=True, kw_only=True):
    """One entry of the ledger and the id of the member of staff who made it; None when that is not known here."""

    view: EntryView
    who: bytes | None


class Deeds(msgspec.Struct, frozen=True, kw_only=True):
    """A page of what was done, the newest first.

    `total` counts all that fit, None when nobody counted. `before` and `after` continue with older and newer ones
    when everybody's deeds are listed, `next` (hour and index) when one actor's are.
    """

    deeds: tuple[Deed, ...]
    total: int | None = None
    before: int | None = None
    after: int | None = None
    next: tuple[int, int] | None = None


class TokenView(msgspec.Struct, frozen=True, kw_only=True):
    """What may be seen of a token: how it begins, and when it ends (seconds since 1970, None: with its client)."""

    start: str
    created_s: int
    ends_s: int | None
    alive: bool


class IssuedToken(msgspec.Struct, frozen=True, kw_only=True):
    """A token at the only moment it can be seen. It does not show itself in a log or a traceback."""

    client: Client
    token: str

    def __repr__(self) -> str:
        return f"IssuedToken(client={self.client.name!r}, token=…)"


class Bootstrapped(msgspec.Struct, frozen=True, kw_only=True):
    """The first owner and a first token for them."""

    owner: StaffMember
    issued: IssuedToken
