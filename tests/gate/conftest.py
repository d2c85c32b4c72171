"""A gate with a decider that does as it is told and a recorder that writes rows, so that a roll-back shows."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
import pytest

from keepfold import gate
from keepfold.gate import Actor, Context, Decision, Entry, spec
from keepfold.gate.catalogue import Known
from keepfold.kernel import db, ids
from keepfold.kernel.errors import Unavailable

BEN = Actor(kind="staff", id=ids.uuid7(), name="Ben", roles=("support",))
CARL = ids.uuid7()
CAROL = ids.uuid7()
NAMES = ("shop.order.place", "shop.order.cancel", "shop.stock.take", "shop.order.read", "shop.note.read")


class Decider:
    """Allows everything except the named actions."""

    def __init__(self) -> None:
        self.denied: set[str] = set()
        self.asked: list[Context] = []

    def decide(self, context: Context) -> Decision:
        """Decide."""
        self.asked.append(context)
        if context.action in self.denied:
            return Decision(
                allowed=False, rules=("shop.rule-7", "shop.rule-9"), reason="Ben may not.", next_step="Ask Ana."
            )
        return Decision(allowed=True, rules=("shop.rule-1",), purpose_number=3, policy_hash=b"p" * 32)


class Recorder:
    """Writes each entry as a row of its own table; fails when told to."""

    def __init__(self) -> None:
        self.failing: set[str] = set()
        self.locked: list[tuple[bytes, ...]] = []
        self.entries: dict[bytes, Entry] = {}

    def lock(self, subjects) -> None:
        """Remember."""
        self.locked.append(tuple(subjects))

    def append(self, entry: Entry) -> None:
        """Write a row."""
        if entry.context.action in self.failing:
            raise Unavailable("The ledger does not answer.", code="ledger.away")
        self.entries[entry.id] = entry
        db.execute(
            "default",
            "INSERT INTO gate_entry (id, action, allowed) VALUES (%s, %s, %s)",
            [entry.id, entry.context.action, int(entry.decision.allowed)],
        )

    def kept(self) -> list[Entry]:
        """Return the entries whose rows are there, in the order they were written."""
        return [self.entries[row[0]] for row in db.fetch_all("default", "SELECT id FROM gate_entry ORDER BY n")]


class Door(msgspec.Struct):
    """The wired gate under test."""

    decider: Decider
    recorder: Recorder

    def written(self) -> list[tuple[str, bool]]:
        """Return (action, allowed) of every entry that stayed."""
        return [(entry.context.action, entry.decision.allowed) for entry in self.recorder.kept()]


@pytest.fixture(autouse=True)
def catalogue(monkeypatch) -> None:
    """Let the gate know the actions of a made-up shop, and forget them afterwards."""
    known = {name: Known(number, {"en": name}, "change") for number, name in enumerate(NAMES, 1)}
    monkeypatch.setattr(spec, "known", known.__getitem__)
    monkeypatch.setattr(spec, "_registered", {})


@pytest.fixture
def door(store) -> Iterator[Door]:
    """Return a wired gate on a database with a table of entries and a table of orders."""
    number = "bigserial PRIMARY KEY" if store == "postgres" else "INTEGER PRIMARY KEY"
    blob = "bytea" if store == "postgres" else "BLOB"
    db.execute("default", f"CREATE TABLE gate_entry (n {number}, id {blob} UNIQUE, action text, allowed integer)")
    db.execute("default", "CREATE TABLE shop_order (name text PRIMARY KEY)")
    door = Door(Decider(), Recorder())
    with gate.wired(door.decider, door.recorder):
        yield door


def put(name: str) -> None:
    """Write an order."""
    db.execute("default", "INSERT INTO shop_order (name) VALUES (%s)", [name])


def orders() -> list[str]:
    """Return all orders that stayed."""
    return [row[0] for row in db.fetch_all("default", "SELECT name FROM shop_order ORDER BY name")]
