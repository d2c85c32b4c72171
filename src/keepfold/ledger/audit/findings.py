"""Collects what verification finds, up to a limit, and reports progress."""

from __future__ import annotations

from collections.abc import Callable

from keepfold.ledger.types import Finding, Progress

MOST = 100

# Called with (stage, done, total) every so often.
ProgressCallback = Callable[[Progress, int, int], object]


class Findings:
    """What was found so far. `counted` says how many rows of a kind were expected, for the comparison at the end."""

    def __init__(self, progress: ProgressCallback | None = None) -> None:
        self.items: list[Finding] = []
        self.notes: list[str] = []
        self.more = 0
        self._progress = progress

    def add(self, code: str, message: str, table: str, index: int | None = None) -> None:
        """Note one thing that is wrong; beyond the limit it is only counted."""
        if len(self.items) < MOST:
            self.items.append(Finding(code=f"ledger.{code}", message=message, table=table, index=index))
        else:
            self.more += 1

    def note(self, message: str) -> None:
        """Note a fact that is no error."""
        self.notes.append(message)

    def progress(self, stage: Progress, done: int, total: int) -> None:
        """Tell whoever waits how far it is."""
        if self._progress is not None:
            self._progress(stage, done, total)
