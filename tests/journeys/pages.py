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
# Not pages of their own: what they answer with is a file, a redirect or a part of another page.
NO_PAGES = {"/go"}


def of(who: str, facts: dict[str, Any]) -> list[str]:
    """Return the addresses of the pages that one of the cast may open."""
    role = ROLE_OF.get(who, "nobody")
    shown = [path for path, line in declared("page").items() if "GET" in line and path not in NO_PAGES]
    may = [path for path in shown if role in allowed(declared("page")[path]["GET"])]
    return [fill(path, parts_of(declared("page")[path], facts["parts"])) for path in may]


def walk(visitor: Any, who: str, facts: dict[str, Any], wrong: list[str]) -> Iterator[tuple[str, Any]]:
    """Yield every page that somebody may see; one that does not answer is wrong, and the walk goes on."""
    for path in of(who, facts):
        try:
            yield path, visitor.go(path)
        except AssertionError as error:
            wrong.append(str(error))


def told(wrong: list[str]) -> str:
    """Return what is wrong, one thing a line."""
    return "\n" + "\n".join(wrong)
