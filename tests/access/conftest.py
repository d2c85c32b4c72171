"""One of everybody: a member of staff for each role, one without any, one who has left; and one of each thing."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

from tests.access import stage

TABLE = tomllib.loads((Path(__file__).parent / "matrix.toml").read_text(encoding="utf-8"))


def allowed(names: list[str]) -> frozenset[str]:
    """Return who is meant by the names in the table."""
    found: set[str] = set()
    for name in names:
        if name == "all":
            found |= set(stage.EVERYBODY)
        elif name == "staff":
            found |= set(stage.STAFF)
        else:
            found |= set(TABLE["groups"].get(name, [name]))
    unknown = found - set(stage.EVERYBODY)
    assert not unknown, f"the table names nobody by {unknown}"
    return frozenset(found)


def declared(kind: str) -> dict[str, Any]:
    """Return one half of the table."""
    return dict(TABLE[kind])


def parts_of(line: dict[str, Any], things: dict[str, str]) -> dict[str, str]:
    """Return what the changing parts of one address stand for; a line may ask for another thing by `with`."""
    return things | {name: things[thing] for name, thing in line.get("with", {}).items()}
