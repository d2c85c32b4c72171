"""JSON Lines (one JSON object a line, UTF-8). Nested objects become dotted columns: `address.city`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import msgspec

from keepfold.intake.sources.files import check_file, ensure_unchanged, readable, survey
from keepfold.intake.types import Batch, Column, Flaw, Position, Row
from keepfold.kernel.errors import Invalid, Malformed

MAX_COLUMNS = 2000
MAX_DEPTH = 8
MAX_LINE = 1 << 26
_UTF8 = ("utf-8", "utf-8-sig")
_NO_OBJECT = "This line is not one JSON object."
_decode = msgspec.json.Decoder(dict[str, Any]).decode


class JsonLines:
    """A JSON Lines file. Every line is looked at before the first is used, so that no key goes unnoticed."""

    kind = "jsonl"
    settled = True

    def __init__(self, path: Path) -> None:
        self._path = path
        self._stamp = check_file(path)
        self._survey = survey(path)
        if self._survey.encoding.codec not in _UTF8:
            raise Malformed(
                f"{path.name} is not UTF-8, as JSON has to be (RFC 8259).",
                code="intake.source-encoding",
                next_step="Save it as UTF-8.",
            )
        if self._stamp.size > MAX_LINE * max(self._survey.lines, 1):
            raise self._not_lines()
        self._columns, self._rows = self._scan()
        self.label = f"{path.name} (JSON Lines)"
        self.notes: list[str] = []

    def _scan(self) -> tuple[tuple[str, ...], int]:
        names: dict[str, None] = {}
        rows = good = 0
        for rows, record in self._records():  # noqa: B007  (the last number is the count)
            if record is not None:
                good += 1
                names.update(dict.fromkeys(record))
            if len(names) > MAX_COLUMNS:
                raise Invalid(
                    f"{self._path.name} has more than {MAX_COLUMNS} different keys.",
                    code="intake.too-many-columns",
                    next_step="Keys should name data items; put what varies into values.",
                )
        if not good:
            raise self._not_lines()
        return tuple(names), rows

    def _not_lines(self) -> Malformed:
        return Malformed(
            f"{self._path.name} holds no JSON object on a line of its own.",
            code="intake.not-json-lines",
            next_step="Write one object a line; a JSON array becomes that with `jq -c '.[]'`.",
        )

    def columns(self) -> tuple[Column, ...]:
        """See `Source`."""
        return tuple(Column(name) for name in self._columns)

    def total(self) -> int | None:
        """See `Source`."""
        return self._rows

    def sample(self, size: int) -> list[Row]:
        """See `Source`."""
        records = (record for _, record in self._records() if record is not None)
        return [tuple(map(record.get, self._columns)) for record in islice(records, size)]

    def order_by(self, names: Sequence[str]) -> None:
        """A file has its order."""

    def batches(self, names: Sequence[str], start: Position, size: int) -> Iterator[Batch]:
        """See `Source`."""
        records = self._records()
        for _ in islice(records, start.row):
            pass
        while chunk := list(islice(records, size)):
            rows = [(number, tuple(map(record.get, names))) for number, record in chunk if record is not None]
            flaws = [Flaw(number, "", "row.unreadable", _NO_OBJECT) for number, record in chunk if record is None]
            yield Batch(rows, flaws, Position(chunk[-1][0]))
            ensure_unchanged(self._path, self._stamp)

    def _records(self) -> Iterator[tuple[int, dict[str, Any] | None]]:
        """Yield (row number, flat object) of every line that is not blank; None when it is not an object."""
        with readable(self._path), self._path.open("rb") as file:
            number = 0
            for line in file:
                text = line.strip().removeprefix(b"\xef\xbb\xbf")
                if text:
                    number += 1
                    yield number, _object(text)

    def fingerprint(self) -> str:
        """See `Source`."""
        return self._survey.digest

    def close(self) -> None:
        """Nothing stays open between batches."""


def _object(text: bytes) -> dict[str, Any] | None:
    try:
        record = _decode(text)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        return None
    if any(type(value) is dict for value in record.values()):
        return flat(record)
    return record


def flat(record: dict[str, Any], prefix: str = "", depth: int = 0) -> dict[str, Any]:
    """Return one level of keys, joined by dots. Deeper than eight levels stays nested (and is refused as a value)."""
    out: dict[str, Any] = {}
    for key, value in record.items():
        name = f"{prefix}{key}"
        if isinstance(value, dict) and value and depth < MAX_DEPTH:
            out |= flat(value, f"{name}.", depth + 1)
        else:
            out[name] = value
    return out
