"""What one room does about another room's events, where the two do not know each other."""

from __future__ import annotations

from keepfold.consent import queries as consent
from keepfold.kernel import outbox
from keepfold.vault.events import RecordErased


@outbox.on(RecordErased, atomic=True)
def leave_out_of_counts(event: RecordErased) -> None:
    """Count nobody who was erased among those who agree or not; what they said stays, under an id without a person."""
    consent.uncount(event.person)
