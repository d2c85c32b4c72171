"""The mapping page: which column becomes which data item, as selects; dragging only sets them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from django.http import QueryDict
from django.utils.translation import gettext as _

from keepfold.intake.console import words
from keepfold.intake.rules.columns import HOWS, Use, clashes, document_of, targets, uses_of
from keepfold.intake.types import ColumnView, Found, Saved
from keepfold.policy.types import FieldSpec, Schema
from keepfold.ui import components as ui
from keepfold.ui.words import in_language

# More columns than this are offered only when the mapping uses them: a page must stay a page.
MOST_ROWS = 200


class Option(NamedTuple):
    """One thing that a column can become."""

    value: str
    label: str
    needed_for: str = ""


class Select(NamedTuple):
    """One use of a column as two selects."""

    to: str
    how: str
    target: str
    chosen: str
    second: bool


class Row(NamedTuple):
    """One column as the page shows it. `place` is that in the source, by which the form names it."""

    place: int
    column: ColumnView
    selects: tuple[Select, ...]
    why: str
    holds: str
    perhaps: str
    is_used: bool
    can_split: bool


class Page(NamedTuple):
    """Everything that the mapping page shows."""

    rows: tuple[Row, ...]
    options: tuple[Option, ...]
    hows: tuple[tuple[str, Any], ...]
    missing: tuple[Option, ...]
    hidden: int

    @property
    def lacking(self) -> list[ui.Line]:
        """Return what nothing fills yet, and who needs it."""
        return [
            ui.Line(one.label, _("Needed for: %(purposes)s") % {"purposes": one.needed_for}, "circle-alert")
            for one in self.missing
        ]


def page(found: Found, chosen: Sequence[Use], schema: Schema, *, twice: Sequence[int] = ()) -> Page:
    """Return the page for what each column is chosen to become; `twice` are columns that get a second use."""
    names = [column.name for column in found.columns]
    uses: dict[str, list[Use]] = {}
    for use in chosen:
        uses.setdefault(use.column, []).append(use)
    options = tuple(_options(schema))
    order = sorted(range(len(names)), key=lambda place: (names[place] not in uses, place))[:MOST_ROWS]
    rows = [_row(place, found.columns[place], uses.get(names[place], []), twice) for place in sorted(order)]
    filled = {use.target for own in uses.values() for use in own}
    missing = tuple(option for option in options if option.needed_for and option.value not in filled)
    return Page(tuple(rows), options, tuple((how, words.HOWS[how]) for how in HOWS), missing, len(names) - len(rows))


def _options(schema: Schema) -> list[Option]:
    return [
        Option(f"{spec.name}.{part}" if part else spec.name, words.item(spec, part), _purposes(schema, spec))
        for spec, part in targets(schema)
    ]


def _purposes(schema: Schema, spec: FieldSpec) -> str:
    named = (name for name in spec.required_for if name in schema.purposes)
    return ", ".join(in_language(schema.purposes[name].label, name) for name in named)


def _row(place: int, column: ColumnView, uses: Sequence[Use], twice: Sequence[int]) -> Row:
    first = uses[0] if uses else Use(column.name, "")
    selects = [Select(f"to-{place}", f"how-{place}", first.target, first.how, second=False)]
    if len(uses) > 1 or place in twice:
        more = uses[1] if len(uses) > 1 else Use(column.name, "", "rest")
        selects.append(Select(f"to2-{place}", f"how2-{place}", more.target, more.how, second=True))
    proposed = bool(uses) and column.field == first.target.partition(".")[0]
    return Row(
        place=place,
        column=column,
        selects=tuple(selects),
        why=words.why(column.why) if proposed and column.why else "",
        holds=words.thing(column.holds),
        perhaps=column.perhaps.partition(" (")[0],
        is_used=bool(uses),
        can_split=bool(uses) and len(selects) == 1,
    )


def uses_of_document(raw: Mapping[str, Any] | None, found: Found) -> list[Use]:
    """Return what a mapping does with each column of a source."""
    return uses_of(raw, [column.name for column in found.columns])


def uses_in(posted: QueryDict, found: Found) -> list[Use]:
    """Return what a form says about each column; columns that the page did not show keep no use."""
    uses = []
    for place, column in enumerate(found.columns):
        for to, how in ((f"to-{place}", f"how-{place}"), (f"to2-{place}", f"how2-{place}")):
            target, way = posted.get(to, ""), posted.get(how, "whole")
            if target:
                uses.append(Use(column.name, target[:200], way if way in HOWS else "whole"))
    return uses


def document(posted: QueryDict, found: Found, schema: Schema) -> dict[str, Any]:
    """Return the mapping that a form describes."""
    return document_of(uses_in(posted, found), schema, schema.version[:12])


def mistakes(posted: QueryDict, found: Found, schema: Schema) -> list[str]:
    """Return what is wrong with a form beyond what the mapping itself tells."""
    uses = uses_in(posted, found)
    if not uses:
        return [_("No column becomes a data item. Choose at least one.")]
    labels = {option.value: option.label for option in _options(schema)}
    known = [use.target for use in uses if use.target not in labels]
    if known:
        return [_("The policy changed; load this page again.")]
    return [
        _("Several columns become %(item)s, and one of them only in part. Use one of them, or all as they are.")
        % {"item": labels[target]}
        for target in clashes(uses)
    ]


def twice_in(posted: QueryDict) -> list[int]:
    """Return the column for which the form asked a second use."""
    asked = posted.get("twice", "") if posted.get("add") == "twice" else ""
    return [int(asked)] if asked.isascii() and asked.isdigit() and len(asked) < 5 else []


def fits(saved: Saved, found: Found) -> bool:
    """Say whether a kept mapping reads only columns that are there."""
    names = {column.name for column in found.columns}
    return all(use.column in names for use in uses_of(saved.mapping, saved.columns))
