"""Error classes that people can read: what happened, which rule, what to do next.

Every error a person may meet derives from `KeepfoldError`. The same object becomes an
RFC 9457 problem document, a readable page and a line in the terminal.

Messages never carry a customer's value. Field names, purposes, rule ids and public ids may appear.
"""

from __future__ import annotations

from typing import Any, ClassVar


class KeepfoldError(Exception):
    """Base of all errors shown to people.

    `code` is a stable dotted name (`policy.field-unknown`), `detail` says what happened, `rule` names
    the rule that decided, `next_step` says what to do, `extra` holds further public facts.
    """

    status: ClassVar[int] = 500
    title: ClassVar[str] = "Something went wrong"
    default_code: ClassVar[str] = "error"

    def __init__(
        self,
        detail: str,
        *,
        code: str | None = None,
        rule: str | None = None,
        next_step: str | None = None,
        **extra: Any,
    ) -> None:
        super().__init__(detail)
        self.detail = detail
        self.code = code or self.default_code
        self.rule = rule
        self.next_step = next_step
        self.extra = extra

    def problem(self) -> dict[str, Any]:
        """Return this error as an RFC 9457 problem document."""
        document: dict[str, Any] = {
            "type": f"urn:keepfold:problem:{self.code}",
            "title": self.title,
            "status": self.status,
            "detail": self.detail,
            "code": self.code,
        }
        if self.rule:
            document["rule"] = self.rule
        if self.next_step:
            document["next_step"] = self.next_step
        return document | self.extra

    def readable(self) -> str:
        """Return two or three sentences for a terminal or a page."""
        parts = [self.detail]
        if self.rule:
            parts.append(f"Rule: {self.rule}.")
        if self.next_step:
            parts.append(f"Next: {self.next_step}")
        return " ".join(parts)


class Invalid(KeepfoldError):
    """Input that cannot be accepted (422)."""

    status = 422
    title = "The input cannot be accepted"
    default_code = "invalid"


class Malformed(KeepfoldError):
    """Input that cannot even be read (400)."""

    status = 400
    title = "The request cannot be read"
    default_code = "malformed"


class Unauthenticated(KeepfoldError):
    """No valid sign-in or token (401)."""

    status = 401
    title = "Please identify yourself"
    default_code = "unauthenticated"


class NotAllowed(KeepfoldError):
    """The gate or a grant said no (403). `recorded`: the gate has written it down, or will when the action ends."""

    recorded = False

    status = 403
    title = "Not allowed"
    default_code = "not-allowed"


class NotFound(KeepfoldError):
    """Nothing there, or nothing that you may know of (404)."""

    status = 404
    title = "Not found"
    default_code = "not-found"


class Conflict(KeepfoldError):
    """The state does not permit this now (409)."""

    status = 409
    title = "In conflict with what is there"
    default_code = "conflict"


class TooLarge(KeepfoldError):
    """More than the limits permit (413)."""

    status = 413
    title = "Too large"
    default_code = "too-large"


class TooMany(KeepfoldError):
    """Throttled (429); `retry_after` in seconds may be in `extra`."""

    status = 429
    title = "Too many requests"
    default_code = "too-many"


class Unavailable(KeepfoldError):
    """A part that safety depends on is away: keys, disk, ledger, clock (503). Fail closed."""

    status = 503
    title = "Not available now"
    default_code = "unavailable"


class Misconfigured(KeepfoldError):
    """A setting that cannot be used, or a part of the program that was put together wrongly (500)."""

    status = 500
    title = "The configuration cannot be used"
    default_code = "config"


class Unopened(Unavailable):
    """A sealed value that cannot be opened (503): the same error whatever the cause, so that it tells nothing."""

    title = "A sealed value cannot be opened"
    default_code = "crypto.unopened"

    def __init__(self) -> None:
        super().__init__(
            "A sealed value cannot be opened: its key, its place or its bytes are not those it was sealed with.",
            next_step="Run `keepfold doctor`; if rows were changed or a wrong key is in use, it says so.",
        )
