"""What the intake room does: looks at a source, opens an import, stores one batch. All of it passes the gate."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import IntegrityError

from keepfold import gate
from keepfold.gate import Actor, action
from keepfold.intake import store
from keepfold.intake.errors import MovedOn, PolicyChanged
from keepfold.intake.rules.outcomes import judge
from keepfold.intake.types import Existing, Load, Tally
from keepfold.kernel import clock, ids
from keepfold.policy import queries as policy
from keepfold.vault import actions as vault

PREFIX = "imp"


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
