"""Turns rows into records by a plan. Pure and quick: one closure per data item, made once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from keepfold.intake.rules.mapping import Plan, Rule
from keepfold.intake.rules.plain import Unfit, plain
from keepfold.policy.types import FieldSpec, Schema

Row = Sequence[Any]
Get = Callable[[Row], Any]
_NESTED = ("list", "structure")


class Problem(NamedTuple):
    """Why a value cannot even be offered to the vault. Never the value."""

    field: str
    code: str
    message: str


class Record(NamedTuple):
    """One person as the vault takes them, and what could not be read of the row."""

    values: dict[str, Any]
    problems: list[Problem]


class Converter:
    """A plan made ready for the columns that are read. Call it with a row."""

    def __init__(self, plan: Plan, columns: Sequence[str], schema: Schema) -> None:
        self._places = {name: place for place, name in enumerate(columns)}
        self._empty = frozenset(plan.empty)
        self._gets = [(name, self._get(rule, schema.fields[name])) for name, rule in plan.fields.items()]

    def __call__(self, row: Row) -> Record:
        """Return the record of a row. Empty values are left out; what cannot be read is a problem of its field."""
        values: dict[str, Any] = {}
        problems: list[Problem] = []
        for name, get in self._gets:
            try:
                value = get(row)
            except Unfit as unfit:
                problems.append(Problem(name, unfit.code, unfit.message))
                continue
            if value is not None:
                values[name] = value
        return Record(values, problems)

    def _get(self, rule: Rule, spec: FieldSpec) -> Get:
        if rule.parts:
            return self._structure(rule)
        get = self._plain(rule, keep=spec.type in _NESTED)
        if rule.date is not None:
            get = _dated(get, rule.date)
        elif spec.type == "date":
            get = _day(get)
        return get if rule.default is None else _or(get, rule.default)

    def _plain(self, rule: Rule, *, keep: bool) -> Get:
        if rule.column is not None:
            return self._column(rule.column, keep=keep)
        if rule.join:
            return _join([self._column(name) for name in rule.join], rule.with_)
        if rule.split is not None:
            return _split(self._column(rule.split), rule.take)
        return lambda _: rule.constant

    def _structure(self, rule: Rule) -> Get:
        gets = [(name, self._plain(part, keep=False), part.default) for name, part in rule.parts.items()]

        def get(row: Row) -> dict[str, Any] | None:
            parts = {name: value if (value := part(row)) is not None else default for name, part, default in gets}
            return {name: value for name, value in parts.items() if value is not None} or None

        return get

    def _column(self, name: str, *, keep: bool = False) -> Get:
        place, empty = self._places[name], self._empty

        def get(row: Row) -> Any:
            value = row[place]
            if type(value) is str:
                if not value or value.isspace() or value in empty:
                    return None
                return value
            return None if value is None else plain(value, keep=keep)

        return get


def _join(gets: Sequence[Get], mark: str) -> Get:
    def get(row: Row) -> str | None:
        return mark.join(str(value).strip() for part in gets if (value := part(row)) is not None) or None

    return get


def _split(get: Get, take: str) -> Get:
    def part(row: Row) -> str | None:
        words = str(get(row) or "").split()
        if not words:
            return None
        if take == "rest":
            return " ".join(words[1:]) or None
        return words[0] if take == "first" else words[-1]

    return part


def _dated(get: Get, form: str) -> Get:
    def day(row: Row) -> str | None:
        value = get(row)
        if value is None:
            return None
        try:
            return datetime.strptime(str(value).strip(), form).date().isoformat()  # noqa: DTZ007  (a day has no zone)
        except ValueError:
            raise Unfit("value.date-format", f"This value is not a date of the form {form}.") from None

    return day


def _day(get: Get) -> Get:
    def day(row: Row) -> Any:
        value = get(row)
        # Databases keep days as midnight; the policy asks for the day.
        return value[:10] if isinstance(value, str) and value[10:19] in {"T00:00:00", " 00:00:00"} else value

    return day


def _or(get: Get, default: str) -> Get:
    def either(row: Row) -> Any:
        value = get(row)
        return default if value is None else value

    return either
