"""The ways to show who one is. Each counts failures, writes them down, and returns nothing but who it is."""

from __future__ import annotations

import json
from typing import Any

from allauth.account.internal.flows.login import record_authentication
from allauth.mfa.webauthn.internal import auth as webauthn
from django.contrib.auth import authenticate
from django.core.exceptions import ValidationError
from django.http import HttpRequest

from keepfold.kernel import db
from keepfold.people import rules as people_rules
from keepfold.people.models import Staff
from keepfold.people.signin import actions, backend, devices, factors, throttle, who

_MALFORMED = (ValidationError, ValueError, TypeError, KeyError, AttributeError)


def by_password(request: HttpRequest, email: str, password: str, *, again: bool = False) -> Staff | None:
    """Return whose address and password these are. Raises `TooMany`."""
    known = backend.find(email)
    where = _slot(request, f"password/{email}", known)
    throttle.require_turn(where)
    member = authenticate(request, email=email, password=password)
    _settle(where, right=member is not None, method="password", member=known)
    if not isinstance(member, Staff):
        return None
    record_authentication(request, member, "password", reauthenticated=again or None)
    return member


def by_code(request: HttpRequest, member: Staff, code: str, *, again: bool = False) -> str | None:
    """Return by which of somebody's codes it was (`totp`, `recovery_codes`), or None. Raises `TooMany`."""
    where = _slot(request, f"code/{member.id.hex}", member)
    throttle.require_turn(where)
    with db.atomic():
        row = _row_for(member, code)
    _settle(where, right=row is not None, method="code", member=member)
    if row is None:
        return None
    _record(request, member, row, again=again, alone=False)
    if row.type == factors.CODES:
        actions.use_recovery_code(actor=who.oneself(member), left=factors.codes_left(member) or 0)
    return str(row.type)


def _row_for(member: Staff, code: str) -> Any:
    # One at a time, so that a code cannot be used twice at once.
    Staff.objects.select_for_update().get(id=member.id)
    uses = {factors.TOTP: factors.use_app, factors.CODES: factors.use_recovery_code}
    for row in factors.of(member, *uses):
        if not factors.are_too_many(member, row.type) and uses[row.type](row, code):
            return row
    return None


def by_passkey(request: HttpRequest, credential: str, member: Staff | None, *, again: bool = False) -> Staff | None:
    """Return whose passkey this is. Without a `member`, it must be one that signs in alone. Raises `TooMany`.

    allauth would take any passkey of an account (its issue #4224); here it is what the owner chose that counts.
    """
    where = _slot(request, f"passkey/{member.id.hex if member else _group(request)}", member)
    throttle.require_turn(where)
    row = _verified(credential, member)
    right = row is not None and factors.is_genuine(row) and (member is not None or factors.is_alone(row))
    whose = member or (row.user if right else None)
    right = right and whose is not None and _counts(whose)
    _settle(where, right=right, method="passkey", member=whose)
    if not right or whose is None:
        return None
    _record(request, whose, row, again=again, alone=member is None)
    return whose


def _counts(member: Staff) -> bool:
    """Say whether a member can act, and no passkey that was removed has been put back."""
    return backend.find(member.email) is not None and not factors.are_too_many(member, factors.PASSKEY)


def _verified(credential: str, member: Staff | None) -> Any:
    try:
        answer = json.loads(credential)
        webauthn.parse_authentication_response(answer)
        return webauthn.complete_authentication(member or webauthn.extract_user_from_response(answer), answer)
    except _MALFORMED:
        return None
    finally:
        webauthn.clear_state()


def _record(request: HttpRequest, member: Staff, row: Any, *, again: bool, alone: bool) -> None:
    factors.note_use(row)
    record_authentication(
        request,
        member,
        "mfa",
        id=row.pk,
        type=row.type,
        passwordless=alone or None,
        reauthenticated=again or None,
    )


def _group(request: HttpRequest) -> str:
    return people_rules.address_group(request.META.get("REMOTE_ADDR", ""))


def _slot(request: HttpRequest, account: str, member: Staff | None) -> throttle.Slot:
    address = request.META.get("REMOTE_ADDR", "")
    return throttle.slot(account, device=devices.name_for(request, member), address=address, known=member is not None)


def _settle(where: throttle.Slot, *, right: bool, method: str, member: Staff | None) -> None:
    if right:
        throttle.succeeded(where)
        return
    throttle.failed(where)
    actions.refuse_session(actor=who.visitor(), method=method, staff=member.id.bytes if member else None)
