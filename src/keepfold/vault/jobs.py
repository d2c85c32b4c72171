"""Work of the vault that nobody asks for: interrupted erasures, keys without people, small shards, later indexes."""

from __future__ import annotations

from keepfold.gate import Actor
from keepfold.kernel.jobs import Again, job, stopping
from keepfold.vault import actions, growing, indexing, queries

SYSTEM = Actor(kind="system", id=b"keepfold-vault\0\0", name="vault", actions=("vault.*",))


@job("vault.reconcile", every="*/5 * * * *")
def reconcile() -> None:
    """Finish erasures that were interrupted before their keys were destroyed."""
    if queries.erasures_pending():
        actions.reconcile(actor=SYSTEM)


@job("vault.sweep", every="17 3 * * *")
def sweep() -> None:
    """Remove keys that a crash left without a person."""
    actions.sweep(actor=SYSTEM)


@job("vault.grow", every="41 * * * *")
def grow() -> None:
    """Raise the number of shards when the people have outgrown it; those already sealed keep theirs."""
    growing.grow()


@job(indexing.JOB, every="* * * * *")
def index() -> None:
    """Add people who are held to indexes that came later, a few at a time, so that others get their turn to write."""
    while indexing.waits():
        if stopping():
            raise Again
        actions.rebuild_index(actor=SYSTEM)
