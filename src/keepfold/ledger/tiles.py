"""Tiles: the tree cut into rows of 256 hashes (C2SP tlog-tiles): their paths, their geometry, and reading nodes.

Tile (level, n) holds hash i = root over leaves [(n·256+i)·256^level, (n·256+i+1)·256^level). A partial tile is always a
prefix of the later full one, so one row per tile serves every size that a checkpoint was made for.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from keepfold.ledger.errors import EntryInvalid, TileInvalid
from keepfold.ledger.hashing import HASH_SIZE, node_hash
from keepfold.ledger.tree import LIMIT, TILE_HEIGHT, NodeReader

WIDTH = 256
TILE_BYTES = WIDTH * HASH_SIZE
TOP_LEVEL = 63
LARGEST_ENTRY = 65_535

# Reads one tile: (level, n) → its hashes in a row, at least as many as the tree needs.
TileFetcher = Callable[[int, int], bytes]

_LEVEL = re.compile(r"0|[1-9][0-9]?", re.ASCII)
_INDEX = re.compile(r"((?:x[0-9]{3}/)*)([0-9]{3})(?:\.p/([1-9][0-9]{0,2}))?", re.ASCII)


class Tile(NamedTuple):
    """Address of one tile. `width` is 256 for a full tile, 1 to 255 for a partial one."""

    level: int
    n: int
    width: int = WIDTH


def index_path(n: int) -> str:
    """Return a tile's number as path elements of three digits: 1234067 is `x001/x234/067`."""
    if not 0 <= n < LIMIT:
        raise TileInvalid("A tile's number lies between 0 and 2^63.")
    parts = [f"{n % 1000:03}"]
    while n := n // 1000:
        parts.append(f"x{n % 1000:03}")
    return "/".join(reversed(parts))


def tile_path(tile: Tile) -> str:
    """Return `tile/<level>/<n>[.p/<width>]`."""
    _check(tile)
    return f"tile/{tile.level}/{_tail(tile.n, tile.width)}"


def entries_path(n: int, width: int = WIDTH) -> str:
    """Return `tile/entries/<n>[.p/<width>]`, the path of a bundle of entries."""
    _check(Tile(0, n, width))
    return f"tile/entries/{_tail(n, width)}"


def entries_path_for(index: int, size: int) -> str:
    """Return the path of the bundle that holds the entry at `index` in a tree of `size` entries."""
    if not 0 <= index < size:
        raise TileInvalid("The index lies outside of the tree.")
    n = index // WIDTH
    return entries_path(n, min(WIDTH, size - n * WIDTH))


def _tail(n: int, width: int) -> str:
    return index_path(n) if width == WIDTH else f"{index_path(n)}.p/{width}"


def parse_index(text: str) -> tuple[int, int]:
    """Return (n, width) of `x001/x234/067` or `067.p/12`. Raises `TileInvalid` on any other form."""
    match = _INDEX.fullmatch(text) if len(text) <= 64 else None
    if match is None:
        raise TileInvalid("This is not the number of a tile.")
    n = int(match[1].replace("x", "").replace("/", "") + match[2])
    width = int(match[3] or WIDTH)
    if n >= LIMIT or width > WIDTH or (match[3] and width == WIDTH) or index_path(n) != match[1] + match[2]:
        raise TileInvalid("This is not the number of a tile.")
    return n, width


def parse_tile(level: str, index: str) -> Tile:
    """Return the tile that a path's two parts name. Raises `TileInvalid` on any other form."""
    if not _LEVEL.fullmatch(level) or int(level) > TOP_LEVEL:
        raise TileInvalid("This is not the level of a tile.")
    return Tile(int(level), *parse_index(index))


def _check(tile: Tile) -> None:
    if not 0 <= tile.level <= TOP_LEVEL or not 1 <= tile.width <= WIDTH:
        raise TileInvalid("A tile has a level of 0 to 63 and a width of 1 to 256.")


def width_at(tile_level: int, n: int, size: int) -> int:
    """Return how many hashes tile (level, n) has in a tree of `size` leaves: 0 to 256."""
    return max(0, min(WIDTH, (size >> TILE_HEIGHT * tile_level) - n * WIDTH))


def geometry(size: int) -> list[tuple[int, int, int]]:
    """Return (level, number of full tiles, width of the partial tile or 0) for each level that a tree has."""
    levels = []
    level = 0
    while hashes := size >> TILE_HEIGHT * level:
        levels.append((level, hashes // WIDTH, hashes % WIDTH))
        level += 1
    return levels


def tiles_of(size: int) -> Iterator[Tile]:
    """Yield every tile of a tree, lowest level first."""
    for level, full, partial in geometry(size):
        for n in range(full):
            yield Tile(level, n)
        if partial:
            yield Tile(level, full, partial)


def reader(fetch: TileFetcher) -> NodeReader:
    """Return a reader of the roots of perfect subtrees that looks each tile up once."""
    seen: dict[tuple[int, int], bytes] = {}

    def node(level: int, position: int) -> bytes:
        tile_level, height = divmod(level, TILE_HEIGHT)
        first = position << height
        key = (tile_level, first // WIDTH)
        if key not in seen:
            seen[key] = fetch(*key)
        start = first % WIDTH * HASH_SIZE
        return fold(seen[key][start : start + (HASH_SIZE << height)], 1 << height)

    return node


def fold(hashes: bytes, width: int) -> bytes:
    """Return the root over a power of two of hashes that stand in a row. Raises `TileInvalid` when some are missing."""
    if len(hashes) != width * HASH_SIZE:
        raise TileInvalid("A tile has fewer hashes than the tree needs.", code="ledger.tile-short")
    level = [hashes[start : start + HASH_SIZE] for start in range(0, len(hashes), HASH_SIZE)]
    while len(level) > 1:
        level = [node_hash(level[at], level[at + 1]) for at in range(0, len(level), 2)]
    return level[0]


def bundle(entries: Sequence[bytes]) -> bytes:
    """Return entries as one bundle: each preceded by its length in two bytes, big-endian."""
    if any(len(entry) > LARGEST_ENTRY for entry in entries):
        raise EntryInvalid("An entry of a bundle has at most 65,535 bytes.", code="ledger.bundle")
    return b"".join(part for entry in entries for part in (struct.pack(">H", len(entry)), entry))


def unbundle(data: bytes) -> list[bytes]:
    """Return the entries of a bundle. Raises `EntryInvalid` when it is cut off or holds more than 256."""
    entries: list[bytes] = []
    at = 0
    while at < len(data):
        length = int.from_bytes(data[at : at + 2], "big")
        entry = data[at + 2 : at + 2 + length]
        if len(data) < at + 2 + length or len(entries) == WIDTH:
            raise EntryInvalid("This is not a bundle of entries.", code="ledger.bundle")
        entries.append(entry)
        at += 2 + length
    return entries
