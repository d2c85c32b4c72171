"""What the import command shows: the review table, the outcome, both for people and as JSON."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from keepfold.intake import actions
from keepfold.intake.rules.mapping import Plan, Rule, document
from keepfold.intake.rules.propose import Choice, LeftOut, Missing, Proposal
from keepfold.intake.runner import Checked, Ended, Job, Reason
from keepfold.intake.types import Source, Tally
from keepfold.kernel import ids

_WIDTH = 120
NOT_NEEDED = "No purpose in the policy needs these columns: they will not be stored."


class Review:
    """What people look at before anything is stored: the mapping, what it leaves out, what it lacks."""

    def __init__(self, source: Source, plan: Plan, proposal: Proposal, *, proposed: bool) -> None:
        self.source = source
        self.total = source.total()
        self.plan = plan
        self.proposed = proposed
        known = {choice.field: choice for choice in proposal.choices}
        self.choices = [
            known[name] if proposed and name in known else Choice(name, rule, 1.0, "as the mapping file says")
            for name, rule in plan.fields.items()
        ]
        self.left_out: Sequence[LeftOut] = proposal.left_out
        self.missing: Sequence[Missing] = proposal.missing


def as_document(review: Review, job: Job) -> dict[str, Any]:
    """Return the review as JSON-like data."""
    return {
        "source": {
            "kind": review.source.kind,
            "label": review.source.label,
            "rows": review.total,
            "notes": list(review.source.notes),
        },
        "policy": job.schema.version,
        "existing": job.existing,
        "mapping": document(review.plan.fields),
        "review": [
            {"field": c.field, "from": read_from(c.rule), "confidence": c.confidence, "why": c.why}
            for c in review.choices
        ],
        "not_stored": [out._asdict() for out in review.left_out],
        "missing": [{"field": gap.field, "purposes": list(gap.purposes)} for gap in review.missing],
    }


def checked_document(found: Checked, *, complete: bool) -> dict[str, Any]:
    """Return the outcome of a dry run."""
    return {
        "dry_run": True,
        "complete": complete,
        "rows": found.rows,
        "acceptable": found.acceptable,
        "partial": found.partial,
        "refused": found.refused,
        "repeated": found.repeated,
        "mendable": found.mendable,
        "lacking": dict(found.lacking),
        "reasons": reasons_document(found.reasons()),
    }


def ended_document(ended: Ended, reasons: Iterable[Reason]) -> dict[str, Any]:
    """Return the outcome of an import."""
    return {
        "dry_run": False,
        "import": ids.show(actions.PREFIX, ended.run.id),
        "complete": ended.complete,
        "nothing_to_do": ended.nothing_to_do,
        "resumed_after_row": ended.resumed_at,
        "rows": ended.run.position.row,
        **ended.run.tally._asdict(),
        "reasons": reasons_document(reasons),
    }


def reasons_document(reasons: Iterable[Reason]) -> list[dict[str, Any]]:
    """Return reasons of refusal as JSON-like data."""
    return [dict(zip(("field", "code", "message", "count", "first_row"), reason, strict=True)) for reason in reasons]


class Page:
    """Writes for people on standard output."""

    def __init__(self) -> None:
        found = Console()
        self._console = found if found.is_terminal else Console(width=_WIDTH)

    def line(self, text: str = "", style: str = "") -> None:
        """Write one paragraph."""
        self._console.print(Text(text, style=style), soft_wrap=True)

    def table(self, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
        """Write a table without borders."""
        table = Table(*columns, box=None, header_style="bold", pad_edge=False)
        for row in rows:
            table.add_row(*(Text(printable(cell)) for cell in row))
        self._console.print(table)

    def review(self, review: Review, job: Job) -> None:
        """Write what people have to look at before they say `--apply`."""
        rows = (
            "" if review.total is None else f", {'about ' if review.source.kind == 'csv' else ''}{review.total:,} rows"
        )
        self.line(f"Source   {printable(review.source.label)}{rows}")
        self.line(f"Policy   version {job.schema.version[:12]}")
        for note in review.source.notes:
            self.line(f"Note     {note}", "yellow")
        self.line()
        self.table(
            ("Column", "Data item", "Sure", "Why"),
            ((read_from(c.rule), c.field, f"{c.confidence:.0%}", c.why) for c in review.choices),
        )
        if review.left_out:
            self.line()
            self.line(NOT_NEEDED, "bold")
            self.table(("Column", "Looks like", "Perhaps"), (tuple(out) for out in review.left_out))
        for gap in review.missing:
            self.line(f"Nothing provides {gap.field}, which is required for {', '.join(gap.purposes)}.", "yellow")
        if job.schema.identity and not any(name in review.plan.fields for name in job.schema.identity):
            names = ", ".join(job.schema.identity)
            self.line(
                f"No natural key ({names}) is mapped: another file with the same people adds them twice.", "yellow"
            )
        self.line()

    def checked(self, found: Checked, *, complete: bool, next_step: str) -> None:
        """Write the outcome of a dry run."""
        self.line("Dry run: nothing was stored." if complete else "Dry run, stopped early: nothing was stored.", "bold")
        parts = [f"{found.rows:,} rows", f"{found.acceptable:,} acceptable"]
        parts += [f"{found.partial:,} acceptable in part"] if found.partial else []
        self.line(", ".join([*parts, f"{found.refused:,} refused"]) + ".")
        if found.repeated:
            self.line(f"{found.repeated:,} rows repeat the natural key of an earlier row.")
        for name, count in sorted(found.lacking.items()):
            self.line(f"{count:,} rows have no {name}, which a purpose requires.")
        self.reasons(found.reasons())
        if found.mendable:
            self.line(f"With --partial {found.mendable:,} of the refused rows are stored without their refused values.")
        self.line()
        self.line(f"Next: {next_step}")

    def ended(self, ended: Ended, reasons: Sequence[Reason], *, next_step: str) -> None:
        """Write the outcome of an import."""
        if ended.nothing_to_do:
            self.line("This very file was imported already with this mapping and policy: nothing to do.", "bold")
        elif not ended.complete:
            self.line(f"Stopped after row {ended.run.position.row:,}; what is in stays in.", "bold")
        self.line(f"{ended.run.position.row:,} rows: {counts(ended.run.tally)}.")
        self.reasons(reasons)
        self.line()
        self.line(f"Next: {next_step}")

    def reasons(self, reasons: Sequence[Reason]) -> None:
        """Write why rows were refused, never with a value."""
        if not reasons:
            return
        self.line()
        rows = ((field or "(row)", f"{count:,}", f"{first:,}", message) for field, _, message, count, first in reasons)
        self.table(("Refused", "Times", "First row", "Why"), rows)


def counts(tally: Tally) -> str:
    """Return a tally in words."""
    said = [
        f"{tally.sealed:,} sealed",
        *([f"{tally.partial:,} sealed in part"] if tally.partial else []),
        *([f"{tally.updated:,} updated"] if tally.updated else []),
        *([f"{tally.skipped:,} there already"] if tally.skipped else []),
        f"{tally.refused:,} refused",
    ]
    return ", ".join(said)


def read_from(rule: Rule) -> str:
    """Return the columns of a rule as people read them."""
    if rule.constant is not None:
        return f"always {rule.constant}"
    if rule.split is not None:
        return f"{rule.split} ({'the rest' if rule.take == 'rest' else f'{rule.take} word'})"
    return " + ".join(rule.reads())


def printable(text: str) -> str:
    """Return a text without what could steer a terminal: names of columns come from strangers' files."""
    return "".join(letter if letter.isprintable() else "\ufffd" for letter in text)
