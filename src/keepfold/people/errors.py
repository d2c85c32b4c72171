"""What can go wrong with people, in words for people."""

from __future__ import annotations

from typing import NoReturn

from keepfold.kernel.errors import Conflict, Invalid, NotAllowed, NotFound, TooMany, Unauthenticated, Unavailable


class TokenRefused(Unauthenticated):
    """The token is missing, unknown, expired or revoked (401)."""

    default_code = "people.token-refused"


class TooMuch(NotAllowed):
    """Somebody wants to give away more than they hold (403)."""

    default_code = "people.more-than-held"


class NoSuchClient(NotFound):
    """There is no such client, or none that you may know of (404)."""

    default_code = "people.client-unknown"


class NoSuchStaff(NotFound):
    """There is no such member of staff (404)."""

    default_code = "people.staff-unknown"


class NoSuchRole(Invalid):
    """There is no role of this name (422)."""

    default_code = "people.role-unknown"


class OwnerExists(Conflict):
    """The first owner was set up already (409)."""

    default_code = "people.owner-exists"


class LastOwner(Conflict):
    """Nobody would be left who can administer this installation (409)."""

    default_code = "people.last-owner"


class RowAltered(Unavailable):
    """A row that grants something is not as this installation wrote it, so it counts for nothing (503)."""

    default_code = "people.row-altered"


def refuse_altered(what: str) -> NoReturn:
    """Raise `RowAltered`."""
    raise RowAltered(
        f"The stored {what} is not as Keepfold wrote it, so it counts for nothing.",
        rule="people.rows",
        next_step="Find out who writes to the database; then restore it, or make the client or member anew.",
    )


def refuse_token(detail: str = "This token is not valid.") -> NoReturn:
    """Raise `TokenRefused`; the answer is the same for malformed and for unknown tokens."""
    raise TokenRefused(
        detail,
        rule="people.tokens",
        next_step="Send `Authorization: Bearer kf_…` with a token made by `keepfold client create`.",
    )


def throttle(detail: str, seconds: float, rule: str) -> NoReturn:
    """Raise `TooMany`, with `retry_after` in whole seconds."""
    wait = max(1, int(seconds + 0.999))
    raise TooMany(detail, code=rule, rule=rule, next_step=f"Wait {wait} seconds, then try again.", retry_after=wait)


class NoSuchLink(NotFound):
    """The link was never made, was used, or has ended (404)."""

    default_code = "people.link-unknown"


class NoSuchFactor(NotFound):
    """There is no such app, passkey or set of recovery codes (404)."""

    default_code = "people.factor-unknown"


class FactorThere(Conflict):
    """Only one of this kind can be set up (409)."""

    default_code = "people.factor-there"
