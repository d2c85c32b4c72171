"""Short forms: a label as a plain text, a need as one word, an index as a word, a moment as a date or a period."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from keepfold.gate.types import Treatment
from keepfold.policy.format.nearest import shown
from keepfold.policy.format.shapes import (
    MISSING,
    Choice,
    Count,
    Flag,
    Items,
    Missing,
    Notes,
    Parsed,
    Path,
    Table,
    Text,
)
from keepfold.policy.format.tree import Node
from keepfold.policy.format.values import parse_date, parse_period

PART_TYPES = ("text", "name", "email", "phone", "date", "number", "boolean", "country", "postcode")
INDEX_FORMS = ("exact", "prefix", "last4", "domain", "tokens", "compound")
_LABEL_TEXT = Text("a label", longest=500)
_LANGUAGE = Text("a language code such as en or pt-BR", r"[a-z]{2,3}(?:-[A-Z]{2})?")
_TREATMENT = Choice(("clear", "masked"))
_ROLE = Text("a role or default", r"[a-z][a-z0-9_]{0,39}")


class Label(msgspec.Struct, frozen=True):
    """A text per language. A plain text of the file is kept under the empty language: the default."""

    texts: dict[str, str]

    def missing(self, languages: tuple[str, ...]) -> tuple[str, ...]:
        """Return the languages, the default first in `languages`, in which this label does not exist."""
        return tuple(
            code for code in languages if code not in self.texts and (code != languages[0] or "" not in self.texts)
        )

    def resolved(self, default: str) -> dict[str, str]:
        """Return the texts by language, the plain one under the default language."""
        return {code or default: text for code, text in self.texts.items()}


class NeedWish(msgspec.Struct, frozen=True):
    """How a purpose needs a data item; `show` maps roles to treatments, the empty role is everybody."""

    need: Literal["required", "optional"]
    show: dict[str, Treatment]


class IndexWish(msgspec.Struct, frozen=True):
    """One blind index that a data item asks for."""

    form: str
    unique: bool | None = None
    length: int | None = None
    compound: tuple[str, ...] = ()


class PartWish(msgspec.Struct, frozen=True):
    """One part of a structure; a list of plain values has one part without a name."""

    name: str
    type: str
    max_length: int | None = None


class _Labels(msgspec.Struct, frozen=True):
    def read(self, node: Node, path: Path, notes: Notes) -> Any:
        """Return a `Label` from a text or a mapping by language."""
        if not isinstance(node.value, dict):
            text = _LABEL_TEXT.read(node, path, notes)
            return text if isinstance(text, Missing) else Label({"": text})
        texts = Table(_LANGUAGE, _LABEL_TEXT).read(node, path, notes)
        if texts == {}:
            return notes.mistake("value.empty", node, path, "This is empty; a label is needed.")
        return texts if isinstance(texts, Missing) else Label(texts)

    def words(self) -> str:
        """Return what is allowed, for the reference."""
        return "a text in the default language, or a mapping from language to text"


class _Needs(msgspec.Struct, frozen=True):
    def read(self, node: Node, path: Path, notes: Notes) -> Any:
        """Return a `NeedWish` from `required`, `optional` or a mapping."""
        if not isinstance(node.value, dict):
            need = Choice(("required", "optional")).read(node, path, notes)
            return need if isinstance(need, Missing) else NeedWish(need, {"": "clear"})
        return self._long(node, path, notes)

    def _long(self, node: Node, path: Path, notes: Notes) -> Any:
        known = _known(node, path, notes, ("need", "show"), needed=("need",))
        need = _part(node, "need", Choice(("required", "optional")), path, notes)
        show: Any = _show(node.value["show"], (*path, "show"), notes) if "show" in node.value else {"": "clear"}
        return NeedWish(need, show) if known and not _broken(need, show) else MISSING

    def words(self) -> str:
        """Return what is allowed, for the reference."""
        return "`required` | `optional`, or `{need: …, show: clear | masked}`, or `show` by role"


class _Wishes(msgspec.Struct, frozen=True):
    def read(self, node: Node, path: Path, notes: Notes) -> Any:
        """Return a tuple of `IndexWish` from a form, or a list of forms and mappings."""
        items = node.value if isinstance(node.value, list) else [node]
        read = [self._one(item, (*path, str(number)), notes) for number, item in enumerate(items)]
        return MISSING if any(isinstance(wish, Missing) for wish in read) else tuple(read)

    def _one(self, node: Node, path: Path, notes: Notes) -> Any:
        if not isinstance(node.value, dict):
            form = Choice(INDEX_FORMS).read(node, path, notes)
            return form if isinstance(form, Missing) else IndexWish(form)
        known = _known(node, path, notes, ("form", "unique", "length", "with"), needed=("form",))
        form = _part(node, "form", Choice(INDEX_FORMS), path, notes)
        unique = _part(node, "unique", Flag(), path, notes)
        length = _part(node, "length", Count(1, 32), path, notes)
        others = _part(node, "with", Items(_ROLE), path, notes)
        return (
            IndexWish(form, unique, length, others or ())
            if known and not _broken(form, unique, length, others)
            else MISSING
        )

    def words(self) -> str:
        """Return what is allowed, for the reference."""
        return f"{Choice(INDEX_FORMS).words()}, or a list of `{{form: …, unique: …, length: …, with: […]}}`"


class _Parts(msgspec.Struct, frozen=True):
    def read(self, node: Node, path: Path, notes: Notes) -> Any:
        """Return each `PartWish` by its name, from a type or a mapping from part to type."""
        if not isinstance(node.value, dict):
            kind = Choice(PART_TYPES).read(node, path, notes)
            return kind if isinstance(kind, Missing) else {"": PartWish("", kind)}
        read = Table(_ROLE, _Part(), most=50).read(node, path, notes)
        if isinstance(read, Missing):
            return read
        return {name: PartWish(name, kind, longest) for name, (kind, longest) in read.items()}

    def words(self) -> str:
        """Return what is allowed, for the reference."""
        return "a type, or a mapping from part to type or `{type: …, max_length: …}`"


class _Part(msgspec.Struct, frozen=True):
    def read(self, node: Node, path: Path, notes: Notes) -> Any:
        """Return the type and the greatest length of one part."""
        if not isinstance(node.value, dict):
            kind = Choice(PART_TYPES).read(node, path, notes)
            return kind if isinstance(kind, Missing) else (kind, None)
        known = _known(node, path, notes, ("type", "max_length"), needed=("type",))
        kind = _part(node, "type", Choice(PART_TYPES), path, notes)
        longest = _part(node, "max_length", Count(1, 100_000), path, notes)
        return (kind, longest) if known and not _broken(kind, longest) else MISSING


class _When(msgspec.Struct, frozen=True):
    def read(self, node: Node, path: Path, notes: Notes) -> Any:
        """Return a date, or a period that means how long ago."""
        text = Text("a date, or how long ago", longest=40).read(node, path, notes)
        if isinstance(text, Missing):
            return text
        what = parse_period if text.startswith("P") else parse_date
        return Parsed(what, "a date such as 2026-12-01, or how long ago, such as P10D").read(node, path, notes)

    def words(self) -> str:
        """Return what is allowed, for the reference."""
        return "a date, or a period that means how long ago"


class _Said(msgspec.Struct, frozen=True):
    inner: Any

    def read(self, node: Node, path: Path, notes: Notes) -> Any:
        """Return what somebody said, from one word or a mapping."""
        short = Node({"status": node}, node.line, node.column, node.length)
        return self.inner.read(node if isinstance(node.value, dict) else short, path, notes)

    def words(self) -> str:
        """Return what is allowed, for the reference."""
        return "`granted` | `withdrawn` | `objected` | `opted_out`, or `{status: …, ago: P3M}`"


labels = _Labels()
needs = _Needs()
wishes = _Wishes()
parts = _Parts()
when = _When()


def shows(long: Any) -> _Said:
    """Return the shape of what somebody said in an example."""
    return _Said(long)


def _show(node: Node, path: Path, notes: Notes) -> Any:
    if not isinstance(node.value, dict):
        treatment = _TREATMENT.read(node, path, notes)
        return treatment if isinstance(treatment, Missing) else {"": treatment}
    table = Table(_ROLE, _TREATMENT, most=50).read(node, path, notes)
    if isinstance(table, Missing):
        return table
    # Whoever holds none of the named roles sees the least.
    return {"": table.pop("default", "masked"), **table}


def _known(node: Node, path: Path, notes: Notes, keys: tuple[str, ...], needed: tuple[str, ...]) -> bool:
    before = len(notes.findings)
    for key in node.value:
        if key not in keys:
            hint = f"Known here: {', '.join(keys)}."
            notes.at_key(
                "key.unknown", node, key, (*path, shown(key)), f"`{shown(key)}` is not a key known here.", hint
            )
    for key in needed:
        if key not in node.value:
            notes.mistake("key.missing", node, path, f"`{'.'.join(path)}` lacks `{key}`.")
    return len(notes.findings) == before


def _part(node: Node, key: str, shape: Any, path: Path, notes: Notes) -> Any:
    return shape.read(node.value[key], (*path, key), notes) if key in node.value else None


def _broken(*values: Any) -> bool:
    return any(isinstance(value, Missing) for value in values)
