"""Rows that were refused: the list without values, and the file with them, read again from the sealed upload."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Sequence
from typing import Any

from django.http import StreamingHttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from keepfold.intake import queries, steps
from keepfold.intake.console import words
from keepfold.intake.types import Draft, Flaw, Held, Position
from keepfold.kernel.errors import Conflict
from keepfold.policy import queries as policy
from keepfold.ui import exports, tables

REFUSED = tables.Table(
    key="refused",
    caption=gettext_lazy("Refused rows"),
    columns=(
        tables.Column("row", gettext_lazy("Row"), kind="number"),
        tables.Column("item", gettext_lazy("Data item")),
        tables.Column("why", gettext_lazy("Why")),
        tables.Column("code", gettext_lazy("Rule"), kind="code", rank=3),
    ),
    empty=(
        gettext_lazy("No row was refused"),
        gettext_lazy("Everything that the source held was sealed, or was there already."),
    ),
)
_BATCH = 500
# What a spreadsheet would take for a formula; phone numbers and numbers begin with such a sign and are none.
_FORMULA = re.compile(r"[=@\t\r]|[+-](?![\d\s()./-]*\Z)")


def source_for(held: Held) -> tables.Source:
    """Return the source of an import's refusals."""

    def source(query: tables.Query) -> tables.Slice:
        if held.run is None:
            return tables.Slice([])
        seen = tables.cursor_values(query.after, int) if query.after else None
        rows = queries.rejects_page(held.run, seen[0] if seen else 0, query.limit + 1)
        labels = {name: words.item(spec) for name, spec in policy.schema().fields.items()}
        # One way only: back is the browser's own.
        return tables.slice_of(
            rows, query, lambda row: tables.cursor(row[0]), lambda row: _shown(row[1], labels)
        )._replace(before="")

    return source


def _shown(flaw: Flaw, labels: dict[str, str]) -> dict[str, Any]:
    return {
        "row": flaw.row,
        "item": labels.get(flaw.field, flaw.field or _("the whole row")),
        "why": words.reason(flaw.code, flaw.message),
        "code": flaw.code,
    }


def download(held: Held, draft: Draft, turn: exports.Turn) -> StreamingHttpResponse:
    """Return the refused rows as CSV: number, reasons, and the columns that were mapped. Raises `Conflict`.

    The file takes a turn like any other: a long one holds a thread of the server while it is read and written.
    """
    if held.run is None or draft.found is None or not draft.origin.name:
        raise Conflict(
            _("The rows of a database are not kept here."),
            code="intake.rejects-elsewhere",
            next_step=_("Look for them in the database by their row numbers."),
        )
    answer = StreamingHttpResponse(turn.writing(_lines(held, draft)), content_type="text/csv; charset=utf-8")
    answer.headers["Content-Disposition"] = 'attachment; filename="refused-rows.csv"'
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _lines(held: Held, draft: Draft) -> Iterator[bytes]:
    names = steps.read_columns(draft)
    yield _line([_("Row"), _("Why"), *names])
    wanted = _by_row(queries.rejects(held.run or b""))
    row, told = next(wanted, (0, ""))
    with steps.opened(held, draft) as source:
        for batch in source.batches(names, Position(), _BATCH):
            for number, values in batch.rows:
                while row and row < number:
                    # A row that could not even be read has no values.
                    yield _line([str(row), told])
                    row, told = next(wanted, (0, ""))
                if row == number:
                    yield _line([str(number), told, *("" if value is None else str(value) for value in values)])
                    row, told = next(wanted, (0, ""))
            if not row:
                break
    while row:
        yield _line([str(row), told])
        row, told = next(wanted, (0, ""))


def _by_row(flaws: Iterator[Flaw]) -> Iterator[tuple[int, str]]:
    """Yield (row, reasons) in the order of rows."""
    row, reasons = 0, list[str]()
    for flaw in flaws:
        if flaw.row != row and row:
            yield row, "; ".join(reasons)
            reasons = []
        row = flaw.row
        told = words.reason(flaw.code, flaw.message)
        reasons.append(f"{flaw.field}: {told}" if flaw.field else told)
    if row:
        yield row, "; ".join(reasons)


def _line(cells: Sequence[Any]) -> bytes:
    out = io.StringIO()
    csv.writer(out).writerow([guarded(str(cell)) for cell in cells])
    return out.getvalue().encode()


def guarded(text: str) -> str:
    """Return a cell that no spreadsheet runs: an apostrophe goes before what would be a formula."""
    return f"'{text}" if _FORMULA.match(text) else text
