"""Verification as a job: start it, watch it, stop it, read what it found and what it could not see."""

from __future__ import annotations

from base64 import b64encode
from typing import Any, NamedTuple

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import path, reverse
from django.utils.functional import Promise
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from keepfold.gate.console import actor_of, is_partial, may, page
from keepfold.kernel import clock, ids
from keepfold.kernel.errors import Invalid, NotFound
from keepfold.ledger import actions, queries
from keepfold.ledger.console import checks
from keepfold.ledger.console.needs import SEE, VERIFY
from keepfold.ledger.types import Report, Run
from keepfold.ui import components as ui
from keepfold.ui import nav, say, tables, toast

nav.register(
    nav.Item("ledger_verify", "proof", _("Verify the ledger"), "shield-check", "ledger_verify", SEE, 12, hidden=True)
)

_STAGES: tuple[tuple[str, str | Promise], ...] = (
    ("entries", _("Entries and hashes")),
    ("people", _("People and details")),
    ("rest", _("List, counts and the rest")),
)
HISTORY = tables.Table(
    key="runs",
    caption=_("Verifications, the newest first"),
    columns=(
        tables.Column("asked", _("Asked for"), kind="text"),
        tables.Column("result", _("Result"), kind="badge"),
        tables.Column("size", _("Entries"), kind="number"),
        tables.Column("findings", _("Findings"), kind="number", rank=2),
        tables.Column("took", _("Took"), rank=2),
        tables.Column("root", _("Root"), kind="code", rank=3),
    ),
    empty=(
        _("Nobody has verified the ledger here yet"),
        _("Start one: it reads every entry from the first on, and disturbs nobody meanwhile."),
    ),
)


class Stage(NamedTuple):
    """One stage of a verification: how far it is, None when it has not begun."""

    label: str | Promise
    value: int | None
    most: int
    state: str


@page(*SEE, methods=("GET", "POST"))
def verify(request: HttpRequest) -> HttpResponseBase:
    """Show the present verification and those before; POST begins one."""
    if request.method == "POST":
        run = actions.start_verification(actor=actor_of(request))
        return HttpResponseRedirect(reverse("ledger_verification", args=[ids.show(checks.PREFIX, run.id)]))
    table = HISTORY.on(request, _source)
    if table.is_export:
        return table.export()
    runs = queries.verifications(1)
    shown = {
        "active": "ledger",
        "table": table,
        "current": runs[0] if runs and runs[0].state in {"waiting", "running"} else None,
        "current_id": ids.show(checks.PREFIX, runs[0].id) if runs else "",
        "may_verify": may(actor_of(request), VERIFY),
        "status": queries.status(),
        "unseen": checks.not_checked(),
    }
    return render(request, "ledger/verify.html", shown)


def _source(query: tables.Query) -> tables.Slice:
    runs = queries.verifications(min(query.limit, 100))
    return tables.Slice([_row(run) for run in runs], total=len(runs))


def _row(run: Run) -> dict[str, Any]:
    report = run.report
    return {
        "asked": say.moment_text(run.asked_us),
        "href": reverse("ledger_verification", args=[ids.show(checks.PREFIX, run.id)]),
        "result": checks.badge(run),
        "size": None if report is None else report.size,
        "findings": None if report is None else len(report.findings) + report.more,
        "took": "–" if report is None else say.span(max(report.seconds, 1)),
        "root": "–" if report is None else b64encode(report.root).decode()[:12] + "…",
    }


@page(*SEE)
def verification(request: HttpRequest, run_id: str) -> HttpResponse:
    """Show one verification: its progress, or what it found."""
    run = _run(run_id)
    if request.GET.get("as") == "json":
        return _evidence(run, run_id)
    shown = {
        "active": "ledger",
        "run": run,
        "run_id": run_id,
        "is_over": run.state not in {"waiting", "running"},
        "words": checks.statement(run),
        "badge": checks.badge(run),
        "checks": [] if run.report is None else checks.of(run.report),
        "unseen": checks.not_checked(),
        "stages": stages(run),
        "said": said(run),
        "left": left(run),
        "facts": [] if run.report is None else facts(run.report),
        "may_verify": may(actor_of(request), VERIFY),
    }
    template = "ledger/_verification.html" if is_partial(request) else "ledger/verification.html"
    return render(request, template, shown)


def _run(run_id: str) -> Run:
    try:
        raw = ids.parse(checks.PREFIX, run_id)
    except Invalid:
        raise NotFound(gettext("There is no such verification."), code="ledger.no-verification") from None
    return queries.verification(raw)


def stages(run: Run) -> list[Stage]:
    """Return the three stages with how far each is."""
    names = [name for name, _label in _STAGES]
    at = names.index(run.stage) if run.stage in names else -1
    found = []
    for number, (_name, label) in enumerate(_STAGES):
        if number < at:
            found.append(Stage(label, 1, 1, "done"))
        elif number == at:
            found.append(Stage(label, min(run.done, run.total), max(run.total, 1), "now"))
        else:
            found.append(Stage(label, None, 1, "next"))
    return found


def said(run: Run) -> str:
    """Return how far it is in words for those who listen: a new sentence only now and then."""
    if run.state == "waiting":
        return gettext("Waits for the worker.")
    label = dict(_STAGES).get(run.stage)
    if run.state != "running" or label is None:
        return ""
    tenth = 10 * (10 * run.done // max(run.total, 1))
    return gettext("%(stage)s: %(percent)s percent.") % {"stage": label, "percent": tenth}


def left(run: Run) -> str:
    """Return rate and time left of the stage of entries, where both can be known."""
    if run.state != "running" or run.stage != "entries" or not run.done or run.began_us is None:
        return ""
    seconds = max((clock.now_us() - run.began_us) / 1e6, 0.1)
    rate = run.done / seconds
    return gettext("%(rate)s a second, about %(left)s left for the entries") % {
        "rate": say.num(round(rate)),
        "left": say.span(max((run.total - run.done) / rate, 1)),
    }


def facts(report: Report) -> list[ui.Pair]:
    """Return the numbers of a result."""
    waiting = ngettext(
        "%(count)s more waited for its place", "%(count)s more waited for their places", report.pending
    ) % {"count": say.num(report.pending)}
    return [
        ui.Pair(gettext("Log"), report.origin),
        ui.Pair(gettext("Entries"), say.num(report.size), waiting if report.pending else ""),
        ui.Pair(gettext("Root"), b64encode(report.root).decode()),
        ui.Pair(gettext("Checkpoints"), say.num(report.checkpoints)),
        ui.Pair(gettext("People"), say.num(report.people)),
        ui.Pair(gettext("Sealed details"), say.num(report.details)),
        ui.Pair(gettext("Took"), say.span(max(report.seconds, 1))),
    ]


def _evidence(run: Run, run_id: str) -> HttpResponse:
    report = run.report
    document = {
        "verification": run_id,
        "state": run.state,
        "altered": run.altered,
        "asked_at_us": run.asked_us,
        "began_at_us": run.began_us,
        "ended_at_us": run.ended_us,
        "report": None if report is None else _document(report),
        "checkpoint": queries.checkpoint() if queries.signed_size() else None,
        "vkey": queries.vkey(),
    }
    headers = {"Content-Disposition": f'attachment; filename="{run_id}.json"'}
    return JsonResponse(document, json_dumps_params={"indent": 2, "ensure_ascii": False}, headers=headers)


def _document(report: Report) -> dict[str, Any]:
    return {
        "ok": report.ok,
        "origin": report.origin,
        "size": report.size,
        "root": b64encode(report.root).decode(),
        "checkpoints": report.checkpoints,
        "pending": report.pending,
        "people": report.people,
        "details": report.details,
        "findings": [
            {"code": one.code, "message": one.message, "table": one.table, "index": one.index}
            for one in report.findings
        ],
        "more_findings": report.more,
        "notes": list(report.notes),
        "seconds": round(report.seconds, 3),
    }


@page(VERIFY, methods=("POST",))
@require_POST
def stop(request: HttpRequest, run_id: str) -> HttpResponse:
    """Ask a verification to end."""
    run = _run(run_id)
    actions.stop_verification(actor=actor_of(request), run=run.id)
    toast.say(request, gettext("It ends within a second or two. What it read so far is forgotten."))
    return HttpResponseRedirect(reverse("ledger_verification", args=[run_id]))


urlpatterns = [
    path("ledger/verify", verify, name="ledger_verify"),
    path("ledger/verify/<slug:run_id>", verification, name="ledger_verification"),
    path("ledger/verify/<slug:run_id>/stop", stop, name="ledger_verification_stop"),
]
