"""Second factors and passkeys. allauth keeps them in its table; here each row is marked, and only marked rows count.

What is secret in them is sealed (`adapters.MfaAdapter`). A mark inside each row's data covers all of it and whose it
is, so that nobody plants a passkey, moves a secret to another account, or brings a used code back by editing one row.
Beside it the member's own marked row says which kinds there are: one that disappears does not go unnoticed.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from typing import Any, NamedTuple

from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal import auth as totp
from django.db.models.signals import pre_save
from django.dispatch import receiver

from keepfold.kernel import ids, rowmac
from keepfold.kernel.log import get_logger
from keepfold.people.models import Staff
from keepfold.people.signin import members

TOTP, CODES, PASSKEY = "totp", "recovery_codes", "webauthn"
FEW_CODES = 3
_MARK = "mark"

log = get_logger()


class Passkey(NamedTuple):
    """One passkey or security key. `alone`: its owner chose that it signs in without a password."""

    id: int
    name: str
    alone: bool
    created_at: Any
    used_at: Any


def _expected(row: Authenticator) -> bytes:
    told = {name: value for name, value in row.data.items() if name != _MARK}
    text = json.dumps(told, sort_keys=True, ensure_ascii=True, separators=(",", ":"))
    return rowmac.mark("people_factor", row.user_id.bytes, row.type, text)


@receiver(pre_save, sender=Authenticator)
def _mark(instance: Authenticator, **_: Any) -> None:
    instance.data[_MARK] = _expected(instance).hex()


def is_genuine(row: Authenticator) -> bool:
    """Say whether a row is as this installation wrote it."""
    found = row.data.get(_MARK) if isinstance(row.data, dict) else None
    try:
        return isinstance(found, str) and rowmac.same(bytes.fromhex(found), _expected(row))
    except ValueError:
        return False


def of(member: Staff, *types: str) -> list[Authenticator]:
    """Return somebody's genuine rows, of these types or all, the oldest first."""
    rows = Authenticator.objects.filter(user_id=member.pk).order_by("pk")
    found = [row for row in rows if not types or row.type in types]
    genuine = [row for row in found if is_genuine(row)]
    if len(genuine) < len(found):
        log.warning("people.row-altered", table="mfa_authenticator", staff=ids.show("stf", member.id.bytes))
    return genuine


def has_second(member: Staff) -> bool:
    """Say whether somebody is asked for more than a password: an app or a passkey is set up."""
    return any(kind.partition(":")[0] in {TOTP, PASSKEY} for kind in member.factors.split())


def can_enter_alone(member: Staff) -> bool:
    """Say whether somebody has a passkey that signs in without a password."""
    return any(is_alone(row) for row in of(member, PASSKEY))


def summary(rows: Sequence[Authenticator]) -> str:
    """Return what a member's row says of these: kinds in order, with the number of passkeys."""
    counts = Counter(row.type for row in rows)
    return " ".join(f"{kind}:{counts[kind]}" if kind == PASSKEY else kind for kind in sorted(counts))


def are_too_many(member: Staff, kind: str) -> bool:
    """Say whether there are more of a kind than the member's row says: one that was removed has been put back."""
    told = {name: number for name, _, number in (one.partition(":") for one in member.factors.split())}
    most = int(told[kind] or 1) if kind in told else 0
    if len(of(member, kind)) <= most:
        return False
    log.warning("people.row-altered", table="mfa_authenticator", staff=ids.show("stf", member.id.bytes))
    return True


def settle(member: Staff) -> None:
    """Let the member's row say what there is, after a change of it."""
    members.change(member, factors=summary(of(member)))


# ---------------------------------------------------------------------------------------------------- code from an app


def new_secret() -> str:
    """Return a new secret for an app, in base 32 (20 bytes, RFC 4226 section 4)."""
    return str(totp.generate_totp_secret())


def add_app(member: Staff, secret: str, counter: int) -> None:
    """Keep the secret of somebody's app. `counter` is the step of the code that proved it, which is used up."""
    row = totp.TOTP.activate(member, secret).instance
    row.data["used"] = counter
    row.save()


def step_of(secret: str, code: str, *, after: int = 0) -> int | None:
    """Return the time step (RFC 6238) in which a code is right, or None; one step of delay is forgiven either way."""
    wanted = code.replace(" ", "").replace("-", "")
    steps = [step for step in totp.yield_hotp_counters_from_time() if step > after]
    return next((step for step in steps if _same(totp.format_hotp_value(totp.hotp_value(secret, step)), wanted)), None)


def _same(one: str, other: str) -> bool:
    return rowmac.same(one.encode(), other.encode("utf-8", "replace"))


def use_app(row: Authenticator, code: str) -> bool:
    """Say whether a code is right; each is taken once (RFC 6238 section 5.2)."""
    secret = totp.decrypt(row.data["secret"])
    step = step_of(secret, code, after=int(row.data.get("used", 0)))
    if step is None:
        return False
    row.data["used"] = step
    row.save()
    return True


# ------------------------------------------------------------------------------------------------------ recovery codes


def use_recovery_code(row: Authenticator, code: str) -> bool:
    """Say whether a recovery code is right; each is taken once."""
    return bool(RecoveryCodes(row).validate_code(code))


def new_codes(member: Staff) -> list[str]:
    """Replace somebody's recovery codes by new ones and return these, for the one time they are shown."""
    Authenticator.objects.filter(user_id=member.pk, type=CODES).delete()
    return [str(code) for code in RecoveryCodes.activate(member).generate_codes()]


def codes_left(member: Staff) -> int | None:
    """Return how many recovery codes are left; None when there never were any."""
    rows = of(member, CODES)
    return len(RecoveryCodes(rows[0]).get_unused_codes()) if rows else None


# ------------------------------------------------------------------------------------------------------------ passkeys


def passkeys(member: Staff) -> list[Passkey]:
    """Return somebody's passkeys, the oldest first."""
    return [
        Passkey(row.pk, str(row.data["name"]), is_alone(row), row.created_at, row.last_used_at)
        for row in of(member, PASSKEY)
    ]


def is_alone(row: Authenticator) -> bool:
    """Say whether its owner chose that a passkey signs in by itself. What a browser says about it does not matter."""
    return row.type == PASSKEY and row.data.get("alone") is True


def add_passkey(member: Staff, name: str, credential: dict[str, Any], *, alone: bool) -> None:
    """Keep a passkey whose making was verified."""
    Authenticator(user=member, type=PASSKEY, data={"name": name, "credential": credential, "alone": alone}).save()


def note_use(row: Authenticator) -> None:
    """Note that a row was used now."""
    row.record_usage()


def remove(member: Staff, row: Authenticator) -> None:
    """Remove one; recovery codes go with the last thing that they stand in for."""
    row.delete()
    if not of(member, TOTP, PASSKEY):
        Authenticator.objects.filter(user_id=member.pk, type=CODES).delete()


def remove_all(member: Staff) -> None:
    """Remove everything that somebody had set up beside a password."""
    Authenticator.objects.filter(user_id=member.pk).delete()
