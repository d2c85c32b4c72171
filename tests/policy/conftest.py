"""The policy room over its own store, behind a gate that is wired with its decider and a notebook."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest

from keepfold import gate
from keepfold.gate.types import Actor, Entry
from keepfold.policy import queries
from keepfold.policy.decider import PolicyDecider
from keepfold.policy.types import PersonFacts
from tests.support.rows import marked

ANA = Actor(kind="staff", id=bytes(15) + b"a", name="Ana", actions=("policy.*",), purposes=("*",))
OLGA = Actor(kind="staff", id=bytes(15) + b"o", name="Olga", actions=("policy.*",), purposes=("*",))
# Who stands behind a client; the people room knows, and the site hands it over.
PEOPLE: dict[bytes, bytes] = {bytes(15) + b"1": ANA.id, bytes(15) + b"2": ANA.id}
MALLORY = Actor(kind="staff", id=bytes(15) + b"m", name="Mallory")


@dataclass
class Notebook:
    """A recorder that keeps entries in a list."""

    entries: list[Entry] = field(default_factory=list)

    def lock(self, subjects) -> None:
        """Do nothing: there is one writer."""

    def append(self, entry: Entry) -> None:
        """Keep the entry."""
        self.entries.append(entry)


@dataclass
class Room:
    """What a test may look at and turn: entries, and the facts about people."""

    store: str
    notebook: Notebook
    facts: dict[bytes, PersonFacts]

    def entry(self) -> Entry:
        """Return the last entry."""
        return self.notebook.entries[-1]


@pytest.fixture
def room(store: str) -> Iterator[Room]:
    """Return the room with empty tables and a wired gate, once on SQLite and once on PostgreSQL."""
    notebook = Notebook()
    facts: dict[bytes, PersonFacts] = {}
    before = queries._Wiring.person_of
    queries.wire_people(person_of=lambda actor: PEOPLE.get(actor.id, actor.id))
    with marked(), gate.wired(PolicyDecider(lambda person, _purpose: facts.get(person, PersonFacts())), notebook):
        yield Room(store, notebook, facts)
    queries.wire_people(person_of=before)
