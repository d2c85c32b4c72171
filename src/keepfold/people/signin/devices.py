"""Browsers that an account was used in before: a signed cookie says so, and nothing in the data store.

The cookie holds a random name of the browser and, for each account, a keyed hash over that name, the account, and
its present password. Whoever has it is spared the mail about a new device, and failures of others; it opens
nothing.
"""

from __future__ import annotations

import secrets
from typing import Any

from django.conf import settings
from django.core.signing import BadSignature, Signer
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from keepfold.people import sealing
from keepfold.people.models import Staff

# What browsers keep at most (RFC 6265bis, 5.5).
LASTS_S = 400 * 24 * 3600
MOST_ACCOUNTS = 8


def is_known(request: HttpRequest, member: Staff) -> bool:
    """Say whether this account was used in this browser before."""
    name, accounts = _read(request)
    return bool(name) and _mark(name, member) in accounts


def name_for(request: HttpRequest, member: Staff | None) -> str:
    """Return the browser's name where the account knows it, or an empty one."""
    return _read(request)[0] if member is not None and is_known(request, member) else ""


def remember(request: HttpRequest, response: HttpResponseBase, member: Staff) -> None:
    """Let this browser be known to an account from now on."""
    name, accounts = _read(request)
    name = name or secrets.token_hex(8)
    mark = _mark(name, member)
    kept = [mark, *(one for one in accounts if one != mark)][:MOST_ACCOUNTS]
    response.set_cookie(
        settings.DEVICE_COOKIE_NAME,
        _signer().sign_object([name, kept]),
        max_age=LASTS_S,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )


def _read(request: HttpRequest) -> tuple[str, list[str]]:
    try:
        found: Any = _signer().unsign_object(request.COOKIES.get(settings.DEVICE_COOKIE_NAME, ""))
    except (BadSignature, ValueError):
        return "", []
    return found[0], list(found[1])


def _signer() -> Signer:
    return Signer(key=sealing.key("device").hex(), salt="people.device")


def _mark(name: str, member: Staff) -> str:
    since = f"{member.devices_s or 0}/{member.password}"
    return sealing.tag("device", f"{name}\n{member.id.hex}\n{since}".encode())[:12].hex()
