"""Tables as files: CSV for spreadsheets, JSON for programs, written piece by piece."""

from __future__ import annotations

import csv
import json
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any, Protocol, Self

from django.http import StreamingHttpResponse
from django.utils import timezone, translation

from keepfold.kernel import config
from keepfold.kernel.errors import TooMany
from keepfold.ui import say
from keepfold.ui.components import Badge, Link, seal_mark

FORMS = {"csv": "text/csv; charset=utf-8", "json": "application/json"}
# A spreadsheet takes a text that begins so for a formula and runs it (OWASP, CSV Injection).
_FORMULA_LEADS = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")


class Column(Protocol):
    """What an export needs to know of a column."""

    @property
    def key(self) -> str:
        """Return its name for programs."""

    @property
    def label(self) -> Any:
        """Return its name for people."""

    @property
    def kind(self) -> str:
        """Return what its values are."""


def answer(form: str, name: str, columns: Sequence[Column], rows: Iterable[Mapping[str, Any]]) -> StreamingHttpResponse:
    """Return a file with all rows; its name says which table and which day.

    A long file holds a thread of the server while it is written, so fewer are written at a time than there are
    threads. Raises `TooMany` for one more.
    """
    write = csv_pieces if form == "csv" else json_pieces
    response = StreamingHttpResponse(Turn().writing(write(columns, rows)), content_type=FORMS[form])
    response.headers["Content-Disposition"] = f'attachment; filename="{name}-{timezone.now():%Y-%m-%d}.{form}"'
    return response


def _in_language(pieces: Iterator[Any], language: str | None) -> Iterator[Any]:
    """Make each piece in a language."""
    while True:
        with translation.override(language):
            piece = next(pieces, None)
        if piece is None:
            return
        yield piece


class _Turns:
    """How many files are being written."""

    lock = threading.RLock()  # the turn of a forgotten file may end while another one begins
    taken = 0


class Turn:
    """The turn of one file, and its pieces; it ends with the file, when nobody wants the rest, or when that fails.

    `with Turn() as turn:` is for whoever has more to do between the turn and the file: what goes wrong there ends it.
    """

    def __init__(self) -> None:
        """Take a turn. Raises `TooMany` when all are taken."""
        self._pieces: Iterator[Any] = iter(())
        self._held = False
        with _Turns.lock:
            if _Turns.taken >= max(1, config.current().web_threads - 1):
                raise TooMany(
                    "Another file is being written at this moment.",
                    code="table.export-busy",
                    next_step="Try again in a moment.",
                )
            _Turns.taken += 1
            self._held = True

    def writing(self, pieces: Iterator[Any]) -> Turn:
        """Let this be the turn of a file in these pieces, texts or bytes; they are made in the language of now."""
        # The view has returned when they are made, and the thread may speak another language by then.
        self._pieces = _in_language(pieces, translation.get_language())
        return self

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(self, kind: type[BaseException] | None, *_more: object) -> None:
        """End the turn when something went wrong; otherwise the file ends it."""
        if kind is not None:
            self.close()

    def __iter__(self) -> Iterator[Any]:
        """Return itself: there is one reading."""
        return self

    def __next__(self) -> Any:
        """Return the next piece."""
        try:
            return next(self._pieces)
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Give the turn back. Also called when the reader has gone, and when nobody ever began to read."""
        with _Turns.lock:
            if self._held:
                _Turns.taken -= 1
                self._held = False

    __del__ = close


class _Line:
    """A file that hands back what is written into it."""

    def write(self, text: str) -> str:
        """Return the text."""
        return text


def csv_pieces(columns: Sequence[Column], rows: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """Yield CSV (RFC 4180) line by line, with a byte order mark: without it, Excel misreads letters beyond ASCII."""
    writer = csv.writer(_Line())
    yield "\ufeff" + writer.writerow([guarded(str(column.label)) for column in columns])
    for row in rows:
        yield writer.writerow([_csv_cell(column, row.get(column.key)) for column in columns])


def _csv_cell(column: Column, value: Any) -> Any:
    shown = plain(column.kind, value)
    return guarded(shown) if isinstance(shown, str) else "" if shown is None else shown


def guarded(text: str) -> str:
    """Return a text that no spreadsheet takes for a formula: one that begins like one gets a quote in front."""
    return f"'{text}" if text.startswith(_FORMULA_LEADS) else text


def json_pieces(columns: Sequence[Column], rows: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """Yield a JSON array of objects, a row at a time."""
    lead = "["
    for row in rows:
        made = {column.key: plain(column.kind, row.get(column.key)) for column in columns}
        yield lead + json.dumps(made, ensure_ascii=False, separators=(",", ":"))
        lead = ",\n"
    yield "[]" if lead == "[" else "]"


def plain(kind: str, value: Any) -> str | int | float | bool | None:
    """Return a value of a table as text or number: moments in UTC, badges and links as their words."""
    if value is None:
        return None
    if isinstance(value, Badge | Link):
        return str(value.label)
    if kind == "seal":
        return str(seal_mark(value).label)
    if kind in {"moment", "day"} or isinstance(value, date):
        return _time(kind, value)
    return value if isinstance(value, int | float) else str(value)


def _time(kind: str, value: Any) -> str:
    if isinstance(value, date) and not isinstance(value, datetime):
        return value.isoformat()
    at = say.aware(value)
    if at is None:
        return ""
    return at.astimezone(UTC).strftime("%Y-%m-%d") if kind == "day" else say.stamp(at)
