"""What REST shows of the vault's results, alike in plain and hot views: public ids, names, allowed values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec
import orjson

from keepfold.kernel import ids
from keepfold.kernel.errors import Invalid, TooLarge
from keepfold.vault.types import PREFIX, Erased, FieldError, Opened, Outcome, Sealed, Updated

_LINE = msgspec.json.Decoder(dict[str, Any])
MALFORMED = FieldError(field="", code="record.malformed", message="This line is not a JSON object.")


def sealed(done: Sealed) -> dict[str, Any]:
    """Return a new customer's id, and the fields that partial intake left out."""
    return {"id": ids.show(PREFIX, done.id), "errors": _errors(done.errors)}


def opened(done: Opened, purpose: str) -> dict[str, Any]:
    """Return what was opened for a purpose; `masked` names the values that are masked."""
    return {
        "id": ids.show(PREFIX, done.id),
        "purpose": purpose,
        "values": dict(done.values),
        "masked": list(done.masked),
        "policy": done.policy_hash.hex(),
    }


def updated(done: Updated) -> dict[str, Any]:
    """Return which fields were set and removed."""
    return {"id": ids.show(PREFIX, done.id), "set": list(done.set), "removed": list(done.removed)}


def erased(done: Erased) -> dict[str, Any]:
    """Return when a person was erased and how many keys die with them."""
    at = datetime.fromtimestamp(done.erased_us / 1e6, UTC).isoformat(timespec="milliseconds")
    return {
        "id": ids.show(PREFIX, done.id),
        "erased_at": at.replace("+00:00", "Z"),
        "keys_destroyed": done.keys_destroyed,
    }


def found(persons: Sequence[bytes]) -> dict[str, Any]:
    """Return who was found, by id."""
    return {"items": [ids.show(PREFIX, person) for person in persons]}


def split_lines(body: bytes, most: int) -> list[dict[str, Any] | None]:
    """Return the records of an NDJSON body; None for a line that is no JSON object. Empty lines do not count.

    Raises `Invalid` when there is none, and `TooLarge` when there are more than `most`.
    """
    lines = [line for line in body.split(b"\n") if line and not line.isspace()]
    if not lines:
        raise Invalid("There is no record in the body.", code="bulk.empty", next_step="Send one JSON object a line.")
    if len(lines) > most:
        raise TooLarge(
            f"A bulk request has at most {most} records.",
            code="bulk.too-many",
            next_step="Send several smaller requests.",
            most_records=most,
        )
    try:
        return [_LINE.decode(line) for line in lines]
    except (msgspec.MsgspecError, RecursionError, UnicodeError, ValueError):
        return [_record(line) for line in lines]


def _record(line: bytes) -> dict[str, Any] | None:
    try:
        return _LINE.decode(line)
    except (msgspec.MsgspecError, RecursionError, UnicodeError, ValueError):
        return None


def outcomes(records: Sequence[Mapping[str, Any] | None], done: Sequence[Outcome]) -> bytes:
    """Return one NDJSON line per record, in the order of the body; `record` counts from 1."""
    waiting = iter(done)
    shown = (_malformed if record is None else next(waiting) for record in records)
    dumps, option = orjson.dumps, orjson.OPT_APPEND_NEWLINE
    return b"".join([dumps(_outcome(number, one), option=option) for number, one in enumerate(shown, 1)])


_malformed = Outcome(id=None, state="refused", errors=(MALFORMED,))


def _outcome(number: int, one: Outcome) -> dict[str, Any]:
    return {
        "record": number,
        "id": None if one.id is None else ids.show(PREFIX, one.id),
        "state": one.state,
        "errors": _errors(one.errors) if one.errors else [],
    }


def _errors(errors: Sequence[FieldError]) -> list[dict[str, str]]:
    return [{"field": one.field, "code": one.code, "message": one.message} for one in errors]
