"""Values as people read them, and what a form says about them as the vault takes it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, NamedTuple

from django.utils import formats
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from keepfold.console.customers import words
from keepfold.policy.types import FieldSpec, Schema
from keepfold.ui import say


class Value(NamedTuple):
    """One value: a line of text, or rows of parts, each part a name and a text. `masked` shows a part of it only."""

    field: FieldSpec
    label: str
    text: str
    rows: tuple[tuple[tuple[str, str], ...], ...] = ()
    masked: bool = False
    why: str = ""

    @property
    def heads(self) -> tuple[str, ...]:
        """Return the names of the parts."""
        return tuple(name for name, _text in self.rows[0]) if self.rows else ()


def value_of(spec: FieldSpec, value: Any, *, masked: bool = False, why: str = "") -> Value:
    """Return an opened value for a page."""
    label = words.field(spec)
    if masked:
        return Value(spec, label, "" if value is None else str(value), masked=True, why=why)
    if isinstance(value, list):
        return _list(spec, label, value)
    if isinstance(value, Mapping):
        return Value(spec, label, "", rows=(_parts(spec, value),))
    return Value(spec, label, text_of(spec.type, value))


def _list(spec: FieldSpec, label: str, items: Sequence[Any]) -> Value:
    if not items:
        return Value(spec, label, "–")
    if isinstance(items[0], Mapping):
        return Value(spec, label, "", rows=tuple(_parts(spec, item) for item in items if isinstance(item, Mapping)))
    kind = spec.parts[0].type if spec.parts else "text"
    return Value(spec, label, "", rows=tuple((("", text_of(kind, item)),) for item in items))


def _parts(spec: FieldSpec, item: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    return tuple((part.name.replace("_", " "), text_of(part.type, item.get(part.name))) for part in spec.parts)


def text_of(kind: str, value: Any) -> str:
    """Return one plain value as text in the reader's language."""
    if value is None or value == "":
        return "–"
    if isinstance(value, bool):
        return _("Yes") if value else _("No")
    if kind == "date" and isinstance(value, str):
        return _day(value)
    if kind == "country" and isinstance(value, str):
        return str(say.locale().territories.get(value, value))
    if isinstance(value, int | float):
        return say.num(value) if isinstance(value, int) else f"{value:g}"
    return str(value)


def _day(text: str) -> str:
    try:
        return str(formats.date_format(date.fromisoformat(text), pgettext("date format", "j F Y"), use_l10n=False))
    except ValueError:
        return text


def raw_text(value: Any) -> str:
    """Return a value as a person types it into a form."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:g}" if isinstance(value, float) else str(value)


def plain(value: Any) -> str:
    """Return a value in one line, for a cell of an exported table."""
    if value is None:
        return ""
    if isinstance(value, list):
        return "; ".join(plain(item) for item in value)
    if isinstance(value, Mapping):
        return ", ".join(f"{name}: {plain(part)}" for name, part in value.items())
    return raw_text(value)


def names_someone(schema: Schema, fields: Sequence[str]) -> list[str]:
    """Return those of the fields by which a person is recognised: names, and what identifies; no more than four."""
    specs = [schema.fields[name] for name in fields if name in schema.fields]
    names = [spec.name for spec in specs if spec.type == "name"]
    return (names[:2] + [spec.name for spec in specs if spec.identity])[:4]
