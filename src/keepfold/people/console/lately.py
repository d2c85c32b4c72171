"""What one member of staff or client did lately, from the ledger."""

from __future__ import annotations

from keepfold.gate.types import Actor
from keepfold.ui import components as ui


def of(reader: Actor, actor: bytes) -> list[ui.Event] | None:
    """Return the latest entries that somebody made, the newest first; None when the reader may not see them."""
    return None
