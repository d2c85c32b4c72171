"""Builds the home that the journeys start from: `KEEPFOLD_HOME=… python -m tests.journeys.world`.

A shop with the demonstration's policy and some hundred customers, the cast as staff, Carl with known values, and a
past: the clock is set back while the past is made, so that its entries really carry their times. A process of its own,
since a home's keys and settings belong to the process that uses it. Prints one JSON document of what is where.
"""

from __future__ import annotations

import json
import os
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import time_machine

CUSTOMERS = 300
PASSWORD = "seventeen quiet herons over the fold"
CARL = {
    "email": "carl.lindqvist@example.org",
    "first_name": "Carl",
    "last_name": "Lindqvist",
    "phone": "+46 70 174 06 05",
    "address": "Vasagatan 4",
    "city": "Göteborg",
    "postal_code": "411 24",
    "country": "SE",
    "order_items": [{"item": "Beech cutting board", "quantity": 1, "price": 34.0, "bought_on": "2026-01-15"}],
    "iban": "SE4550000000058398257466",
}
# (address, name, roles). Mallory was a support agent once; Fred has left; Nora is new.
CAST = (
    ("ana@shop.example", "Ana Ahlgren", ("privacy_lead",)),
    ("ben@shop.example", "Ben Bauer", ("support",)),
    ("dora@shop.example", "Dora Dimou", ("auditor",)),
    ("sam@shop.example", "Sam Silva", ("security_lead",)),
    ("dev@shop.example", "Devi Das", ("developer",)),
    ("mallory@shop.example", "Mallory Malm", ("support",)),
    ("fred@shop.example", "Fred Faber", ("support",)),
    ("nora@shop.example", "Nora Nilsson", ("support",)),
)
OWNER = ("olga@shop.example", "Olga Olsen")
# What was done with Carl's record: days ago, who, purpose, fields (None: all of the purpose), the reason they wrote.
PAST = (
    (20, "ben", "support", ("email", "phone"), "old-question"),
    (6, "ben", "support", ("email", "phone"), "FW-20418"),
    (4, "ana", "fulfil_order", ("phone", "address"), "parcel-late"),
    (3, "ben", "support", ("email",), "FW-20433"),
    (2, "dora", "support", ("phone",), "curious"),
)


def build(home: Path, customers: int = CUSTOMERS) -> dict[str, Any]:
    """Make the home and return what is where: ids as they are shown."""
    now = datetime.now(UTC)
    with time_machine.travel(now - timedelta(days=30)):
        _install()
        _people(customers)
    with time_machine.travel(now - timedelta(days=21)):
        found = _carl_and_staff()
    for days, who, purpose, fields, reason in PAST:
        with time_machine.travel(now - timedelta(days=days)):
            _open(found, who, purpose, fields, reason)
    _leavers(found)
    return {"home": str(home), **found, "parts": _parts(found), "own": {"dev": _draft_of_devs(found)}}


def _parts(found: dict[str, Any]) -> dict[str, str]:
    """Return what the changing parts of addresses stand for."""
    from keepfold.kernel import ids
    from keepfold.ledger import sequencer
    from keepfold.people import queries as people
    from keepfold.policy import queries as policy
    from tests.access import stage

    stage.override_role(people.operator())
    ana = people.staff_actor(ids.parse("stf", found["staff"]["ana"]))
    parts = {
        "customer": found["carl"],
        "staff_id": found["staff"]["ben"],
        "left_id": found["staff"]["fred"],
        "token": stage.make_link(ids.parse("stf", found["staff"]["nora"])),
        "draft": stage.begin_draft(ana),
        "import_id": stage.begin_import(ana),
        "run_id": stage.ask_to_verify(ana),
        "revision": "1",
        "factor": "1",
        "chapter": "explanation/vault",
        "client_id": _client(),
        "name": "developer",
        "version": policy.active().version,
        **stage.failures(),
    }
    while sequencer.sequence_once():
        pass
    return parts | stage.places_in_the_ledger()


def _draft_of_devs(found: dict[str, Any]) -> dict[str, str]:
    """Return a draft of the developer's: a draft of somebody else is not theirs to see."""
    from keepfold.kernel import ids
    from keepfold.people import queries as people
    from tests.access import stage

    return {"draft": stage.begin_draft(people.staff_actor(ids.parse("stf", found["staff"]["dev"])), "A field less")}


def _install() -> None:
    from keepfold.site import installation

    installation.init(lambda _text: None, owner_email=OWNER[0], owner_name=OWNER[1])
    from keepfold.site import wiring

    wiring.wire()


def _people(count: int) -> None:
    from keepfold.demo import loading
    from keepfold.kernel import clock
    from keepfold.people import queries as people

    mark = loading.fresh_mark(count, loading.SEED, clock.now().date())
    loading.load_people(people.operator(), mark, lambda _done: None)


def _carl_and_staff() -> dict[str, Any]:
    from keepfold.consent import actions as consent
    from keepfold.kernel import ids
    from keepfold.people import actions as people
    from keepfold.people import queries
    from keepfold.people.models import Staff
    from keepfold.vault import actions as vault

    operator = queries.operator()
    for email, name, roles in CAST:
        people.add_staff(actor=operator, email=email, name=name, roles=roles)
    carl = vault.seal(actor=operator, values=CARL).id
    consent.grant_consent(actor=operator, customer=carl, purpose="newsletter", channel="signup_form")
    consent.confirm_consent(actor=operator, customer=carl, purpose="newsletter")
    staff = {row.email.partition("@")[0]: ids.show("stf", row.id.bytes) for row in Staff.objects.all()}
    return {"carl": ids.show("cus", carl), "staff": staff}


def _open(found: dict[str, Any], who: str, purpose: str, fields: tuple[str, ...], reason: str) -> None:
    from keepfold.kernel import clock, ids
    from keepfold.kernel.errors import NotAllowed
    from keepfold.people import queries
    from keepfold.vault import actions as vault

    clock.forget()
    actor = queries.staff_actor(ids.parse("stf", found["staff"][who]))
    try:
        vault.open_record(
            actor=actor, person=ids.parse("cus", found["carl"]), purpose=purpose, fields=fields, reason=reason
        )
    except NotAllowed:
        if who != "dora":
            raise


def _leavers(found: dict[str, Any]) -> None:
    from keepfold.kernel import ids
    from keepfold.people import actions as people
    from keepfold.people import queries

    operator = queries.operator()
    people.set_roles(actor=operator, staff=ids.parse("stf", found["staff"]["mallory"]), roles=())
    people.deactivate_staff(actor=operator, staff=ids.parse("stf", found["staff"]["fred"]))


def _client() -> str:
    from keepfold.kernel import ids
    from keepfold.people import actions as people
    from keepfold.people import queries

    issued = people.create_client(
        actor=queries.operator(), name="Web shop", actions=("vault.record.seal",), purposes=("fulfil_order",)
    )
    return ids.show("cli", issued.client.id)


def main() -> None:
    """Build in KEEPFOLD_HOME."""
    home = Path(os.environ["KEEPFOLD_HOME"])
    sys.stdout.write(json.dumps(build(home, int(os.environ.get("JOURNEY_CUSTOMERS", CUSTOMERS)))) + "\n")


if __name__ == "__main__":
    main()
