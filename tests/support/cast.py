"""The cast, and a working installation for it.

Ana is the privacy lead, Ben a support agent, Dora an auditor, Carl a customer, and Mallory nobody who should be here.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from keepfold.gate.types import Actor

POLICY = "media-shop"
CARL = {
    "first_name": "Carl",
    "last_name": "Lindqvist",
    "email": "carl.lindqvist@example.org",
    "phone": "+46 70 174 06 05",
    "city": "Göteborg",
    "country": "Sweden",
}


@dataclass(frozen=True)
class Installation:
    """A home, the name of the policy in force, and who may act. `carl` is the id of a customer, 16 bytes."""

    home: Path
    policy: str
    ana: Actor
    ben: Actor
    dora: Actor
    mallory: Actor
    operator: Actor
    carl: bytes


def set_up() -> None:
    """Make keys, the cast and an active policy in the present home, once for all tests."""
    from keepfold.people import actions as people
    from keepfold.people import queries
    from keepfold.site import wiring
    from keepfold.vault import keys

    wiring.wire()
    keys.init()
    operator = queries.operator()
    people.bootstrap_owner(actor=operator, email="owner@example.org", name="Olga")
    for email, name, role in (
        ("ana@example.org", "Ana", "privacy_lead"),
        ("ben@example.org", "Ben", "support"),
        ("dora@example.org", "Dora", "auditor"),
    ):
        people.add_staff(actor=operator, email=email, name=name, roles=(role,))
    wiring.activate_template(POLICY)


def enter(home: Path) -> Installation:
    """Wire the gate in the present home, bring Carl in, and return who is there."""
    from keepfold.people import queries
    from keepfold.people.models import Staff
    from keepfold.site import wiring
    from keepfold.vault import actions as vault

    wiring.wire()
    staff = {row.name: queries.staff_actor(row.id.bytes) for row in Staff.objects.all()}
    operator = queries.operator()
    carl = vault.seal(actor=operator, values=CARL)
    return Installation(
        home=home,
        policy=POLICY,
        ana=staff["Ana"],
        ben=staff["Ben"],
        dora=staff["Dora"],
        mallory=Actor(kind="staff", id=bytes(15) + b"m", name="Mallory"),
        operator=operator,
        carl=carl.id,
    )


def forget_everything() -> None:
    """Drop what this process remembers of another home, and whose language the last page was in."""
    from django.utils import translation

    from keepfold.kernel import clock, epoch, rowmac
    from keepfold.ledger import keyring, recorder
    from keepfold.people import sealing
    from keepfold.people.memory import memory
    from keepfold.site import facts, health, schema
    from keepfold.vault import keys

    translation.deactivate()
    clock.forget()
    epoch.forget()
    memory.forget()
    keys.forget()
    keyring.forget()
    recorder.forget()
    rowmac.forget()
    sealing.forget()
    facts.forget()
    health.forget()
    schema.forget()
