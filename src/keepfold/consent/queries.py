"""The facts that decisions ask for. Inside the process only; a surface reads a person's consents by an action."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from keepfold.consent import store
from keepfold.consent.types import Persons
from keepfold.kernel.errors import Unavailable
from keepfold.policy import queries as policy
from keepfold.policy.types import ConsentFact, ConsentStatus, Schema

_STATUS: dict[int, ConsentStatus] = {
    store.GRANTED: "granted",
    store.WITHDRAWN: "withdrawn",
    store.OBJECTED: "objected",
    store.OPTED_OUT: "opted_out",
}


def facts_of(person: bytes) -> Mapping[str, ConsentFact]:
    """Return what a person has decided, by purpose of the active policy. One query, never cached.

    What waits for a confirmation is not a decision and is left out. Raises `Unavailable` while no policy is active.
    """
    rows = store.facts(person)
    if not rows:
        return {}
    names = purpose_names(policy.schema())
    return {
        names[purpose]: ConsentFact(status=_STATUS[status], at_s=at_s, expires_s=expires_s)
        for purpose, status, at_s, expires_s in rows
        if purpose in names
    }


def facts_of_many(persons: Sequence[bytes], purpose: str) -> dict[bytes, Mapping[str, ConsentFact]]:
    """Return what each of many people has decided about one purpose; those who have said nothing are left out.

    One query for each 500 people, never cached. Raises `Unavailable` while no policy is active.
    """
    spec = policy.schema().purposes.get(purpose)
    rows = () if spec is None else store.facts_of_many(persons, spec.number)
    return {
        person: {purpose: ConsentFact(status=_STATUS[status], at_s=at_s, expires_s=expires_s)}
        for person, status, at_s, expires_s in rows
    }


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


def wire(*, persons: Persons) -> None:
    """Hand over who knows which people are there. The site does so at start-up; until then nothing is recorded."""
    _Wiring.persons = persons


def is_known(person: bytes) -> bool:
    """Say whether this person is there and not erased. Raises `Unavailable` while nobody was wired who knows."""
    if _Wiring.persons is None:
        raise Unavailable("The consent room is not wired to the vault.", code="consent.unwired")
    return _Wiring.persons(person)
