"""Reading what the ledger knows about a person. Looking is an action like any other, and stands in the ledger itself.

`recorder` is what the gate writes with; the vault calls `recorder.close_subject` when it erases somebody.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from keepfold.gate import Actor, action
from keepfold.ledger import history
from keepfold.ledger.recorder import recorder
from keepfold.ledger.types import EntryView, PersonEntries


@action("ledger.entries.list_of_person", subject="person", reason="reason", log="before")
def entries_of(
    *,
    actor: Actor,
    person: bytes,
    before: int | None = None,
    limit: int = 50,
    reason: str | None = None,
    proofs: bool = True,
) -> PersonEntries:
    """Return a person's entries, newest first, with details and proofs; `proofs=False` leaves these out, and is quick.

    `before` is a number of the person's own counter, as the last page returned it; `limit` is 1 to 500. Somebody who
    was erased has no entries any more. Raises `NotAllowed`, `Invalid`, `LedgerHalted`.
    """
    return history.page(person, before, limit, proofs=proofs)


def _index(arguments: Mapping[str, Any]) -> Mapping[str, Any]:
    return {"index": arguments["index"]}


@action("ledger.detail.show", subject="person", reason="reason", details=_index, log="before")
def show_detail(
    *, actor: Actor, index: int, person: bytes | None = None, reason: str | None = None
) -> tuple[EntryView, dict[str, Any] | None]:
    """Return one entry and its sealed details, None when nobody can open them any more.

    Details of an entry about one person open only with that person's key: name the person. Raises `NotAllowed`,
    `NotFound`.
    """
    return history.details(index, person)


__all__ = ["entries_of", "recorder", "show_detail"]
