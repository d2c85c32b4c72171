"""Comparing texts line by line, at a cost that no text can drive up."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from difflib import SequenceMatcher

# The comparison looks at every pair of equal lines, again and again; a file that people write has far fewer.
MOST_PAIRS = 1_000_000


def matcher(before: Sequence[str], after: Sequence[str]) -> SequenceMatcher[str]:
    """Return what compares two texts by their lines.

    Where lines repeat so often that this would take long, everything between what both begin and end with counts as
    replaced: right as well, only less fine.
    """
    found = SequenceMatcher(None, before, after, autojunk=False)
    often = Counter(before)
    if sum(often[line] for line in after) > MOST_PAIRS:
        found.opcodes = _coarse(before, after)  # type: ignore[attr-defined]  # where it keeps its result
    return found


def _coarse(before: Sequence[str], after: Sequence[str]) -> list[tuple[str, int, int, int, int]]:
    most, head = min(len(before), len(after)), 0
    while head < most and before[head] == after[head]:
        head += 1
    tail = 0
    while tail < most - head and before[-1 - tail] == after[-1 - tail]:
        tail += 1
    old, new = len(before) - tail, len(after) - tail
    kind = "replace" if old > head and new > head else "delete" if old > head else "insert"
    middle = [(kind, head, old, head, new)] if old > head or new > head else []
    ends = [("equal", 0, head, 0, head)] if head else []
    return ends + middle + ([("equal", old, old + tail, new, new + tail)] if tail else [])
