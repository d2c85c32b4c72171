"""Reading what the ledger knows about a person. Looking is an action like any other, and stands in the ledger itself.

`recorder` is what the gate writes with; the vault calls `recorder.close_subject` when it erases somebody.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from keepfold.gate import Actor, action, current
from keepfold.kernel import ids
from keepfold.ledger import history, indexing, keyring, verifications
from keepfold.ledger.recorder import recorder
from keepfold.ledger.types import EntryFilter, EntryView, PersonEntries, PersonEntry, Run

# How many of a person's entries one look goes through at most.
MOST_LOOKED_AT = history.MOST_LOOKED_AT


@action("ledger.entries.list_of_person", subject="person", reason="reason", log="before")
def entries_of(
    *,
    actor: Actor,
    person: bytes,
    before: int | None = None,
    limit: int = 50,
    reason: str | None = None,
    proofs: bool = True,
    wanted: EntryFilter | None = None,
    fits: Callable[[PersonEntry], bool] | None = None,
) -> PersonEntries:
    """Return a person's entries, newest first, with details and proofs; `proofs=False` leaves these out, and is quick.

    `before` is a number of the person's own counter, as the last page returned it; `limit` is 1 to 500. `wanted` asks
    for what stands in the entries, `fits` is asked about each of these once its details are open. However many are
    left out, it is one look and one entry, and goes through 2,000 entries at most: the page may then be short, even
    empty, and `before` continues. Somebody who was erased has no entries any more. Raises `NotAllowed`, `Invalid`,
    `LedgerHalted`.
    """
    return history.page(person, before, limit, proofs=proofs, wanted=wanted, fits=fits)


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


@action("ledger.verification.start")
def start_verification(*, actor: Actor) -> Run:
    """Ask for a verification of everything and return it; the worker begins it within a second or two.

    One that is not over yet is returned instead. Raises `NotAllowed`.
    """
    run = verifications.ask()
    current().note(verification=ids.show("ver", run))
    return verifications.one(run)


def _run(arguments: Mapping[str, Any]) -> Mapping[str, Any]:
    return {"verification": ids.show("ver", arguments["run"])}


@action("ledger.verification.stop", details=_run)
def stop_verification(*, actor: Actor, run: bytes) -> Run:
    """Ask a verification to end. One that is over stays as it is. Raises `NotAllowed`, `NotFound`."""
    verifications.stop(run)
    return verifications.one(run)


@action("ledger.index.rebuild")
def rebuild_index(*, actor: Actor) -> int:
    """Make the index and the tallies anew from the entries; return how many entries there are.

    For when `verify` says that they are not what the entries say. Sequencing waits meanwhile, on SQLite every writer
    does: about ten seconds for each million entries. Raises `NotAllowed`.
    """
    total = indexing.rebuild(keyring.LOG)
    current().note(entries=total)
    return total


__all__ = [
    "MOST_LOOKED_AT",
    "entries_of",
    "rebuild_index",
    "recorder",
    "show_detail",
    "start_verification",
    "stop_verification",
]
