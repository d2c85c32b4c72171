"""The vault's errors. None of them carries a value or a key."""

from __future__ import annotations

from collections.abc import Sequence

from keepfold.kernel.errors import Conflict, Invalid, NotFound, Unavailable
from keepfold.vault.types import FieldError


class RecordRefused(Invalid):
    """A record that cannot be stored as it is; `errors` says which fields and why."""

    title = "The record cannot be stored"
    default_code = "vault.record-refused"

    def __init__(self, errors: Sequence[FieldError]) -> None:
        names = ", ".join(sorted({error.field for error in errors if error.field})) or "the record"
        super().__init__(
            f"Nothing was stored: {names} cannot be accepted.",
            next_step="Mend or leave out the fields named in `errors`, or ask for partial intake.",
            errors=[{"field": e.field, "code": e.code, "message": e.message} for e in errors],
        )
        self.errors = tuple(errors)


class IdentityTaken(Conflict):
    """Somebody with the same unique value is in the vault already."""

    default_code = "vault.identity-taken"


class IndexUnfinished(Unavailable):
    """People who are held are still being added to an index that the policy asked for later (503)."""

    title = "The index is being built"
    default_code = "vault.index-unfinished"


class PersonMissing(NotFound):
    """No such person, or erased."""

    default_code = "vault.person-missing"


class KeysUnavailable(Unavailable):
    """Keys are missing, unreadable or of another installation. Nothing is made in their place."""

    title = "Keys are not available"
    default_code = "keys.unavailable"
