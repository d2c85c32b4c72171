"""Every page that somebody may see, from the access matrix: what is looked at follows from what may be looked at."""

from __future__ import annotations

from typing import Any

from tests.access.conftest import allowed, declared
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
    return [fill(path, facts["parts"]) for path in may]
