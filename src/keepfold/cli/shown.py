"""What `keepfold customer` prints: documents for programs, the same names as in the API, and lines for people."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from keepfold.consent.types import Consent
from keepfold.kernel import ids
from keepfold.vault.types import PREFIX, Erased, Opened, Sealed, Updated

Document = dict[str, Any]


def _moment(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def sealed(done: Sealed) -> Document:
    """Return a new customer's id, and what partial intake left out."""
    errors = [{"field": one.field, "code": one.code, "message": one.message} for one in done.errors]
    return {"id": ids.show(PREFIX, done.id), "errors": errors}


def sealed_text(document: Document) -> str:
    """Return the same for people."""
    refused = [f"Not stored: {one['field']}. {one['message']}" for one in document["errors"]]
    return "\n".join([f"Sealed {document['id']}.", *refused])


def opened(done: Opened, purpose: str) -> Document:
    """Return what was opened, for which purpose, under which policy."""
    return {
        "id": ids.show(PREFIX, done.id),
        "purpose": purpose,
        "values": dict(done.values),
        "masked": list(done.masked),
        "policy": done.policy_hash.hex(),
    }


def opened_text(document: Document) -> str:
    """Return the same for people."""
    values: Document = document["values"]
    width = max(map(len, values), default=0)
    lines = [f"{name:<{width}}  {_plain(value)}{_masked(document, name)}" for name, value in values.items()]
    foot = f"Opened for {document['purpose']} under policy {document['policy'][:8]}; it is in the ledger."
    return "\n".join([*lines, foot] if lines else ["No value of this purpose is there.", foot])


def _plain(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name}: {_plain(part)}" for name, part in value.items())
    if isinstance(value, list):
        return "; ".join(map(_plain, value))
    return str(value)


def _masked(document: Document, name: str) -> str:
    return "  (masked)" if name in document["masked"] else ""


def found_text(documents: Sequence[str]) -> str:
    """Return who was found, for people."""
    return "\n".join(documents) or "Nobody has exactly this value."


def updated(done: Updated) -> Document:
    """Return which fields were set and removed."""
    return {"id": ids.show(PREFIX, done.id), "set": list(done.set), "removed": list(done.removed)}


def updated_text(document: Document) -> str:
    """Return the same for people."""
    words = [f"{word} {', '.join(document[word])}" for word in ("set", "removed") if document[word]]
    return f"Changed {document['id']}: {'; '.join(words) or 'nothing'}."


def erased(done: Erased) -> Document:
    """Return the receipt of an erasure."""
    return {
        "id": ids.show(PREFIX, done.id),
        "erased_at": _moment(datetime.fromtimestamp(done.erased_us / 1e6, UTC)),
        "keys_destroyed": done.keys_destroyed,
    }


def erased_text(document: Document) -> str:
    """Return the same for people."""
    return f"Erased {document['id']} at {document['erased_at']}; {document['keys_destroyed']} keys destroyed."


def consent(done: Consent) -> Document:
    """Return where a customer stands with one purpose."""
    return {
        "purpose": done.purpose,
        "status": done.status,
        "at": _moment(done.at),
        "expires_at": _moment(done.expires_at) if done.expires_at else None,
        "event": ids.show("cev", done.event),
    }


def consent_text(document: Document) -> str:
    """Return the same for people."""
    until = f", until {document['expires_at']}" if document["expires_at"] else ""
    return f"{document['purpose']}: {document['status']} since {document['at']}{until}"
