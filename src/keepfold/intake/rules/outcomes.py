"""Counts what the vault said to a batch. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from keepfold.intake.types import Flaw, Tally
from keepfold.vault.types import Outcome


def judge(numbers: Sequence[int], outcomes: Sequence[Outcome], before: Sequence[Flaw]) -> tuple[Tally, list[Flaw]]:
    """Return the counts and the reasons of refusal; `numbers` are the rows of the outcomes, in the same order.

    A row that lost a field already (`before`) was sealed in part, although the vault took all that it was offered.
    """
    lost = {flaw.row for flaw in before}
    pairs = zip(numbers, outcomes, strict=True)
    counts: Counter[str] = Counter(
        "partial" if o.state == "sealed" and number in lost else o.state for number, o in pairs
    )
    flaws = [
        Flaw(number, error.field, error.code, error.message)
        for number, outcome in zip(numbers, outcomes, strict=True)
        for error in outcome.errors
    ]
    return Tally(**{state: counts[state] for state in Tally._fields}), flaws
