"""Links that work once: for an owner who cannot sign in yet, for whoever is invited, and for a lost sign-in.

Stored is the SHA-256 of the secret, and a mark that nobody can make who only writes to the data store.
"""

from __future__ import annotations

import secrets
from hashlib import sha256
from uuid import UUID

from keepfold.kernel import clock, config, rowmac
from keepfold.people.models import Link

OWNER_S = 15 * 60
INVITATION_S = 72 * 3600


def make(staff: UUID, lasts_s: int, *, clears: bool = False) -> str:
    """Return the secret of a new link for somebody; their earlier ones stop working.

    `clears`: using it removes what they had set up beside a password.
    """
    Link.objects.filter(staff=staff, used_s=None).delete()
    secret = secrets.token_urlsafe(32)
    now_s = clock.now_s()
    row = Link(digest=_digest(secret), staff=staff, created_s=now_s, expires_s=now_s + lasts_s, clears=clears)
    row.mac = _mark(row)
    row.save(force_insert=True)
    return secret


def address(secret: str) -> str:
    """Return the whole address of a link."""
    return f"{config.current().public_url}/welcome/{secret}"


def find(secret: str) -> Link | None:
    """Return a link that works still, or None."""
    row = Link.objects.filter(digest=_digest(secret)).first()
    if row is None or not is_genuine(row):
        return None
    return row if row.used_s is None and clock.now_s() < row.expires_s else None


def is_genuine(row: Link) -> bool:
    """Say whether a row is as this installation wrote it."""
    return rowmac.same(bytes(row.mac), _mark(row))


def use(row: Link) -> bool:
    """Let a link stop working; say whether this was the time that counts."""
    row.used_s = clock.now_s()
    row.mac = _mark(row)
    return Link.objects.filter(digest=row.digest, used_s=None).update(used_s=row.used_s, mac=row.mac) == 1


def end_all(staff: UUID) -> None:
    """Let every link of somebody stop working."""
    Link.objects.filter(staff=staff, used_s=None).delete()


def clear() -> None:
    """Remove links that ended a month ago."""
    Link.objects.filter(expires_s__lt=clock.now_s() - 30 * 24 * 3600).delete()


def _digest(secret: str) -> bytes:
    return sha256(secret.encode("utf-8", "surrogatepass")).digest()


def _mark(row: Link) -> bytes:
    columns = (bytes(row.digest), row.staff.bytes, row.created_s, row.expires_s, row.used_s, int(row.clears))
    return rowmac.mark("people_link", *columns)
