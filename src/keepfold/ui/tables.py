"""Tables: declared columns, filters as a form that needs no script, sort links, cursors, density and export.

A room declares a `Table` once, binds it to a request with the source of its rows, and shows it with
`{% table table %}`. The source is asked with a `Query` and answers with a `Slice`; it never counts rows it skips.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property
from typing import Any, NamedTuple
from urllib.parse import urlencode

from django.http import HttpRequest, QueryDict, StreamingHttpResponse
from django.utils.translation import gettext as _

from keepfold.ui import exports
from keepfold.ui.components import Page, Text

SIZES = (25, 50, 100)
DENSITIES = ("comfortable", "compact")
# Rows of one question to the source while a table is exported.
_EXPORT_ROWS = 1000
_END_ALIGNED = frozenset({"number", "moment", "day"})


class Column(NamedTuple):
    """What a row says. `kind`: text, number, moment, day, badge, link, code, seal,
    sealed or track (a line of `charts.track`).

    `rank` 2 leaves on phones, 3 on tablets; the first column is the row's heading and stays.
    """

    key: str
    label: Text
    kind: str = "text"
    rank: int = 1
    sort: bool = False

    @property
    def classes(self) -> str:
        """Return the classes of the column's cells."""
        names = ["n nowrap"] if self.kind in _END_ALIGNED else ["track"] if self.kind == "track" else []
        return " ".join(names + ([f"p{self.rank}"] if self.rank > 1 else []))


class Query(NamedTuple):
    """What the reader wants to see. `after` and `before` are cursors of the source's own; at most one is set."""

    filters: Mapping[str, Any]
    sort: str
    descending: bool
    after: str = ""
    before: str = ""
    limit: int = 50
    purpose: str = ""

    @property
    def backwards(self) -> bool:
        """Say whether the rows before a cursor are asked for; they are still shown in the usual order."""
        return bool(self.before)


class Slice(NamedTuple):
    """The rows that answer. A row maps keys of columns to values; `href` links it, `note` and `small` say more.

    `after` and `before` lead on, empty where there is nothing; `total` and `first` are for whoever knows them cheaply.
    """

    rows: Sequence[Mapping[str, Any]]
    after: str = ""
    before: str = ""
    total: int | None = None
    first: int = 0


Source = Callable[[Query], Slice]


# ------------------------------------------------------------------------------------------------------------- cursors


def cursor(*values: str | int) -> str:
    """Return a cursor from the sort values of a row. They go into an address: ids and times, never personal data."""
    return base64.urlsafe_b64encode(json.dumps(values, separators=(",", ":")).encode()).decode().rstrip("=")


def cursor_values(text: str, *kinds: type) -> tuple[Any, ...] | None:
    """Return the values of a cursor, or None for one that is not ours: then the list begins at its start."""
    try:
        values = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    except (ValueError, RecursionError, binascii.Error):
        return None
    fits = isinstance(values, list) and len(values) == len(kinds)
    if not fits or not all(_fits(value, kind) for value, kind in zip(values, kinds, strict=True)):
        return None
    return tuple(values)


def _fits(value: Any, kind: type) -> bool:
    # Databases hold whole numbers of 64 bits; a larger one was not made here.
    return type(value) is kind and not (isinstance(value, int) and abs(value) >= 1 << 63)


def slice_of(
    rows: Sequence[Any],
    query: Query,
    cursor_of: Callable[[Any], str],
    show: Callable[[Any], Mapping[str, Any]],
    **known: Any,
) -> Slice:
    """Return a slice from up to `limit + 1` rows in the order in which they were read.

    Read `ORDER BY … LIMIT limit + 1` beyond the cursor; when `query.backwards`, in the opposite order.
    """
    more, kept = len(rows) > query.limit, list(rows[: query.limit])
    if query.backwards:
        kept.reverse()
    return Slice(
        [show(row) for row in kept],
        after=cursor_of(kept[-1]) if kept and (more or query.backwards) else "",
        before=cursor_of(kept[0]) if kept and (more if query.backwards else bool(query.after)) else "",
        **known,
    )


# ------------------------------------------------------------------------------------------------------------- filters


class Search(NamedTuple):
    """A line to type in. Not for customers' values: they would stand in the address."""

    key: str
    label: Text
    placeholder: Text = ""
    kind: str = "search"

    def read(self, given: QueryDict, prefix: str) -> Any:
        """Return what was typed, or None."""
        return given.get(prefix + self.key, "").strip()[:200] or None


class Choice(NamedTuple):
    """One of several words; `options` are pairs, or a function that returns them."""

    key: str
    label: Text
    options: Sequence[tuple[str, Text]] | Callable[[], Sequence[tuple[str, Text]]]
    kind: str = "choice"

    @property
    def pairs(self) -> Sequence[tuple[str, Text]]:
        """Return the options."""
        return self.options() if callable(self.options) else self.options

    def read(self, given: QueryDict, prefix: str) -> Any:
        """Return what was chosen, or None."""
        chosen = given.get(prefix + self.key, "")
        return chosen if any(chosen == value for value, _label in self.pairs) and chosen else None


class Days(NamedTuple):
    """From one day to another, either may be open."""

    key: str
    label: Text
    kind: str = "days"

    def read(self, given: QueryDict, prefix: str) -> Any:
        """Return both days, or None."""
        days = (_day(given.get(f"{prefix}{self.key}_from", "")), _day(given.get(f"{prefix}{self.key}_to", "")))
        return days if any(days) else None


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


Filter = Search | Choice | Days


# --------------------------------------------------------------------------------------------------------------- table


@dataclass(frozen=True)
class Table:
    """What a table shows, declared once. `sort` names a column, with `-` for the largest first.

    `personal`: its export asks for a purpose. `prefix` keeps two tables on one page apart.
    """

    key: str
    caption: Text
    columns: tuple[Column, ...]
    filters: tuple[Filter, ...] = ()
    sort: str = ""
    limit: int = 50
    empty: tuple[Text, Text] = ("", "")
    personal: bool = False
    prefix: str = ""
    exports: bool = True

    def on(self, request: HttpRequest, source: Source, purposes: Sequence[tuple[str, Text]] = ()) -> Shown:
        """Return the table for one request. Nothing is asked of the source before the rows are shown."""
        return Shown(self, request, source, tuple(purposes))


class Head(NamedTuple):
    """The heading of a column."""

    label: Text
    classes: str
    href: str
    direction: str


class Cell(NamedTuple):
    """One value and how to show it."""

    column: Column
    value: Any


class Row(NamedTuple):
    """One row: its heading and the others."""

    heading: Cell
    cells: tuple[Cell, ...]
    href: str
    note: Text
    small: Text
    is_numbered: bool
    """Whether the heading is a bare number: too narrow a column for `small`, which then stands in the next one."""


class Asked(NamedTuple):
    """A filter with what was put into it."""

    declared: Filter
    name: str
    value: Any


class Shown:
    """A table for one request."""

    def __init__(
        self, declared: Table, request: HttpRequest, source: Source, purposes: tuple[tuple[str, Text], ...]
    ) -> None:
        """Read what the request asks for."""
        self.declared = declared
        self.purposes = purposes
        self._request = request
        self._given = request.GET
        self._source = source

    # -- what is asked for

    @cached_property
    def query(self) -> Query:
        """Return the question to the source."""
        sort, descending = self._order
        found = {one.key: one.read(self._given, self.declared.prefix) for one in self.declared.filters}
        after, before = self._param("after"), self._param("before")
        return Query(
            filters={key: value for key, value in found.items() if value is not None},
            sort=sort,
            descending=descending,
            after=after,
            before="" if after else before,
            limit=self.size,
        )

    @property
    def _order(self) -> tuple[str, bool]:
        asked = self._param("sort")
        allowed = {column.key for column in self.declared.columns if column.sort}
        order = asked if asked.removeprefix("-") in allowed else self.declared.sort
        return order.removeprefix("-"), order.startswith("-")

    def _param(self, name: str) -> str:
        return self._given.get(self.declared.prefix + name, "")

    @property
    def size(self) -> int:
        """Return how many rows a page has."""
        asked = self._param("n")
        return int(asked) if asked in {str(size) for size in SIZES} else self.declared.limit

    @property
    def density(self) -> str:
        """Return the density chosen for this table, or nothing where the reader's own holds."""
        asked = self._param("rows")
        return asked if asked in DENSITIES else ""

    @cached_property
    def slice(self) -> Slice:
        """Return the rows of this page."""
        return self._source(self.query)

    # -- what is shown

    @property
    def element(self) -> str:
        """Return the id of the table's element."""
        return f"t-{self.declared.key}"

    @property
    def heads(self) -> list[Head]:
        """Return the headings, with a link where a column can be sorted by."""
        first, *others = self.declared.columns
        # The first column heads the rows: it begins where they begin, whatever it holds.
        return [self._head(first)._replace(classes=""), *map(self._head, others)]

    def _head(self, column: Column) -> Head:
        if not column.sort:
            return Head(column.label, column.classes, "", "")
        is_current = column.key == self.query.sort
        flipped = "" if is_current and self.query.descending else "-"
        # A column that was not sorted by begins with the largest where that is a number or a time.
        order = flipped + column.key if is_current else ("-" if column.kind in _END_ALIGNED else "") + column.key
        direction = ("descending" if self.query.descending else "ascending") if is_current else ""
        return Head(column.label, column.classes, self.address(sort=order), direction)

    @property
    def body(self) -> Iterator[Row]:
        """Return the rows."""
        first, *others = self.declared.columns
        for row in self.slice.rows:
            yield Row(
                Cell(first, row.get(first.key)),
                tuple(Cell(column, row.get(column.key)) for column in others),
                row.get("href", ""),
                row.get("note", ""),
                row.get("small", ""),
                first.kind == "number",
            )

    @property
    def asked(self) -> list[Asked]:
        """Return the filters as the form shows them."""
        filled = self.query.filters
        return [Asked(one, self.declared.prefix + one.key, filled.get(one.key)) for one in self.declared.filters]

    @property
    def is_filtered(self) -> bool:
        """Say whether anything was filtered away."""
        return bool(self.query.filters)

    @property
    def filtered_by(self) -> str:
        """Return the names of the filters in use."""
        return ", ".join(str(one.declared.label) for one in self.asked if one.value is not None)

    @property
    def kept(self) -> list[tuple[str, str]]:
        """Return what the filter form carries along beside its own fields."""
        return [(self.declared.prefix + name, self._param(name)) for name in ("sort", "rows", "n") if self._param(name)]

    @property
    def page(self) -> Page:
        """Return where the list goes on."""
        part = self.slice
        return Page(
            back=self.address(before=part.before) if part.before else "",
            next=self.address(after=part.after) if part.after else "",
            first=part.first,
            last=part.first + len(part.rows) - 1 if part.first else 0,
            total=part.total,
        )

    def address(self, **changes: str) -> str:
        """Return this page's address with some parameters set; cursors are dropped unless they are among them."""
        wanted = self._given.copy()
        for name in ("after", "before", "as"):
            wanted.pop(self.declared.prefix + name, None)
        for name, value in changes.items():
            wanted[self.declared.prefix + name] = value
        return f"?{wanted.urlencode()}#{self.element}"

    def densities(self, usual: str) -> list[tuple[str, str, str, bool]]:
        """Return the two densities: icon, words, address, and whether it holds; `usual` is the reader's own."""
        words = {"comfortable": (_("Comfortable rows"), "rows-3"), "compact": (_("Compact rows"), "rows-4")}
        holds = self.density or usual or DENSITIES[0]
        return [(icon, text, self.address(rows=name), name == holds) for name, (text, icon) in words.items()]

    @property
    def clear_address(self) -> str:
        """Return the address without any filter."""
        return f"?{urlencode(self.kept)}#{self.element}"

    # -- export

    @property
    def csv_address(self) -> str:
        """Return the address of the export for spreadsheets."""
        return self.address(**{"as": "csv"}).partition("#")[0]

    @property
    def json_address(self) -> str:
        """Return the address of the export for programs."""
        return self.address(**{"as": "json"}).partition("#")[0]

    @property
    def _form(self) -> str:
        given = self._request.POST if self.declared.personal else self._given
        return given.get(self.declared.prefix + "as", "")

    @property
    def is_export(self) -> bool:
        """Say whether a file is asked for, rightly: with a purpose where there is personal data."""
        return self.declared.exports and self._form in exports.FORMS and not self.lacks_purpose

    @property
    def lacks_purpose(self) -> bool:
        """Say whether a file was asked for without the purpose that it needs."""
        return bool(self._form) and self.declared.personal and not self._purpose

    @property
    def _purpose(self) -> str:
        asked = self._request.POST.get(self.declared.prefix + "purpose", "")
        return asked if any(asked == name for name, _label in self.purposes) else ""

    def export(self) -> StreamingHttpResponse:
        """Return everything that the filters leave, as a file, piece by piece."""
        return exports.answer(self._form, self.declared.key, self.declared.columns, self._all_rows())

    def _all_rows(self) -> Iterator[Mapping[str, Any]]:
        wanted = self.query._replace(after="", before="", limit=_EXPORT_ROWS, purpose=self._purpose)
        while True:
            part = self._source(wanted)
            yield from part.rows
            if not part.after:
                return
            wanted = wanted._replace(after=part.after)


def renamed(table: Table, **changes: Any) -> Table:
    """Return a table with some of what it declares changed."""
    return replace(table, **changes)
