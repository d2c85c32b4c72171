"""What is written down about signing in, and every change of how somebody signs in.

Details name people by their ids; nothing that was typed is among them. Who changes their own sign-in is the actor, so
that these actions take no other id; the page has asked for a sign-in of the last minutes.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple, NoReturn

from django.utils.translation import gettext as _

from keepfold import gate
from keepfold.gate import action
from keepfold.gate.types import Actor
from keepfold.kernel import clock, ids
from keepfold.people import checks, errors, queries, sessions
from keepfold.people.models import Staff
from keepfold.people.signin import factors, links, mails, members, rules


class LinkMade(NamedTuple):
    """A link at the only moment it can be seen. It does not show itself in a log or a traceback."""

    address: str
    expires_at: datetime

    def __repr__(self) -> str:
        """Return nothing that opens anything."""
        return "LinkMade(…)"


def _staff(given: Mapping[str, Any]) -> dict[str, Any]:
    staff = given.get("staff")
    return {"staff": ids.show("stf", staff)} if staff else {}


def _refusal(given: Mapping[str, Any]) -> dict[str, Any]:
    return {"with": given["method"], **_staff(given)}


def _method(given: Mapping[str, Any]) -> dict[str, Any]:
    return {"with": given["method"]}


# ------------------------------------------------------------------------------------------------------- coming, going


@action("people.session.begin", details=_method)
def begin_session(*, actor: Actor, method: str, device: rules.Device | None = None) -> None:
    """Write down that somebody signs in. `device` is one that the account was never used in: it is told by mail."""
    row = members.genuine(actor.id)
    gate.current().note(new_device=device is not None)
    if row.first_s is None:
        members.change(row, first_s=clock.now_s())
    if device is not None:
        mails.post(row, "new_device", device=device)


@action("people.session.refuse", details=_refusal)
def refuse_session(*, actor: Actor, method: str, staff: bytes | None = None) -> None:
    """Write down that signing in failed; of an address that nobody has, no more than that."""


@action("people.session.confirm", details=_method)
def confirm_session(*, actor: Actor, method: str) -> None:
    """Write down that somebody showed again who they are."""


@action("people.session.end")
def end_session(*, actor: Actor) -> None:
    """Write down that somebody signed out."""


@action("people.session.revoke")
def revoke_sessions(*, actor: Actor, session: str | None = None, keep: str | None = None) -> int:
    """End one session of one's own by its id, or all but the one whose key is `keep`; return how many ended."""
    row = members.genuine(actor.id)
    ended = sessions.end(row.id, session) if session else sessions.end_all(row.id, but=keep)
    gate.current().note(sessions=ended)
    return ended


@action("people.session.disown")
def disown(*, actor: Actor, keep: str | None) -> int:
    """End every session but this one, let no browser count as known, and tell by mail; return how many ended."""
    row = members.genuine(actor.id)
    members.change(row, devices_s=clock.now_s())
    links.end_all(row.id)
    ended = sessions.end_all(row.id, but=keep)
    mails.post(row, "not_me")
    gate.current().note(sessions=ended)
    return ended


# ----------------------------------------------------------------------------------------------------------- passwords


@action("people.password.forget", details=_staff)
def forget_password(*, actor: Actor, request: bytes, staff: bytes | None) -> None:
    """Send a code with which somebody can set a new password. It takes as long where there is nobody to send it to."""
    row = members.find(staff)
    if row is None:
        mails.post_nothing(request)
    else:
        mails.post(row, "reset_code", request=request)


@action("people.password.set")
def set_password(*, actor: Actor, stored: str, keep: str | None = None) -> Staff:
    """Set one's own password, by what is stored of it; every session but `keep` ends."""
    row = members.genuine(actor.id)
    ended = members.set_password(row, stored, keep=keep)
    mails.post(row, "password_set")
    gate.current().note(sessions=ended)
    return row


# ------------------------------------------------------------------------------------------------------ second factors


@action("people.factor.add_app")
def add_app(*, actor: Actor, secret: str, step: int) -> list[str] | None:
    """Keep the secret of an authenticator app; return recovery codes when these are the first."""
    row = members.genuine(actor.id)
    if factors.of(row, factors.TOTP):
        raise errors.FactorThere(_("An authenticator app is set up already."), next_step=_("Remove that one first."))
    factors.add_app(row, secret, step)
    return _added(row, "totp")


@action("people.factor.add_passkey")
def add_passkey(*, actor: Actor, name: str, credential: Mapping[str, Any], alone: bool) -> list[str] | None:
    """Keep a passkey whose making was verified; return recovery codes when these are the first."""
    row = members.genuine(actor.id)
    factors.add_passkey(row, checks.plain_name(name, "name"), dict(credential), alone=alone)
    gate.current().note(alone=alone)
    return _added(row, "webauthn")


def _added(row: Staff, kind: str) -> list[str] | None:
    codes = None if factors.of(row, factors.CODES) else factors.new_codes(row)
    factors.settle(row)
    gate.current().note(kind=kind)
    mails.post(row, "factor_added")
    return codes


@action("people.factor.remove")
def remove_factor(*, actor: Actor, factor: int) -> None:
    """Remove one's app or one of one's passkeys. Raises `NoSuchFactor`."""
    row = members.genuine(actor.id)
    found = _own(row, factor)
    gate.current().note(kind=str(found.type))
    factors.remove(row, found)
    factors.settle(row)
    mails.post(row, "factor_removed")


@action("people.factor.rename")
def rename_passkey(*, actor: Actor, factor: int, name: str) -> None:
    """Give one of one's passkeys another name. Raises `NoSuchFactor`, `Invalid`."""
    found = _own(members.genuine(actor.id), factor, factors.PASSKEY)
    found.data["name"] = checks.plain_name(name, "name")
    found.save()


def _own(row: Staff, factor: int, *types: str) -> Any:
    wanted = types or (factors.TOTP, factors.PASSKEY)
    found = next((one for one in factors.of(row, *wanted) if one.pk == factor), None)
    if found is None:
        raise errors.NoSuchFactor(_("There is no such way to sign in, or no longer."))
    return found


@action("people.factor.renew")
def renew_codes(*, actor: Actor) -> list[str]:
    """Make new recovery codes and return them, for the one time they are shown. Earlier ones stop working."""
    row = members.genuine(actor.id)
    if not factors.has_second(row):
        raise errors.NoSuchFactor(_("Recovery codes stand in for an app or a passkey, and there is none yet."))
    codes = factors.new_codes(row)
    factors.settle(row)
    mails.post(row, "codes_renewed")
    return codes


@action("people.factor.use_code")
def use_recovery_code(*, actor: Actor, left: int) -> None:
    """Write down that a recovery code was used up, and tell by mail."""
    gate.current().note(left=left)
    mails.post(members.genuine(actor.id), "code_used")


# --------------------------------------------------------------------------------------------------------------- links


@action("people.link.make", details=_staff)
def make_link(*, actor: Actor, staff: bytes, lasts_s: int = links.INVITATION_S, clears: bool = False) -> LinkMade:
    """Make a link with which a member of staff can set up how they sign in. It works once; earlier ones stop.

    `clears`: using it removes app, passkeys and recovery codes, for whoever lost them. Raises `TooMuch` when their
    roles grant more than the actor holds: whoever has the link is them.
    """
    row = members.genuine(staff)
    known = queries.roles()
    checks.may_give_roles(actor, [role for role in queries.roles_of(staff) if role in known])
    secret = links.make(row.id, lasts_s, clears=clears)
    gate.current().note(clears=clears)
    return LinkMade(links.address(secret), datetime.fromtimestamp(clock.now_s() + lasts_s, UTC))


@action("people.link.use")
def use_link(*, actor: Actor, secret: str, stored: str = "", passkey: Mapping[str, Any] | None = None) -> Staff:
    """Set a password (by what is stored of it) or a passkey with a link; it stops working. Raises `NoSuchLink`.

    Beside a second factor that stays, a link sets a password only: a passkey would lead past it.
    """
    link = links.find(secret)
    if link is None or not links.use(link):
        refuse_link()
    row = members.genuine(link.staff.bytes)
    if link.clears:
        factors.remove_all(row)
    elif passkey is not None and factors.has_second(row):
        refuse_link()
    if passkey is not None:
        factors.add_passkey(row, str(passkey["name"]), dict(passkey["credential"]), alone=True)
    factors.settle(row)
    ended = members.set_password(row, stored) if stored else members.end_others(row)
    mails.post(row, "link_used")
    gate.current().note(staff=ids.show("stf", row.id.bytes), sessions=ended, clears=link.clears)
    return row


def refuse_link() -> NoReturn:
    """Raise `NoSuchLink`, the same for every reason."""
    raise errors.NoSuchLink(
        _("This link does not work, or no longer."),
        next_step=_("Links work once and for a limited time. Ask whoever sent it for another."),
    )
