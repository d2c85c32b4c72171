"""CSV and TSV files (RFC 4180, read leniently as spreadsheets write them)."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from operator import itemgetter
from pathlib import Path

from keepfold.intake.rules.text import DELIMITER_NAMES, column_names, guess_delimiter, looks_like_data
from keepfold.intake.sources.files import check_file, ensure_unchanged, readable, survey
from keepfold.intake.types import Batch, Column, Flaw, Position, Row
from keepfold.kernel.errors import Invalid

_SNIFF_CHARACTERS = 1 << 16
Record = tuple[int, list[str] | None]


class Delimited:
    """A CSV or TSV file. Blank lines do not count; row 1 is the first row after the header."""

    kind = "csv"
    settled = True

    def __init__(
        self, path: Path, *, encoding: str | None = None, delimiter: str | None = None, header: bool = True
    ) -> None:
        self._path = path
        self._stamp = check_file(path)
        self._survey = survey(path, encoding)
        self._header = header
        self._mark = delimiter or self._sniff()
        self._columns = self._names()
        codec = self._survey.encoding.codec.upper().removesuffix("-SIG")
        self.label = f"{path.name} (CSV, {codec}, {DELIMITER_NAMES.get(self._mark, self._mark)})"
        self.notes = [note for note in (self._survey.encoding.note,) if note]

    def _sniff(self) -> str:
        with readable(self._path), self._path.open(encoding=self._survey.encoding.codec, newline="") as file:
            head = file.read(_SNIFF_CHARACTERS)
        if len(head) == _SNIFF_CHARACTERS:
            head = head[: head.rfind("\n") + 1] or head
        return guess_delimiter(head, prefer="\t" if self._path.suffix.lower() in {".tsv", ".tab"} else ",")

    def _names(self) -> tuple[str, ...]:
        first = next((cells for _, cells in self._records(with_header=True) if cells), None)
        if first is None:
            raise Invalid(f"{self._path.name} holds no rows.", code="intake.source-empty")
        if not self._header:
            return column_names([""] * len(first))
        if looks_like_data(first):
            raise Invalid(
                f"The first row of {self._path.name} holds data, not the names of columns.",
                code="intake.header-missing",
                next_step="Say --no-header, or put a row of names on top.",
            )
        return column_names(first)

    def columns(self) -> tuple[Column, ...]:
        """See `Source`."""
        return tuple(Column(name) for name in self._columns)

    def total(self) -> int | None:
        """Return the number of lines, which is the number of rows unless values hold line breaks."""
        return max(self._survey.lines - (1 if self._header else 0), 1)

    def sample(self, size: int) -> list[Row]:
        """See `Source`."""
        width = len(self._columns)
        return list(islice((cells for _, cells in self._records() if cells and len(cells) == width), size))

    def order_by(self, names: Sequence[str]) -> None:
        """A file has its order."""

    def batches(self, names: Sequence[str], start: Position, size: int) -> Iterator[Batch]:
        """See `Source`."""
        pick = picker([self._columns.index(name) for name in names])
        records = self._records()
        for _ in islice(records, start.row):
            pass
        while chunk := list(islice(records, size)):
            yield self._batch(chunk, pick)
            ensure_unchanged(self._path, self._stamp)

    def _batch(self, chunk: list[Record], pick: Callable[[list[str]], Row]) -> Batch:
        width = len(self._columns)
        rows = [(number, pick(cells)) for number, cells in chunk if cells is not None and len(cells) == width]
        flaws = (
            [_flaw(number, cells, width) for number, cells in chunk if cells is None or len(cells) != width]
            if len(rows) < len(chunk)
            else []
        )
        return Batch(rows, flaws, Position(chunk[-1][0]))

    def _records(self, *, with_header: bool = False) -> Iterator[Record]:
        """Yield (row number, cells) of every row that is not blank; cells are None when the row cannot be parsed."""
        with readable(self._path), self._path.open(encoding=self._survey.encoding.codec, newline="") as file:
            number = 0 if self._header and not with_header else 1
            for cells in _parsed(csv.reader(file, delimiter=self._mark)):
                if cells == []:
                    continue
                if number:
                    yield number, cells
                number += 1

    def fingerprint(self) -> str:
        """See `Source`."""
        return self._survey.digest

    def close(self) -> None:
        """Nothing stays open between batches."""


def picker(places: Sequence[int]) -> Callable[[Sequence[object]], Row]:
    """Return a function that takes the values at `places` out of a row, as a tuple."""
    if not places:
        return lambda _: ()
    if len(places) == 1:
        only = places[0]
        return lambda row: (row[only],)
    return itemgetter(*places)


def _parsed(reader: Iterator[list[str]]) -> Iterator[list[str] | None]:
    """Yield rows; None for one that the parser gives up on (a field beyond its limit); it goes on after that."""
    while True:
        try:
            yield next(reader)
        except StopIteration:
            return
        except csv.Error:
            yield None


def _flaw(number: int, cells: list[str] | None, width: int) -> Flaw:
    if cells is None:
        return Flaw(number, "", "row.unreadable", "This row cannot be parsed; a quotation mark may be open.")
    return Flaw(number, "", "row.columns", f"This row has {len(cells)} columns; the header has {width}.")
