"""When members of staff were last here, and whether a second factor guards how they sign in."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import NamedTuple
from uuid import UUID

from django.db.models import Max

from keepfold.people.models import Session, Staff

# What `Staff.factors` calls a proof beside the password; recovery codes alone are none.
_SECOND = ("totp", "webauthn")


class Sign(NamedTuple):
    """When somebody was last seen, and whether a second factor or a passkey is set up."""

    seen_at: datetime | None = None
    second_factor: bool = False
    can_sign_in: bool = False


def of(members: Iterable[bytes]) -> dict[bytes, Sign]:
    """Return the signs of members by their ids, with two queries for all of them."""
    wanted = [UUID(bytes=one) for one in members]
    seen = dict(Session.objects.filter(staff__in=wanted).values_list("staff").annotate(Max("seen_s")))
    rows = Staff.objects.filter(id__in=wanted)
    return {row.id.bytes: _sign(row, seen.get(row.id)) for row in rows}


def _sign(row: Staff, seen_s: int | None) -> Sign:
    moments = [moment for moment in (row.last_login, _moment(seen_s)) if moment is not None]
    guarded = any(factor in row.factors for factor in _SECOND)
    return Sign(
        seen_at=max(moments, default=None),
        second_factor=guarded,
        can_sign_in=row.has_usable_password() or "webauthn" in row.factors,
    )


def _moment(seconds: int | None) -> datetime | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)
