"""`keepfold ledger …`: where the log stands, whether it is whole, and proofs for others to check.

Nothing here opens details or says whom an entry is about; `keepfold customer` does that through the gate.
Exit codes: 0 all is well, 1 verification found something or there is no such thing, 2 wrong usage.
"""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn
from rich.table import Table

from keepfold.gate import Actor
from keepfold.ledger import actions, queries
from keepfold.ledger.audit.findings import ProgressCallback
from keepfold.ledger.types import EntryView, Inclusion, Report, Status

as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON on standard output.")
# Whoever has a shell on the server, and for this one thing only.
_OPERATOR = Actor(kind="system", id=b"keepfold-ledger\0", name="ledger", actions=("ledger.index.rebuild",))
_STAGES = {"entries": "Entries", "people": "People", "rest": "Rest"}


@click.group()
def ledger() -> None:
    """Status, verification and proofs of the ledger."""


# -------------------------------------------------------------------------------------------------------------- status


@ledger.command("status")
@as_json
def status(*, as_json: bool) -> None:
    """Say how far the log goes, what waits, and when it was last signed."""
    found = queries.status()
    if as_json:
        _print_json(_status_document(found))
    else:
        _print_pairs(_status_pairs(found))
    if found.halted:
        raise SystemExit(1)


def _status_document(found: Status) -> dict[str, Any]:
    return {
        "origin": found.origin,
        "vkey": found.vkey,
        "size": found.size,
        "pending": found.pending,
        "waiting_since": _time(found.waiting_since_us),
        "root": found.root.hex(),
        "checkpoints": found.checkpoints,
        "checkpoint_size": found.checkpoint_size,
        "checkpoint_at": _time(found.checkpoint_at_us),
        "beat_at": _time(found.beat_at_us),
        "halted": found.halted,
    }


def _status_pairs(found: Status) -> dict[str, str]:
    waiting = f"{found.pending:,} since {_time(found.waiting_since_us)}" if found.pending else "none"
    signed = f"size {found.checkpoint_size:,} at {_time(found.checkpoint_at_us)}" if found.checkpoints else "never"
    return {
        "Log": found.origin,
        "Key": found.vkey,
        "Entries": f"{found.size:,}",
        "Waiting": waiting,
        "Root": found.root.hex(),
        "Checkpoints": f"{found.checkpoints:,}",
        "Last signed": signed,
        "Last beat": _time(found.beat_at_us) or "never",
        "State": f"HALTED: {found.halted}" if found.halted else "sequencing",
    }


# -------------------------------------------------------------------------------------------------------------- verify


@ledger.command("verify")
@as_json
def verify(*, as_json: bool) -> None:
    """Check every row of the ledger: entries, hashes, checkpoints, tags, counters and sealed details."""
    with _progress(quiet=as_json) as step:
        report = queries.verify(step)
    if as_json:
        _print_json(_report_document(report))
    else:
        _print_report(report)
    if not report.ok:
        raise SystemExit(1)


@contextmanager
def _progress(*, quiet: bool) -> Iterator[ProgressCallback | None]:
    """Show a bar per stage, with rate and time left, on standard error; nothing when it is not a terminal."""
    console = Console(stderr=True)
    if quiet or not console.is_terminal:
        yield None
        return
    rate = TextColumn("{task.fields[rate]}")
    columns = (TextColumn("{task.description:8}"), BarColumn(), MofNCompleteColumn(), rate, TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True) as bars:
        tasks: dict[str, TaskID] = {}
        started: dict[str, float] = {}

        def step(stage: str, done: int, total: int) -> None:
            if stage not in tasks:
                tasks[stage] = bars.add_task(_STAGES[stage], total=total, rate="")
                started[stage] = time.monotonic()
            seconds = max(time.monotonic() - started[stage], 1e-6)
            bars.update(tasks[stage], completed=done, total=total, rate=f"{done / seconds:,.0f}/s")

        yield step


def _report_document(report: Report) -> dict[str, Any]:
    return {
        "ok": report.ok,
        "origin": report.origin,
        "size": report.size,
        "root": report.root.hex(),
        "checkpoints": report.checkpoints,
        "pending": report.pending,
        "people": report.people,
        "details": report.details,
        "findings": [
            {"code": one.code, "message": one.message, "table": one.table, "index": one.index}
            for one in report.findings
        ],
        "more": report.more,
        "notes": list(report.notes),
        "seconds": round(report.seconds, 3),
    }


def _print_report(report: Report) -> None:
    for finding in report.findings:
        click.echo(f"✗ {finding.message}")
    if report.more:
        click.echo(f"✗ … and {report.more:,} more.")
    for note in report.notes:
        click.echo(f"• {note}")
    rate = (report.size + report.pending) / max(report.seconds, 1e-6)
    counted = (
        f"{report.size:,} entries, {report.pending:,} waiting, {report.checkpoints:,} checkpoints,"
        f" {report.people:,} people, {report.details:,} sealed details"
    )
    took = f"{report.seconds:.1f} s, {rate:,.0f} entries/s"
    if report.ok:
        click.echo(f"✓ The ledger is whole: {counted} ({took}).")
        click.echo(f"  Root {report.root.hex()}")
    else:
        wrong = len(report.findings) + report.more
        click.echo(f"The ledger is NOT whole: {wrong:,} findings in {counted} ({took}).")


@ledger.command("reindex")
def reindex() -> None:
    """Make the index and the counts anew from the entries, when `verify` says that they differ.

    Others wait meanwhile: about ten seconds for each million entries.
    """
    total = actions.rebuild_index(actor=_OPERATOR)
    click.echo(f"✓ The index and the counts were made anew from {total:,} entries.")


# -------------------------------------------------------------------------------------------------------------- proofs


@ledger.command("proof")
@click.argument("index", type=click.IntRange(min=0))
@click.option("--size", type=click.IntRange(min=1), help="Size of the tree; by default that of the last checkpoint.")
@as_json
def proof(*, index: int, size: int | None, as_json: bool) -> None:
    """Print the proof that entry INDEX stands in the log: from its hash to the signed root."""
    found = queries.inclusion(index, size)
    if as_json:
        _print_json(_proof_document(found))
        return
    click.echo(f"Entry {found.index} of {found.size:,}; leaf {found.leaf.hex()}")
    for at, item in enumerate(found.hashes):
        click.echo(f"  {at:2}  {item.hex()}")
    click.echo(f"Root  {found.root.hex()}")
    click.echo(found.checkpoint.rstrip("\n") if found.checkpoint else "No checkpoint was signed for this size.")


def _proof_document(found: Inclusion) -> dict[str, Any]:
    return {
        "index": found.index,
        "size": found.size,
        "leaf": _base64(found.leaf),
        "hashes": [_base64(item) for item in found.hashes],
        "root": _base64(found.root),
        "checkpoint": found.checkpoint,
    }


@ledger.command("show")
@click.argument("index", type=click.IntRange(min=0))
@as_json
def show(*, index: int, as_json: bool) -> None:
    """Show the public part of entry INDEX. Whom it concerns is not in it."""
    found = queries.show(index)
    if as_json:
        _print_json(_entry_document(found))
    else:
        _print_pairs({name: str(value) for name, value in _entry_document(found).items()})


def _entry_document(found: EntryView) -> dict[str, Any]:
    return {
        "index": found.index,
        "kind": found.kind,
        "action": found.action or f"number {found.action_number}",
        "label": found.label.get("en"),
        "allowed": found.allowed,
        "hour": datetime.fromtimestamp(found.hour_s, UTC).isoformat(timespec="minutes"),
        "actor": found.actor_kind,
        "purpose_number": found.purpose_number,
        "policy": found.policy_hash.hex(),
        "people": found.subjects,
        "leaf": _base64(found.leaf),
        "entry": _base64(found.body),
    }


@ledger.command("checkpoint")
@click.option("--size", type=click.IntRange(min=0), help="The checkpoint of one size; by default the last one.")
@as_json
def checkpoint(*, size: int | None, as_json: bool) -> None:
    """Print the last signed checkpoint, as a C2SP signed note that others can verify."""
    note = queries.checkpoint(size)
    if as_json:
        _print_json({"checkpoint": note, "vkey": queries.vkey()})
    else:
        click.echo(note, nl=False)


# ------------------------------------------------------------------------------------------------------------ printing


def _print_json(document: dict[str, Any]) -> None:
    click.echo(json.dumps(document, indent=2, ensure_ascii=False))


def _print_pairs(pairs: dict[str, str]) -> None:
    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_column(no_wrap=True, style="dim")
    table.add_column(overflow="fold")
    for name, value in pairs.items():
        table.add_row(name, value)
    Console().print(table)


def _time(us: int) -> str | None:
    if not us:
        return None
    return datetime.fromtimestamp(us / 1e6, UTC).isoformat(timespec="seconds")


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()
