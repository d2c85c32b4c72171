"""`keepfold import`: from a file or a database into the vault, reviewed first, stored only with `--apply`."""

from __future__ import annotations

import json
import os
import shlex
import sys
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path
from typing import Any

import click
import msgspec

from keepfold.gate import Actor
from keepfold.intake import mappings, progress, queries, rejects, runner
from keepfold.intake.report import Page, Review, as_document, checked_document, ended_document
from keepfold.intake.rules.content import column_shares
from keepfold.intake.rules.mapping import Plan, parse
from keepfold.intake.rules.propose import Proposal, missing, propose, unneeded
from keepfold.intake.runner import Ended, Job
from keepfold.intake.sources.opening import Options, open_source
from keepfold.intake.types import Existing, Flaw, Source
from keepfold.kernel.errors import Invalid
from keepfold.people import queries as people
from keepfold.policy import queries as policy
from keepfold.policy.types import Schema

_SAMPLE = 500
_INTERRUPTED = 130


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that was typed."""

    source: str
    options: Options
    mapping: Path | None
    write_mapping: Path | None
    apply: bool
    existing: Existing
    partial: bool
    rejects: Path | None
    again: bool
    batch: int
    as_json: bool


@click.command("import", epilog="Passwords of databases: KEEPFOLD_IMPORT_PASSWORD or KEEPFOLD_IMPORT_PASSWORD_FILE.")
@click.argument("source")
@click.option("--table", help="Table or view to read (schema.table works too).")
@click.option("--query", help="One SELECT to read instead of a table.")
@click.option("--mapping", type=click.Path(path_type=Path), help="Use this mapping file (YAML or TOML).")
@click.option(
    "--write-mapping", type=click.Path(path_type=Path), help="Write the mapping for review; never overwrites."
)
@click.option("--apply", is_flag=True, help="Store. Without it nothing is stored.")
@click.option(
    "--existing",
    type=click.Choice(["skip", "update", "reject"]),
    default="skip",
    show_default=True,
    help="What to do with people who are there already, told by the policy's identity.",
)
@click.option("--partial", is_flag=True, help="Store a row without its refused fields instead of refusing the row.")
@click.option(
    "--rejects", type=click.Path(path_type=Path), help="Write refusals (row, field, reason) to .csv or .jsonl."
)
@click.option("--again", is_flag=True, help="Read a file again that was imported completely.")
@click.option("--encoding", help="Encoding of a CSV file, when the guess is wrong.")
@click.option("--delimiter", help="Delimiter of a CSV file, when the guess is wrong; `tab` for tabs.")
@click.option("--no-header", is_flag=True, help="The first row of the CSV file is data.")
@click.option("--batch", type=click.IntRange(1, 5000), default=runner.BATCH, show_default=True, help="Rows at a time.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document on standard output.")
def import_(
    *, table: str | None, query: str | None, encoding: str | None, delimiter: str | None, no_header: bool, **typed: Any
) -> int:
    """Import customers from SOURCE: .csv .tsv .jsonl .ndjson .parquet, a SQLite file, postgresql://, mysql://.

    Proposes which column becomes which data item of the active policy, says what no purpose needs, checks every row,
    and stores nothing until you add --apply. The same command again goes on where an interrupted one stopped.
    """
    options = Options(table, query, encoding, _delimiter(delimiter), header=not no_header)
    request = Request(options=options, **typed)
    if request.rejects:
        rejects.check(request.rejects, request.source)
    with closing(open_source(request.source, options, os.environ)) as source:
        return _import(request, source, people.operator())


def _delimiter(text: str | None) -> str | None:
    mark = "\t" if text in {"tab", "\\t"} else text
    if mark is not None and (len(mark) != 1 or mark in '\r\n"'):
        raise Invalid("A delimiter is one character.", code="intake.delimiter")
    return mark


def _import(request: Request, source: Source, actor: Actor) -> int:
    schema = policy.schema()
    proposal = _proposal(source, schema)
    plan, proposal = _plan(request, source, schema, proposal)
    source.order_by(_key_columns(plan, schema))
    job = Job(
        source=source, plan=plan, schema=schema, existing=request.existing, partial=request.partial, batch=request.batch
    )
    review = Review(source, plan, proposal, proposed=request.mapping is None)
    if not request.as_json:
        Page().review(review, job)
    if request.write_mapping:
        mappings.write(request.write_mapping, plan)
        click.echo(f"Wrote {request.write_mapping}.", err=True)
    return _apply(request, job, review, actor) if request.apply else _check(request, job, review, actor)


def _proposal(source: Source, schema: Schema) -> Proposal:
    columns = [column.name for column in source.columns()]
    return propose(columns, column_shares(len(columns), source.sample(_SAMPLE)), schema)


def _plan(request: Request, source: Source, schema: Schema, proposal: Proposal) -> tuple[Plan, Proposal]:
    if request.mapping is None:
        plan = proposal.plan(schema.version[:12])
        if not plan.fields:
            names = ", ".join(list(schema.fields)[:12])
            raise Invalid(
                "No column of this source fits a data item of the active policy.",
                code="intake.nothing-fits",
                next_step=f"Write a mapping file by hand and give it with --mapping. Data items: {names}.",
            )
        return plan, proposal
    columns = [column.name for column in source.columns()]
    plan = parse(mappings.read(request.mapping), columns, schema)
    shares = column_shares(len(columns), source.sample(_SAMPLE))
    left = unneeded(columns, shares, set(plan.reads()))
    return plan, Proposal(proposal.choices, left, missing(schema, set(plan.fields)))


def _key_columns(plan: Plan, schema: Schema) -> list[str]:
    rules = (plan.fields[name] for name in schema.identity if name in plan.fields)
    return [name for rule in rules for name in rule.reads()]


def _check(request: Request, job: Job, review: Review, actor: Actor) -> int:
    with (
        progress.interruptible() as stopping,
        progress.shown("Checking", review.total, quiet=request.as_json) as watch,
    ):
        found = runner.dry_run(job, actor=actor, watch=watch, stopping=stopping)
        complete = not stopping()
    _write_rejects(request, found.flaws)
    if request.as_json:
        _print(as_document(review, job) | checked_document(found, complete=complete))
    else:
        Page().checked(found, complete=complete, next_step=_next_of_check(found.acceptable + found.partial))
    return 0 if complete else _INTERRUPTED


def _apply(request: Request, job: Job, review: Review, actor: Actor) -> int:
    terms = job.terms()
    start = queries.latest(terms)
    begin = start.position.row if start and start.finished_us is None else 0
    if begin:
        click.echo(f"An earlier import of this stopped after row {begin:,}; going on from there.", err=True)
    with (
        progress.interruptible() as stopping,
        progress.shown("Importing", review.total, start=begin, quiet=request.as_json) as watch,
    ):
        ended = runner.apply(job, terms=terms, actor=actor, watch=watch, stopping=stopping, again=request.again)
    _write_rejects(request, queries.rejects(ended.run.id))
    reasons = queries.reject_counts(ended.run.id)
    if request.as_json:
        _print(as_document(review, job) | ended_document(ended, reasons))
    else:
        Page().ended(ended, reasons, next_step=_next_of_apply(ended))
    return 0 if ended.complete else _INTERRUPTED


def _write_rejects(request: Request, flaws: Iterable[Flaw]) -> None:
    if request.rejects:
        count = rejects.write(request.rejects, flaws)
        click.echo(f"Wrote {count:,} refusals to {request.rejects}.", err=True)


def _next_of_check(acceptable: int) -> str:
    if not acceptable:
        return "change the mapping (--write-mapping FILE, then --mapping FILE); no row would be stored as it is."
    return f"{_typed()} --apply"


def _next_of_apply(ended: Ended) -> str:
    if not ended.complete:
        return f"the same command again goes on there: {_typed()}"
    if ended.nothing_to_do:
        return "--again reads it once more; people who are there are skipped unless --existing says otherwise."
    if ended.run.tally.refused:
        return "mend the refused rows (--rejects FILE lists all) and run it again; who is in is skipped."
    return "keepfold ledger status"


def _typed() -> str:
    """Return the command as it was typed, without what a URL may hold of a password."""
    words = [f"{word.split('://')[0]}://…" if "://" in word else word for word in sys.argv[1:]]
    return "keepfold " + shlex.join(words)


def _print(document: dict[str, Any]) -> None:
    click.echo(json.dumps(document, indent=2, ensure_ascii=False))
