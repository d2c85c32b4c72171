"""Loads the demonstration step by step, goes on where it was interrupted, and takes it away again."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import date
from itertools import islice

import msgspec

from keepfold.demo import actions, generator, queries, store
from keepfold.demo.fit import newcomer
from keepfold.demo.lists import locales
from keepfold.demo.types import History, Mark, Newcomer
from keepfold.gate import Actor
from keepfold.kernel.errors import Conflict, NotAllowed
from keepfold.people import actions as people
from keepfold.people import queries as staff
from keepfold.policy import actions as policy_actions
from keepfold.policy import queries as policy
from keepfold.policy.errors import NoPolicy
from keepfold.vault import actions as vault

SEED = 1
PEOPLE = 2000
READINGS = 160
POLICY = "shop"
ASKED_FOR, ASKED_IN = "newsletter", "signup_form"
# Ana leads privacy, Ben answers customers, Dora audits: nobody's real address (RFC 2606).
CAST = (
    ("ana@shop.example", "Ana", "privacy_lead"),
    ("ben@shop.example", "Ben", "support"),
    ("dora@shop.example", "Dora", "auditor"),
)
# Who looked people up, and what for: of ten, six are Ben's. Some of it is refused (Ben does not send newsletters, Dora
# opens nothing, many gave no consent): that is what the ledger has to show.
SHIFTS = ("ben", "ben", "ana", "ben", "ana", "ben", "ben", "dora", "ana", "ben")
PURPOSES = ("support", "support", "fulfil_order", "support", "bookkeeping", "newsletter", "fulfil_order", "support")
REASONS = ("parcel-late", "wrong-item", "address-changed", "question-about-invoice", "refund")
_BATCH = 500
_ERASE_AT_ONCE = 100
Watch = Callable[[int], None]


def ensure_policy(actor: Actor) -> None:
    """Put the shop's policy in force where there is none. Raises `Conflict` where another one is."""
    try:
        active = policy.active().policy_id
    except NoPolicy:
        version = policy_actions.submit_version(actor=actor, source=policy.template(POLICY), name=POLICY)
        policy_actions.activate(actor=actor, version=version.version)
        return
    if active != POLICY:
        raise Conflict(
            f"The policy {active} is in force; the demonstration is a shop and needs the policy {POLICY}.",
            code="demo.other-policy",
            next_step=f"Use another home (KEEPFOLD_HOME), or activate the template {POLICY}.",
        )


def load_people(actor: Actor, mark: Mark, watch: Watch) -> tuple[int, int]:
    """Bring in the people who are not in yet; return how many consents and withdrawals were recorded."""
    made = generator.customers(locales(), mark.wanted, seed=mark.seed, today=mark.day)
    waiting = (newcomer(number, customer) for number, customer in enumerate(made) if number >= mark.loaded)
    consents = withdrawals = 0
    for batch in _batches(waiting):
        done = actions.load_people(actor=actor, newcomers=batch, mark=mark, purpose=ASKED_FOR, channel=ASKED_IN)
        mark = msgspec.structs.replace(mark, loaded=mark.loaded + len(batch))
        consents, withdrawals = consents + done.consents, withdrawals + done.withdrawals
        watch(mark.loaded)
    return consents, withdrawals


def _batches(waiting: Iterator[Newcomer]) -> Iterator[list[Newcomer]]:
    while batch := list(islice(waiting, _BATCH)):
        yield batch


def read_the_past(actor: Actor, mark: Mark) -> History:
    """Let the cast look people up as they did in the past, and be refused where the policy says so."""
    readers = _cast(actor)
    there = queries.living()
    planned = generator.readings(
        READINGS,
        len(there),
        staff=len(readers),
        purposes=len(PURPOSES),
        reasons=len(REASONS),
        seed=mark.seed,
    )
    allowed = sum(_read(readers, there, reading) for reading in planned)
    store.put_mark(msgspec.structs.replace(mark, loaded=mark.wanted, read=True))
    return History(allowed=allowed, refused=len(planned) - allowed)


def _read(readers: Sequence[Actor], there: Sequence[bytes], reading: generator.Reading) -> bool:
    try:
        vault.open_record(
            actor=readers[reading.staff],
            person=there[reading.customer],
            purpose=PURPOSES[reading.purpose],
            reason=REASONS[reading.reason],
        )
    except NotAllowed:
        return False
    return True


def _cast(actor: Actor) -> list[Actor]:
    """Return Ana, Ben and Dora as actors, by shift; those who are missing are added to the staff."""
    known = {member.email: member.id for member in people.list_staff(actor=actor, limit=10_000) if member.is_active}
    for email, name, role in CAST:
        if email not in known:
            known[email] = people.add_staff(actor=actor, email=email, name=name, roles=(role,)).id
    return [staff.staff_actor(known[f"{name}@shop.example"]) for name in SHIFTS]


def require_no_real_people() -> None:
    """Raise `Conflict` when somebody is in the vault who is not of the demonstration."""
    real = queries.real_people()
    if real:
        raise Conflict(
            f"This store holds {real:,} customers who are not of the demonstration. Nothing was changed.",
            code="demo.real-people",
            next_step="Keep the demonstration apart: point KEEPFOLD_HOME to another directory.",
        )


def remove_people(actor: Actor, watch: Watch) -> int:
    """Erase the demonstration's people like anybody who asks for it: keys destroyed, entries in the ledger."""
    there, gone = store.people(), 0
    for place in range(0, len(there), _ERASE_AT_ONCE):
        gone += actions.remove_people(actor=actor, people=there[place : place + _ERASE_AT_ONCE])
        watch(min(place + _ERASE_AT_ONCE, len(there)))
    store.remove_mark()
    return gone


def fresh_mark(wanted: int, seed: int, today: date) -> Mark:
    """Return the mark of a demonstration of which nothing is loaded yet."""
    return Mark(seed=seed, day=today, wanted=wanted, loaded=0, read=False)
