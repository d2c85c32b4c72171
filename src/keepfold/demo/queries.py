"""What anybody inside the process may ask about the demonstration."""

from __future__ import annotations

from collections.abc import Sequence

from keepfold.demo import store
from keepfold.demo.types import Mark
from keepfold.vault import queries as vault


def mark() -> Mark | None:
    """Return how far the demonstration is loaded, or None when it never was."""
    return store.mark()


def people() -> Sequence[bytes]:
    """Return the ids of the made-up people, in the order in which they were made."""
    return store.people()


def living() -> Sequence[bytes]:
    """Return the made-up people who are still in the vault."""
    return [person for person in store.people() if vault.is_living(person)]


def real_people() -> int:
    """Return how many people are in the vault who are not of the demonstration."""
    return vault.status().people - len(living())
