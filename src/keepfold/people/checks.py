"""What must hold before something about people is changed. Each function returns what it checked, or raises."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import UUID

from email_validator import EmailNotValidError, validate_email

from keepfold import gate
from keepfold.gate.types import Actor
from keepfold.kernel import clock
from keepfold.kernel.errors import Conflict, Invalid
from keepfold.kernel.rules import nearest
from keepfold.people import errors, queries, rules, store
from keepfold.people.models import Staff
from keepfold.people.types import Grants

MOST_GRANTS = 100
HIGHEST_RATE = 100_000
OWNER = "owner"


def wanted(actor: Actor, actions: Sequence[str], purposes: Sequence[str]) -> Grants:
    """Return grants that are well-formed, name something, and lie within what the actor holds."""
    grants = Grants(tuple(dict.fromkeys(actions)), tuple(dict.fromkeys(purposes)))
    if not grants.actions or max(len(grants.actions), len(grants.purposes)) > MOST_GRANTS:
        raise Invalid(f"Between 1 and {MOST_GRANTS} actions are needed.", code="people.grants-count")
    _well_formed(grants)
    may_give(actor, grants)
    return grants


def _well_formed(grants: Grants) -> None:
    if rules.misshapen(grants):
        raise Invalid(
            "An action looks like vault.record.open or vault.*, a purpose like newsletter or *.",
            code="people.grants-shape",
        )
    nothing = rules.names_nothing(grants, gate.known_actions())
    if nothing:
        close = nearest(nothing[0], gate.known_actions())
        raise Invalid(
            f"There is no action {nothing[0]}.",
            code="people.action-unknown",
            next_step=f"Did you mean {close}?" if close else "`docs/reference` lists every action.",
        )


def may_give(actor: Actor, grants: Grants) -> None:
    """Raise `TooMuch` when the grants go beyond what the actor holds."""
    excess = rules.beyond(Grants(actor.actions, actor.purposes), grants)
    if excess.actions or excess.purposes:
        named = ", ".join([*excess.actions, *(f"purpose {purpose}" for purpose in excess.purposes)])
        raise errors.TooMuch(
            f"Nobody can give away more than they hold. Not held: {named}.",
            rule="people.no-escalation",
            next_step="Ask for less, or let an owner do it.",
        )


def may_give_roles(actor: Actor, names: Sequence[str]) -> None:
    """Raise `NoSuchRole` on an unknown role and `TooMuch` on one that grants more than the actor holds."""
    known = queries.roles()
    for name in names:
        if name not in known:
            close = nearest(name, list(known))
            raise errors.NoSuchRole(
                "There is no such role.",
                next_step=f"Did you mean {close}?" if close else f"There are: {', '.join(known)}.",
            )
        may_give(actor, known[name].grants)


def role_name(name: str) -> None:
    """Raise `Invalid` on a name that no role can have."""
    if not rules.ROLE_SHAPE.match(name):
        raise Invalid("A role's name is lower-case letters, digits and _, at most 40.", code="people.role-name")


def not_of_owners(name: str) -> None:
    """Raise `Conflict` for the role of owners."""
    if name == OWNER:
        raise Conflict(
            "Owners hold everything, always; otherwise nobody could put a mistake right.",
            code="people.role-owner",
            rule="people.one-owner",
            next_step="Make a role of your own, and give that instead.",
        )


def held_by_nobody(name: str) -> None:
    """Raise `Conflict` while a member of staff holds a role."""
    count = queries.holders(name).count()
    if count:
        raise Conflict(
            "Somebody still holds this role.",
            code="people.role-held",
            next_step="Take it from everybody who holds it first.",
            held_by=count,
        )


def staff_row(staff: bytes) -> Staff:
    """Return the row of a member of staff, or raise `NoSuchStaff`."""
    row = Staff.objects.filter(id=UUID(bytes=staff)).first()
    if row is None:
        raise errors.NoSuchStaff("There is no such member of staff.")
    return row


def client_row(client: bytes) -> store.ClientRow:
    """Return the row of a client, or raise `NoSuchClient`."""
    row = store.find_client(client)
    if row is None:
        raise errors.NoSuchClient("There is no such client.")
    return row


def keeps_an_owner(row: Staff, *, still: bool) -> None:
    """Raise `LastOwner` when this person is the last one who can act as owner and will no longer be."""
    if not still and queries.owners() == {row.id}:
        raise errors.LastOwner(
            "This is the last owner.",
            rule="people.one-owner",
            next_step="Give somebody else the role first: `keepfold staff role`.",
        )


def future(moment: datetime | None) -> int | None:
    """Return a moment to come in seconds since 1970. Raises `Invalid` on a past or naive one."""
    if moment is None:
        return None
    if moment.tzinfo is None or moment <= clock.now():
        raise Invalid("The end must lie ahead and say its time zone.", code="people.expiry")
    return int(moment.astimezone(UTC).timestamp())


def own_expiry(actor: Actor) -> int | None:
    """Return when the actor's own access ends (seconds), or None when it does not."""
    if actor.kind != "client":
        return None
    row = store.find_client(actor.id)
    return genuine(row).expires_s if row else None


def genuine(row: store.ClientRow) -> store.ClientRow:
    """Return the row of a client, or raise `RowAltered` when it is not as this installation wrote it."""
    if not store.is_genuine(row):
        errors.refuse_altered("client")
    return row


def rate(wanted_rate: int) -> int:
    """Return a permitted number of requests per second."""
    if not 1 <= wanted_rate <= HIGHEST_RATE:
        raise Invalid(f"The rate is between 1 and {HIGHEST_RATE} a second.", code="people.rate")
    return wanted_rate


def plain_name(text: str, what: str) -> str:
    """Return a name for people: 1 to 80 printable characters on one line."""
    name = " ".join(text.split())
    if not 1 <= len(name) <= 80 or not name.isprintable():
        raise Invalid(f"The {what} is 1 to 80 printable characters.", code="people.name")
    return name


def email(text: str) -> str:
    """Return an e-mail address in the form it is kept: normalised, lower case."""
    try:
        return validate_email(text, check_deliverability=False).normalized.lower()
    except EmailNotValidError:
        # The library's message quotes the input; ours must not.
        raise Invalid("This is not an e-mail address.", code="people.email") from None
