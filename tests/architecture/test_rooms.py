"""A room is known by its public modules only. Layers and the rest are contracts in pyproject.toml."""

from __future__ import annotations

from pathlib import Path

import grimp

from tests.architecture import tree

ROOT = Path(__file__).resolve().parents[2]


def split(module: str) -> tuple[str, str]:
    """Return (room, module within the room) of a dotted name."""
    parts = [*module.split("."), "", ""]
    return parts[1], parts[2]


def is_private(importer: str, imported: str) -> bool:
    """Say whether an import reaches into another room's private modules."""
    mine, _ = split(importer)
    room, part = split(imported)
    if room in {"", mine} or room in tree.FOUNDATION or room in tree.TOP:
        return False
    if mine == "site" or (mine == "cli" and part == "cli"):
        return False
    return part not in tree.PUBLIC


def test_no_room_reaches_into_another_rooms_private_modules():
    graph = grimp.build_graph("keepfold", cache_dir=None)
    reached = [
        f"{importer} -> {imported}"
        for importer in sorted(graph.modules)
        for imported in sorted(graph.find_modules_directly_imported_by(importer))
        if is_private(importer, imported)
    ]
    assert reached == []


def test_every_room_says_what_it_owns():
    silent = []
    for room in tree.rooms(ROOT):
        source = tree.parse(tree.package(ROOT) / room / "__init__.py")
        documentation = source.body and getattr(getattr(source.body[0], "value", None), "value", None)
        if not isinstance(documentation, str) or len(documentation.split()) < 8:
            silent.append(room)
    assert silent == []
