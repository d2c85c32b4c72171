"""What may be done to an installation as a whole."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from keepfold.gate import Actor, action


def _behind(arguments: Mapping[str, Any]) -> Mapping[str, Any]:
    return {"behind_s": arguments["behind_s"]}


@action("site.clock.accept", details=_behind)
def note_accepted_clock(*, actor: Actor, behind_s: int) -> None:
    """Write down that somebody declared the recorded time wrong, and by how many seconds the clock was behind it.

    It cannot be written down before: while the clock is behind, nothing is. So whoever accepts calls this at once.
    """
