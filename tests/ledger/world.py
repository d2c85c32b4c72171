"""A small log with something of everything: people alive, being erased and erased; batches; entries that wait."""

from __future__ import annotations

from typing import NamedTuple

from keepfold.kernel import db
from keepfold.ledger import sequencer
from keepfold.ledger.recorder import recorder
from tests.ledger.support import ANA, MadeKeys, sequence, write


class World(NamedTuple):
    """Who is there: two living people, one of whom only ever was in a batch, one being erased, two erased."""

    keys: MadeKeys
    alive: bytes
    quiet: bytes
    leaving: bytes
    gone: bytes
    gone_too: bytes


def build(keys: MadeKeys) -> World:
    """Fill an empty ledger."""
    world = World(keys, *keys.make(5))
    everybody = (world.alive, world.quiet, world.leaving, world.gone, world.gone_too)
    sequencer.checkpoint_beat()
    write(*everybody, action="vault.record.seal_many", details={"count": 5})
    for person in (world.alive, world.leaving, world.gone, world.gone_too, world.gone_too):
        write(person, fields=("email", "phone"), reason="ticket 17")
    write(action="people.client.create", actor=ANA)
    sequence()
    sequencer.checkpoint_beat()
    for _ in range(255):
        with_details = write(action="people.client.rotate", actor=ANA, details={"rotated": 0})
        assert with_details.id
    erase(world, world.gone)
    erase(world, world.gone_too)
    sequence()
    sequencer.checkpoint_beat()
    write(*everybody[:3], action="vault.record.open_many")
    sequence()
    sequencer.checkpoint_beat()
    write(world.alive, allowed=False)
    sequence()
    with db.atomic(durable=True):
        recorder.close_subject(world.leaving)
        write_inside(world.leaving)
    write(world.alive)
    write(world.alive, world.quiet, action="vault.record.open_many")
    write(action="people.client.create", actor=ANA)
    return world


def write_inside(person: bytes) -> None:
    """Write the entry of an erasure in the transaction that erases."""
    from tests.ledger.support import entry

    recorder.append(entry(person, action="vault.record.erase", reason="asked for it"))


def erase(world: World, person: bytes) -> None:
    """Erase somebody as the vault does: close, record, commit, destroy keys."""
    with db.atomic(durable=True):
        recorder.close_subject(person)
        write_inside(person)
    world.keys.destroy(person)
