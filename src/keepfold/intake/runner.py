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
_MOST_REASONS = 1000
_EXAMPLES = 5
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


class Seen(msgspec.Struct):
    """How often something was found, and the numbers of the first rows."""

    count: int = 0
    rows: list[int] = msgspec.field(default_factory=list)

    def add(self, row: int) -> None:
        """Count one more."""
        self.count += 1
        if len(self.rows) < _EXAMPLES:
            self.rows.append(row)


class Checked(msgspec.Struct, kw_only=True):
    """What a dry run found. `acceptable` rows would be sealed whole; `lacking` counts required items without a value.

    `repeated` counts rows whose natural key occurred in an earlier row of the same source, `mendable` the refused
    rows that partial intake would store without their refused fields, `known` the acceptable rows about people who
    are in the vault already.
    """

    rows: int = 0
    acceptable: int = 0
    partial: int = 0
    refused: int = 0
    repeated: int = 0
    known: int = 0
    mendable: int = 0
    lacking: Counter[str] = msgspec.field(default_factory=Counter)
    keep: bool = True
    flaws: list[Flaw] = msgspec.field(default_factory=list)
    seen: dict[tuple[str, str, str], Seen] = msgspec.field(default_factory=dict)

    def add(self, flaws: Sequence[Flaw]) -> None:
        """Count refusals by reason; with `keep` each of them is kept as well."""
        if self.keep:
            self.flaws += flaws
        for flaw in flaws:
            key = flaw[1:]
            if key not in self.seen:
                key = key if len(self.seen) < _MOST_REASONS else ("", "reason.other", "For other reasons.")
                self.seen.setdefault(key, Seen())
            self.seen[key].add(flaw.row)

    def reasons(self) -> list[Reason]:
        """Return (field, code, message, how often, first row), the most frequent first."""
        found = ((*key, seen.count, seen.rows[0]) for key, seen in self.seen.items())
        return sorted(found, key=lambda reason: (-reason[3], reason[:2]))

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


def dry_run(job: Job, *, actor: Actor, watch: Watch, stopping: Stopping, keep: bool = True) -> Checked:
    """Offer every row to the vault's own checks and count what it would say. Nothing is stored.

    Without `keep` refusals are counted by reason and not kept one by one, so that memory does not grow with them.
    """
    actions.check_source(actor=actor, kind=job.source.kind)
    found, keys = Checked(keep=keep), set[int]()
    names = job.plan.reads()
    convert = Converter(job.plan, names, job.schema)
    identity = [name for name in job.schema.identity if name in job.plan.fields]
    required = [name for name, spec in job.schema.fields.items() if spec.required_for]
    for batch in job.source.batches(names, Position(), job.batch):
        _note_unreadable(found, batch)
        records = [convert(row) for _, row in batch.rows]
        verdicts = vault.judge_many([record.values for record in records])
        for (number, _), record, (verdict, known) in zip(batch.rows, records, verdicts, strict=True):
            errors = [FieldError(field=p.field, code=p.code, message=p.message) for p in record.problems]
            refused = [*errors, *verdict] if record.values or not errors else errors
            _note(found, job, number, refused, some=_some_left(record.values, refused))
            found.known += known and not refused
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
    found.add(batch.flaws)


def _some_left(values: dict[str, Any], refused: Sequence[FieldError]) -> bool:
    return bool(values.keys() - {error.field for error in refused})


def _note(found: Checked, job: Job, number: int, refused: Sequence[FieldError], *, some: bool) -> None:
    found.rows += 1
    if not refused:
        found.acceptable += 1
        return
    found.add([Flaw(number, error.field, error.code, error.message) for error in refused])
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
