"""Who is this, and what may they do. Nothing here concerns a customer."""

from __future__ import annotations

import hmac
import json
import time
import tomllib
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from hashlib import sha256
from typing import Literal, NoReturn
from uuid import UUID

from django.db import OperationalError
from django.db.models import Count, Q, QuerySet

from keepfold import packs
from keepfold.gate.types import Actor
from keepfold.kernel import clock, epoch, ids
from keepfold.kernel.log import get_logger
from keepfold.people import errors, rules, store, views
from keepfold.people.memory import REMEMBER_SECONDS, USE_NOTED_EVERY, Remembered, memory
from keepfold.people.models import RoleOverride, Staff, StaffRole
from keepfold.people.types import Client, ClientState, Grants, Role, TokenView

EPOCH = "people"
OPERATOR_ID = bytes.fromhex("00000000000070008000000000000001")
Labels = Mapping[str, Mapping[str, str]]
_NOBODY = bytes(32)
_ALL = 1_000_000

log = get_logger()


class _Wiring:
    """What the site has handed over; None until then."""

    purposes: Callable[[], Labels] | None = None


def wire_purposes(*, purposes: Callable[[], Labels] | None) -> None:
    """Hand over who knows the purposes of the policy in force: their labels by language, by name."""
    _Wiring.purposes = purposes


def purposes() -> Labels:
    """Return the labels of the purposes that the policy in force has, by name; nothing while there is no policy."""
    return _Wiring.purposes() if _Wiring.purposes is not None else {}


def authenticate(token: str, *, address: str = "") -> Actor:
    """Return the actor behind a token. The hot path: no query when the token was checked in the last ten seconds.

    Raises `TokenRefused` for a missing, malformed, unknown, expired or revoked token, and `TooMany` when the client,
    or failed attempts from its address, exceed their limits. A revocation works in every process within a second.
    """
    digest = sha256(token.encode("utf-8", "surrogatepass")).digest()
    now = time.monotonic()
    known = memory.tokens.get(digest)
    if known is None or now >= known.until or known.epoch != epoch.value(EPOCH):
        known = _check(token, digest, now, address)
    wait = known.bucket.take(now)
    if wait:
        errors.throttle("This client sends more requests than it may.", wait, "people.client-rate")
    return known.actor


def _check(token: str, digest: bytes, now: float, address: str) -> Remembered:
    try:
        known = _look_up(token, digest, now)
    except errors.TokenRefused:
        memory.tokens.drop(digest)
        # Only who fails is made to wait. Behind a proxy everybody has one address, and a secret of 256 bits needs no
        # protection by locking out those who know theirs.
        wait = memory.failure_bucket(rules.address_group(address), now).take(now)
        if wait:
            errors.throttle("Too many failed attempts came from this address.", wait, "people.failed-attempts")
        raise
    memory.tokens.put(digest, known)
    return known


def _look_up(token: str, digest: bytes, now: float) -> Remembered:
    # The epoch is read before the row: a revocation in between makes this entry stale at once, never the reverse.
    seen = epoch.value(EPOCH)
    parts = rules.split_token(token)
    found = store.find_token(parts[0]) if parts else None
    if not hmac.compare_digest(found[0].digest if found else _NOBODY, digest) or found is None:
        errors.refuse_token()
    stored, client = found
    _require_genuine(stored, client)
    now_s = clock.now_s()
    ends = [moment for moment in (stored.ends_s, client.expires_s) if moment is not None]
    if client.revoked_s is not None or any(moment <= now_s for moment in ends):
        _refuse_late(revoked=client.revoked_s is not None)
    _note_use(client.id, now, now_s)
    grants = client.grants
    actor = Actor(kind="client", id=client.id, name=client.name, actions=grants.actions, purposes=grants.purposes)
    remember = min([REMEMBER_SECONDS, *(moment - now_s for moment in ends)])
    return Remembered(actor, now + remember, seen, memory.bucket(client.id, client.rate, now))


def _require_genuine(token: store.TokenRow, client: store.ClientRow) -> None:
    # Whoever planted the row learns no more than from a token that nobody ever made.
    for table, row in (("people_token", token), ("people_client", client)):
        if not store.is_genuine(row):
            log.warning("people.row-altered", table=table, client=ids.show("cli", client.id))
            errors.refuse_token()


def _refuse_late(*, revoked: bool) -> NoReturn:
    # Only the holder of the right secret comes here, and may know why it stopped working.
    errors.refuse_token("This token was revoked." if revoked else "This token has expired.")


def _note_use(client: bytes, now: float, now_s: int) -> None:
    if not memory.is_use_worth_noting(client, now):
        return
    try:
        store.touch_client(client, now_s, older_than_s=now_s - int(USE_NOTED_EVERY))
    except OperationalError:
        # When it was last used is a convenience; a busy database must not turn it into a refusal.
        log.warning("people.use-not-noted")


def operator() -> Actor:
    """Return the actor of the command line: whoever has a shell on the server, with everything an owner holds."""
    grants = grants_of(("owner",), stored=False)
    return Actor(kind="system", id=OPERATOR_ID, name="operator", actions=grants.actions, purposes=grants.purposes)


def staff_actor(staff: bytes) -> Actor:
    """Return a member of staff as an actor, with what the roles grant now. Raises `NoSuchStaff`."""
    member = Staff.objects.filter(id=UUID(bytes=staff), is_active=True).first()
    if member is None:
        raise errors.NoSuchStaff("There is no such member of staff, or no longer.")
    roles = roles_of(staff)
    require_genuine_staff(member, roles)
    grants = grants_of(roles)
    return Actor(
        kind="staff",
        id=staff,
        name=ids.show("stf", staff),
        roles=roles,
        actions=grants.actions,
        purposes=grants.purposes,
    )


def client_actor(client: bytes) -> Actor:
    """Return an API client as an actor, as its token would make it. Raises `NoSuchClient` when it cannot act."""
    row = store.find_client(client)
    if row is None or row.revoked_s is not None or not store.is_genuine(row):
        raise errors.NoSuchClient("There is no such API client, or no longer.")
    return Actor(kind="client", id=client, name=row.name, actions=row.grants.actions, purposes=row.grants.purposes)


def roles_of(staff: bytes) -> tuple[str, ...]:
    """Return the names of the roles that a member of staff holds, sorted."""
    names = StaffRole.objects.filter(staff_id=UUID(bytes=staff)).values_list("role", flat=True)
    return tuple(sorted(names))


def staff_rows(
    *, only: bytes | None = None, search: str = "", role: str | None = None, active: bool | None = None
) -> QuerySet[Staff]:
    """Return the rows of members of staff, narrowed as `actions.list_staff` says."""
    rows = Staff.objects.prefetch_related("roles")
    if only is not None:
        rows = rows.filter(id=UUID(bytes=only))
    for word in search.split():
        rows = rows.filter(Q(name__icontains=word) | Q(email__icontains=word))
    if role is not None:
        rows = rows.filter(roles__role=role)
    return rows if active is None else rows.filter(is_active=active)


def staff_after(rows: QuerySet[Staff], after: bytes, *, by_name: bool, falling: bool) -> QuerySet[Staff]:
    """Return rows by arrival or by name, beyond the member whose id is `after` (zeros: from the start)."""
    order, way = ("name", "id") if by_name else ("id",), "lt" if falling else "gt"
    rows = rows.order_by(*(f"-{column}" if falling else column for column in order))
    last = Staff.objects.filter(id=UUID(bytes=after)).first() if any(after) else None
    if last is None or not by_name:
        return rows.filter(**{f"id__{way}": UUID(bytes=after)}) if any(after) else rows
    beyond = Q(**{f"name__{way}": last.name}) | Q(**{"name": last.name, f"id__{way}": last.id})
    return rows.filter(beyond)


def client_count(search: str = "", state: ClientState | None = None) -> int:
    """Return how many clients there are, of those with a part of the name and a state."""
    return store.count_clients(store.Wanted(search=search, state=state, now_s=clock.now_s()))


def idle_clients() -> int:
    """Return how many living clients have not been used for so long that somebody should look."""
    return client_count(state="idle")


def holders(role: str) -> QuerySet[Staff]:
    """Return the members of staff who hold a role, also those who cannot act."""
    return Staff.objects.filter(roles__role=role).order_by("id")


def counts() -> Mapping[str, int]:
    """Return how many members of staff who can act hold each role, by its name."""
    found = StaffRole.objects.filter(staff__is_active=True).values_list("role").annotate(Count("id"))
    return dict(found)


def names_of(actors: Iterable[bytes]) -> dict[bytes, str]:
    """Return the names of members of staff and clients by their ids; of the operator none. Unknown ids are left out."""
    wanted = {one for one in actors if one != OPERATOR_ID}
    members = Staff.objects.filter(id__in=[UUID(bytes=one) for one in wanted]).values_list("id", "name")
    found = {member.bytes: name for member, name in members}
    return found | store.client_names(wanted - found.keys())


def kind_of(maker: bytes) -> Literal["staff", "client", "operator"] | None:
    """Return what made a client: a member of staff, another client or the command line; None when it is not there."""
    if maker == OPERATOR_ID:
        return "operator"
    if Staff.objects.filter(id=UUID(bytes=maker)).exists():
        return "staff"
    return "client" if store.find_client(maker) else None


def tokens_of(client: bytes) -> tuple[TokenView, ...]:
    """Return the tokens of a client, the newest first: what may be seen of them, never a secret."""
    now_s = clock.now_s()
    return tuple(
        TokenView(
            start=rules.shown_start(row.kid), created_s=row.created_s, ends_s=row.ends_s, alive=_lives(row, now_s)
        )
        for row in store.tokens_of(client)
    )


def _lives(row: store.TokenRow, now_s: int) -> bool:
    return row.ends_s is None or row.ends_s > now_s


def made_with(client: bytes) -> tuple[Client, ...]:
    """Return the living clients that a client made, directly or not: they end when it is revoked."""
    below = rules.descendants((client,), store.living_makers())[1:]
    return tuple(views.client(row) for row in map(store.find_client, below) if row is not None)


def require_genuine_staff(member: Staff, roles: tuple[str, ...]) -> None:
    """Raise `RowAltered` when a member's row or roles are not as this installation wrote them."""
    if not store.is_genuine_staff(member, roles):
        log.warning("people.row-altered", table="people_staff", staff=ids.show("stf", member.id.bytes))
        errors.refuse_altered("member of staff")


def person_behind(actor: Actor) -> bytes:
    """Return the id of the person an actor stands for: a client is its maker, and its maker's maker, up to staff.

    What the operator of the command line made stands for the operator. Raises `RowAltered` when a row on the way is
    not as this installation wrote it, or is missing.
    """
    who = actor.id
    while actor.kind == "client" and (row := store.find_client(who)) is not None:
        if not store.is_genuine(row):
            errors.refuse_altered("client")
        who = row.created_by
    if actor.kind == "client" and who != OPERATOR_ID:
        member = Staff.objects.filter(id=UUID(bytes=who)).first()
        if member is None:
            errors.refuse_altered("maker of this client")
        require_genuine_staff(member, roles_of(who))
    return who


def has_owner() -> bool:
    """Say whether this installation has an owner who can act."""
    return bool(owners())


def owners() -> set[UUID]:
    """Return the members of staff who can act as owner; who became one by an altered row does not count."""
    found = Staff.objects.filter(roles__role="owner", is_active=True)
    return {member.id for member in found if store.is_genuine_staff(member, roles_of(member.id.bytes))}


def altered() -> dict[str, int]:
    """Return how many rows of each table are not as this installation wrote them."""
    clients = store.all_clients(store.Wanted(), after=b"", limit=_ALL)
    staff = Staff.objects.prefetch_related("roles")
    return {
        "people_client": sum(not store.is_genuine(row) for row in clients),
        "people_token": sum(not store.is_genuine(row) for row in store.all_tokens()),
        "people_staff": sum(not store.is_genuine_staff(row, [one.role for one in row.roles.all()]) for row in staff),
        "people_role": sum(not store.is_genuine_role(row) for row in RoleOverride.objects.all()),
    }


@cache
def _pack() -> dict[str, Role]:
    document = tomllib.loads(packs.read_text("roles.toml"))
    return {
        name: Role(
            name=name,
            label=entry["label"],
            grants=Grants(tuple(entry["actions"]), tuple(entry["purposes"])),
            means=entry["means"],
        )
        for name, entry in document.items()
    }


def roles(*, stored: bool = True) -> dict[str, Role]:
    """Return every role by name: those of the pack, and what this installation says instead or in addition."""
    return _pack() | (_overrides() if stored else {})


def _overrides() -> dict[str, Role]:
    return {row.name: _override(row) for row in RoleOverride.objects.order_by("name")}


def _override(row: RoleOverride) -> Role:
    if not store.is_genuine_role(row):
        # It does not fall back to what the pack says: an installation may have narrowed that.
        log.warning("people.row-altered", table="people_role")
        return Role(name=row.name, label={"en": row.name, "de": row.name}, grants=Grants(), stored=True)
    grants = store.grants_of(row.actions, row.purposes)
    return Role(name=row.name, label=json.loads(row.label), grants=grants, stored=True)


def grants_of(names: tuple[str, ...], *, stored: bool = True) -> Grants:
    """Return what the named roles grant together. A role that no longer exists grants nothing."""
    known = roles(stored=stored)
    return rules.union(known[name].grants for name in names if name in known)
