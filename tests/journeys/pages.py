"""Every page that somebody may see, from the access matrix: what is looked at follows from what may be looked at."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tests.access.conftest import allowed, declared, parts_of
from tests.access.routes import fill

ROLE_OF = {
    "olga": "owner",
    "ana": "privacy_lead",
    "sam": "security_lead",
    "ben": "support",
    "dora": "auditor",
    "dev": "developer",
    "mallory": "bare",
}
TABLE = declared("page")


def area_of(path: str) -> str:
    """Return the first word of an address: what is looked at together."""
    return path.split("/")[1] or "home"


AREAS = tuple(dict.fromkeys(area_of(path) for path, line in TABLE.items() if line.get("page", "GET" in line)))


def of(who: str, facts: dict[str, Any], area: str = "") -> list[str]:
    """Return the addresses of the pages that one of the cast may open; what is no page of its own is left out."""
    role, parts = ROLE_OF.get(who, "nobody"), facts["parts"] | facts.get("own", {}).get(who, {})
    found = []
    for path, line in TABLE.items():
        is_page = "GET" in line and line.get("page", True) and (not area or area_of(path) == area)
        if is_page and role in allowed(line["GET"]):
            found.append(fill(path, parts_of(line, parts)))
    return found


def walk(visitor: Any, who: str, facts: dict[str, Any], wrong: list[str], area: str = "") -> Iterator[tuple[str, Any]]:
    """Yield every page that somebody may see; one that does not answer is wrong, and the walk goes on."""
    for path in of(who, facts, area):
        try:
            yield path, visitor.go(path)
        except AssertionError as error:
            wrong.append(str(error))


def told(wrong: list[str]) -> str:
    """Return what is wrong, one thing a line."""
    return "\n" + "\n".join(wrong)
