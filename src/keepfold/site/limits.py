"""Limits that hold before a request is looked at: host names and sizes. Plain views and fast lane share them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from keepfold.kernel.config import Config
from keepfold.kernel.errors import KeepfoldError, Malformed, TooLarge, TooMany

BULK_SUFFIXES = (":bulk", "/bulk")
UPLOAD = "/imports/new"
# What surrounds a file in a form: its name, its type, the other fields.
ROUND_A_FILE = 64 * 1024
# Where somebody who has not signed in may send a form, and how large: what signing in can need, passkeys included.
STRANGERS = ("/sign-in", "/welcome/")
STRANGERS_FORM = 16 * 1024


def is_allowed_host(host: str, allowed: Sequence[str]) -> bool:
    """Say whether a Host header names this server, with or without a port. `*` allows every name."""
    name = host.lower()
    if name in allowed:
        return True
    if not name.endswith("]") and ":" in name:
        name = name.rpartition(":")[0]
    return name in allowed or "*" in allowed


def wrong_host() -> Malformed:
    """Return the error for a host name that is not ours."""
    return Malformed(
        "This server does not answer under that host name.",
        code="host",
        next_step="Use one of the names in the setting allowed_hosts, or add it there.",
    )


def largest_body(path: str, config: Config) -> int:
    """Return how many bytes a request to a path may carry."""
    return config.max_bulk_body_bytes if path.endswith(BULK_SUFFIXES) else config.max_body_bytes


def is_empty(environ: Mapping[str, Any]) -> bool:
    """Say whether a request brings no body."""
    return environ.get("CONTENT_LENGTH") in {None, "", "0"} and not environ.get("HTTP_TRANSFER_ENCODING")


def form_problem(
    environ: Mapping[str, Any], method: str, path: str, config: Config, *, known: bool
) -> KeepfoldError | None:
    """Return what is wrong with the form that a request announces, or None. `known`: staff, signed in."""
    if is_empty(environ):
        return None
    if environ.get("HTTP_TRANSFER_ENCODING"):
        return _unannounced()
    length = environ.get("CONTENT_LENGTH") or "0"
    if not (length.isascii() and length.isdigit()):
        return Malformed("The header Content-Length is not a number.", code="body.length")
    if int(length) > (largest_form(path, config) if known else _strangers_form(method, path)):
        return TooLarge("The form is larger than this page takes from you.", code="body.too-large")
    return None


def too_busy() -> TooMany:
    """Return the answer to one more stranger's form while others are still being read."""
    return TooMany("Others are sending forms at this moment.", next_step="Try again in a few seconds.")


def _strangers_form(method: str, path: str) -> int:
    return STRANGERS_FORM if method == "POST" and path.startswith(STRANGERS) else 0


def largest_form(path: str, config: Config) -> int:
    """Return how many bytes a form to a path may carry; files come in at one address only."""
    return config.max_upload_bytes + ROUND_A_FILE if path == UPLOAD else config.max_body_bytes


def body_problem(environ: Mapping[str, Any], path: str, config: Config) -> TooLarge | Malformed | None:
    """Return what is wrong with the announced length of a body, or None.

    A body in chunks announces none: it is refused, since it could not be bounded before it was read.
    """
    if environ.get("HTTP_TRANSFER_ENCODING"):
        return _unannounced()
    length = environ.get("CONTENT_LENGTH") or "0"
    if not (length.isascii() and length.isdigit()):
        return Malformed("The header Content-Length is not a number.", code="body.length")
    most = largest_body(path, config)
    if int(length) > most:
        return TooLarge(
            f"The body may have at most {most} bytes here.",
            code="body.too-large",
            next_step="Send several smaller requests.",
            most_bytes=most,
        )
    return None


def _unannounced() -> Malformed:
    return Malformed(
        "The request does not say how long its body is.",
        code="body.length",
        next_step="Send the header Content-Length.",
    )
