"""Making a passkey: checking what the browser sends, and finding a name for it."""

from __future__ import annotations

import json
from typing import Any

from allauth.mfa.webauthn.internal import auth as webauthn
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils.translation import gettext as _

from keepfold.people.signin import rules

_MALFORMED = (ValidationError, ValueError, TypeError, KeyError, AttributeError)


def verified(credential: str, *, alone: bool) -> dict[str, Any] | None:
    """Return what the browser sent when it is a passkey made for us just now, or None.

    One that signs in alone must have checked who holds it (user verification, WebAuthn section 6.1).
    """
    try:
        answer: dict[str, Any] = json.loads(credential)
        webauthn.parse_registration_response(answer)
        made = webauthn.complete_registration(answer)
    except _MALFORMED:
        return None
    finally:
        webauthn.clear_state()
    return answer if made.is_user_verified() or not alone else None


def name_for(request: HttpRequest, wanted: str) -> str:
    """Return the name somebody gave, or one after their browser."""
    name = " ".join(wanted.split())
    if name:
        return name[:80]
    device = rules.device_of(request.headers.get("User-Agent", ""))
    return device.system or device.browser or _("Passkey")
