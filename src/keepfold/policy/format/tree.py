"""YAML into a tree of nodes that know their line and column.

The tree is built from the parser's events, never by YAML's own constructors: no anchors, no aliases, no tags, no
second document, no key twice, and no more depth or nodes than a policy needs. Plain scalars follow the YAML 1.2 core
schema, so that any other YAML reader sees the same JSON document.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)
from ruamel.yaml.reader import ReaderError

MAX_BYTES = 1024 * 1024
MAX_LINES = 20_000  # each is shown, numbered and compared; a file of values on lines of their own has no more
MAX_DEPTH = 16
MAX_NODES = 20_000
MAX_INTEGER = 2**53 - 1  # the largest that RFC 8785 and every JSON reader agree on

_INTEGER = re.compile(r"[-+]?[0-9]+\Z")
# A lone surrogate (`"\ud83d"`): YAML lets an escape name one, but no text of Unicode contains it and no JSON can.
_HALF_CHARACTER = re.compile("[\ud800-\udfff]")
_OTHER_NUMBER = re.compile(
    r"(?:[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?|0o[0-7]+|0x[0-9a-fA-F]+"
    r"|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))\Z"
)
_WORDS: dict[str, bool | None] = {
    "": None,
    "~": None,
    **dict.fromkeys(("null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
# What the parser raises on odd input besides its own errors: escapes beyond Unicode, broken directives and the like.
_PARSER_FAULTS = (OverflowError, ValueError, IndexError, KeyError, AttributeError, TypeError, AssertionError)


class Unreadable(Exception):
    """The text is no tree at all. `line` and `column` count from 1; 0 when unknown."""

    def __init__(self, check: str, message: str, line: int = 0, column: int = 0, hint: str = "") -> None:
        super().__init__(message)
        self.check = check
        self.message = message
        self.line = line
        self.column = column
        self.hint = hint


class Decimal(str):
    """A number that is not a whole one, or not written in decimal: kept as text, since no key takes one."""

    __slots__ = ()


class Node:
    """One value: a scalar, a list of nodes, or a mapping of nodes with the place of each key."""

    __slots__ = ("column", "key_places", "length", "line", "repeated", "value")

    def __init__(self, value: Any, line: int, column: int, length: int = 1) -> None:
        self.value = value
        self.line = line
        self.column = column
        self.length = length
        self.key_places: dict[str, tuple[int, int]] = {}
        self.repeated: list[tuple[str, int, int]] = []

    @property
    def kind(self) -> str:
        """Return what this is, in words for a message."""
        value = self.value
        if isinstance(value, dict):
            return "a mapping"
        if isinstance(value, list):
            return "a list"
        if value is None:
            return "nothing"
        if isinstance(value, bool):
            return "true or false"
        return "a number" if isinstance(value, int | Decimal) else "a text"

    def plain(self) -> Any:
        """Return the node as plain Python values, ready for JSON."""
        if isinstance(self.value, dict):
            return {key: node.plain() for key, node in self.value.items()}
        if isinstance(self.value, list):
            return [node.plain() for node in self.value]
        return self.value

    def descend(self, path: tuple[str, ...]) -> tuple[int, int, int]:
        """Return line, column and length of the key or item at the path, or of the deepest part that exists."""
        place = (self.line, self.column, self.length)
        node = self
        for step in path:
            if isinstance(node.value, dict) and step in node.value:
                place = (*node.key_places.get(step, place[:2]), len(step))
                node = node.value[step]
            elif isinstance(node.value, list) and step.isdigit() and int(step) < len(node.value):
                node = node.value[int(step)]
                place = (node.line, node.column, node.length)
            else:
                break
        return place


def read_tree(source: bytes | str) -> Node:
    """Read one YAML document. Raises `Unreadable`."""
    return read_events(source, lambda _event: None)


def read_events(source: bytes | str, see: Callable[[Any], None]) -> Node:
    """Read one YAML document, and show each event of the parser to `see` as well. Raises `Unreadable`."""
    text = _decoded(source)
    builder = _Builder()
    try:
        for event in YAML(typ="safe", pure=True).parse(text):
            builder.take(event)
            see(event)
    except MarkedYAMLError as error:
        raise _syntax(error) from None
    except ReaderError as error:
        raise Unreadable(
            "file.syntax", "There is a character that YAML does not permit.", *_place(text, error.position)
        ) from None
    except (YAMLError, *_PARSER_FAULTS):
        raise Unreadable("file.syntax", "This is not YAML.") from None
    except RecursionError:
        raise Unreadable("file.too-deep", f"This is nested more than {MAX_DEPTH} levels deep.") from None
    if builder.root is None:
        raise Unreadable("file.empty", "The file holds nothing.", hint="Begin with `keepfold policy init`.")
    return builder.root


def has_too_many_lines(source: bytes | str) -> bool:
    """Say whether a text has more lines than a policy may; at most `MAX_BYTES` of it are looked at.

    Every sign counts that ends a line anywhere, so that no page shows more.
    """
    return len(source[:MAX_BYTES].splitlines()) > MAX_LINES


def require_few_lines(source: bytes | str) -> None:
    """Raise `Unreadable` for a text of more lines than a policy may have."""
    if has_too_many_lines(source):
        raise Unreadable(
            "file.too-large", f"There are more than {MAX_LINES:,} lines.", hint="A policy needs far fewer."
        )


def repeated_keys(node: Node) -> Iterator[tuple[str, int, int]]:
    """Yield every key that a mapping holds twice, with the place of the second."""
    yield from node.repeated
    if isinstance(node.value, dict | list):
        for child in node.value.values() if isinstance(node.value, dict) else node.value:
            yield from repeated_keys(child)


class _Builder:
    """Takes parser events one by one; keeps the open collections on a stack."""

    def __init__(self) -> None:
        self.root: Node | None = None
        self.stack: list[Node] = []
        self.keys: list[tuple[str, int, int] | None] = []
        self.nodes = 0
        self.documents = 0

    def take(self, event: Any) -> None:
        """Handle one event. Raises `Unreadable` on everything that a policy may not contain."""
        if isinstance(event, DocumentStartEvent):
            self._document(event)
        elif isinstance(event, AliasEvent):
            raise _at("file.anchor", event, "Aliases (`*name`) are not permitted.", "Write the value out.")
        elif isinstance(event, ScalarEvent):
            self._guard(event)
            self._scalar(event)
        elif isinstance(event, MappingStartEvent | SequenceStartEvent):
            self._guard(event)
            self._open(event)
        elif isinstance(event, MappingEndEvent | SequenceEndEvent):
            self.stack.pop()
            self.keys.pop()

    def _document(self, event: Any) -> None:
        self.documents += 1
        if self.documents > 1:
            raise _at(
                "file.many-documents", event, "There is a second document after `---`.", "Keep one policy in one file."
            )

    def _guard(self, event: Any) -> None:
        self.nodes += 1
        if event.anchor is not None:
            raise _at("file.anchor", event, "Anchors (`&name`) are not permitted.", "Write the value out.")
        if event.tag is not None and str(event.tag) != "!":
            raise _at("file.tag", event, "Tags (`!name`) are not permitted.", "Write the value plainly or in quotes.")
        if self.nodes > MAX_NODES:
            raise _at(
                "file.too-large", event, f"There are more than {MAX_NODES:,} values.", "A policy needs far fewer."
            )
        if len(self.stack) >= MAX_DEPTH:
            raise _at("file.too-deep", event, f"This is nested more than {MAX_DEPTH} levels deep.")

    def _scalar(self, event: Any) -> None:
        if _HALF_CHARACTER.search(event.value):
            raise _at("file.syntax", event, "An escape names half a character.", "Write the character itself.")
        line, column = event.start_mark.line + 1, event.start_mark.column + 1
        if self._wants_key():
            self.keys[-1] = (event.value, line, column)
            return
        length = max(1, event.end_mark.column - event.start_mark.column) if event.end_mark.line == line - 1 else 1
        self._add(Node(_resolved(event), line, column, length))

    def _open(self, event: Any) -> None:
        if self._wants_key():
            raise _at("file.key-not-text", event, "A key must be a plain word.")
        empty: dict[str, Node] | list[Node] = {} if isinstance(event, MappingStartEvent) else []
        node = Node(empty, event.start_mark.line + 1, event.start_mark.column + 1)
        self._add(node)
        self.stack.append(node)
        self.keys.append(None)

    def _wants_key(self) -> bool:
        return bool(self.stack) and isinstance(self.stack[-1].value, dict) and self.keys[-1] is None

    def _add(self, node: Node) -> None:
        if not self.stack:
            self.root = node
            return
        parent = self.stack[-1]
        if isinstance(parent.value, list):
            parent.value.append(node)
            return
        key = self.keys[-1]
        self.keys[-1] = None
        if key is not None:
            self._put(parent, key, node)

    @staticmethod
    def _put(parent: Node, key: tuple[str, int, int], node: Node) -> None:
        name, line, column = key
        if name in parent.value:
            parent.repeated.append(key)
        else:
            parent.value[name] = node
            parent.key_places[name] = (line, column)


def _decoded(source: bytes | str) -> str:
    raw = source.encode("utf-8", "surrogatepass") if isinstance(source, str) else source
    if len(raw) > MAX_BYTES:
        raise Unreadable(
            "file.too-large", f"The file is larger than {MAX_BYTES // 1024} KiB.", hint="A policy needs far less."
        )
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        column = error.start - (raw.rfind(b"\n", 0, error.start) + 1) + 1
        raise Unreadable("file.encoding", "The file is not UTF-8 text.", line, column, "Save it as UTF-8.") from None
    return text.removeprefix("\ufeff")


def _resolved(event: Any) -> str | int | bool | None:
    text = str(event.value)
    if event.style is not None or not event.implicit[0] or event.tag is not None:
        return text
    if text in _WORDS:
        return _WORDS[text]
    if _INTEGER.match(text):
        return _integer(event, text)
    return Decimal(text) if _OTHER_NUMBER.match(text) else text


def _integer(event: Any, text: str) -> int:
    if len(text) > 17 or abs(int(text)) > MAX_INTEGER:
        raise _at("file.number", event, "This number is too large.", "Put it in quotes when it is not a count.")
    return int(text)


def _at(check: str, event: Any, message: str, hint: str = "") -> Unreadable:
    return Unreadable(check, message, event.start_mark.line + 1, event.start_mark.column + 1, hint)


def _syntax(error: MarkedYAMLError) -> Unreadable:
    mark = error.problem_mark or error.context_mark
    problem = " ".join((error.problem or "this cannot be read").split())
    line, column = (mark.line + 1, mark.column + 1) if mark is not None else (0, 0)
    return Unreadable("file.syntax", f"This is not YAML: {problem}.", line, column, _syntax_hint(problem))


def _syntax_hint(problem: str) -> str:
    if "mapping values are not allowed" in problem:
        return "A value that contains a colon and a space goes in quotes."
    return "Indent with spaces, never with tabs." if "'\\t'" in problem else ""


def _place(text: str, position: int) -> tuple[int, int]:
    before = text[:position]
    return before.count("\n") + 1, position - (before.rfind("\n") + 1) + 1
