"""Changes of one place in a YAML text; everything else stays as it is, letter by letter.

A change is a list of steps on plain values: `Put` a value at a path, `Cut` what is there, `Rename` a key. `operate`
does them one after the other, then reads the text back: it must say exactly what the steps say, and must still hold
every comment. Otherwise it raises `CannotEdit` and nothing was changed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from keepfold.policy.format.tree import Unreadable, read_tree
from keepfold.policy.guide import write
from keepfold.policy.guide.spans import Entry, Path, Span, Spans, spans_of


class CannotEdit(Exception):
    """This place is written in a way that no form can change without harm. `line` counts from 1, 0 when unknown."""

    def __init__(self, line: int = 0) -> None:
        super().__init__("written in a way that only a person should change")
        self.line = line


class Put(msgspec.Struct, frozen=True):
    """Set a value. A new key goes behind the last of `after` that is there, else before all; to the end without them.

    The last step of a path may be `+`: the value is then appended to a list.
    """

    path: Path
    value: Any
    after: tuple[str, ...] = ()


class Cut(msgspec.Struct, frozen=True):
    """Remove a key with its value, or an item of a list."""

    path: Path


class Rename(msgspec.Struct, frozen=True):
    """Give a key another name."""

    path: Path
    name: str


Step = Put | Cut | Rename


def operate(text: str, steps: Sequence[Step]) -> str:
    """Return the text after the steps. Raises `CannotEdit`, or `Unreadable` when the text is no tree."""
    before = spans_of(text)
    wanted = before.tree.plain()
    spans = before
    for step in steps:
        wanted = said(wanted, step)
        spans = _again(_one(spans, step), spans, step.path)
    if not _is_right(spans, before, wanted):
        raise CannotEdit(_line(before, steps[0].path if steps else ()))
    return spans.text


def said(value: Any, step: Step) -> Any:
    """Return plain values after a step: what the text must say then. Raises `CannotEdit` for a path that is not."""
    if isinstance(step, Put) and not step.path:
        return step.value
    return _replaced(value, step.path, step)


def _replaced(value: Any, path: Path, step: Step) -> Any:
    first, rest = path[0], path[1:]
    if isinstance(value, list):
        return _replaced_item(value, first, rest, step)
    parts = dict(value) if isinstance(value, dict) else {}
    if rest:
        parts[first] = _replaced(parts.get(first), rest, step)
    elif isinstance(step, Put):
        parts[first] = step.value
    elif first not in parts:
        raise CannotEdit
    elif isinstance(step, Cut):
        del parts[first]
    else:
        return {step.name if key == first else key: part for key, part in parts.items()}
    return parts


def _replaced_item(items: list[Any], first: str, rest: Path, step: Step) -> list[Any]:
    if first == "+" and isinstance(step, Put) and not rest:
        return [*items, step.value]
    if not first.isdigit() or int(first) >= len(items):
        raise CannotEdit
    number = int(first)
    if rest:
        return [*items[:number], _replaced(items[number], rest, step), *items[number + 1 :]]
    if isinstance(step, Rename):
        raise CannotEdit
    return [*items[:number], *([step.value] if isinstance(step, Put) else []), *items[number + 1 :]]


def _again(text: str, before: Spans, path: Path) -> Spans:
    try:
        return spans_of(text)
    except Unreadable:
        raise CannotEdit(_line(before, path)) from None


def _is_right(after: Spans, before: Spans, wanted: Any) -> bool:
    lost = Counter(before.all_comments()) - Counter(after.all_comments())
    return not lost and after.tree.plain() == wanted and not list(after.tree.repeated)


def _line(spans: Spans, path: Path) -> int:
    while path:
        entry = spans.at(path)
        if entry is not None:
            return spans.line_number(entry.start)
        path = path[:-1]
    return 0


def _one(spans: Spans, step: Step) -> str:
    if isinstance(step, Rename):
        return _rename(spans, step)
    if isinstance(step, Cut):
        return _cut(spans, step.path)
    return _put(spans, step)


def _rename(spans: Spans, step: Rename) -> str:
    entry = _there(spans, step.path)
    quote = spans.text[entry.start]
    name = write.scalar(step.name, flow=True, quote=quote if quote in "'\"" else None)
    return _replace(spans, entry.start, entry.key_end, name)


def _there(spans: Spans, path: Path) -> Entry:
    entry = spans.at(path)
    if entry is None:
        raise CannotEdit(_line(spans, path))
    return entry


def _replace(spans: Spans, start: int, end: int, new: str) -> str:
    """Return the text with a part of it replaced; comments in that part move above its line."""
    kept = spans.comments_in(start, end)
    text = spans.text
    if not kept:
        return text[:start] + new + text[end:]
    margin_at = spans.line_start(start)
    margin = " " * (len(text[margin_at:start]) - len(text[margin_at:start].lstrip(" ")))
    above = "".join(f"{margin}{comment}\n" for comment in kept)
    return text[:margin_at] + above + text[margin_at:start] + new + text[end:]


# ------------------------------------------------------------------------------------------------- setting


def _put(spans: Spans, step: Put) -> str:
    parent_path, key = step.path[:-1], step.path[-1]
    entry = spans.at(step.path)
    if entry is not None:
        return _set(spans, step.path, entry, step.value)
    parent = spans.span(parent_path)
    if parent is None:
        # What is to hold it is not there either: it comes with it.
        return _put(spans, Put(parent_path, [step.value] if key == "+" else {key: step.value}))
    if parent.kind == "scalar":
        if not _there(spans, parent_path).empty:
            raise CannotEdit(_line(spans, parent_path))
        return _fill(spans, parent_path, {key: step.value} if key != "+" else [step.value])
    if parent.flow:
        return _insert_flow(spans, parent_path, parent, step)
    return _insert_block(spans, parent, step)


def _set(spans: Spans, path: Path, entry: Entry, value: Any) -> str:
    span = entry.span
    flow = _in_flow(spans, path)
    if entry.empty:
        return _fill(spans, path, value)
    if span.kind != "scalar" and not span.flow:
        return _set_in_place_of_lines(spans, path, entry, value)
    if isinstance(value, dict | list):
        shown = write.inline(value)
    else:
        shown = write.scalar(value, flow=flow, quote=span.style if span.style in {"'", '"'} else None)
    return _replace(spans, span.start, span.end, shown)


def _set_in_place_of_lines(spans: Spans, path: Path, entry: Entry, value: Any) -> str:
    """Replace what stands in lines below a key or beside a dash by something on the line itself."""
    if entry.mark is None:
        raise CannotEdit(_line(spans, path))
    shown = write.inline(value) if isinstance(value, dict | list) else write.scalar(value, flow=False)
    first = entry.mark + 1
    line = spans.line_end(first)
    if line >= entry.span.start:
        return _replace(spans, first, entry.span.end, " " + shown)
    # The comment beside the key stays beside it.
    end = spans.line_end(entry.span.end)
    text = _replace(spans, line, end, "")
    moved = len(text) - len(spans.text) + (end - line)
    return text[: first + moved] + " " + shown + text[first + moved :]


def _fill(spans: Spans, path: Path, value: Any) -> str:
    """Write a value where nothing was written."""
    entry = _there(spans, path)
    at = entry.end
    shown = write.inline(value) if isinstance(value, dict | list) else write.scalar(value, flow=_in_flow(spans, path))
    return spans.text[:at] + (" " if entry.mark is not None else ": ") + shown + spans.text[at:]


def _in_flow(spans: Spans, path: Path) -> bool:
    parent = spans.span(path[:-1])
    return parent is not None and parent.flow


# ----------------------------------------------------------------------------------------------- inserting


def _insert_flow(spans: Spans, path: Path, parent: Span, step: Put) -> str:
    key = step.path[-1]
    new = write.inline(step.value) if key == "+" else f"{write.scalar(key, flow=True)}: {write.inline(step.value)}"
    if not parent.entries:
        unfolded = _unfolded(spans, path, parent, step)
        if unfolded is not None:
            return unfolded
        return spans.text[: parent.start + 1] + new + spans.text[parent.start + 1 :]
    before = _predecessor(parent, step)
    if before is None:
        first = parent.entries[0].start
        return spans.text[:first] + new + ", " + spans.text[first:]
    return spans.text[: before.end] + ", " + new + spans.text[before.end :]


def _unfolded(spans: Spans, path: Path, parent: Span, step: Put) -> str | None:
    """Return the text with `key: {}` opened into lines for what does not fit on one, or None where it cannot be."""
    entry = spans.at(path)
    if entry is None or entry.mark is None or _in_flow(spans, path) or spans.comments_in(parent.start, parent.end):
        return None
    key, indent = step.path[-1], spans.column(entry.start) + write.INDENT
    lines = write.item(step.value, indent) if key == "+" else write.entry(key, step.value, indent)
    if spans.text[entry.start] == "-" or (len(lines) == 1 and len(path) > 1):
        return None
    text, end = spans.text, spans.line_end(parent.end)
    rest = text[parent.end : end]
    head = text[: parent.start].rstrip(" ") + (" " + rest.lstrip(" ") if rest.strip() else "")
    return head + "\n" + "\n".join(lines) + text[end:]


def _predecessor(parent: Span, step: Put) -> Entry | None:
    """Return the entry behind which a new one goes: the last of those that come before it, else the last of all."""
    if not step.after:
        return parent.entries[-1]
    return next((entry for entry in reversed(parent.entries) if entry.key in step.after), None)


def _insert_block(spans: Spans, parent: Span, step: Put) -> str:
    key, first = step.path[-1], parent.entries[0]
    indent = spans.column(first.start)
    lines = write.item(step.value, indent) if key == "+" else write.entry(key, step.value, indent)
    before = _predecessor(parent, step)
    if before is None and spans.text[spans.line_start(first.start) : first.start].strip():
        before = first  # it stands beside a dash
    if before is None:
        at = spans.line_start(first.start)
        return spans.text[:at] + "\n".join(lines) + "\n" + spans.text[at:]
    at = spans.line_end(before.end)
    gap = "\n" if _are_apart(spans, parent) and len(lines) > 1 else ""
    return spans.text[:at] + "\n" + gap + "\n".join(lines) + spans.text[at:]


def _are_apart(spans: Spans, parent: Span) -> bool:
    """Say whether the last two entries have an empty line between them, as purposes do."""
    if len(parent.entries) < 2:
        return False
    one, other = parent.entries[-2:]
    return "\n\n" in spans.text[one.end : other.start]


# ------------------------------------------------------------------------------------------------- cutting


def _cut(spans: Spans, path: Path) -> str:
    entry, parent = _there(spans, path), spans.span(path[:-1])
    assert parent is not None  # noqa: S101  it holds the entry
    if parent.flow:
        return _cut_flow(spans, parent, entry)
    if len(parent.entries) == 1:
        return _cut_only(spans, path, parent)
    start = spans.line_start(entry.start)
    if spans.text[start : entry.start].strip():  # beside a dash: the next key takes its place
        following = parent.entries.index(entry) + 1
        return _replace(spans, entry.start, parent.entries[following].start, "")
    end = spans.line_end(entry.end)
    return _without_lines(spans, start, end, entry)


def _without_lines(spans: Spans, start: int, end: int, entry: Entry) -> str:
    margin = " " * spans.column(entry.start)
    kept = "".join(f"{margin}{comment}\n" for comment in spans.comments_in(start, end))
    return spans.text[:start] + kept + spans.text[end:].removeprefix("\n")


def _cut_only(spans: Spans, path: Path, parent: Span) -> str:
    """Remove the only part of what stands in lines: `{}` or `[]` stays."""
    holder = spans.at(path[:-1])
    if holder is None:
        raise CannotEdit(_line(spans, path))
    return _set_in_place_of_lines(spans, path[:-1], holder, {} if parent.kind == "map" else [])


def _cut_flow(spans: Spans, parent: Span, entry: Entry) -> str:
    number = parent.entries.index(entry)
    if number + 1 < len(parent.entries):
        return _replace(spans, entry.start, parent.entries[number + 1].start, "")
    if number:
        return _replace(spans, parent.entries[number - 1].end, entry.end, "")
    return _replace(spans, entry.start, entry.end, "")


def put_all(path: Path, was: Any, wanted: Any, order: tuple[str, ...] = ()) -> Iterable[Step]:
    """Yield the fewest steps from one value to another: parts that are the same are not touched."""
    if was == wanted and type(was) is type(wanted):
        return
    if isinstance(was, dict) and isinstance(wanted, dict) and was and wanted:
        yield from _parts(path, was, wanted, order)
    elif isinstance(was, list) and isinstance(wanted, list) and was and wanted:
        yield from _items(path, was, wanted)
    else:
        yield Put(path, wanted)


def _parts(path: Path, was: dict[str, Any], wanted: dict[str, Any], order: tuple[str, ...]) -> Iterable[Step]:
    for key, value in wanted.items():
        if key in was:
            yield from put_all((*path, key), was[key], value)
        else:
            yield Put((*path, key), value, _before(key, order))
    yield from (Cut((*path, key)) for key in was if key not in wanted)


def _before(key: str, order: tuple[str, ...]) -> tuple[str, ...]:
    return ("", *order[: order.index(key)]) if key in order else ()


def _items(path: Path, was: list[Any], wanted: list[Any]) -> Iterable[Step]:
    """Keep what stays in its order, remove what goes, append what comes; where that is not enough, write it anew."""
    stays = [value for value in was if value in wanted]
    comes = [value for value in wanted if value not in was]
    if stays + comes != wanted or len(stays) != len([value for value in wanted if value in was]) or not stays:
        yield Put(path, wanted)
        return
    yield from (Cut((*path, str(number))) for number in reversed(range(len(was))) if was[number] not in wanted)
    yield from (Put((*path, "+"), value) for value in comes)


def read_plain(text: str) -> Any:
    """Return what a text says as plain values. Raises `Unreadable`."""
    return read_tree(text).plain()
