"""The facts that decisions ask for. Inside the process only; a surface reads a person's consents by an action."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import cast

from django.utils.translation import gettext_noop

from keepfold.consent import counting, rules, store
from keepfold.consent.errors import StateAltered
from keepfold.consent.types import Persons, Said, SaidOn, Standing
from keepfold.kernel import clock
from keepfold.kernel.db import Row
from keepfold.kernel.errors import Unavailable
from keepfold.kernel.log import get_logger
from keepfold.policy import queries as policy
from keepfold.policy.types import ConsentFact, ConsentStatus, Schema

_STATUS: dict[int, ConsentStatus] = {
    store.GRANTED: "granted",
    store.WITHDRAWN: "withdrawn",
    store.OBJECTED: "objected",
    store.OPTED_OUT: "opted_out",
}
_COUNTED = {number: word for word, number in store.STATUS.items()} | {store.NONE: "unconfirmed"}
_SAID = {number: word for word, number in store.SAID.items()}
MOST_WAITING = 10_000
# What people read for what was said and where; translated where it is shown.
SAID_WORDS: Mapping[Said, str] = {
    "asked": gettext_noop("Said yes, to be confirmed"),
    "granted": gettext_noop("Said yes"),
    "confirmed": gettext_noop("Confirmed the yes"),
    "withdrawn": gettext_noop("Withdrew"),
    "objected": gettext_noop("Objected"),
    "opted_out": gettext_noop("Opted out"),
}
CHANNEL_WORDS: Mapping[str, str] = {
    "signup_form": gettext_noop("Sign-up form"),
    "account_form": gettext_noop("Account page"),
    "checkout_form": gettext_noop("Checkout"),
    "banner": gettext_noop("Banner"),
    "portal": gettext_noop("Portal"),
    "api": gettext_noop("Program"),
    "email": gettext_noop("E-mail"),
    "paper": gettext_noop("On paper"),
    "store_verbal": gettext_noop("In the shop, spoken"),
    "phone_verbal": gettext_noop("On the telephone"),
}
_ALTERED = ConsentFact(status="withdrawn", at_s=0, altered=True)

log = get_logger()


def facts_of(person: bytes) -> Mapping[str, ConsentFact]:
    """Return what a person has decided, by purpose of the active policy. One query, never cached.

    What waits for a confirmation is not a decision and is left out. A state that is not as this installation wrote it,
    or not the one after the newest event, is a fact that refuses the purpose, whatever it rests on. Raises
    `Unavailable` while no policy is active.
    """
    rows = store.facts(person)
    if not rows:
        return {}
    names = purpose_names(policy.schema())
    return {names[row[1]]: fact for row in rows if row[1] in names and (fact := _fact(row)) is not None}


def facts_of_many(persons: Sequence[bytes], purpose: str) -> dict[bytes, Mapping[str, ConsentFact]]:
    """Return what each of many people has decided about one purpose; those who have said nothing are left out.

    One query for each 500 people, never cached. Raises `Unavailable` while no policy is active.
    """
    spec = policy.schema().purposes.get(purpose)
    rows = () if spec is None else store.facts_of_many(persons, spec.number)
    return {row[0]: {purpose: fact} for row in rows if (fact := _fact(row)) is not None}


def _fact(row: Row) -> ConsentFact | None:
    if not store.is_current(row):
        log.warning("consent.row-altered", table="consent_state")
        return _ALTERED
    status = _STATUS.get(row[3])
    return None if status is None else ConsentFact(status=status, at_s=row[4], expires_s=row[5])


def altered() -> dict[str, int]:
    """Return how many rows of each table are not as this installation wrote them, or do not fit one another."""
    found = {"consent_event": 0, "consent_state": 0}
    for page in store.people():
        found["consent_event"] += store.altered_events(page)
        found["consent_state"] += store.altered_states(page)
    return found


def state(person: bytes, purpose: int) -> store.StateRow | None:
    """Return the state of one person and purpose, or None. Raises `StateAltered`."""
    return next((row for row in states(person) if row.purpose == purpose), None)


def states(person: bytes) -> list[store.StateRow]:
    """Return the states of one person, by purpose. Raises `StateAltered` when one is not what was recorded."""
    rows = sorted(store.facts(person), key=lambda row: row[1])
    if not all(map(store.is_current, rows)):
        log.warning("consent.row-altered", table="consent_state")
        raise StateAltered(
            "What is stored about this person's wishes is not as Keepfold wrote it, so it counts for nothing.",
            rule="consent.altered",
            next_step="`keepfold doctor` counts such rows; the ledger says what was recorded. Record the wish again.",
        )
    return [store.state_of(row) for row in rows]


def standings() -> dict[str, Standing]:
    """Return how many people stand where with each purpose of the active policy. Running counts, quick at any size.

    A consent that ends today still counts as given. Raises `Unavailable` while no policy is active.
    """
    today, names = counting.day_of(clock.now_s()), purpose_names(policy.schema())
    numbers: dict[str, Counter[str]] = {name: Counter() for name in names.values()}
    for count in counting.standings():
        if count.purpose in names:
            over = count.word == store.GRANTED and counting.NEVER < count.day < today
            numbers[names[count.purpose]]["expired" if over else _COUNTED[count.word]] += count.number
    since_s = clock.now_s() - rules.CONFIRM_WITHIN_S
    return {
        names[number]: Standing(
            purpose=names[number],
            waiting=store.waiting(number, since_s, MOST_WAITING),
            **{word: max(0, much) for word, much in numbers[names[number]].items()},
        )
        for number in names
    }


def said_since(purpose: str, days: int) -> tuple[SaidOn, ...]:
    """Return how often what was said about a purpose of the active policy, on each of the last days."""
    spec = policy.schema().purposes[purpose]
    first = counting.day_of(clock.now_s()) - days + 1
    return tuple(
        SaidOn(said=cast("Said", _SAID[count.word]), day=count.day, number=count.number)
        for count in counting.said_since(spec.number, first)
    )


uncount = store.uncount


class _Names:
    """The names by number of the schema that was asked for last; schemas are immutable."""

    schema: Schema | None = None
    names: Mapping[int, str] = {}


def purpose_names(schema: Schema) -> Mapping[int, str]:
    """Return the names of a schema's purposes by registry number."""
    if _Names.schema is not schema:
        _Names.names = {spec.number: name for name, spec in schema.purposes.items()}
        _Names.schema = schema
    return _Names.names


class _Wiring:
    """What the site has handed over; None until then."""

    persons: Persons | None = None
    count: Callable[[], int] | None = None


def wire(*, persons: Persons, count: Callable[[], int] | None = None) -> None:
    """Hand over who knows which people are there, and how many. Until the site did, nothing is recorded."""
    _Wiring.persons, _Wiring.count = persons, count


def silent(standing: Standing) -> int | None:
    """Return how many people have said nothing about a purpose; None while nobody was wired who can count them."""
    return None if _Wiring.count is None else max(0, _Wiring.count() - standing.spoken)


def is_known(person: bytes) -> bool:
    """Say whether this person is there and not erased. Raises `Unavailable` while nobody was wired who knows."""
    if _Wiring.persons is None:
        raise Unavailable("The consent room is not wired to the vault.", code="consent.unwired")
    return _Wiring.persons(person)
