"""What the worker does for an import that was begun in the console: look, check, run. Each may be repeated safely."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import sqlalchemy as sa

from keepfold.gate import Actor
from keepfold.intake import actions, begun, drafts, hosts, queries, runner, uploads
from keepfold.intake import held as table
from keepfold.intake.errors import MovedOn, PolicyChanged
from keepfold.intake.rules import masking
from keepfold.intake.rules.columns import uses_of
from keepfold.intake.rules.content import column_shares
from keepfold.intake.rules.mapping import Plan, document, parse
from keepfold.intake.rules.propose import Proposal, propose
from keepfold.intake.runner import Checked, Job
from keepfold.intake.sources.fenced import MEMORY, Fenced
from keepfold.intake.sources.opening import Options
from keepfold.intake.types import WORKING, ColumnView, Draft, Found, Held, ReasonView, Report, Tally
from keepfold.kernel import clock, config, jobs
from keepfold.kernel.errors import KeepfoldError, NotAllowed, NotFound, Unavailable
from keepfold.people import queries as people
from keepfold.people.errors import NoSuchStaff
from keepfold.policy import queries as policy
from keepfold.policy.types import Schema

SAMPLE = 500
BATCH = 1000
_EVERY_SECONDS = 0.7
_MOST_REASONS = 200
# These pass by themselves: the job is tried again.
_PASSING = ("storage.", "clock.", "gate.unwired", "ledger.", "keys.", "policy.none")


def work(import_id: bytes, step: int) -> None:
    """Do one step of an import, unless it was done or is not wanted any more."""
    held = table.one(import_id)
    if held is None or held.step != step or held.state not in WORKING:
        return
    try:
        actor = owner_of(held)
        {"reading": look, "checking": check, "running": run}[held.state](held, actor)
    except MovedOn:
        # Somebody cancelled it, or another worker holds it; in the second case it may still die.
        now = table.one(import_id)
        if now is not None and now.step == step and now.state in WORKING:
            raise jobs.Again(timedelta(seconds=30)) from None
    except KeepfoldError as error:
        if isinstance(error, Unavailable) and error.code.startswith(_PASSING):
            raise
        begun.failed(held, error, keep=isinstance(error, PolicyChanged) and _is_upload(held))


def owner_of(held: Held) -> Actor:
    """Return who began an import, with the grants of this moment. Raises `NotAllowed` when they are gone."""
    try:
        return people.staff_actor(held.owner)
    except NoSuchStaff:
        raise NotAllowed(
            "Whoever began this import does not work here any more.",
            code="intake.owner-gone",
            next_step="Somebody else can begin a new one.",
        ) from None


def _is_upload(held: Held) -> bool:
    return uploads.path_of(held.id).exists()


# -- opening a source ------------------------------------------------------------------------------------------------


@contextmanager
def opened(held: Held, draft: Draft) -> Iterator[Fenced]:
    """Yield the source of an import, read by a child behind its fence."""
    origin = draft.origin
    options = Options(
        origin.table or None, origin.query or None, origin.encoding or None, origin.delimiter or None, origin.header
    )
    if origin.url:
        with _closing(Fenced()) as source:
            yield source.open_database(origin.url, _address(origin.url), options)
    elif origin.path:
        with _closing(Fenced()) as source:
            yield source.open_path(str(allowed_path(origin.path)), options)
    else:
        memory = MEMORY + 2 * held.size
        with (
            uploads.opened(held.id, drafts.key_of(held)) as number,
            _closing(Fenced(number, memory=memory)) as source,
        ):
            yield source.open_file(origin.name, options)


@contextmanager
def _closing(source: Fenced) -> Iterator[Fenced]:
    try:
        yield source
    finally:
        source.close()


def _address(url: str) -> str:
    parsed = sa.make_url(url)
    return hosts.address_of(str(parsed.host), parsed.port or 0, config.current().import_hosts)


def allowed_path(path: str) -> Path:
    """Return the path of a SQLite file on the server. Raises `NotFound`, the same for absent and not allowed."""
    home = config.current().home.resolve()
    try:
        real = Path(path).resolve(strict=True)
    except (OSError, ValueError, RuntimeError):
        real = home
    folders = [Path(folder).resolve() for folder in config.current().import_folders]
    if real.is_relative_to(home) or not any(real.is_relative_to(folder) for folder in folders):
        raise NotFound(
            "There is no such file in the folders that may be imported from.",
            code="intake.path-not-allowed",
            rule="import_folders",
            next_step="Whoever runs Keepfold can add a folder to the setting import_folders.",
        )
    return real


# -- the three steps -------------------------------------------------------------------------------------------------


def look(held: Held, actor: Actor) -> None:
    """Look at a source: which columns it has, and which data item each could become."""
    draft, schema = drafts.read(held), policy.schema()
    actions.check_source(actor=actor, kind="database" if draft.origin.url else "file")
    try:
        with opened(held, draft) as source:
            found = _found(source, schema)
    except KeepfoldError as error:
        if error.code != "intake.table-unnamed":
            raise
        draft.tables = tuple(error.extra.get("tables", ()))
        drafts.write(held, draft)
        _move(held, "choosing")
        return
    draft.found, draft.mapping = found, found.proposal
    drafts.write(held, draft)
    _move(held, "mapping", kind=found.kind, rows_total=found.total)


def _move(held: Held, new: str, **changes: object) -> None:
    now = clock.now_us()
    table.move(held.id, (held.state,), new, now_us=now, expires_us=now + begun.KEEP_US, **changes)  # type: ignore[arg-type]


def _found(source: Fenced, schema: Schema) -> Found:
    columns = source.columns()
    rows = source.sample(SAMPLE)
    names = [column.name for column in columns]
    proposal = propose(names, column_shares(len(names), rows), schema)
    return Found(
        kind=source.kind,
        columns=_views(source, proposal, masking.columns(len(names), rows)),
        total=source.total(),
        notes=tuple(source.notes),
        fingerprint=source.fingerprint(),
        settled=source.settled,
        policy=schema.hash,
        proposal=as_raw(proposal.plan(schema.version[:12])),
    )


def as_raw(plan: Plan) -> dict[str, object]:
    """Return a plan as the document that `parse` reads."""
    return {"mapping": 1, "policy": plan.policy, "fields": document(plan.fields), "empty": list(plan.empty)}


def _views(source: Fenced, proposal: Proposal, samples: list[tuple[str, ...]]) -> tuple[ColumnView, ...]:
    chosen = {name: choice for choice in proposal.choices for name in choice.rule.reads()}
    left = {out.column: out for out in proposal.left_out}
    return tuple(
        ColumnView(
            name=column.name,
            type=column.type,
            samples=shown,
            field=chosen[column.name].field if column.name in chosen else "",
            confidence=chosen[column.name].confidence if column.name in chosen else 0.0,
            why=chosen[column.name].why if column.name in chosen else "",
            holds=left[column.name].holds if column.name in left else "",
            perhaps=left[column.name].perhaps if column.name in left else "",
        )
        for column, shown in zip(source.columns(), samples, strict=True)
    )


def check(held: Held, actor: Actor) -> None:
    """Make the dry run and keep its report."""
    draft = drafts.read(held)
    watch = _Watch(held)
    with opened(held, draft) as source:
        job = _job(source, draft)
        found = runner.dry_run(job, actor=actor, watch=watch, stopping=watch.stopping, keep=False)
    if jobs.stopping():
        raise jobs.Again
    if watch.lost:
        return
    draft.report = _report(found)
    drafts.write(held, draft)
    _move(held, "checked", rows_done=found.rows, rows_total=found.rows)


def _job(source: Fenced, draft: Draft) -> Job:
    schema = policy.schema()
    if draft.found is None or draft.mapping is None or schema.hash != draft.found.policy:
        raise PolicyChanged
    plan = parse(draft.mapping, [column.name for column in source.columns()], schema)
    key = [name for field in schema.identity if field in plan.fields for name in plan.fields[field].reads()]
    source.order_by(key)
    return Job(source=source, plan=plan, schema=schema, existing=draft.existing, partial=draft.partial, batch=BATCH)


def read_columns(draft: Draft) -> list[str]:
    """Return the columns that the mapping of an import reads, in the order of the source."""
    columns = [column.name for column in draft.found.columns] if draft.found else []
    read = {use.column for use in uses_of(draft.mapping, columns)}
    return [name for name in columns if name in read]


def _report(found: Checked) -> Report:
    reasons = [
        ReasonView(
            field=field, code=code, message=message, count=count, rows=tuple(found.seen[field, code, message].rows)
        )
        for field, code, message, count, _ in found.reasons()[:_MOST_REASONS]
    ]
    return Report(
        rows=found.rows,
        acceptable=found.acceptable,
        partial=found.partial,
        refused=found.refused,
        repeated=found.repeated,
        mendable=found.mendable,
        known=found.known,
        lacking=dict(found.lacking),
        reasons=tuple(reasons),
    )


def run(held: Held, actor: Actor) -> None:
    """Store batch by batch, from where the run stands; each batch moves it in the transaction that seals."""
    draft = drafts.read(held)
    stands = queries.latest(draft.terms)
    if stands is None or stands.id != held.run:
        raise MovedOn
    if stands.finished_us is None:
        watch = _Watch(held, stands.position.row)
        with opened(held, draft) as source:
            ended = runner.apply(
                _job(source, draft), terms=draft.terms, actor=actor, watch=watch, stopping=watch.stopping_run
            )
        if not ended.complete:
            if watch.lost:
                owner_of(held)
                raise MovedOn
            raise jobs.Again
        stands = ended.run
    _done(held, draft, stands.tally, stands.position.row)


def _done(held: Held, draft: Draft, tally: Tally, rows: int) -> None:
    """End a run. An upload of which rows were refused stays for a day, so that they can be taken out and mended."""
    now = clock.now_us()
    if table.move(held.id, ("running",), "done", now_us=now, rows_done=rows, expires_us=now + begun.KEEP_US) is None:
        return
    keeps = draft.origin.name and (tally.refused or tally.partial)
    if not keeps:
        begun.forget(held)


class _Watch:
    """Writes down how far it is, now and then, and notices when the work is not wanted any more."""

    def __init__(self, held: Held, start: int = 0) -> None:
        self._held, self._said = held, 0.0
        self.lost = not table.keep(held.id, held.step, rows_from=start, rows_done=start, begun_us=clock.now_us())

    def __call__(self, rows: int, _tally: Tally) -> None:
        now = time.monotonic()
        if now - self._said >= _EVERY_SECONDS:
            self._said = now
            self.lost = not table.keep(self._held.id, self._held.step, rows_done=rows)

    def stopping(self) -> bool:
        return self.lost or jobs.stopping()

    def stopping_run(self) -> bool:
        return self.stopping()
