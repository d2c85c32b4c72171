"""What happened in the vault, for whoever listens. Ids and names of fields only."""

from __future__ import annotations

import msgspec


class RecordSealed(msgspec.Struct, frozen=True, kw_only=True):
    """One person's record was sealed for the first time."""

    person: bytes


class RecordsSealed(msgspec.Struct, frozen=True, kw_only=True):
    """Many people's records were sealed in one batch."""

    persons: list[bytes]


class RecordUpdated(msgspec.Struct, frozen=True, kw_only=True):
    """Fields of one person were changed; `fields` names them."""

    person: bytes
    fields: list[str]


class RecordErased(msgspec.Struct, frozen=True, kw_only=True):
    """One person was erased: rows are gone and the keys are being destroyed."""

    person: bytes
    erased_us: int
