"""As whom somebody acts while signing in, and with their own sign-in: everybody may care for their own."""

from __future__ import annotations

from keepfold.gate.types import Actor
from keepfold.kernel import ids
from keepfold.people.models import Staff

# Of one's own only: the functions that these name take the actor's id and no other.
OWN = ("people.session.*", "people.password.*", "people.factor.*")
_VISITOR = Actor(
    kind="anonymous",
    id=bytes(16),
    name="visitor",
    actions=("people.session.refuse", "people.password.forget", "people.link.use"),
)


def visitor() -> Actor:
    """Return the actor of somebody who has not shown yet who they are."""
    return _VISITOR


def oneself(member: Staff) -> Actor:
    """Return a member of staff as the actor of their own sign-in, whatever their roles grant."""
    return Actor(kind="staff", id=member.id.bytes, name=ids.show("stf", member.id.bytes), actions=OWN)
