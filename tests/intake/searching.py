"""Finds values in files whatever they were turned into: UTF-8, UTF-16, hex, base64 at any offset."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Iterator
from pathlib import Path

# Four random bytes are these four once in 4,000,000,000: a megabyte of sealed data has such a hit once in 4,000 runs.
SHORTEST = 4


def forms(value: str) -> Iterator[bytes]:
    """Yield every form of a value that is looked for."""
    plain = value.encode()
    for raw in (plain, value.encode("utf-16-le"), value.encode("utf-16-be")):
        yield raw
        yield raw.hex().encode()
        yield raw.hex().upper().encode()
        for table in (base64.b64encode, base64.urlsafe_b64encode):
            yield from _cores(raw, table)


def _cores(raw: bytes, encode) -> Iterator[bytes]:
    """Yield what base64 makes of the bytes at each of three offsets, less the characters that neighbours share."""
    for offset in range(3):
        whole = offset + len(raw)
        start = (0, 2, 3)[offset]
        yield encode(bytes(offset) + raw)[start : whole * 8 // 6]


def needles(values: Iterable[str]) -> tuple[dict[bytes, str], set[str]]:
    """Return forms by value, and the values that are too short to look for without finding them by accident."""
    found, short = {}, set()
    for value in values:
        if len(value.encode()) < SHORTEST:
            short.add(value)
            continue
        found |= {form: value for form in forms(value) if len(form) >= SHORTEST}
    return found, short


def hits(folder: Path, values: Iterable[str]) -> list[tuple[str, str]]:
    """Return (file, value) wherever a value is found in a file under the folder."""
    looked_for, _ = needles(values)
    by_start: dict[bytes, list[bytes]] = {}
    for form in looked_for:
        by_start.setdefault(form[:SHORTEST], []).append(form)
    found = set()
    for path in folder.rglob("*"):
        if path.is_file():
            name, content = str(path.relative_to(folder)), path.read_bytes()
            found |= {(name, looked_for[form]) for form in _within(content, by_start)}
    return sorted(found)


def _within(content: bytes, by_start: dict[bytes, list[bytes]]) -> Iterator[bytes]:
    """Yield the forms that occur: only those whose first bytes do are looked for one by one."""
    starts = {content[place : place + SHORTEST] for place in range(len(content) - SHORTEST + 1)}
    for start in starts & by_start.keys():
        yield from (form for form in by_start[start] if form in content)
