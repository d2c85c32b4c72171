"""Counts what the vault said to a batch. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from keepfold.intake.types import Flaw, Tally
from keepfold.vault.types import Outcome


def judge(numbers: Sequence[int], outcomes: Sequence[Outcome]) -> tuple[Tally, list[Flaw]]:
    """Return the counts and the reasons of refusal; `numbers` are the rows of the outcomes, in the same order."""
    counts: Counter[str] = Counter(outcome.state for outcome in outcomes)
    flaws = [
        Flaw(number, error.field, error.code, error.message)
        for number, outcome in zip(numbers, outcomes, strict=True)
        for error in outcome.errors
    ]
    return Tally(**{state: counts[state] for state in Tally._fields}), flaws
