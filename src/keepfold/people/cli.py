"""`keepfold client …` and `keepfold staff …`: API clients with their tokens, members of staff with their roles.

Whoever has a shell on the server acts as the operator and holds what owners hold; the ledger says so.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import click
from rich.console import Console
from rich.table import Table

from keepfold.kernel import ids
from keepfold.people import actions, queries, surface
from keepfold.people.errors import NoSuchStaff
from keepfold.people.models import Staff
from keepfold.people.signin import actions as entries
from keepfold.people.signin import links, members

as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON on standard output.")


def _print(document: Any, *, as_json: bool, show: Callable[[Any], None]) -> None:
    if as_json:
        click.echo(json.dumps(document, indent=2, ensure_ascii=False))
    else:
        show(document)


def _table(columns: Iterable[str], rows: Iterable[Iterable[str]]) -> None:
    first, *others = columns
    table = Table(box=None, header_style="bold", pad_edge=False)
    table.add_column(first, no_wrap=True, overflow="fold")
    for column in others:
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*row)
    Console().print(table)


@click.group()
def client() -> None:
    """API clients and their tokens."""


@client.command("create")
@click.argument("name")
@click.option("--action", "names", multiple=True, required=True, help="vault.record.open, or vault.*; repeat it.")
@click.option("--purpose", "purposes", multiple=True, help="A purpose of the policy, or *; repeat it.")
@click.option("--expires", type=click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S"]), help="When it ends (UTC).")
@click.option("--rate", type=int, default=actions.STANDARD_RATE, show_default=True, help="Requests per second.")
@as_json
def create(
    *, name: str, names: tuple[str, ...], purposes: tuple[str, ...], expires: datetime | None, rate: int, as_json: bool
) -> None:
    """Make a client and show its token, this once."""
    issued = actions.create_client(
        actor=queries.operator(),
        name=name,
        actions=names,
        purposes=purposes,
        expires_at=expires.replace(tzinfo=UTC) if expires else None,
        rate=rate,
    )
    _print(surface.issued(issued), as_json=as_json, show=_show_token)


def _show_token(document: dict[str, Any]) -> None:
    click.echo(document["token"])
    click.echo(f"Client {document['client']['id']} ({document['client']['name']}).", err=True)
    click.echo("Keep the token now: only its hash is stored, so nobody can show it again.", err=True)


@client.command("rotate")
@click.argument("client_id", metavar="CLIENT")
@click.option("--overlap", type=int, default=0, show_default=True, help="Seconds for which the old token still works.")
@as_json
def rotate(*, client_id: str, overlap: int, as_json: bool) -> None:
    """Give a client a new token and end the old one."""
    issued = actions.rotate_client(actor=queries.operator(), client=ids.parse("cli", client_id), overlap_s=overlap)
    _print(surface.issued(issued), as_json=as_json, show=_show_token)


@client.command("list")
@click.option("--all", "with_revoked", is_flag=True, help="Revoked ones too.")
@as_json
def list_(*, with_revoked: bool, as_json: bool) -> None:
    """List the clients."""
    found = actions.list_clients(actor=queries.operator(), revoked=with_revoked, limit=10_000)
    _print([surface.client(one) for one in found], as_json=as_json, show=_show_clients)


def _show_clients(documents: list[dict[str, Any]]) -> None:
    _table(
        ("Client", "Name", "Actions", "Purposes", "Last used", "State"),
        (
            (
                one["id"],
                one["name"],
                " ".join(one["actions"]),
                " ".join(one["purposes"]) or "none",
                one["last_used_at"] or "never",
                _state(one),
            )
            for one in documents
        ),
    )


def _state(one: dict[str, Any]) -> str:
    if one["revoked_at"]:
        return f"revoked {one['revoked_at']}"
    return f"until {one['expires_at']}" if one["expires_at"] else "open-ended"


@client.command("revoke")
@click.argument("client_id", metavar="CLIENT")
@as_json
def revoke(*, client_id: str, as_json: bool) -> None:
    """End a client, and every client it made, within a second."""
    found = actions.revoke_client(actor=queries.operator(), client=ids.parse("cli", client_id))
    _print(surface.client(found), as_json=as_json, show=lambda one: click.echo(f"Revoked {one['id']}."))


@click.group()
def staff() -> None:
    """Members of staff and their roles."""


@staff.command("add")
@click.argument("email")
@click.option("--name", required=True, help="Name of the person.")
@click.option("--role", "roles", multiple=True, help="owner, privacy_lead, support, …; repeat it.")
@as_json
def add(*, email: str, name: str, roles: tuple[str, ...], as_json: bool) -> None:
    """Add a member of staff."""
    member = actions.add_staff(actor=queries.operator(), email=email, name=name, roles=roles)
    _print(surface.staff(member), as_json=as_json, show=lambda one: click.echo(f"Added {one['id']}."))


@staff.command("list")
@as_json
def list_staff(*, as_json: bool) -> None:
    """List the members of staff."""
    found = actions.list_staff(actor=queries.operator(), limit=10_000)
    _print([surface.staff(one) for one in found], as_json=as_json, show=_show_staff)


def _show_staff(documents: list[dict[str, Any]]) -> None:
    _table(
        ("Member", "Name", "E-mail", "Roles", "State"),
        (
            (one["id"], one["name"], one["email"], " ".join(one["roles"]), "active" if one["is_active"] else "gone")
            for one in documents
        ),
    )


@staff.command("role")
@click.argument("who", metavar="MEMBER")
@click.argument("roles", nargs=-1)
@as_json
def role(*, who: str, roles: tuple[str, ...], as_json: bool) -> None:
    """Let a member (id or e-mail) hold exactly these ROLES. `keepfold staff roles` lists what there is."""
    member = actions.set_roles(actor=queries.operator(), staff=_staff_id(who), roles=roles)
    _print(surface.staff(member), as_json=as_json, show=lambda one: _show_staff([one]))


@staff.command("remove")
@click.argument("who", metavar="MEMBER")
@click.option("--with-clients", is_flag=True, help="Revoke the API clients they made, too.")
@as_json
def remove(*, who: str, with_clients: bool, as_json: bool) -> None:
    """Stop a member (id or e-mail) from acting."""
    member = actions.deactivate_staff(actor=queries.operator(), staff=_staff_id(who), with_clients=with_clients)
    _print(surface.staff(member), as_json=as_json, show=lambda one: click.echo(f"Deactivated {one['id']}."))


@staff.command("link")
@click.argument("who", metavar="MEMBER", required=False)
@click.option("--first-owner", is_flag=True, help="For the owner, as long as no owner can sign in.")
@click.option("--lost-device", is_flag=True, help="Using it removes app, passkeys and recovery codes.")
@as_json
def link(*, who: str | None, first_owner: bool, lost_device: bool, as_json: bool) -> None:
    """Make a link with which a member (id or e-mail) can sign in once and choose a password or passkey."""
    if bool(who) == first_owner:
        raise click.UsageError("Name a member, or say --first-owner.")
    staff, lasts_s = (_staff_id(who), links.INVITATION_S) if who else (members.owner_without_sign_in(), links.OWNER_S)
    made = _link(staff, lasts_s, clears=lost_device) if staff else None
    document = {"link": made and made.address, "expires_at": made and made.expires_at.isoformat(timespec="seconds")}
    _print(document, as_json=as_json, show=_show_link)


def _link(staff: bytes, lasts_s: int, *, clears: bool) -> entries.LinkMade:
    return entries.make_link(actor=queries.operator(), staff=staff, lasts_s=lasts_s, clears=clears)


def _show_link(document: dict[str, Any]) -> None:
    if not document["link"]:
        click.echo("An owner can sign in already.")
        return
    click.echo(document["link"])
    click.echo(f"It works once, until {document['expires_at']}. Earlier links of this member no longer do.", err=True)


@staff.command("roles")
@as_json
def roles_(*, as_json: bool) -> None:
    """List the roles and what they grant."""
    found = actions.list_roles(actor=queries.operator())
    _print([surface.role(one) for one in found], as_json=as_json, show=_show_roles)


def _show_roles(documents: list[dict[str, Any]]) -> None:
    _table(
        ("Role", "Label", "Actions", "Purposes"),
        (
            (one["name"], one["label"].get("en", ""), " ".join(one["actions"]), " ".join(one["purposes"]) or "none")
            for one in documents
        ),
    )


def _staff_id(who: str) -> bytes:
    if who.startswith("stf_"):
        return ids.parse("stf", who)
    found: UUID | None = Staff.objects.filter(email=who.lower()).values_list("id", flat=True).first()
    if found is None:
        raise NoSuchStaff("There is no member of staff with this e-mail address.", next_step="keepfold staff list")
    return found.bytes
