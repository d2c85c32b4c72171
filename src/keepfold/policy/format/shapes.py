"""Shapes: what a value of the file may look like, and the sentence that is said when it does not.

`shape_of` makes the shape of a type annotation. A shape reads a node into a value; a mistake goes to the `Notes`, and
the value is then `MISSING`, so that one reading finds every mistake of a file.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

import msgspec

from keepfold.policy.format.nearest import did_you_mean, nearest, shown
from keepfold.policy.format.tree import Decimal, Node
from keepfold.policy.types import Finding, Place

MAX_TEXT = 4000
Path = tuple[str, ...]


class Missing:
    """The one value that stands for a value with a mistake."""

    __slots__ = ()

    def __bool__(self) -> bool:
        return False


MISSING = Missing()


class Notes:
    """Collects what is wrong with a file while it is read."""

    def __init__(self, root: Node) -> None:
        self.root = root
        self.findings: list[Finding] = []

    def mistake(self, check: str, node: Node, path: Path, message: str, hint: str = "") -> Missing:
        """Note a mistake at a value."""
        place = Place(path=".".join(path), line=node.line, column=node.column)
        self._add(check, place, node.length, message, hint)
        return MISSING

    def at_key(self, check: str, parent: Node, key: str, path: Path, message: str, hint: str = "") -> Missing:
        """Note a mistake at a key of a mapping."""
        line, column = parent.key_places.get(key, (parent.line, parent.column))
        self._add(check, Place(path=".".join(path), line=line, column=column), len(key), message, hint)
        return MISSING

    def _add(self, check: str, place: Place, length: int, message: str, hint: str) -> None:
        finding = Finding(check=check, severity="error", message=message, place=place, hint=hint, length=length)
        self.findings.append(finding)


class Text(msgspec.Struct, frozen=True):
    """A text, with an optional pattern; `what` names it for people."""

    what: str = "a text"
    pattern: str = ""
    longest: int = MAX_TEXT

    def read(self, node: Node, path: Path, notes: Notes) -> Any:
        """Return the text."""
        text = node.value
        if isinstance(text, Decimal) or (isinstance(text, int) and not isinstance(text, bool)):
            return notes.mistake(
                "value.type", node, path, f"This is a number; {self.what} is needed.", f'Write "{text}".'
            )
        if not isinstance(text, str):
            return _wrong_type(node, path, notes, self.what)
        return self._checked(text, node, path, notes)

    def _checked(self, text: str, node: Node, path: Path, notes: Notes) -> Any:
        if not text.strip():
            return notes.mistake("value.empty", node, path, f"This is empty; {self.what} is needed.")
        if len(text) > self.longest:
            return notes.mistake("value.too-long", node, path, f"This is longer than {self.longest} characters.")
        if any(_unprintable(letter) for letter in text):
            return notes.mistake("value.characters", node, path, "This holds a character that cannot be printed.")
        if self.pattern and not re.fullmatch(self.pattern, text):
            return notes.mistake("value.pattern", node, path, f"`{shown(text)}` is not {self.what}.")
        return text

    def words(self) -> str:
        """Return what is allowed, for the reference."""
        return self.what


class Choice(msgspec.Struct, frozen=True):
    """One of a closed list of words."""

    choices: tuple[Any, ...]

    def read(self, node: Node, path: Path, notes: Notes) -> Any:
        """Return the word."""
        for choice in self.choices:
            if type(choice) is type(node.value) and choice == node.value:
                return choice
        if isinstance(node.value, dict | list) or node.value is None:
            return _wrong_type(node, path, notes, "one word")
        return notes.mistake(
            "value.choice", node, path, f"`{shown(str(node.value))}` is not possible here.", self._hint(node)
        )

    def _hint(self, node: Node) -> str:
        text = str(node.value)
        if text in self.choices:
            return f'Put it in quotes: "{text}".'
        return did_you_mean(text, [str(choice) for choice in self.choices])

    def words(self) -> str:
        """Return what is allowed, for the reference."""
        return " | ".join(f"`{choice}`" for choice in self.choices)


class Flag(msgspec.Struct, frozen=True):
    """`true` or `false`."""

    def read(self, node: Node, path: Path, notes: Notes) -> Any:
        """Return the truth value."""
        return node.value if isinstance(node.value, bool) else _wrong_type(node, path, notes, "`true` or `false`")

    def words(self) -> str:
        """Return what is allowed, for the reference."""
        return "`true` | `false`"


class Count(msgspec.Struct, frozen=True):
    """A whole number within bounds."""

    least: int = 0
    most: int = 1_000_000

    def read(self, node: Node, path: Path, notes: Notes) -> Any:
        """Return the number."""
        if not isinstance(node.value, int) or isinstance(node.value, bool):
            return _wrong_type(node, path, notes, "a whole number")
        if not self.least <= node.value <= self.most:
            return notes.mistake("value.range", node, path, f"This must be between {self.least} and {self.most}.")
        return node.value

    def words(self) -> str:
        """Return what is allowed, for the reference."""
        return f"a whole number, {self.least} to {self.most}"


class Parsed(msgspec.Struct, frozen=True):
    """A text that a function turns into a value; its `ValueError` says what the text is not."""

    parse: Callable[[str], Any]
    what: str

    def read(self, node: Node, path: Path, notes: Notes) -> Any:
        """Return the value that the function makes."""
        text = Text(self.what, longest=200).read(node, path, notes)
        if isinstance(text, Missing):
            return text
        try:
            return self.parse(text)
        except ValueError as error:
            return notes.mistake("value.pattern", node, path, f"`{shown(text)}` {error}.")

    def words(self) -> str:
        """Return what is allowed, for the reference."""
        return self.what


class Items(msgspec.Struct, frozen=True):
    """A list; with `alone` a single value may stand for a list of one."""

    item: Any
    alone: bool = False
    most: int = 500

    def read(self, node: Node, path: Path, notes: Notes) -> Any:
        """Return a tuple of the items that could be read."""
        if not isinstance(node.value, list):
            return self._single(node, path, notes)
        if len(node.value) > self.most:
            return notes.mistake("value.range", node, path, f"This list has more than {self.most} items.")
        read = [self.item.read(item, (*path, str(number)), notes) for number, item in enumerate(node.value)]
        return MISSING if any(isinstance(value, Missing) for value in read) else tuple(read)

    def _single(self, node: Node, path: Path, notes: Notes) -> Any:
        if not self.alone:
            return _wrong_type(node, path, notes, "a list")
        value = self.item.read(node, path, notes)
        return value if isinstance(value, Missing) else (value,)

    def words(self) -> str:
        """Return what is allowed, for the reference."""
        return f"a list of {self.item.words()}" + (", or one of them" if self.alone else "")


class Table(msgspec.Struct, frozen=True):
    """A mapping whose keys the author chooses."""

    key: Any
    value: Any
    most: int = 500

    def read(self, node: Node, path: Path, notes: Notes) -> Any:
        """Return a dictionary of the entries."""
        if not isinstance(node.value, dict):
            return _wrong_type(node, path, notes, "a mapping")
        if len(node.value) > self.most:
            return notes.mistake("value.range", node, path, f"This mapping has more than {self.most} entries.")
        entries = [self._entry(node, key, path, notes) for key in node.value]
        return MISSING if any(isinstance(part, Missing) for entry in entries for part in entry) else dict(entries)

    def _entry(self, node: Node, key: str, path: Path, notes: Notes) -> tuple[Any, Any]:
        line, column = node.key_places.get(key, (node.line, node.column))
        name = self.key.read(Node(key, line, column, len(key)), (*path, key), notes)
        return name, self.value.read(node.value[key], (*path, key), notes)

    def words(self) -> str:
        """Return what is allowed, for the reference."""
        return f"a mapping from {self.key.words()} to {self.value.words()}"


class Model(msgspec.Struct, frozen=True):
    """A mapping with known keys: the fields of a `msgspec.Struct`. Unknown and missing keys are mistakes."""

    model: type[msgspec.Struct]

    def read(self, node: Node, path: Path, notes: Notes) -> Any:
        """Return an instance of the model."""
        if not isinstance(node.value, dict):
            return _wrong_type(node, path, notes, "a mapping")
        fields = fields_of(self.model)
        meant = self._unknown(node, path, notes, fields)
        values: dict[str, Any] = {}
        for name, field in fields.items():
            if name in node.value:
                values[field.attribute] = field.shape.read(node.value[name], (*path, name), notes)
            elif field.required:
                # A key that is only misspelt was noted already.
                values[field.attribute] = MISSING if name in meant else self._absent(node, path, notes, name)
        broken = any(isinstance(value, Missing) for value in values.values())
        return MISSING if broken else self.model(**values)

    @staticmethod
    def _unknown(node: Node, path: Path, notes: Notes, fields: dict[str, Field]) -> set[str | None]:
        unknown = [key for key in node.value if key not in fields]
        for key in unknown:
            message = f"`{shown(key)}` is not a key that {_owner(path)} knows."
            notes.at_key("key.unknown", node, key, (*path, shown(key)), message, did_you_mean(key, fields))
        return {nearest(key, fields) for key in unknown}

    @staticmethod
    def _absent(node: Node, path: Path, notes: Notes, name: str) -> Missing:
        place = Node(None, *notes.root.descend(path))
        return notes.mistake("key.missing", place if path else node, path, f"{_owner(path)} lacks `{name}`.")

    def words(self) -> str:
        """Return what is allowed, for the reference."""
        return f"a `{self.model.__name__}`"


class Field(msgspec.Struct, frozen=True):
    """One key of a model: its attribute, its shape, whether it must be there, and what it means."""

    attribute: str
    shape: Any
    required: bool
    meaning: str


@cache
def fields_of(model: type[msgspec.Struct]) -> dict[str, Field]:
    """Return the keys of a model, by the name the file uses."""
    hints = get_type_hints(model, include_extras=True)
    return {
        info.encode_name: Field(info.name, shape_of(hints[info.name]), info.required, _meaning(hints[info.name]))
        for info in msgspec.structs.fields(model)
    }


@cache
def shape_of(annotation: Any) -> Any:
    """Return the shape of a type annotation; a shape among `Annotated` metadata wins."""
    if get_origin(annotation) is Annotated:
        chosen = [part for part in get_args(annotation)[1:] if hasattr(part, "read")]
        return chosen[-1] if chosen else shape_of(get_args(annotation)[0])
    if get_origin(annotation) in {UnionType, Union}:
        return shape_of(next(part for part in get_args(annotation) if part is not type(None)))
    return _plain_shape(annotation)


def _plain_shape(annotation: Any) -> Any:
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Literal:
        return Choice(arguments)
    if origin is tuple:
        return Items(shape_of(arguments[0]))
    if origin is dict:
        return Table(shape_of(arguments[0]), shape_of(arguments[1]))
    if isinstance(annotation, type) and issubclass(annotation, msgspec.Struct):
        return Model(annotation)
    return {bool: Flag(), int: Count(), str: Text()}[annotation]


def _meaning(annotation: Any) -> str:
    if get_origin(annotation) is not Annotated:
        return ""
    return next((part for part in get_args(annotation)[1:] if isinstance(part, str)), "")


def _wrong_type(node: Node, path: Path, notes: Notes, wanted: str) -> Missing:
    if node.value is None:
        return notes.mistake(
            "value.empty", node, path, f"This is empty; {wanted} is needed.", "Leave the key out otherwise."
        )
    return notes.mistake("value.type", node, path, f"This is {node.kind}; {wanted} is needed.")


def _owner(path: Path) -> str:
    return f"`{shown('.'.join(path))}`" if path else "the policy"


def _unprintable(letter: str) -> bool:
    return (letter < " " and letter not in "\n\t") or "\x7f" <= letter < "\xa0" or "\ud800" <= letter <= "\udfff"
