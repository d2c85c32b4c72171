"""Parquet files, read by pyarrow in batches. Columns that are not asked for are not even decoded."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from keepfold.intake.sources.files import check_file, digest_of, ensure_unchanged
from keepfold.intake.types import Batch, Column, Flaw, Position, Row
from keepfold.kernel.errors import Malformed

_UNREADABLE: Final = object()


class Parquet:
    """A Parquet file. Struct columns become dotted columns: `address.city`."""

    kind = "parquet"
    settled = True

    def __init__(self, path: Path) -> None:
        self._path = path
        self._stamp = check_file(path)
        with _arrow(path):
            from pyarrow import parquet  # noqa: PLC0415  (0.3 s to load; only this source needs it)

            self._file = parquet.ParquetFile(path)
            self._fields = tuple(_leaves(self._file.schema_arrow))
        self.label = f"{path.name} (Parquet)"
        self.notes: list[str] = []

    def columns(self) -> tuple[Column, ...]:
        """See `Source`."""
        return tuple(Column(name, kind) for name, kind in self._fields)

    def total(self) -> int | None:
        """See `Source`."""
        return int(self._file.metadata.num_rows)

    def sample(self, size: int) -> list[Row]:
        """See `Source`."""
        names = [name for name, _ in self._fields]
        first = next(self.batches(names, Position(), max(size, 1)), None)
        return [row for _, row in first.rows] if first else []

    def order_by(self, names: Sequence[str]) -> None:
        """A file has its order."""

    def batches(self, names: Sequence[str], start: Position, size: int) -> Iterator[Batch]:
        """See `Source`."""
        skipped, groups = self._groups(start.row)
        number = skipped
        for table in self._tables(names, groups, size):
            rows = list(enumerate(_rows(table, names), number + 1))
            number += len(rows)
            wanted = [(place, row) for place, row in rows if place > start.row]
            if wanted:
                yield _batch(wanted, names)
                ensure_unchanged(self._path, self._stamp)

    def _groups(self, row: int) -> tuple[int, list[int]]:
        """Return how many rows lie in the row groups that are wholly before `row`, and the other groups."""
        skipped, first = 0, 0
        metadata = self._file.metadata
        while first < metadata.num_row_groups and skipped + metadata.row_group(first).num_rows <= row:
            skipped += metadata.row_group(first).num_rows
            first += 1
        return skipped, list(range(first, metadata.num_row_groups))

    def _tables(self, names: Sequence[str], groups: list[int], size: int) -> Iterator[Any]:
        import pyarrow as pa  # noqa: PLC0415  (see above)

        tops = sorted({top for top in self._file.schema_arrow.names for name in names if _under(name, top)})
        with _arrow(self._path):
            for batch in self._file.iter_batches(batch_size=size, row_groups=groups, columns=tops):
                yield _flattened(pa.Table.from_batches([batch]))

    def fingerprint(self) -> str:
        """See `Source`."""
        return digest_of(self._path)

    def close(self) -> None:
        """See `Source`."""
        self._file.close()


def _under(name: str, top: str) -> bool:
    return name == top or name.startswith(f"{top}.")


def _leaves(schema: Any) -> Iterator[tuple[str, str]]:
    table = _flattened(schema.empty_table())
    for field in table.schema:
        yield field.name, str(field.type)


def _flattened(table: Any) -> Any:
    import pyarrow as pa  # noqa: PLC0415  (see above)

    while any(pa.types.is_struct(field.type) for field in table.schema):
        table = table.flatten()
    return table


def _rows(table: Any, names: Sequence[str]) -> list[Row]:
    if not names:
        return [()] * int(table.num_rows)
    return list(zip(*(_values(table.column(name)) for name in names), strict=True))


def _values(column: Any) -> list[Any]:
    import pyarrow as pa  # noqa: PLC0415  (see above)

    if pa.types.is_timestamp(column.type) and column.type.unit == "ns":
        column = column.cast(pa.timestamp("us", column.type.tz), safe=False)
    try:
        return list(column.to_pylist())
    except (ValueError, OverflowError, pa.ArrowException):
        return [_value(scalar) for scalar in column]


def _value(scalar: Any) -> Any:
    import pyarrow as pa  # noqa: PLC0415  (see above)

    try:
        return scalar.as_py()
    except (ValueError, OverflowError, pa.ArrowException):
        return _UNREADABLE


def _batch(rows: list[tuple[int, Row]], names: Sequence[str]) -> Batch:
    after = Position(rows[-1][0])
    flaws = [
        Flaw(number, name, "value.unreadable", "This value lies outside of what its type can hold.")
        for number, row in rows
        for name, value in zip(names, row, strict=True)
        if value is _UNREADABLE
    ]
    if not flaws:
        return Batch(rows, [], after)
    bad = {flaw.row for flaw in flaws}
    return Batch([(number, row) for number, row in rows if number not in bad], flaws, after)


@contextmanager
def _arrow(path: Path) -> Iterator[None]:
    """Turn whatever pyarrow says about a broken file into one clear error."""
    import pyarrow as pa  # noqa: PLC0415  (see above)

    try:
        yield
    except (pa.ArrowException, OSError, KeyError, ValueError, OverflowError, MemoryError) as error:
        raise Malformed(
            f"{path.name} is not a readable Parquet file.",
            code="intake.source-not-parquet",
            next_step="Check the file; it may be cut off or of another kind.",
        ) from error
