"""Where everything stands in a YAML text: keys, values, dashes and comments, as offsets into it.

Made from the events of the same parser that reads policies, so that both agree on what the text says.
"""

from __future__ import annotations

from bisect import bisect_left
from functools import lru_cache
from typing import Any, Literal

from ruamel.yaml.events import (
    MappingEndEvent,
    MappingStartEvent,
    NodeEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)

from keepfold.policy.format.tree import read_events

Path = tuple[str, ...]
Kind = Literal["scalar", "map", "list"]


class Span:
    """One value in the text: `start` to `end` (exclusive), without blanks and comments after it.

    `entries` are the parts of a mapping or a list. `style` is the quote or the sign of a block text, None for plain.
    """

    __slots__ = ("end", "entries", "flow", "kind", "start", "style")

    def __init__(self, kind: Kind, start: int, end: int, *, flow: bool = False, style: str | None = None) -> None:
        self.kind: Kind = kind
        self.start = start
        self.end = end
        self.flow = flow
        self.style = style
        self.entries: list[Entry] = []

    def entry(self, key: str) -> Entry | None:
        """Return the entry of a key, or of the number of an item; None when there is none."""
        return next((entry for entry in self.entries if entry.key == key), None)


class Entry:
    """One part of a mapping or a list. `start` is where its key, dash or item begins, `mark` its colon or dash."""

    __slots__ = ("key", "key_end", "mark", "span", "start")

    def __init__(self, key: str, start: int, key_end: int, mark: int | None, span: Span) -> None:
        self.key = key
        self.start = start
        self.key_end = key_end
        self.mark = mark
        self.span = span

    @property
    def end(self) -> int:
        """Return where the entry ends, its value included."""
        after_mark = self.mark + 1 if self.mark is not None else 0
        return max(self.key_end, after_mark, self.span.end)

    @property
    def empty(self) -> bool:
        """Say whether the value is not written at all."""
        return self.span.kind == "scalar" and self.span.start == self.span.end


class Spans:
    """A text with all its places. Raises `Unreadable` when the text is no tree that a policy may be."""

    def __init__(self, text: str) -> None:
        self.text = text
        events: list[Any] = []
        self.tree = read_events(text, events.append)
        self._marks = _Marks(text, events)
        self.comments = self._marks.comments
        self.root = _Builder(self._marks).build(events)

    def at(self, path: Path) -> Entry | None:
        """Return the entry at a path, or None."""
        span, entry = self.root, None
        for step in path:
            entry = span.entry(step)
            if entry is None:
                return None
            span = entry.span
        return entry

    def span(self, path: Path) -> Span | None:
        """Return the value at a path; the whole text for the empty one."""
        if not path:
            return self.root
        entry = self.at(path)
        return entry.span if entry is not None else None

    def comments_in(self, start: int, end: int) -> list[str]:
        """Return the comments that begin between two offsets."""
        return [self.text[first:last] for first, last in self.comments if start <= first < end]

    def all_comments(self) -> list[str]:
        """Return every comment, in order."""
        return [self.text[first:last] for first, last in self.comments]

    def line_start(self, offset: int) -> int:
        """Return where the line of an offset begins."""
        return self.text.rfind("\n", 0, offset) + 1

    def line_end(self, offset: int) -> int:
        """Return where the line of an offset ends, before its line break."""
        found = self.text.find("\n", offset)
        return len(self.text) if found < 0 else found

    def column(self, offset: int) -> int:
        """Return how many characters stand before an offset on its line."""
        return offset - self.line_start(offset)

    def line_number(self, offset: int) -> int:
        """Return the number of the line of an offset, from 1."""
        return self.text.count("\n", 0, offset) + 1


@lru_cache(maxsize=16)
def spans_of(text: str) -> Spans:
    """Return the places of a text; the last ones are remembered. Raises `Unreadable`."""
    return Spans(text)


class _Marks:
    """What stands between the parser's events: comments, colons and dashes, each list in order.

    Whatever is not an event is a blank, a comment or one of YAML's signs, so nothing here can be part of a text.
    """

    def __init__(self, text: str, events: list[Any]) -> None:
        self.text = text
        self.comments: list[tuple[int, int]] = []
        self.colons: list[int] = []
        self.dashes: list[int] = []
        self.atoms = [atom for event in events for atom in self._atoms(event)]
        self.starts = [start for start, _ in self.atoms]
        at = 0
        for start, end in self.atoms:
            self._look(at, start)
            at = max(at, end)
        self._look(at, len(text))

    def colon_after(self, offset: int) -> int | None:
        """Return the colon of the key that ends here; there is none in a mapping such as `{a, b}`."""
        number = bisect_left(self.colons, offset)
        if number == len(self.colons):
            return None
        colon, following = self.colons[number], bisect_left(self.starts, offset)
        return colon if following == len(self.starts) or self.starts[following] > colon else None

    def dash_before(self, offset: int) -> int:
        """Return the dash of the item that begins here."""
        return self.dashes[bisect_left(self.dashes, offset) - 1]

    def text_end(self, start: int, end: int) -> int:
        """Return where a block text ends, without the empty lines after it."""
        header = self.text.find("\n", start, end)
        return end if header < 0 else max(header, start + len(self.text[start:end].rstrip("\n ")))

    def _atoms(self, event: Any) -> list[tuple[int, int]]:
        start, end = event.start_mark.index, event.end_mark.index
        if isinstance(event, ScalarEvent):
            return self._block_atoms(start, end) if event.style in {"|", ">"} else [(start, end)] * (end > start)
        if isinstance(event, MappingStartEvent | SequenceStartEvent):
            return [(start, start + 1)] if event.flow_style else []
        # The end of a block collection takes no room.
        return [(start, end)] if isinstance(event, MappingEndEvent | SequenceEndEvent) and end > start else []

    def _block_atoms(self, start: int, end: int) -> list[tuple[int, int]]:
        """Return the sign of a block text and its lines; a comment may stand between the two."""
        header = self.text.find("\n", start, end)
        header = end if header < 0 else header
        note = self.text.find(" #", start, header)
        return [(start, note if note >= 0 else header), (header, self.text_end(start, end))]

    def _look(self, at: int, until: int) -> None:
        while at < until:
            letter = self.text[at]
            at_margin = at == 0 or self.text[at - 1] == "\n"
            if letter == "#":
                end = self._line_end(at)
                self.comments.append((at, end))
                at = end
            elif at_margin and (letter == "%" or self.text.startswith(("---", "..."), at)):
                at = self._line_end(at) if letter == "%" else at + 3
            else:
                self._sign(letter, at)
                at += 1

    def _sign(self, letter: str, at: int) -> None:
        if letter == ":":
            self.colons.append(at)
        elif letter == "-":
            self.dashes.append(at)

    def _line_end(self, at: int) -> int:
        end = self.text.find("\n", at)
        return len(self.text) if end < 0 else end


class _Builder:
    """Takes the parser's events in order; `stack` holds the open collections, each with a key that waits, if any."""

    def __init__(self, marks: _Marks) -> None:
        self.marks = marks
        self.root: Span | None = None
        self.stack: list[tuple[Span, list[tuple[str, int, int]]]] = []

    def build(self, events: list[Any]) -> Span:
        """Return the whole text as one value."""
        for event in events:
            if isinstance(event, NodeEvent):
                self._take(event)
            elif isinstance(event, MappingEndEvent | SequenceEndEvent):
                self._close(event)
        assert self.root is not None  # noqa: S101  `read_tree` refused an empty text
        return self.root

    def _take(self, event: Any) -> None:
        start, end = event.start_mark.index, event.end_mark.index
        waiting = self.stack[-1] if self.stack else None
        if waiting is not None and waiting[0].kind == "map" and not waiting[1]:
            waiting[1].append((str(event.value), start, end))
            return
        span = self._span(event, start, end)
        self._add(span, start)
        if span.kind != "scalar":
            self.stack.append((span, []))

    def _span(self, event: Any, start: int, end: int) -> Span:
        if isinstance(event, ScalarEvent):
            end = self.marks.text_end(start, end) if event.style in {"|", ">"} else end
            return Span("scalar", start, end, style=event.style)
        kind: Kind = "map" if isinstance(event, MappingStartEvent) else "list"
        return Span(kind, start, start, flow=bool(event.flow_style))

    def _add(self, span: Span, start: int) -> None:
        if not self.stack:
            self.root = span
            return
        parent, keys = self.stack[-1]
        if parent.kind == "map":
            key, key_start, key_end = keys.pop()
            mark = self.marks.colon_after(key_end)
            entry = Entry(key, key_start, key_end, mark, span)
        else:
            mark = None if parent.flow else self.marks.dash_before(start)
            first = start if mark is None else mark
            entry = Entry(str(len(parent.entries)), first, first, mark, span)
        if span.kind == "scalar" and span.start == span.end:
            # The parser puts what is not written where the next thing begins; it belongs behind its own sign.
            span.start = span.end = entry.key_end if mark is None else mark + 1
        parent.entries.append(entry)

    def _close(self, event: Any) -> None:
        span, _ = self.stack.pop()
        if span.flow:
            span.end = event.end_mark.index
        elif span.entries:
            span.end = span.entries[-1].end
