"""What is written down about signing in. Details name people by their ids; nothing that was typed is among them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple

from keepfold import gate
from keepfold.gate import action
from keepfold.gate.types import Actor
from keepfold.kernel import clock, ids
from keepfold.people import checks, errors, queries
from keepfold.people.models import Staff
from keepfold.people.signin import links, members


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


@action("people.session.begin")
def begin_session(*, actor: Actor, method: str) -> None:
    """Write down that somebody signed in; note the first time."""
    row = members.genuine(actor.id)
    gate.current().note(**{"with": method})
    if row.first_s is None:
        members.change(row, first_s=clock.now_s())


@action("people.session.refuse", details=_refusal)
def refuse_session(*, actor: Actor, method: str, staff: bytes | None = None) -> None:
    """Write down that signing in failed; of an address that nobody has, no more than that."""


@action("people.session.end")
def end_session(*, actor: Actor) -> None:
    """Write down that somebody signed out."""


@action("people.link.make", details=_staff)
def make_link(*, actor: Actor, staff: bytes, lasts_s: int = links.INVITATION_S) -> LinkMade:
    """Make a link with which a member of staff can set up how they sign in. It works once; earlier ones stop.

    Raises `TooMuch` when their roles grant more than the actor holds: whoever has the link is them.
    """
    row = members.genuine(staff)
    known = queries.roles()
    checks.may_give_roles(actor, [role for role in queries.roles_of(staff) if role in known])
    secret = links.make(row.id, lasts_s)
    return LinkMade(links.address(secret), datetime.fromtimestamp(clock.now_s() + lasts_s, UTC))


@action("people.link.use")
def use_link(*, actor: Actor, secret: str, stored: str) -> Staff:
    """Set a password with a link; it stops working. Raises `NoSuchLink`."""
    row = links.find(secret)
    if row is None or not links.use(row):
        refuse_link()
    member = members.genuine(row.staff.bytes)
    ended = members.set_password(member, stored)
    gate.current().note(staff=ids.show("stf", member.id.bytes), sessions=ended)
    return member


def refuse_link() -> Any:
    """Raise `NoSuchLink`, the same for every reason."""
    raise errors.NoSuchLink(
        "This link does not work, or no longer.",
        next_step="Links work once and for a limited time. Ask whoever sent it for another.",
    )
