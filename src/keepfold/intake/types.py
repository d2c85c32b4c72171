"""What the parts of the intake room hand to each other."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple, Protocol

import msgspec

Row = Sequence[Any]


class Column(NamedTuple):
    """One column of a source. `type` is what the source calls it, empty when the source has no types."""

    name: str
    type: str = ""


class Flaw(NamedTuple):
    """Why a row, or one field of it, was refused. Never a value; `field` is empty when the whole row is meant."""

    row: int
    field: str
    code: str
    message: str


class Position(NamedTuple):
    """Where reading stands: how many rows were read, and the last whole-number key when the source has one."""

    row: int = 0
    key: int | None = None


class Batch(msgspec.Struct, frozen=True):
    """Rows that arrived together: `rows` are (row number from 1, values); `flaws` are rows that cannot be read.

    `after` is the position to go on from once this batch is dealt with.
    """

    rows: Sequence[tuple[int, Row]]
    flaws: Sequence[Flaw]
    after: Position


class Source(Protocol):
    """Something that holds customers. Opened read-only; rows come in an order that does not change between runs."""

    @property
    def kind(self) -> str:
        """`csv`, `jsonl`, `parquet`, `sqlite`, `postgresql` or `mysql`."""
        ...

    @property
    def label(self) -> str:
        """What to call this source on a screen and in the ledger; never holds a password."""
        ...

    @property
    def notes(self) -> Sequence[str]:
        """Assumptions to say aloud: an encoding that was guessed, a table without a key."""
        ...

    @property
    def settled(self) -> bool:
        """Whether the same fingerprint means the same content for certain (files): then a repeat has nothing to do."""
        ...

    def columns(self) -> tuple[Column, ...]:
        """Return the columns, in the order of the source."""
        ...

    def total(self) -> int | None:
        """Return the number of rows, an estimate for text files, or nothing when it is not known."""
        ...

    def sample(self, size: int) -> list[Row]:
        """Return the first rows with all columns, to judge by content."""
        ...

    def order_by(self, names: Sequence[str]) -> None:
        """Prefer these columns for a stable order when the source has no key of its own."""
        ...

    def batches(self, names: Sequence[str], start: Position, size: int) -> Iterator[Batch]:
        """Yield batches of the named columns only, from `start` on."""
        ...

    def fingerprint(self) -> str:
        """Return a hex digest that changes when the content does."""
        ...

    def close(self) -> None:
        """Let go of files and connections."""
        ...
