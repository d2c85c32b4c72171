"""What a verification checked, as a list: every check with what it found, and what it could not check."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

from django.utils.translation import gettext, ngettext

from keepfold.kernel import ids
from keepfold.ledger import queries
from keepfold.ledger.types import Finding, Report, Run
from keepfold.ui import components as ui
from keepfold.ui import say

PREFIX = "ver"


class Check(NamedTuple):
    """One check: the sentence when it holds and when it does not, and what it found."""

    words: str
    ok: bool
    findings: tuple[Finding, ...] = ()


class _Rule(NamedTuple):
    """Which findings belong to a check, by the beginning of their code, and what it says of a report."""

    codes: tuple[str, ...]
    holds: Callable[[Report], str]
    fails: Callable[[], str]


def _entries(report: Report) -> str:
    return gettext("All %(count)s entries hash to the root") % {"count": say.num(report.size)}


def _checkpoints(report: Report) -> str:
    return ngettext(
        "The one checkpoint is signed by this log and fits its size",
        "All %(count)s checkpoints are signed by this log and fit their sizes",
        report.checkpoints,
    ) % {"count": say.num(report.checkpoints)}


def _people(report: Report) -> str:
    return ngettext(
        "The counter of the one living person has no gap",
        "No counter of the %(count)s living people has a gap",
        report.people,
    ) % {"count": say.num(report.people)}


def _details(report: Report) -> str:
    return gettext("All %(count)s sealed details open and are what their entries commit to") % {
        "count": say.num(report.details)
    }


_RULES: tuple[_Rule, ...] = (
    _Rule(("entry",), _entries, lambda: gettext("Entries were changed, or are missing")),
    _Rule(
        ("tile",),
        lambda _report: gettext("Every hash of the tree is the one that its entries make"),
        lambda: gettext("Hashes of the tree were changed, or are missing"),
    ),
    _Rule(("checkpoint",), _checkpoints, lambda: gettext("Checkpoints were changed, or are missing")),
    _Rule(
        ("log", "stranger"),
        lambda _report: gettext("The log’s own state is the one that was written"),
        lambda: gettext("The log’s own state was changed"),
    ),
    _Rule(
        ("pending",),
        lambda _report: gettext("What waits for its place is as it was written"),
        lambda: gettext("What waits for its place was changed"),
    ),
    _Rule(
        ("subject", "tag", "members", "closed", "key"),
        _people,
        lambda: gettext("Tags or counters of people were changed, or are missing"),
    ),
    _Rule(("detail",), _details, lambda: gettext("Sealed details were changed, or are missing")),
    _Rule(
        ("index", "tally"),
        lambda _report: gettext("The list and the counts beside the entries say what the entries say"),
        lambda: gettext("The list or the counts beside the entries were changed"),
    ),
)


def of(report: Report) -> list[Check]:
    """Return every check of a report, in the order of the work."""
    by_code: dict[str, list[Finding]] = {}
    for finding in report.findings:
        by_code.setdefault(finding.code.removeprefix("ledger.").partition("-")[0], []).append(finding)
    made = []
    for rule in _RULES:
        found = tuple(finding for code in rule.codes for finding in by_code.get(code, []))
        made.append(Check(rule.fails() if found else rule.holds(report), not found, found))
    return made


def not_checked() -> list[ui.Line]:
    """Return what a verification by this server cannot see."""
    return [
        ui.Line(
            gettext("Whether others saw the same checkpoints: unknown"),
            gettext("No witness signs yet. Compare the root with a checkpoint that somebody kept elsewhere."),
            "circle-help",
            "warn",
        ),
        ui.Line(
            gettext("Details of people who were erased"),
            gettext("Their keys are gone, so nobody can open them; their entries were checked like all others."),
            "circle-dashed",
        ),
        ui.Line(
            gettext("What happened past the gate"),
            gettext("Somebody with a shell on the server may do what no log sees."),
            "circle-dashed",
        ),
    ]


def statement(run: Run) -> str:
    """Return the result as one sentence."""
    report = run.report
    if report is None:
        return _without_report(run)
    if report.ok:
        return gettext("Whole and unchanged. %(count)s of %(count)s entries.") % {"count": say.num(report.size)}
    first = next((finding for finding in report.findings if finding.index is not None), None)
    if first is not None and first.table == "ledger_entry":
        return gettext("Entry %(index)s does not verify. Stop writing and open the evidence.") % {
            "index": say.num(first.index)
        }
    wrong = len(report.findings) + report.more
    return ngettext(
        "One thing is not as it was written. Open the evidence.",
        "%(count)s things are not as they were written. Open the evidence.",
        wrong,
    ) % {"count": say.num(wrong)}


def _without_report(run: Run) -> str:
    words: Mapping[str, str] = {
        "waiting": gettext("Waits for the worker."),
        "running": gettext("Verifying."),
        "stopped": gettext("Stopped before it was done. Nothing can be said."),
        "failed": gettext("It broke off. Nothing can be said."),
        "ended": gettext("What stands in the database is not what this verification found."),
    }
    return words[run.state]


def badge(run: Run) -> ui.Badge:
    """Return the result as a word."""
    if run.altered:
        return ui.Badge(gettext("Altered"), "bad")
    if run.report is not None:
        return ui.Badge(gettext("Whole"), "good") if run.report.ok else ui.Badge(gettext("Not whole"), "bad")
    return {
        "waiting": ui.Badge(gettext("Waits"), "", "hourglass"),
        "running": ui.Badge(gettext("Runs"), "", "refresh-cw"),
        "stopped": ui.Badge(gettext("Stopped"), "line", "circle-stop"),
    }.get(run.state, ui.Badge(gettext("Broke off"), "warn"))


class Last(NamedTuple):
    """The newest verification that has a result, as other pages show it."""

    run: Run
    id: str
    words: str
    ok: bool
    checks: list[Check]


def last_result() -> Last | None:
    """Return the newest verification with a result, or None."""
    run = next((run for run in queries.verifications(20) if run.report is not None), None)
    if run is None or run.report is None:
        return None
    return Last(run, ids.show(PREFIX, run.id), statement(run), run.report.ok, of(run.report))
