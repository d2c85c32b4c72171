"""Who and what there is when access is tried."""

from __future__ import annotations

from typing import Any

ROLES = ("owner", "privacy_lead", "security_lead", "support", "auditor", "developer")
# `bare` is signed in and has no role; `gone` was deactivated and still has a session; `nobody` has no session.
STAFF = (*ROLES, "bare")
EVERYBODY = (*STAFF, "gone", "nobody")
NAMES = {
    "owner": "Olga",
    "privacy_lead": "Ana",
    "security_lead": "Sam",
    "support": "Ben",
    "auditor": "Dora",
    "developer": "Devi",
    "bare": "Mallory",
    "gone": "Fred",
}
# Nils is nobody's browser: he is who is looked at and changed.
NEWCOMERS = (
    ("Sam", ("security_lead",)),
    ("Devi", ("developer",)),
    ("Mallory", ()),
    ("Fred", ("support",)),
    ("Nils", ()),
)


def set_up(installation: Any) -> dict[str, str]:
    """Bring the rest of the cast and one of each thing in; return the things by the name of their part."""
    from keepfold.kernel import ids
    from keepfold.ledger import sequencer
    from keepfold.people import actions as people
    from keepfold.policy import queries as policy

    operator = installation.operator
    members = {
        name: people.add_staff(actor=operator, email=f"{name.lower()}@example.org", name=name, roles=roles)
        for name, roles in NEWCOMERS
    }
    client = people.create_client(actor=operator, name="Web shop", actions=("people.client.list",))
    sequencer.sequence_once()
    return {
        "staff_id": ids.show("stf", members["Nils"].id),
        "client_id": ids.show("cli", client.client.id),
        "index": "0",
        "name": "support",
        "version": policy.active().version,
        "customer": ids.show("cus", installation.carl),
        "token": "kfl_" + "a" * 43,
        "draft": "drf_01m6gmjjfxfpdrtq75epy790dt",
        "shown": "imp_01m6gmjjfxfpdrtq75epy790dt",
    }


def enter(who: str) -> Any:
    """Return the browser of one of them, as Django's test client; whoever is `gone` left after signing in."""
    from tests.support.console import signed_in, visitor

    if who == "nobody":
        return visitor()
    browser = signed_in(NAMES[who])
    if who == "gone":
        _leave()
    return browser


def _leave() -> None:
    from keepfold.people import actions as people
    from keepfold.people import queries
    from keepfold.people.models import Staff

    row = Staff.objects.get(name=NAMES["gone"])
    if row.is_active:
        people.deactivate_staff(actor=queries.operator(), staff=row.id.bytes)
