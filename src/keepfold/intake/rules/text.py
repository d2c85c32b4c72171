"""What a text file is written in: its encoding, its delimiter, its column names."""

from __future__ import annotations

import codecs
import csv
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import NamedTuple

DELIMITERS = (",", ";", "\t", "|")
DELIMITER_NAMES = {",": "comma", ";": "semicolon", "\t": "tab", "|": "vertical bar"}
# Bytes that Windows-1252 leaves undefined; a file that has one of them cannot be Windows-1252.
_CP1252_HOLES = frozenset((0x81, 0x8D, 0x8F, 0x90, 0x9D))
_VALUE_LIKE = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+|\+?[\d\s()./-]{6,}|\d{4}-\d{2}-\d{2}.*|\d+([.,]\d+)?")


class Encoding(NamedTuple):
    """A codec name for Python, and the sentence to say when it is a guess."""

    codec: str
    note: str = ""


def encoding_from_start(head: bytes) -> Encoding | None:
    """Return the encoding that the first bytes give away (a byte order mark, or the zeros of UTF-16), if any."""
    if head.startswith(codecs.BOM_UTF8):
        return Encoding("utf-8-sig")
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return Encoding("utf-16")
    even, odd = head[0::2].count(0), head[1::2].count(0)
    most = len(head) // 4  # more than half of the characters of one side
    if len(head) >= 8 and odd > most and not even:
        return Encoding("utf-16-le", "It has no byte order mark; its zero bytes say UTF-16 (little endian).")
    if len(head) >= 8 and even > most and not odd:
        return Encoding("utf-16-be", "It has no byte order mark; its zero bytes say UTF-16 (big endian).")
    return None


def encoding_of_bytes(*, valid_utf8: bool, seen: Iterable[int]) -> Encoding:
    """Return UTF-8 when the whole file is valid UTF-8, otherwise Windows-1252 or Latin-1, saying so.

    `seen` are the byte values from 0x80 to 0x9F that occur in the file.
    """
    if valid_utf8:
        return Encoding("utf-8")
    controls = set(seen)
    if controls and not controls & _CP1252_HOLES:
        return Encoding("cp1252", "It is not UTF-8. Read as Windows-1252; check that accents and € look right.")
    return Encoding("latin-1", "It is not UTF-8. Read as Latin-1 (ISO 8859-1); check that accents look right.")


def guess_delimiter(text: str, *, prefer: str = ",") -> str:
    """Return the delimiter under which the rows of `text` have the most even number of columns, and more than one."""
    ranked = sorted(DELIMITERS, key=lambda mark: (*_evenness(text, mark), mark == prefer), reverse=True)
    return ranked[0] if _evenness(text, ranked[0])[0] > 0 else prefer


def _evenness(text: str, mark: str) -> tuple[float, int]:
    """Return the share of rows as wide as the first one, 0 when that is one column, and that width."""
    rows = [row for row in _parse(text, mark) if row]
    if not rows or len(rows[0]) < 2:
        return (0.0, 0)
    widths = Counter(map(len, rows))
    return (round(widths[len(rows[0])] / len(rows), 1), len(rows[0]))


def _parse(text: str, mark: str) -> list[list[str]]:
    try:
        return list(csv.reader(text.splitlines(keepends=True), delimiter=mark))
    except csv.Error:
        return []


def column_names(cells: Sequence[str]) -> tuple[str, ...]:
    """Return usable names for header cells: trimmed, never empty, never twice."""
    names: list[str] = []
    taken: set[str] = set()
    for place, cell in enumerate(cells, 1):
        stem = cell.strip() or f"column {place}"
        name, again = stem, 2
        while name in taken:
            name, again = f"{stem} ({again})", again + 1
        taken.add(name)
        names.append(name)
    return tuple(names)


def looks_like_data(cells: Sequence[str]) -> bool:
    """Return whether a header row holds what only data rows hold: an address, a number, a date."""
    return any(_VALUE_LIKE.fullmatch(cell.strip()) for cell in cells)
