"""What the parts of the intake room hand to each other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal, NamedTuple, Protocol

import msgspec

Row = Sequence[Any]
# What to do with people who are in the vault already, by the policy's identity fields.
Existing = Literal["skip", "update", "reject"]


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


class Tally(NamedTuple):
    """What became of rows. `partial` are sealed without a refused field; `skipped` were there already."""

    sealed: int = 0
    partial: int = 0
    updated: int = 0
    skipped: int = 0
    refused: int = 0

    def plus(self, other: Tally) -> Tally:
        """Return the sum."""
        return Tally(*(mine + theirs for mine, theirs in zip(self, other, strict=True)))

    @property
    def rows(self) -> int:
        """Return how many rows this counts."""
        return sum(self)


class Load(msgspec.Struct, frozen=True):
    """One batch made ready for the vault: (row number, values) to offer, and what is refused before that.

    `refused` counts rows that are not offered at all. `before` and `after` are positions; `last` ends the run.
    """

    records: Sequence[tuple[int, Mapping[str, Any]]]
    flaws: Sequence[Flaw]
    refused: int
    before: Position
    after: Position
    last: bool


class Run(msgspec.Struct, frozen=True, kw_only=True):
    """One import as it stands. Times are microseconds since 1970 UTC; `finished_us` is None while it is open."""

    id: bytes
    source: str
    policy_hash: bytes
    position: Position
    tally: Tally
    started_us: int
    finished_us: int | None


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


# reading: the worker looks at the source · choosing: a table has to be named · mapping · checking: the dry run ·
# checked · running · then one of the last three.
State = Literal["reading", "choosing", "mapping", "checking", "checked", "running", "done", "cancelled", "failed"]
WORKING: frozenset[State] = frozenset(("reading", "checking", "running"))
OVER: frozenset[State] = frozenset(("done", "cancelled", "failed"))


class Held(msgspec.Struct, frozen=True, kw_only=True):
    """One import begun in the console, as its row says. Times are microseconds since 1970 UTC.

    `open` says that upload and draft can still be opened; `rows_from` and `begun_us` are where and when the present
    piece of work began, for its rate.
    """

    id: bytes
    owner: bytes
    state: State
    step: int
    kind: str
    size: int
    wrapped: bytes | None
    draft: bytes | None
    words: bytes
    run: bytes | None
    rows_done: int
    rows_from: int
    rows_total: int | None
    begun_us: int
    created_us: int
    changed_us: int
    expires_us: int | None

    @property
    def open(self) -> bool:
        """Say whether what it holds can still be opened."""
        return self.wrapped is not None


class Words(msgspec.Struct, frozen=True, kw_only=True):
    """What to call an import, and why it failed: code, sentence, next step."""

    label: str
    code: str = ""
    detail: str = ""
    next_step: str = ""


class Origin(msgspec.Struct, frozen=True, kw_only=True):
    """Where rows come from: an uploaded file (`name`), a database (`url` with its password), a file on the server.

    Its repr shows nothing, because it holds a password.
    """

    def __repr__(self) -> str:
        return "Origin(…)"

    name: str = ""
    url: str = ""
    path: str = ""
    table: str = ""
    query: str = ""
    encoding: str = ""
    delimiter: str = ""
    header: bool = True


class ColumnView(msgspec.Struct, frozen=True, kw_only=True):
    """One column as the mapping page shows it. `samples` are masked. `holds` is what it seems to hold."""

    name: str
    type: str = ""
    samples: tuple[str, ...] = ()
    field: str = ""
    confidence: float = 0.0
    why: str = ""
    holds: str = ""
    perhaps: str = ""


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """What the worker found when it looked at a source."""

    kind: str
    columns: tuple[ColumnView, ...]
    total: int | None
    notes: tuple[str, ...]
    fingerprint: str
    settled: bool
    policy: bytes
    proposal: dict[str, Any]


class ReasonView(msgspec.Struct, frozen=True, kw_only=True):
    """Why rows were refused, how often, and the numbers of the first rows."""

    field: str
    code: str
    message: str
    count: int
    rows: tuple[int, ...]


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """What a dry run found; counts as in `runner.Checked`."""

    rows: int
    acceptable: int
    partial: int
    refused: int
    repeated: int
    mendable: int
    lacking: dict[str, int]
    reasons: tuple[ReasonView, ...]
    known: int = 0


class Draft(msgspec.Struct, kw_only=True):
    """All that an import knows of its source while it is open; kept sealed. `mapping` is a document for `parse`."""

    def __repr__(self) -> str:
        return "Draft(…)"

    origin: Origin
    tables: tuple[str, ...] = ()
    found: Found | None = None
    mapping: dict[str, Any] | None = None
    existing: Existing = "skip"
    partial: bool = False
    report: Report | None = None
    terms: bytes = b""


class Saved(msgspec.Struct, frozen=True, kw_only=True):
    """A mapping that was kept under a name."""

    id: bytes
    name: str
    mapping: dict[str, Any]
    columns: tuple[str, ...]
    created_us: int
