"""Turns rows into the frozen views of `types`."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import cast

from keepfold.consent import rules, store
from keepfold.consent.types import Consent, ConsentEvent, Evidence, Said, Status

_SAID = {number: word for word, number in store.SAID.items()}
_STATUS = {number: word for word, number in store.STATUS.items()}


def name(names: Mapping[int, str], purpose: int) -> str:
    """Return the name of a purpose; one that the active policy no longer has is shown by its number."""
    return names.get(purpose, f"#{purpose}")


def consent(purpose: str, row: store.StateRow, now_s: int) -> Consent:
    """Return where somebody stands at `now_s`."""
    return Consent(
        purpose=purpose,
        status=_status(row, now_s),
        at=_moment(row.at_s),
        expires_at=None if row.expires_s is None else _moment(row.expires_s),
        event=row.event,
    )


def _status(row: store.StateRow, now_s: int) -> Status:
    if row.status == store.GRANTED and row.expires_s is not None and row.expires_s <= now_s:
        return "expired"
    if row.status == store.NONE:
        waits = row.pending_s is not None and now_s - row.pending_s <= rules.CONFIRM_WITHIN_S
        return "pending" if waits else "expired"
    return cast("Status", _STATUS[row.status])


def pending(purpose: str, row: store.StateRow, event_id: bytes) -> Consent:
    """Return the answer to a yes that must be confirmed first."""
    return Consent(
        purpose=purpose, status="pending", at=_moment(row.pending_s or row.at_s), expires_at=None, event=event_id
    )


def event(purpose: str, row: store.EventRow) -> ConsentEvent:
    """Return one event."""
    return ConsentEvent(
        id=row.id,
        purpose=purpose,
        said=cast("Said", _SAID[row.said]),
        at=datetime.fromtimestamp(row.at_us / 1e6, UTC),
        expires_at=None if row.expires_s is None else _moment(row.expires_s),
        evidence=Evidence(channel=row.channel, form_version=row.form_version or None, staff=row.staff),
        policy_hash=row.policy_hash,
    )


def _moment(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
