"""The people room behind a gate that decides by grants alone, and the cast as actors."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from keepfold import gate
from keepfold.gate.types import Actor, Context, Decision, Entry
from keepfold.kernel import clock, epoch
from keepfold.people import actions, queries, rules
from keepfold.people.memory import memory
from tests.support.rows import marked

SYSTEM = queries.operator()


class GrantsOnly:
    """Decides as the policy does for actions without a customer: by what the actor holds."""

    def decide(self, context: Context) -> Decision:
        allowed = rules.covers_action(context.actor.actions, context.action)
        return Decision(allowed=allowed, rules=("grants",), reason="" if allowed else "Not granted.")


class Notebook:
    """Keeps the entries that the ledger would write."""

    def __init__(self) -> None:
        self.entries: list[Entry] = []

    def lock(self, subjects: Sequence[bytes]) -> None:
        """Nobody else is here."""

    def append(self, entry: Entry) -> None:
        self.entries.append(entry)

    def actions(self) -> list[str]:
        return [entry.context.action for entry in self.entries]


def forget() -> None:
    """Be a fresh process, whatever time the last test travelled to."""
    memory.forget()
    epoch.forget()
    clock.forget()


@pytest.fixture(autouse=True)
def fresh_memory():
    forget()
    yield
    forget()


@pytest.fixture(autouse=True)
def row_keys():
    """The vault's part: rows are marked under keys of the test."""
    with marked():
        yield


@pytest.fixture
def notebook():
    return Notebook()


@pytest.fixture
def database(stores):
    """The stores that a test runs on; a module that wants PostgreSQL as well overrides it with `store`."""
    return stores


@pytest.fixture
def door(database, notebook):
    with gate.wired(GrantsOnly(), notebook):
        yield notebook


def actor(*names: str, purposes: Sequence[str] = (), kind: str = "staff", id_: bytes = bytes(15) + b"a") -> Actor:
    return Actor(kind=kind, id=id_, actions=names, purposes=tuple(purposes))


@pytest.fixture
def ana(door):
    """Ana, privacy lead."""
    member = actions.add_staff(actor=SYSTEM, email="ana@shop.example", name="Ana", roles=("privacy_lead",))
    return queries.staff_actor(member.id)


@pytest.fixture
def ben(door):
    """Ben, support."""
    member = actions.add_staff(actor=SYSTEM, email="ben@shop.example", name="Ben", roles=("support",))
    return queries.staff_actor(member.id)
