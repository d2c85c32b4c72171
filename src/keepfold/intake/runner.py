"""Goes through a source batch by batch: to see what would happen, or to make it happen.

Every batch is a transaction of its own. A stop between two batches loses nothing, whoever or whatever stops it.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import msgspec

from keepfold.gate import Actor
from keepfold.intake import actions, queries
from keepfold.intake.rules.convert import Converter
from keepfold.intake.rules.mapping import Plan
from keepfold.intake.types import Batch, Existing, Flaw, Load, Position, Run, Source, Tally
from keepfold.kernel import config
from keepfold.policy.types import Schema
from keepfold.vault import queries as vault
from keepfold.vault.types import FieldError

BATCH = 2000
Watch = Callable[[int, Tally], None]
Stopping = Callable[[], bool]
Reason = tuple[str, str, str, int, int]


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """What an import is asked to do."""

    source: Source
    plan: Plan
    schema: Schema
    existing: Existing = "skip"
    partial: bool = False
    batch: int = BATCH

    def terms(self) -> bytes:
        """Return the keyed hash by which the same request is found again. It says nothing to whoever reads it."""
        facts = [self.source.fingerprint(), self.plan.digest(), self.schema.version, self.existing, self.partial]
        return hmac.digest(config.current().secret_key.encode(), json.dumps(facts).encode(), hashlib.sha256)


class Checked(msgspec.Struct, kw_only=True):
    """What a dry run found. `acceptable` rows would be sealed whole; `lacking` counts required items without a value.

    `repeated` counts rows whose natural key occurred in an earlier row of the same source, `mendable` the refused
    rows that partial intake would store without their refused fields.
    """

    rows: int = 0
    acceptable: int = 0
    partial: int = 0
    refused: int = 0
    repeated: int = 0
    mendable: int = 0
    lacking: Counter[str] = msgspec.field(default_factory=Counter)
    flaws: list[Flaw] = msgspec.field(default_factory=list)

    def reasons(self) -> list[Reason]:
        """Return (field, code, message, how often, first row), the most frequent first."""
        seen: dict[tuple[str, str, str], tuple[int, int]] = {}
        for flaw in self.flaws:
            often, first = seen.get(flaw[1:], (0, flaw.row))
            seen[flaw[1:]] = (often + 1, first)
        return sorted(((*key, *found) for key, found in seen.items()), key=lambda reason: (-reason[3], reason[:2]))

    @property
    def tally(self) -> Tally:
        """Return the counts in the form in which an import has them."""
        return Tally(sealed=self.acceptable, partial=self.partial, refused=self.refused)


class Ended(msgspec.Struct, frozen=True, kw_only=True):
    """How an import ended: the run as it stands, whether it is complete, and whether there was nothing to do."""

    run: Run
    complete: bool
    resumed_at: int = 0
    nothing_to_do: bool = False


def dry_run(job: Job, *, actor: Actor, watch: Watch, stopping: Stopping) -> Checked:
    """Offer every row to the vault's own checks and count what it would say. Nothing is stored."""
    actions.check_source(actor=actor, kind=job.source.kind)
    found, keys = Checked(), set[int]()
    names = job.plan.reads()
    convert = Converter(job.plan, names, job.schema)
    identity = [name for name in job.schema.identity if name in job.plan.fields]
    required = [name for name, spec in job.schema.fields.items() if spec.required_for]
    for batch in job.source.batches(names, Position(), job.batch):
        _note_unreadable(found, batch)
        for number, row in batch.rows:
            record = convert(row)
            errors = [FieldError(field=p.field, code=p.code, message=p.message) for p in record.problems]
            refused = [*errors, *vault.errors_of(record.values)] if record.values or not errors else errors
            _note(found, job, number, refused, some=_some_left(record.values, refused))
            _count_keys(found, keys, identity, record.values)
            found.lacking.update(name for name in required if name not in record.values)
        watch(found.rows, found.tally)
        if stopping():
            break
    return found


def _note_unreadable(found: Checked, batch: Batch) -> None:
    lost = len({flaw.row for flaw in batch.flaws})
    found.rows += lost
    found.refused += lost
    found.flaws += batch.flaws


def _some_left(values: dict[str, Any], refused: Sequence[FieldError]) -> bool:
    return bool(values.keys() - {error.field for error in refused})


def _note(found: Checked, job: Job, number: int, refused: Sequence[FieldError], *, some: bool) -> None:
    found.rows += 1
    if not refused:
        found.acceptable += 1
        return
    found.flaws += [Flaw(number, error.field, error.code, error.message) for error in refused]
    if job.partial and some:
        found.partial += 1
    else:
        found.refused += 1
        found.mendable += some


def _count_keys(found: Checked, keys: set[int], identity: Sequence[str], values: dict[str, Any]) -> None:
    key = tuple(str(values[name]).casefold() for name in identity if name in values)
    if key:
        before = len(keys)
        keys.add(hash(key))
        found.repeated += before == len(keys)


def apply(job: Job, *, terms: bytes, actor: Actor, watch: Watch, stopping: Stopping, again: bool = False) -> Ended:
    """Store the rows that are not in yet. The same job (`terms`) goes on where an interrupted one stopped."""
    run = queries.latest(terms)
    if run is not None and run.finished_us is not None:
        if job.source.settled and not again:
            return Ended(run=run, complete=True, nothing_to_do=True)
        run = None
    if run is None:
        started = actions.start_run(
            actor=actor, kind=job.source.kind, source=job.source.label, terms=terms, policy_hash=job.schema.hash
        )
        run = _present(started)
    done = run.tally
    for load in _loads(job, run.position):
        done = done.plus(
            actions.apply_batch(
                actor=actor,
                run=run.id,
                load=load,
                policy_hash=run.policy_hash,
                existing=job.existing,
                partial=job.partial,
            )
        )
        watch(load.after.row, done)
        if stopping() and not load.last:
            return Ended(run=_present(run.id), complete=False, resumed_at=run.position.row)
    return Ended(run=_present(run.id), complete=True, resumed_at=run.position.row)


def _present(run_id: bytes) -> Run:
    run = queries.run(run_id)
    if run is None:
        raise LookupError("an import vanished while it was running")
    return run


def _loads(job: Job, start: Position) -> Iterator[Load]:
    """Yield what to store, always at least once: an empty last load closes a run whose rows are all in."""
    names = job.plan.reads()
    convert = Converter(job.plan, names, job.schema)
    before, waiting = start, None
    for batch in job.source.batches(names, start, job.batch):
        if waiting is not None:
            yield waiting
        waiting = _load(job, convert, batch, before)
        before = batch.after
    yield msgspec.structs.replace(waiting or Load([], [], 0, before, before, last=True), last=True)


def _load(job: Job, convert: Converter, batch: Batch, before: Position) -> Load:
    records: list[tuple[int, dict[str, Any]]] = []
    flaws = list(batch.flaws)
    for number, row in batch.rows:
        values, problems = convert(row)
        if problems:
            flaws += [Flaw(number, *problem) for problem in problems]
        if not problems or (job.partial and values):
            records.append((number, values))
    refused = len({flaw.row for flaw in batch.flaws}) + len(batch.rows) - len(records)
    return Load(records, flaws, refused, before, batch.after, last=False)
