"""How many rows about signing in are not as this installation wrote them."""

from __future__ import annotations

from allauth.mfa.models import Authenticator

from keepfold.people import sessions
from keepfold.people.models import Link, Session
from keepfold.people.signin import factors, links


def altered() -> dict[str, int]:
    """Return how many, by table. Looks at all."""
    return {
        "people_session": sum(not sessions.is_genuine(row) for row in Session.objects.all()),
        "people_link": sum(not links.is_genuine(row) for row in Link.objects.all()),
        "mfa_authenticator": sum(not factors.is_genuine(row) for row in Authenticator.objects.all()),
    }
