"""What the intake room does: looks at a source, opens an import, stores one batch. All of it passes the gate."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import IntegrityError

from keepfold import gate
from keepfold.gate import Actor, action
from keepfold.intake import begun, drafts, queries, store, uploads
from keepfold.intake import held as table
from keepfold.intake.errors import MovedOn, PolicyChanged
from keepfold.intake.rules.outcomes import judge
from keepfold.intake.types import Draft, Existing, Held, Load, Origin, Saved, State, Tally
from keepfold.kernel import clock, ids
from keepfold.kernel.errors import Conflict
from keepfold.policy import queries as policy
from keepfold.vault import actions as vault

PREFIX = "imp"
OPEN: tuple[State, ...] = ("reading", "choosing", "mapping", "checking", "checked", "running")


def _source(arguments: Mapping[str, Any]) -> dict[str, Any]:
    return {"kind": arguments["kind"]}


def _batch(arguments: Mapping[str, Any]) -> dict[str, Any]:
    load: Load = arguments["load"]
    return {"import": ids.show(PREFIX, arguments["run"]), "from_row": load.before.row + 1, "to_row": load.after.row}


@action("intake.source.check", details=_source)
def check_source(*, actor: Actor, kind: str) -> None:
    """Note that somebody looks at a source to see how it fits the policy (`kind` as in `Source.kind`)."""


@action("intake.run.start", details=_source)
def start_run(*, actor: Actor, kind: str, source: str, terms: bytes, policy_hash: bytes) -> bytes:
    """Open an import and return its id. `terms` is the keyed hash of source, mapping, policy and mode.

    Raises `MovedOn` when the same import is open already.
    """
    run = ids.uuid7()
    try:
        store.add_run(run, terms=terms, source=source, policy_hash=policy_hash, now_us=clock.now_us())
    except IntegrityError:
        raise MovedOn from None
    gate.current().note(**{"import": ids.show(PREFIX, run)})
    return run


@action("intake.batch.apply", details=_batch)
def apply_batch(
    *, actor: Actor, run: bytes, load: Load, policy_hash: bytes, existing: Existing = "skip", partial: bool = False
) -> Tally:
    """Seal one batch and move the import's position, in one transaction; return what became of the rows.

    A process that dies at any point leaves either both or neither. Raises `MovedOn` when the position is not
    `load.before` any more, and `PolicyChanged` when another policy is active than the one that was reviewed.
    """
    if policy.schema().hash != policy_hash:
        raise PolicyChanged
    if not store.advance(run, load.before, load.after, now_us=clock.now_us(), finished=load.last):
        raise MovedOn
    outcomes = []
    if load.records:
        records = [values for _, values in load.records]
        outcomes = vault.seal_many(actor=actor, records=records, partial=partial, on_conflict=existing)
    tally, flaws = judge([number for number, _ in load.records], outcomes, load.flaws)
    tally = tally.plus(Tally(refused=load.refused))
    store.add_counts(run, tally)
    store.add_rejects(run, sorted([*load.flaws, *flaws]))
    gate.current().note(**tally._asdict())
    return tally


# -- imports begun in the console --------------------------------------------------------------------------------------


def _id(arguments: Mapping[str, Any]) -> dict[str, Any]:
    return {"import": ids.show(PREFIX, arguments["held"].id)}


def _upload(arguments: Mapping[str, Any]) -> dict[str, Any]:
    received: uploads.Receiver = arguments["received"]
    return {"import": ids.show(PREFIX, received.import_id), "bytes": received.size}


def _server(arguments: Mapping[str, Any]) -> dict[str, Any]:
    return {"host": arguments["host"]}


def _mapped(arguments: Mapping[str, Any]) -> dict[str, Any]:
    return {**_id(arguments), "fields": sorted(arguments["mapping"]["fields"])}


@action("intake.upload.add", details=_upload)
def add_upload(*, actor: Actor, received: uploads.Receiver, origin: Origin) -> bytes:
    """Begin an import with a file that has come in whole; the worker looks at it next. Return the import's id."""
    draft = Draft(origin=origin)
    begun.begin(
        received.import_id, actor, received.key, received.wrapped, draft, size=received.size, content=received.content
    )
    return received.import_id


@action("intake.source.connect", details=_server)
def connect_source(*, actor: Actor, origin: Origin, host: str, label: str) -> bytes:
    """Begin an import from a database, or from a file on the server; return its id.

    The way there, its password included, is sealed and goes when the import is over. `host` is what the ledger names.
    """
    import_id = begun.begin_from(actor, origin, label)
    gate.current().note(**{"import": ids.show(PREFIX, import_id)})
    return import_id


@action("intake.source.choose", details=_id)
def choose_table(*, actor: Actor, held: Held, table_name: str) -> None:
    """Say which table is meant; the worker looks at it next. Raises `Conflict` when nothing is asked."""
    draft = queries.draft_of(actor, held)
    if table_name not in draft.tables:
        raise Conflict("There is no such table in this source.", code="intake.table-missing")
    begun.look_again(held, draft, table=table_name)


@action("intake.source.again", details=_id)
def look_again(*, actor: Actor, held: Held) -> None:
    """Let the worker look at the source anew, after the policy changed. Raises `Conflict` when it is gone."""
    begun.look_again(held, queries.draft_of(actor, held))


@action("intake.draft.check", details=_mapped)
def check_draft(
    *, actor: Actor, held: Held, mapping: Mapping[str, Any], existing: Existing = "skip", partial: bool = False
) -> None:
    """Keep a mapping and ask the worker for a dry run. Raises `Invalid` naming everything that is wrong with it."""
    draft = queries.draft_of(actor, held)
    begun.check(held, draft, mapping, existing=existing, partial=partial)


@action("intake.draft.reopen", details=_id)
def reopen_draft(*, actor: Actor, held: Held) -> None:
    """Go back from the dry run's report to the mapping."""
    queries.draft_of(actor, held)
    begun.moved(held, ("checked",), "mapping")


@action("intake.run.launch", details=_id)
def launch_run(*, actor: Actor, held: Held) -> bytes:
    """Begin storing what the dry run showed; the worker does it. Return the run's id.

    Raises `PolicyChanged` when another policy is active than the one that was checked, `Conflict` when it runs already.
    """
    draft = queries.draft_of(actor, held)
    return begun.launch(held, draft)


@action("intake.run.cancel", details=_id)
def cancel_run(*, actor: Actor, held: Held) -> None:
    """End an import at any step: nothing more is stored, what is in stays in, what it held of its source is gone."""
    begun.cancel(held)


@action("intake.upload.remove", details=_id)
def remove_upload(*, actor: Actor, held: Held) -> None:
    """Forget what an import that is over still holds of its source."""
    begun.forget(held)


@action("intake.rejects.take_out", details=_id, reason="reason", log="before")
def take_out_rejects(*, actor: Actor, held: Held, reason: str) -> Draft:
    """Allow the rows that were refused to leave, with their values; return what says how to read them again.

    The entry is durable before that. Raises `Conflict` when the upload is gone.
    """
    return queries.draft_of(actor, held)


@action("intake.mapping.save", details=_id)
def save_mapping(*, actor: Actor, held: Held, name: str) -> bytes:
    """Keep the mapping of an import under a name, for the next file of its kind; return its id."""
    draft = queries.draft_of(actor, held)
    if draft.mapping is None or draft.found is None:
        raise Conflict("There is no mapping to keep yet.", code="intake.mapping-none")
    mapping_id, now = ids.uuid7(), clock.now_us()
    columns = tuple(column.name for column in draft.found.columns)
    saved = Saved(id=mapping_id, name=name, mapping=draft.mapping, columns=columns, created_us=now)
    table.add_mapping(mapping_id, actor.id, drafts.saved_frame(mapping_id, saved), now)
    return mapping_id


@action("intake.mapping.remove", details=lambda arguments: {"mapping": ids.show("map", arguments["mapping"])})
def remove_mapping(*, actor: Actor, mapping: bytes) -> bool:
    """Forget a kept mapping of one's own; say whether there was one."""
    return table.remove_mapping(mapping, actor.id)
