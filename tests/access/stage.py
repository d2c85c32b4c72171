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
# Nobody is signed in as Nils and Nina: they are who is looked at and changed; Nina has left.
NEWCOMERS = (
    ("Sam", ("security_lead",)),
    ("Devi", ("developer",)),
    ("Mallory", ()),
    ("Fred", ("support",)),
    ("Nils", ()),
    ("Nina", ()),
)


def set_up(installation: Any) -> dict[str, str]:
    """Bring the rest of the cast and one of each thing in; return the things by the name of their part."""
    from keepfold.kernel import ids
    from keepfold.ledger import sequencer
    from keepfold.people import actions as people
    from keepfold.policy import queries as policy
    from keepfold.vault import actions as vault

    operator = installation.operator
    members = {
        name: people.add_staff(actor=operator, email=f"{name.lower()}@example.org", name=name, roles=roles)
        for name, roles in NEWCOMERS
    }
    people.deactivate_staff(actor=operator, staff=members["Nina"].id)
    override_role(operator)
    client = people.create_client(actor=operator, name="Web shop", actions=("people.client.list",))
    vault.open_record(actor=operator, person=installation.carl, purpose="support", reason="tried")
    found = {
        "staff_id": ids.show("stf", members["Nils"].id),
        "client_id": ids.show("cli", client.client.id),
        "name": "developer",
        "left_id": ids.show("stf", members["Nina"].id),
        "version": policy.active().version,
        "customer": ids.show("cus", installation.carl),
        "token": make_link(members["Nils"].id),
        "draft": begin_draft(installation.ana),
        "import_id": begin_import(installation.ana),
        "run_id": ask_to_verify(installation.ana),
        "revision": "1",
        "factor": "1",
        "chapter": "explanation/vault",
        **failures(),
    }
    while sequencer.sequence_once():
        pass
    return found | places_in_the_ledger()


FILE = b"""given,family,mail,telephone,town
Carl,Larsson,carl.larsson@example.org,+46 70 174 06 01,Sundborn
Karin,Larsson,karin.larsson@example.org,+46 70 174 06 02,Sundborn
Nobody,,not-an-address,,
"""


def ask_to_verify(actor: Any) -> str:
    """Ask for a verification of the ledger; return its id as it is shown."""
    from keepfold.kernel import ids
    from keepfold.ledger import actions

    return ids.show("ver", actions.start_verification(actor=actor).id)


def failures() -> dict[str, str]:
    """Let a job and a delivery have failed for good; return their numbers."""
    from keepfold.kernel import clock, ids
    from keepfold.kernel.jobs import kinds
    from keepfold.kernel.models import Delivery, Event, Job

    now, dead = clock.now_us(), 2
    job = Job.objects.create(
        kind=min(kinds()),
        state=dead,
        attempts=8,
        run_us=now,
        created_us=now,
        ended_us=now,
        error="Unavailable(kernel.storage) at kernel/store.py:1 · The store is busy. Try again in a moment.",
    )
    event = Event.objects.create(event_id=ids.uuid7(), kind="people.StaffAdded", payload=b"{}", created_us=now)
    delivery = Delivery.objects.create(event=event, handler="people.nobody", state=dead, attempts=8, due_us=now)
    return {"job": str(job.id), "delivery": str(delivery.id)}


def places_in_the_ledger() -> dict[str, str]:
    """Return where the ledger says something about a customer, and something about staff."""
    from keepfold.kernel import db, ids
    from keepfold.ledger import queries as ledger

    size = ledger.status().size
    views = [ledger.show(index) for index in range(size)]
    deed = next(index for index, view in enumerate(views) if view.action == "people.staff.add")
    opening = next(index for index, view in enumerate(views) if view.action == "vault.record.open")
    ref = db.fetch_one("default", "SELECT ref FROM ledger_entry WHERE idx = %s", [opening])
    assert ref is not None
    return {"index": str(opening), "deed": str(deed), "entry": ids.show("ent", bytes(ref[0]))}


def override_role(actor: Any) -> None:
    """Let this installation say itself what developers may do: the same as before."""
    from keepfold.people import actions, queries

    packed = queries.roles()["developer"]
    grants = packed.grants
    actions.define_role(
        actor=actor, name="developer", actions=grants.actions, purposes=grants.purposes, label=packed.label
    )


def make_link(staff: bytes) -> str:
    """Return the secret of a link by which somebody can set up signing in."""
    from uuid import UUID

    from keepfold.people.signin import links

    return links.make(UUID(bytes=staff), links.INVITATION_S)


def begin_draft(actor: Any, title: str = "Ask for less") -> str:
    """Begin to draft a policy: the one in force with a comment; return the draft's id as it is shown."""
    from keepfold.kernel import ids
    from keepfold.policy import actions, queries

    source = queries.template(queries.active().policy_id) + "\n# A comment that stays.\n"
    made = actions.start_draft(actor=actor, title=title, text=source, base=queries.active().version)
    return ids.show("drf", made)


def begin_import(actor: Any, content: bytes = FILE, name: str = "customers.csv") -> str:
    """Upload a file of customers; return the import's id as it is shown."""
    from keepfold.intake import actions
    from keepfold.intake.types import Origin
    from keepfold.intake.uploads import Receiver
    from keepfold.kernel import ids

    received = Receiver()
    received.take(content)
    received.finish()
    return ids.show("imp", actions.add_upload(actor=actor, received=received, origin=Origin(name=name)))


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
