"""Jobs and outbox: what runs, what waits, what failed, and what to do about it. Nothing here holds personal data."""

from __future__ import annotations

from typing import Any, cast

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from keepfold.console import actions, work_words
from keepfold.gate.console import actor_of, page
from keepfold.kernel import clock, post
from keepfold.kernel.errors import NotFound
from keepfold.kernel.jobs import kinds, work
from keepfold.ui import components as ui
from keepfold.ui import nav, say, tables, toast

JOB_NEEDS = ("console.job.retry", "console.job.drop")
MAIL = "people.mail"
DELIVERY_NEEDS = ("console.delivery.retry", "console.delivery.drop")
JOB_STATES: tuple[work.State, ...] = ("running", "waiting", "failing", "given_up", "done")
DELIVERY_STATES: tuple[post.State, ...] = ("waiting", "failing", "given_up", "delivered")
_LATE_US = 60_000_000

nav.register(
    nav.Item(
        "jobs",
        "running",
        gettext_lazy("Jobs"),
        "workflow",
        "jobs",
        JOB_NEEDS,
        order=10,
        keys="G J",
        waiting=lambda: work.count("given_up"),
    ),
    nav.Item(
        "outbox",
        "running",
        gettext_lazy("Outbox"),
        "send",
        "outbox",
        DELIVERY_NEEDS,
        order=20,
        keys="G X",
        waiting=lambda: post.count("given_up"),
    ),
)

_JOB_WORDS = {
    "running": (
        gettext_lazy("Nothing runs at this moment"),
        gettext_lazy("Jobs take seconds; long ones, such as imports, are seen here while they run."),
    ),
    "waiting": (
        gettext_lazy("Nothing waits"),
        gettext_lazy("What is asked of the worker stands here until it gets to it."),
    ),
    "failing": (
        gettext_lazy("Nothing failed lately"),
        gettext_lazy("A job that fails is tried again by itself, after ever longer pauses."),
    ),
    "given_up": (
        gettext_lazy("Nothing was given up"),
        gettext_lazy("A job that failed at every try would stand here until somebody looks at it."),
    ),
    "done": (gettext_lazy("Nothing was done yet"), gettext_lazy("Jobs that are done stay here for two weeks.")),
}
_POST_WORDS = {
    "waiting": (
        gettext_lazy("No event waits"),
        gettext_lazy("Events tell other parts of Keepfold what happened, in order."),
    ),
    "failing": (
        gettext_lazy("No delivery failed lately"),
        gettext_lazy("A delivery that fails is tried again by itself."),
    ),
    "given_up": (
        gettext_lazy("No delivery was given up"),
        gettext_lazy("A delivery that failed at every try would stand here until somebody looks at it."),
    ),
    "delivered": (gettext_lazy("Nothing was delivered yet"), gettext_lazy("Delivered events stay here for a month.")),
}


# -- jobs --------------------------------------------------------------------------------------------------------------


@page(*JOB_NEEDS)
def jobs(request: HttpRequest) -> HttpResponseBase:
    """Show what runs, waits and failed, the schedules, and whether a worker lives."""
    state = cast("work.State", _chosen(request, JOB_STATES, "given_up" if work.count("given_up") else "running"))
    table = _job_table(state).on(request, lambda query: _jobs(state, query))
    if table.is_export:
        return table.export()
    context = {
        "active": "jobs",
        "table": table,
        "views": _views("jobs", JOB_STATES, state),
        "figures": [_figure("jobs", name, work.count(name)) for name in ("running", "waiting", "failing", "given_up")],
        "plans": [_plan(plan) for plan in work.plans()],
        "worker": _worker(),
    }
    return render(request, "console/jobs.html", context)


def _job_table(state: str) -> tables.Table:
    when = {"given_up": _("Given up"), "done": _("Ended"), "running": _("Begun"), "failing": _("Next try")}
    columns = [
        tables.Column("what", gettext_lazy("What")),
        tables.Column("state", gettext_lazy("State"), kind="badge", rank=2),
        tables.Column("attempts", gettext_lazy("Tries"), kind="number", rank=3),
        tables.Column("why", gettext_lazy("Why it failed"), rank=2),
        tables.Column("at", when.get(state, _("Due")), kind="moment"),
    ]
    kept = [column for column in columns if column.key != "why" or state in {"failing", "given_up"}]
    options = [(name, work_words.job(name)) for name in sorted(kinds())]
    return tables.Table(
        key="jobs",
        caption=gettext_lazy("Jobs"),
        columns=tuple(kept),
        filters=(tables.Choice("kind", gettext_lazy("Kind"), options),),
        empty=_JOB_WORDS[state],
    )


def _jobs(state: work.State, query: tables.Query) -> tables.Slice:
    seen = tables.cursor_values(query.after, int, int) if query.after else None
    kind = str(query.filters.get("kind", ""))
    rows = work.page(state, kind=kind, after=(seen[0], seen[1]) if seen else None, limit=query.limit + 1)
    return tables.slice_of(rows, query, lambda row: tables.cursor(*row[0]), lambda row: _job(row[1]))._replace(
        before=""
    )


def _job(job: work.JobView) -> dict[str, Any]:
    return {
        "what": work_words.job(job.kind),
        "small": _("planned") if job.scheduled else "",
        "href": reverse("job", args=[job.id]),
        "state": work_words.state(job.state),
        "attempts": job.attempts,
        "why": work_words.failure(job.error).sentence if job.error else "",
        "at": job.ended_us or job.run_us,
    }


@page(*JOB_NEEDS, methods=("GET", "POST"), fresh=True)
def job(request: HttpRequest, number: int) -> HttpResponse:
    """Show one job, and have it tried again or dropped."""
    found = work.one(number) if number < 2**63 else None
    if found is None:
        raise NotFound(_("There is no job of this number."), code="work.missing")
    if request.method == "POST":
        if request.POST.get("do") == "drop":
            actions.drop_job(actor=actor_of(request), job=number)
            toast.say(request, _("Dropped. It is not tried any more."))
        else:
            actions.retry_job(actor=actor_of(request), job=number)
            toast.say(request, _("It is tried again at once."))
        return HttpResponseRedirect(reverse("jobs"))
    pairs = [
        ui.Pair(_("State"), work_words.state(found.state).label),
        ui.Pair(_("Tries"), say.num(found.attempts)),
        ui.Pair(_("Asked for"), say.moment_text(found.created_us)),
        ui.Pair(_("Ended") if found.ended_us else _("Due"), say.moment_text(found.ended_us or found.run_us)),
        ui.Pair(_("Kind"), found.kind),
    ]
    return _one(request, "jobs", work_words.job(found.kind), found.state, found.error, pairs)


def _one(request: HttpRequest, where: str, title: str, state: str, error: str, pairs: list[ui.Pair]) -> HttpResponse:
    context = {
        "active": where,
        "where": where,
        "list": _("Jobs") if where == "jobs" else _("Outbox"),
        "title": title,
        "badge": work_words.state(state),
        "failure": work_words.failure(error) if error else None,
        "pairs": pairs,
        "given_up": state == "given_up",
    }
    return render(request, "console/jobs_one.html", context)


def _plan(plan: work.Plan) -> dict[str, Any]:
    return {
        "what": work_words.job(plan.kind),
        "every": work_words.schedule(plan.every),
        "last": plan.last_us,
        "failed": plan.last_failed,
        "next": plan.next_us,
    }


def _worker() -> dict[str, Any]:
    seen = work.workers()
    silent = clock.now_us() - seen[0].seen_us if seen else None
    late = silent is None or silent > _LATE_US
    living = [one for one in seen if clock.now_us() - one.seen_us <= _LATE_US]
    return {
        "late": late,
        "silent": None if silent is None else silent // 1_000_000,
        "count": len(living),
        "since": living[0].started_us if living else None,
    }


# -- outbox ------------------------------------------------------------------------------------------------------------


@page(*DELIVERY_NEEDS)
def outbox(request: HttpRequest) -> HttpResponseBase:
    """Show events on their way to their receivers, and mail."""
    state = cast("post.State", _chosen(request, DELIVERY_STATES, "given_up" if post.count("given_up") else "waiting"))
    table = _post_table(state).on(request, lambda query: _deliveries(state, query))
    if table.is_export:
        return table.export()
    oldest = post.oldest_waiting_us()
    context = {
        "active": "outbox",
        "table": table,
        "views": _views("outbox", DELIVERY_STATES, state),
        "figures": [_figure("outbox", name, post.count(name)) for name in ("waiting", "failing", "given_up")],
        "late": None if oldest is None or oldest < _LATE_US else say.span(oldest // 1_000_000),
        "mail_jobs": _mail_jobs(),
        "folder": post.mail_folder() is not None,
        "mails": post.mails(20),
        "mail_count": post.mail_count(),
    }
    return render(request, "console/outbox.html", context)


def _mail_jobs() -> list[ui.Figure]:
    """Return how many mails to staff wait, fail or were given up; each is a job."""
    states: tuple[work.State, ...] = ("waiting", "failing", "given_up")
    found = [(state, work.count(state, MAIL)) for state in states]
    return [
        figure._replace(href=f"{reverse('jobs')}?state={state}&kind={MAIL}")
        for state, count in found
        if count and (figure := _figure("jobs", state, count))
    ]


def _post_table(state: str) -> tables.Table:
    columns = [
        tables.Column("what", gettext_lazy("Event")),
        tables.Column("to", gettext_lazy("Receiver"), rank=2),
        tables.Column("attempts", gettext_lazy("Tries"), kind="number", rank=3),
        tables.Column("why", gettext_lazy("Why it failed"), rank=2),
        tables.Column("at", gettext_lazy("Happened"), kind="moment"),
    ]
    kept = [column for column in columns if column.key != "why" or state in {"failing", "given_up"}]
    return tables.Table(key="deliveries", caption=gettext_lazy("Events"), columns=tuple(kept), empty=_POST_WORDS[state])


def _deliveries(state: post.State, query: tables.Query) -> tables.Slice:
    seen = tables.cursor_values(query.after, int) if query.after else None
    rows = post.page(state, before=seen[0] if seen else 0, limit=query.limit + 1)
    return tables.slice_of(rows, query, lambda row: tables.cursor(row.id), _delivery)._replace(before="")


def _delivery(one: post.DeliveryView) -> dict[str, Any]:
    return {
        "what": work_words.event(one.kind),
        "href": reverse("delivery", args=[one.id]),
        "to": one.handler,
        "attempts": one.attempts,
        "why": work_words.failure(one.error).sentence if one.error else "",
        "at": one.created_us,
    }


@page(*DELIVERY_NEEDS, methods=("GET", "POST"), fresh=True)
def delivery(request: HttpRequest, number: int) -> HttpResponse:
    """Show one delivery, and have it tried again or dropped."""
    found = post.one(number) if number < 2**63 else None
    if found is None:
        raise NotFound(_("There is no delivery of this number."), code="work.missing")
    if request.method == "POST":
        if request.POST.get("do") == "drop":
            actions.drop_delivery(actor=actor_of(request), delivery=number)
            toast.say(request, _("Dropped. Its receiver will not learn of it."))
        else:
            actions.retry_delivery(actor=actor_of(request), delivery=number)
            toast.say(request, _("It is tried again at once."))
        return HttpResponseRedirect(reverse("outbox"))
    pairs = [
        ui.Pair(_("State"), work_words.state(found.state).label),
        ui.Pair(_("Receiver"), found.handler),
        ui.Pair(_("Tries"), say.num(found.attempts)),
        ui.Pair(_("Happened"), say.moment_text(found.created_us)),
        ui.Pair(_("Next try"), say.moment_text(found.due_us) if found.state in {"waiting", "failing"} else "–"),
        ui.Pair(_("Kind"), found.kind),
    ]
    return _one(request, "outbox", work_words.event(found.kind), found.state, found.error, pairs)


# -- what both share ---------------------------------------------------------------------------------------------------


def _chosen(request: HttpRequest, states: tuple[str, ...], otherwise: str) -> str:
    asked = request.GET.get("state", "")
    return asked if asked in states else otherwise


def _views(where: str, states: tuple[str, ...], now: str) -> list[ui.Tab]:
    address = reverse(where)
    labels = {"failing": _("Failing")}
    return [
        ui.Tab(labels.get(name, work_words.state(name).label), f"{address}?state={name}", current=name == now)
        for name in states
    ]


def _figure(where: str, state: str, count: int) -> ui.Figure:
    names = {"running": _("In progress"), "waiting": _("Waiting"), "failing": _("Failing"), "given_up": _("Given up")}
    notes = {"failing": _("tried again by itself"), "given_up": _("needs somebody")}
    shown = _("more than %(count)s") % {"count": say.num(work.MOST)} if count > work.MOST else say.num(count)
    tone = "bad" if count and state == "given_up" else "warn" if count and state == "failing" else ""
    return ui.Figure(
        names[state], shown, notes.get(state, "") if count else "", f"{reverse(where)}?state={state}", tone
    )


urlpatterns = [
    path("jobs", jobs, name="jobs"),
    path("jobs/<int:number>", job, name="job"),
    path("outbox", outbox, name="outbox"),
    path("outbox/<int:number>", delivery, name="delivery"),
]
