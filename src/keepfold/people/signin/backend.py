"""Finds and checks who wants to sign in, the way Django asks for it. A row that is not ours counts for nobody."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib.auth import update_session_auth_hash
from django.contrib.auth.backends import BaseBackend
from django.contrib.auth.hashers import UNUSABLE_PASSWORD_PREFIX as UNUSABLE
from django.contrib.auth.hashers import make_password, verify_password
from django.http import HttpRequest

from keepfold.people import queries, store
from keepfold.people.hashers import LONGEST
from keepfold.people.models import Staff
from keepfold.people.signin import members


class StaffBackend(BaseBackend):
    """Members of staff by e-mail address and password."""

    def authenticate(  # type: ignore[override]  # Django passes on whatever it was given
        self, _request: HttpRequest | None, *, email: str = "", password: str = "", **_: Any
    ) -> Staff | None:
        """Return the member whose password this is. It takes as long for addresses that nobody has."""
        row = find(email)
        stored = row.password if row is not None and len(password) <= LONGEST else UNUSABLE
        # Without a usable hash, Django hashes something else for the time that it takes.
        right, outdated = verify_password(password[:LONGEST], stored)
        if not right or row is None:
            return None
        if outdated:
            members.change(row, password=hashed(password))
        return row

    def get_user(self, user_id: Any) -> Staff | None:
        """Return the member behind a session, while they may act. What roles grant is read apart, and checked."""
        try:
            wanted = user_id if isinstance(user_id, UUID) else UUID(str(user_id))
        except ValueError:
            return None
        return Staff.objects.filter(id=wanted, is_active=True).first()


def find(email: str) -> Staff | None:
    """Return the active member of staff with this address, if the row is as this installation wrote it."""
    row = Staff.objects.filter(email=email.strip().lower(), is_active=True).first()
    # Asked for in either case, so that an unknown address takes no less time.
    roles = queries.roles_of(row.id.bytes if row else bytes(16))
    return row if row is not None and store.is_genuine_staff(row, roles) else None


def hashed(password: str) -> str:
    """Return what is stored of a password."""
    return make_password(password)


def stay(request: HttpRequest, member: Staff) -> None:
    """Let this session go on after its owner set another password; Django ends all that know only the earlier one."""
    update_session_auth_hash(request, member)
