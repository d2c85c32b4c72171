"""`keepfold customer …`: one customer at a time, with the same actions and the same refusals as the API.

It acts with the token in KEEPFOLD_TOKEN, or with the owner's in `<home>/owner.token`. Values to store come from
standard input as JSON, never from the command line, where other users of the machine could see them.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import click

from keepfold.cli import shown
from keepfold.consent import actions as consents
from keepfold.gate.types import Actor
from keepfold.kernel import config, ids
from keepfold.kernel.errors import Malformed, Unauthenticated
from keepfold.people import queries as people
from keepfold.site import installation
from keepfold.vault import actions as vault
from keepfold.vault.types import PREFIX

as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON on standard output.")
purpose_option = click.option("--purpose", required=True, help="A purpose of the active policy.")
reason_option = click.option("--reason", help="Why, such as a ticket number; never a person's data.")
channel_option = click.option("--channel", default="api", show_default=True, help="One of the policy's ask_in.")
customer_argument = click.argument("customer_id", metavar="CUSTOMER")


@click.group()
def customer() -> None:
    """Add, show, search and erase customers; grant and withdraw consents.

    Acts with the token in KEEPFOLD_TOKEN, or with the one in <home>/owner.token.
    """


def acting() -> Actor:
    """Return who acts. Raises `Unauthenticated` when there is no token, or none that is good."""
    token = os.environ.get("KEEPFOLD_TOKEN", "") or _kept_token(installation.token_file(config.current()))
    return people.authenticate(token.strip())


def _kept_token(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError:
        raise Unauthenticated(
            "There is no token to act with.",
            code="cli.no-token",
            next_step="Set KEEPFOLD_TOKEN to a token made by `keepfold client create`.",
        ) from None


def _values() -> Mapping[str, Any]:
    try:
        values = json.load(sys.stdin)
    except (ValueError, RecursionError):
        values = None
    if not isinstance(values, dict):
        raise Malformed(
            "Standard input is not one JSON object.",
            code="cli.json",
            next_step="""Pipe the values in: echo '{"email": "…"}' | keepfold customer add""",
        )
    return values


def _print(document: Any, *, as_json: bool, show: Callable[[Any], str]) -> None:
    click.echo(json.dumps(document, indent=2, ensure_ascii=False) if as_json else show(document))


@customer.command("add")
@click.option("--partial", is_flag=True, help="Store the rest when some fields are refused.")
@as_json
def add(*, partial: bool, as_json: bool) -> None:
    """Seal one new customer, whose values come as a JSON object on standard input."""
    sealed = vault.seal(actor=acting(), values=_values(), partial=partial)
    _print(shown.sealed(sealed), as_json=as_json, show=shown.sealed_text)


@customer.command("list")
@click.option("--after", metavar="CUSTOMER", help="Continue after this customer.")
@click.option("--limit", type=click.IntRange(1, 1000), default=20, show_default=True, help="At most so many.")
@as_json
def list_(*, after: str | None, limit: int, as_json: bool) -> None:
    """List the ids of customers. Their values are opened one by one, for a purpose."""
    start = ids.parse(PREFIX, after) if after else bytes(16)
    found = vault.list_people(actor=acting(), after=start, limit=limit)
    _print([ids.show(PREFIX, one) for one in found], as_json=as_json, show="\n".join)


@customer.command("show")
@customer_argument
@purpose_option
@click.option("--fields", help="Names with commas; all that the purpose lists when left out.")
@reason_option
@as_json
def show(*, customer_id: str, purpose: str, fields: str | None, reason: str | None, as_json: bool) -> None:
    """Open one customer's values for a purpose. The ledger entry is durable before you see anything."""
    opened = vault.open_record(
        actor=acting(),
        person=ids.parse(PREFIX, customer_id),
        purpose=purpose,
        fields=tuple(fields.split(",")) if fields else None,
        reason=reason,
    )
    _print(shown.opened(opened, purpose), as_json=as_json, show=shown.opened_text)


@customer.command("search")
@click.argument("field")
@purpose_option
@reason_option
@as_json
def search(*, field: str, purpose: str, reason: str | None, as_json: bool) -> None:
    """Find customers by an exact value of FIELD, which is asked for, or read from standard input."""
    value = click.prompt("Value", hide_input=True) if sys.stdin.isatty() else sys.stdin.readline().rstrip("\n")
    found = vault.search(actor=acting(), field=field, value=value, purpose=purpose, reason=reason)
    _print([ids.show(PREFIX, one) for one in found], as_json=as_json, show=shown.found_text)


@customer.command("update")
@customer_argument
@as_json
def update(*, customer_id: str, as_json: bool) -> None:
    """Set values of one customer from a JSON object on standard input; null removes a value."""
    done = vault.update(actor=acting(), person=ids.parse(PREFIX, customer_id), values=_values())
    _print(shown.updated(done), as_json=as_json, show=shown.updated_text)


@customer.command("erase")
@customer_argument
@click.option("--reason", required=True, help="Why, such as a ticket number.")
@click.confirmation_option("--yes", prompt="Erase this customer? The keys are destroyed; nobody can bring it back.")
@as_json
def erase(*, customer_id: str, reason: str, as_json: bool) -> None:
    """Erase one customer: rows and keys now, and thereby every backup of the rows."""
    done = vault.erase(actor=acting(), person=ids.parse(PREFIX, customer_id), reason=reason)
    _print(shown.erased(done), as_json=as_json, show=shown.erased_text)


@customer.group("consent")
def consent() -> None:
    """Record what a customer says about a purpose."""


@consent.command("grant")
@customer_argument
@purpose_option
@channel_option
@click.option("--form-version", help="Version of the form or notice that was shown.")
@as_json
def grant(*, customer_id: str, purpose: str, channel: str, form_version: str | None, as_json: bool) -> None:
    """Record a yes; it stays pending when the policy wants it confirmed (double opt-in)."""
    done = consents.grant_consent(
        actor=acting(),
        customer=ids.parse(PREFIX, customer_id),
        purpose=purpose,
        channel=channel,
        form_version=form_version,
    )
    _print(shown.consent(done), as_json=as_json, show=shown.consent_text)


@consent.command("confirm")
@customer_argument
@purpose_option
@as_json
def confirm(*, customer_id: str, purpose: str, as_json: bool) -> None:
    """Record the second step of a double opt-in."""
    done = consents.confirm_consent(actor=acting(), customer=ids.parse(PREFIX, customer_id), purpose=purpose)
    _print(shown.consent(done), as_json=as_json, show=shown.consent_text)


@consent.command("withdraw")
@customer_argument
@purpose_option
@channel_option
@as_json
def withdraw(*, customer_id: str, purpose: str, channel: str, as_json: bool) -> None:
    """Record a no: a withdrawal, an objection or an opt-out, as the purpose has it. It counts at once."""
    done = consents.withdraw_consent(
        actor=acting(), customer=ids.parse(PREFIX, customer_id), purpose=purpose, channel=channel
    )
    _print(shown.consent(done), as_json=as_json, show=shown.consent_text)


@consent.command("list")
@customer_argument
@as_json
def list_consents(*, customer_id: str, as_json: bool) -> None:
    """Say where a customer stands with each purpose. Asking is written down in the ledger."""
    found = consents.list_consents(actor=acting(), customer=ids.parse(PREFIX, customer_id))
    _print(
        [shown.consent(one) for one in found.consents],
        as_json=as_json,
        show=lambda documents: "\n".join(map(shown.consent_text, documents)) or "Nothing was said yet.",
    )
