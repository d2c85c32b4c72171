"""How an import that was begun in the console moves from step to step. Called by actions, inside their transaction."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Collection, Mapping
from typing import Any

import msgspec

from keepfold.gate import Actor
from keepfold.intake import drafts, store, uploads
from keepfold.intake import held as table
from keepfold.intake.errors import PolicyChanged
from keepfold.intake.rules.mapping import parse
from keepfold.intake.types import WORKING, Draft, Existing, Held, Origin, State, Words
from keepfold.kernel import clock, config, db, ids, jobs, sealed
from keepfold.kernel.errors import Conflict, KeepfoldError
from keepfold.policy import queries as policy

JOB = "intake.import"
# What nobody comes back to is gone after a day.
KEEP_US = 24 * 3600 * 1_000_000


def begin(
    import_id: bytes,
    actor: Actor,
    key: sealed.Key,
    wrapped: bytes,
    draft: Draft,
    *,
    label: str = "",
    size: int = 0,
    content: bytes | None = None,
) -> None:
    """Write the row of a new import and ask the worker to look at its source."""
    now = clock.now_us()
    table.add(
        import_id,
        now_us=now,
        owner=actor.id,
        wrapped=wrapped,
        draft=drafts.frame(key, draft),
        words=drafts.words_frame(import_id, Words(label=label or draft.origin.name)),
        size=size,
        kind="",
        content=content,
        expires_us=now + KEEP_US,
    )
    _ask(import_id, 1)


def begin_from(actor: Actor, origin: Origin, label: str) -> bytes:
    """Begin an import without an upload; return its id."""
    import_id = ids.uuid7()
    key, wrapped = sealed.new_key(uploads.ROOM, import_id)
    begin(import_id, actor, key, wrapped, Draft(origin=origin), label=label)
    return import_id


def _ask(import_id: bytes, step: int) -> None:
    shown = ids.show(uploads.PREFIX, import_id)
    jobs.enqueue(JOB, {"id": shown, "step": step}, key=f"{JOB}:{shown}:{step}")


def moved(held: Held, old: Collection[str], new: State, **changes: Any) -> None:
    """Change the state. Raises `Conflict` when the import is not where the caller saw it.

    A state in which the worker acts also asks the worker.
    """
    now = clock.now_us()
    asks = new in WORKING
    rest = {"rows_done": 0, "rows_from": 0} if asks else {}
    step = table.move(held.id, old, new, now_us=now, step=asks, expires_us=now + KEEP_US, **(rest | changes))
    if step is None:
        raise Conflict(
            "This import has moved on in the meantime.",
            code="intake.import-moved",
            next_step="Load its page again.",
        )
    if asks:
        _ask(held.id, step)


def look_again(held: Held, draft: Draft, *, table: str | None = None) -> None:
    """Ask the worker to look at the source, anew or at this table of it."""
    origin = draft.origin if table is None else msgspec.structs.replace(draft.origin, table=table)
    drafts.write(held, msgspec.structs.replace(draft, origin=origin, found=None, mapping=None, report=None))
    moved(held, ("choosing", "mapping", "checked", "failed"), "reading", run=None, rows_total=None)


def check(held: Held, draft: Draft, mapping: Mapping[str, Any], *, existing: Existing, partial: bool) -> None:
    """Keep a mapping and ask for a dry run. Raises `Invalid` when it cannot be used."""
    if draft.found is None:
        raise Conflict("The source was not looked at yet.", code="intake.import-moved")
    parse(mapping, [column.name for column in draft.found.columns], policy.schema())
    kept = msgspec.structs.replace(draft, mapping=dict(mapping), existing=existing, partial=partial, report=None)
    drafts.write(held, kept)
    moved(held, ("mapping", "checked"), "checking")


def launch(held: Held, draft: Draft) -> bytes:
    """Open the run that the worker fills; return its id."""
    if draft.found is None or draft.report is None:
        raise Conflict("The dry run has not been made yet.", code="intake.import-moved")
    if policy.schema().hash != draft.found.policy:
        raise PolicyChanged
    run, now = ids.uuid7(), clock.now_us()
    terms = _terms(held, draft)
    drafts.write(held, msgspec.structs.replace(draft, terms=terms))
    moved(held, ("checked",), "running", run=run)
    store.add_run(
        run,
        terms=terms,
        source=f"{held.kind} ({ids.show(uploads.PREFIX, held.id)})",
        policy_hash=draft.found.policy,
        now_us=now,
    )
    return run


def _terms(held: Held, draft: Draft) -> bytes:
    """Return the keyed hash by which this run is found again. The import's id is in it: no two share a run."""
    facts = [held.id.hex(), held.step, draft.mapping, draft.existing, draft.partial]
    key = config.current().secret_key.encode()
    return hmac.digest(key, json.dumps(facts, sort_keys=True).encode(), hashlib.sha256)


def cancel(held: Held) -> None:
    """End an import and forget its source. Raises `Conflict` when it is over."""
    now = clock.now_us()
    if table.move(held.id, _OPEN, "cancelled", now_us=now) is None:
        raise Conflict("This import is over already.", code="intake.import-over")
    if held.run is not None:
        store.end_run(held.run, now)
    forget(held)


_OPEN: tuple[State, ...] = ("reading", "choosing", "mapping", "checking", "checked", "running")


def forget(held: Held) -> None:
    """Forget key, draft and upload. The row goes first: without the key in it the file opens for nobody."""
    table.close(held.id)
    db.on_commit(lambda: uploads.remove(held.id))


def failed(held: Held, error: KeepfoldError, *, keep: bool) -> None:
    """Note why an import cannot go on. With `keep` its source stays for another look."""
    told = drafts.words_of(held)
    words = Words(label=told.label, code=error.code, detail=error.detail, next_step=error.next_step or "")
    frame, now = drafts.words_frame(held.id, words), clock.now_us()
    with db.atomic():
        if table.move(held.id, tuple(WORKING), "failed", now_us=now, words=frame) is None:
            return
        if held.run is not None:
            store.end_run(held.run, now)
        if not keep:
            forget(held)
