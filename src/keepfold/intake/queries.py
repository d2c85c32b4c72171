"""What anybody inside the process may ask about imports: states, counts, reasons. Nothing about any person."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from keepfold.intake import store
from keepfold.intake.types import Flaw, Run


def run(run_id: bytes) -> Run | None:
    """Return one import, or None."""
    return store.run_of(run_id)


def runs(limit: int = 50) -> Sequence[Run]:
    """Return the newest imports."""
    return store.runs(limit)


def latest(terms: bytes) -> Run | None:
    """Return the newest import that was asked to do exactly this, or None."""
    return store.latest_run(terms)


def rejects(run_id: bytes) -> Iterator[Flaw]:
    """Yield why rows of an import were refused."""
    return store.rejects(run_id)


def reject_counts(run_id: bytes) -> Sequence[tuple[str, str, str, int, int]]:
    """Return (field, code, message, how often, first row) of an import, the most frequent first."""
    return store.reject_counts(run_id)
