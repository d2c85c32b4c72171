"""What may be done about people: staff, their roles, and API clients. Every function passes the gate."""

from __future__ import annotations

import base64
import json
import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime
from hashlib import sha256
from typing import Any

from keepfold import gate
from keepfold.gate import action
from keepfold.gate.types import Actor
from keepfold.kernel import clock, epoch, ids
from keepfold.kernel.errors import Conflict
from keepfold.ledger.types import EntryFilter
from keepfold.people import checks, deeds, errors, events, queries, rules, sessions, store, views
from keepfold.people.models import RoleOverride, Staff, StaffRole
from keepfold.people.signin import links
from keepfold.people.types import Bootstrapped, Client, ClientState, Deeds, Grants, IssuedToken, Role, StaffMember, Who

STANDARD_RATE = 1000
LONGEST_OVERLAP_S = 24 * 3600
PAGE = 100


def _staff(given: Mapping[str, Any]) -> dict[str, Any]:
    return {"staff": ids.show("stf", given["staff"])}


def _client(given: Mapping[str, Any]) -> dict[str, Any]:
    return {"client": ids.show("cli", given["client"])}


@action("people.owner.bootstrap")
def bootstrap_owner(*, actor: Actor, email: str, name: str) -> Bootstrapped:
    """Make the first owner and a first token that holds what owners hold. Works once.

    Raises `OwnerExists` ever after, `Invalid` on an address that cannot be one.
    """
    store.serialise()
    if queries.has_owner():
        raise errors.OwnerExists(
            "This installation has an owner already.",
            next_step="Ask the owner for a role, or make a token with `keepfold client create`.",
        )
    owner = _store_staff(email, name, ("owner",))
    grants = queries.grants_of(("owner",))
    issued = _store_client("first token", grants, created_by=owner.id, expires_s=None, rate=STANDARD_RATE)
    gate.current().note(staff=ids.show("stf", owner.id), client=ids.show("cli", issued.client.id))
    return Bootstrapped(owner=owner, issued=issued)


@action("people.staff.add")
def add_staff(*, actor: Actor, email: str, name: str, roles: Sequence[str] = ()) -> StaffMember:
    """Add a member of staff. Raises `TooMuch` when a role grants more than the actor holds, `Conflict` when known."""
    checks.may_give_roles(actor, roles)
    member = _store_staff(email, name, roles)
    gate.current().note(staff=ids.show("stf", member.id), roles=list(member.roles))
    return member


def _only_staff(given: Mapping[str, Any]) -> dict[str, Any]:
    # Which words were searched for stays out: they may be a name. Whose page was opened is worth writing down.
    only = given.get("only")
    return {} if only is None else {"staff": ids.show("stf", only)}


@action("people.staff.list", details=_only_staff)
def list_staff(
    *,
    actor: Actor,
    after: bytes = bytes(16),
    limit: int = PAGE,
    only: bytes | None = None,
    search: str = "",
    role: str | None = None,
    active: bool | None = None,
    by_name: bool = False,
    falling: bool = False,
    file: str = "",
) -> list[StaffMember]:
    """Return members of staff in the order of their arrival, up to `limit` of those that follow `after`.

    `only` names one of them; `search` is a part of name or address, `role` one that they hold, `active` whether they
    may act. `by_name` and `falling` change the order. `file` says that they leave as a file, and of which form; the
    entry then says so, and how many they are.
    """
    rows = queries.staff_rows(only=only, search=search, role=role, active=active)
    ordered = queries.staff_after(rows, after, by_name=by_name, falling=falling)
    found = [views.staff(row) for row in ordered[:limit]]
    if file:
        gate.current().note(file=file, rows=len(found))
    return found


@action("people.staff.roles", details=_staff)
def set_roles(*, actor: Actor, staff: bytes, roles: Sequence[str]) -> StaffMember:
    """Let a member of staff hold exactly these roles. Somebody else's sessions end when these change.

    Raises `TooMuch` when a role that comes or goes grants more than the actor holds, and `LastOwner` when nobody
    would be left to administer the installation.
    """
    store.serialise()
    row = checks.staff_row(staff)
    held = set(queries.roles_of(staff))
    queries.require_genuine_staff(row, tuple(held))
    checks.may_give_roles(actor, sorted(held ^ set(roles)))
    checks.keeps_an_owner(row, still="owner" in roles)
    _store_roles(row, roles)
    if held != set(roles) and actor.id != staff:
        sessions.end_all(row.id)
    gate.current().note(roles=sorted(set(roles)))
    gate.emit(events.RolesChanged(staff=staff, roles=tuple(sorted(set(roles)))))
    return views.staff(row)


@action("people.staff.deactivate", details=_staff)
def deactivate_staff(*, actor: Actor, staff: bytes, with_clients: bool = False) -> StaffMember:
    """Stop a member of staff from acting, at once; `with_clients` also revokes every client they made.

    Without it a shop's integrations outlive the person who set them up. Raises `LastOwner`, `NoSuchStaff`.
    """
    store.serialise()
    row = checks.staff_row(staff)
    checks.keeps_an_owner(row, still=False)
    roles = queries.roles_of(staff)
    genuine = store.is_genuine_staff(row, roles)
    row.is_active = False
    if genuine:  # an altered row is deactivated all the same, and stays unmarked
        row.mac = store.staff_mark(row, roles)
    row.save(update_fields=["is_active", "mac"])
    sessions.end_all(row.id)
    links.end_all(row.id)
    if with_clients:
        _revoke_with_descendants((staff,))
    gate.emit(events.StaffDeactivated(staff=staff))
    return views.staff(row)


@action("people.staff.reactivate", details=_staff)
def reactivate_staff(*, actor: Actor, staff: bytes) -> StaffMember:
    """Let a member of staff act again, with the roles they hold. Clients that were revoked stay revoked.

    Raises `TooMuch` when these roles grant more than the actor holds, `NoSuchStaff`, `RowAltered`.
    """
    store.serialise()
    row = checks.staff_row(staff)
    roles = queries.roles_of(staff)
    queries.require_genuine_staff(row, roles)
    checks.may_give_roles(actor, [role for role in roles if role in queries.roles()])
    row.is_active = True
    row.mac = store.staff_mark(row, roles)
    row.save(update_fields=["is_active", "mac"])
    gate.emit(events.StaffReactivated(staff=staff))
    return views.staff(row)


@action("people.role.define")
def define_role(
    *,
    actor: Actor,
    name: str,
    actions: Sequence[str],
    purposes: Sequence[str] = (),
    label: Mapping[str, str] | None = None,
) -> Role:
    """Say what a role grants in this installation. Raises `TooMuch` unless the actor holds both old and new grants.

    Raises `Conflict` for the role of owners: what they hold stays whole, so that nobody is locked out.
    """
    store.serialise()
    checks.role_name(name)
    old = queries.roles().get(name)
    grants = checks.wanted(actor, actions, purposes)
    checks.may_give(actor, old.grants if old else Grants())
    checks.not_of_owners(name)
    shown = dict(label or (old.label if old else {"en": name, "de": name}))
    stored = RoleOverride(
        name=name, label=json.dumps(shown), actions=" ".join(grants.actions), purposes=" ".join(grants.purposes)
    )
    stored.mac = store.role_mark(stored)
    stored.save()
    gate.current().note(role=name, actions=list(grants.actions), purposes=list(grants.purposes))
    gate.emit(events.RoleDefined(role=name))
    return Role(name=name, label=shown, grants=grants, stored=True)


@action("people.role.reset")
def reset_role(*, actor: Actor, name: str) -> Role | None:
    """Let a role grant again what it does without this installation's own words; a role of its own is removed.

    Return the role as it is then, None when it is gone. Raises `NoSuchRole` when this installation says nothing about
    it, `TooMuch` unless the actor holds both old and new grants, `Conflict` while somebody holds a role that would go.
    """
    store.serialise()
    gate.current().note(role=name)
    old, pack = queries.roles().get(name), queries.roles(stored=False).get(name)
    if old is None or not old.stored:
        raise errors.NoSuchRole("This installation says nothing of its own about this role.")
    for grants in (old.grants, pack.grants if pack else Grants()):
        checks.may_give(actor, grants)
    if pack is None:
        checks.held_by_nobody(name)
    RoleOverride.objects.filter(name=name).delete()
    gate.emit(events.RoleDefined(role=name))
    return pack


@action("people.role.list")
def list_roles(*, actor: Actor) -> list[Role]:
    """Return every role with what it grants."""
    return list(queries.roles().values())


@action("people.client.create")
def create_client(
    *,
    actor: Actor,
    name: str,
    actions: Sequence[str],
    purposes: Sequence[str] = (),
    expires_at: datetime | None = None,
    rate: int = STANDARD_RATE,
) -> IssuedToken:
    """Make an API client and its token, which is shown this once.

    `actions` are names or prefixes ending in `.*`, `purposes` names or `*`, `rate` requests per second and process.
    A client made by a client ends with its maker at the latest. Raises `TooMuch` when more is asked for than the
    actor holds, `Invalid` on anything misshapen.
    """
    grants = checks.wanted(actor, actions, purposes)
    expires_s = rules.client_expiry(checks.future(expires_at), checks.own_expiry(actor))
    issued = _store_client(
        checks.plain_name(name, "name"), grants, created_by=actor.id, expires_s=expires_s, rate=checks.rate(rate)
    )
    gate.current().note(
        client=ids.show("cli", issued.client.id),
        name=issued.client.name,
        actions=list(grants.actions),
        purposes=list(grants.purposes),
    )
    return issued


@action("people.client.rotate", details=_client)
def rotate_client(*, actor: Actor, client: bytes, overlap_s: int = 0) -> IssuedToken:
    """Give a client a new token, shown this once. Old ones end after `overlap_s` seconds (at most a day).

    Raises `NoSuchClient`, `Conflict` when it is revoked or expired, and `TooMuch` when the client holds more than the
    actor: whoever gets a token gets what it opens.
    """
    row = checks.genuine(checks.client_row(client))
    checks.may_give(actor, row.grants)
    now_s = clock.now_s()
    if row.revoked_s is not None or (row.expires_s is not None and row.expires_s <= now_s):
        raise Conflict("This client is revoked or has expired.", code="people.client-ended")
    store.end_tokens(client, now_s + max(0, min(overlap_s, LONGEST_OVERLAP_S)))
    token = _store_token(client, now_s)
    epoch.bump(queries.EPOCH)
    gate.current().note(overlap_s=overlap_s)
    gate.emit(events.ClientRotated(client=client))
    return IssuedToken(client=views.client(row), token=token)


def _only_client(given: Mapping[str, Any]) -> dict[str, Any]:
    only = given.get("only")
    return {} if only is None else {"client": ids.show("cli", only)}


@action("people.client.list", details=_only_client)
def list_clients(
    *,
    actor: Actor,
    after: bytes = bytes(16),
    limit: int = PAGE,
    revoked: bool = True,
    only: bytes | None = None,
    maker: bytes | None = None,
    search: str = "",
    state: ClientState | None = None,
    falling: bool = False,
) -> list[Client]:
    """Return clients in the order of their making, up to `limit` of those that follow `after`; never a token.

    `only` names one of them, `maker` whoever made them, `search` is a part of the name. `falling` begins with the
    newest.
    """
    wanted = store.Wanted(revoked, only, maker, search, state, clock.now_s())
    return [views.client(row) for row in store.all_clients(wanted, after=after, limit=limit, falling=falling)]


@action("people.client.revoke", details=_client)
def revoke_client(*, actor: Actor, client: bytes) -> Client:
    """End a client and every client it made, within a second in every process. Repeating it changes nothing.

    Raises `NoSuchClient`.
    """
    checks.client_row(client)
    _revoke_with_descendants((client,))
    return views.client(checks.client_row(client))


def _whose(given: Mapping[str, Any]) -> dict[str, Any]:
    who: Who | None = given.get("who")
    prefix = {"staff": "stf", "client": "cli"}
    return {} if who is None else {"of": ids.show(prefix.get(who.kind, "sys"), who.id)}


@action("people.audit.list", details=_whose)
def list_deeds(
    *,
    actor: Actor,
    who: Who | None = None,
    wanted: EntryFilter | None = None,
    before: int | tuple[int, int] | None = None,
    after: int | None = None,
    limit: int = 50,
) -> Deeds:
    """Return what staff, clients or the command line did, the newest first, with the names behind the entries.

    Of `who` alone, or of everybody that `wanted` leaves. `before` and `after` are cursors of the last page: an index,
    or (hour, index) when one actor's deeds are listed. Raises `Invalid` on a limit beyond 500.
    """
    asked = wanted or EntryFilter()
    if who is not None:
        return deeds.of(who, asked, before if isinstance(before, tuple) else None, limit)
    return deeds.of_everybody(asked, None if isinstance(before, tuple) else before, after, limit)


def _revoke_with_descendants(roots: tuple[bytes, ...]) -> None:
    # What a stolen token made must not outlive it.
    doomed = rules.descendants(roots, store.living_makers())
    store.revoke_clients(doomed, clock.now_s())
    epoch.bump(queries.EPOCH)
    gate.current().note(revoked=len(doomed))
    gate.emit(events.ClientRevoked(clients=doomed))


def _store_staff(email: str, name: str, roles: Sequence[str]) -> StaffMember:
    address = checks.email(email)
    if Staff.objects.filter(email=address).exists():
        raise Conflict("Somebody with this e-mail address is there already.", code="people.staff-known")
    row = Staff(email=address, name=checks.plain_name(name, "name"), added_at=clock.now())
    row.set_unusable_password()
    row.mac = b""
    row.save(force_insert=True)
    _store_roles(row, roles)
    gate.emit(events.StaffAdded(staff=row.id.bytes, roles=tuple(sorted(set(roles)))))
    return views.staff(row)


def _store_roles(row: Staff, roles: Sequence[str]) -> None:
    row.mac = store.staff_mark(row, roles)
    row.save(update_fields=["mac"])
    StaffRole.objects.filter(staff=row).exclude(role__in=roles).delete()
    StaffRole.objects.bulk_create(
        [StaffRole(staff=row, role=role) for role in sorted(set(roles))], ignore_conflicts=True
    )


def _store_client(name: str, grants: Grants, *, created_by: bytes, expires_s: int | None, rate: int) -> IssuedToken:
    now_s = clock.now_s()
    row = store.ClientRow(ids.uuid7(), name, grants, rate, created_by, now_s, expires_s, None, None)
    store.add_client(row)
    token = _store_token(row.id, now_s)
    gate.emit(events.ClientCreated(client=row.id))
    return IssuedToken(client=views.client(row), token=token)


def _store_token(client: bytes, now_s: int) -> str:
    kid, secret = _random_letters(10), _random_letters(32)
    token = rules.format_token(kid, secret)
    store.add_token(kid=kid, client=client, digest=sha256(token.encode()).digest(), now_s=now_s)
    return token


def _random_letters(count: int) -> str:
    return base64.b32encode(secrets.token_bytes(count)).decode().rstrip("=").lower()
