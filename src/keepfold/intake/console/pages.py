"""Imports: the list, the way in, and one import at each of its steps."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.csrf import csrf_exempt, csrf_protect

from keepfold.gate.console import actor_of, is_partial, page
from keepfold.intake import actions, queries
from keepfold.intake.console import forms, listing, mapping, refused, shown, words
from keepfold.intake.console.upload import SealingHandler, name_of, turn
from keepfold.intake.types import WORKING, Held
from keepfold.kernel import ids
from keepfold.kernel.errors import Conflict, Invalid, KeepfoldError
from keepfold.policy import queries as policy
from keepfold.ui import exports, nav, toast

NEEDS = ("intake.upload.add", "intake.source.connect")

nav.register(
    nav.Item("imports", "customers", gettext_lazy("Imports"), "file-up", "imports", NEEDS, order=60, keys="G I")
)


@page(*NEEDS)
def imports(request: HttpRequest) -> HttpResponseBase:
    """List imports."""
    table = listing.IMPORTS.on(request, listing.source_for(actor_of(request)))
    if table.is_export:
        return table.export()
    elsewhere = queries.runs_elsewhere()
    return render(request, "intake/list.html", {"active": "imports", "table": table, "elsewhere": elsewhere})


# -- the source ------------------------------------------------------------------------------------------------------


@csrf_exempt  # the form is checked below, once there is somewhere for its file to go
@page(*NEEDS, methods=("GET", "POST"))
def import_new(request: HttpRequest) -> HttpResponse:
    """Ask for a source, and take a file."""
    if request.method != "POST":
        return _ask(request)
    handler = SealingHandler(request)
    with turn():
        try:
            request.upload_handlers = [handler]
            return _checked(request, handler)
        finally:
            # What became an import was taken away from the handler.
            handler.discard()


@csrf_protect
def _checked(request: HttpRequest, handler: SealingHandler) -> HttpResponse:
    form = forms.UploadForm(request.POST, request.FILES)
    if handler.problem is not None:
        told = handler.problem
        form.add_error("file", " ".join(filter(None, [words.trouble(told.code, told.detail), _next(told)])))
    elif form.is_valid() and handler.received is not None:
        origin = form.origin(name_of(form.cleaned_data["file"].name))
        import_id = actions.add_upload(actor=actor_of(request), received=handler.received, origin=origin)
        handler.received = None
        return HttpResponseRedirect(_address(import_id))
    return _ask(request, upload=form, status=422)


def _next(problem: KeepfoldError) -> str:
    return words.next_step(problem.code, problem.next_step or "")


@page(*NEEDS, methods=("GET", "POST"))
def import_database(request: HttpRequest) -> HttpResponse:
    """Take the way to a database on a server."""
    form = forms.DatabaseForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        host = form.cleaned_data["host"].strip()
        import_id = actions.connect_source(actor=actor_of(request), origin=form.origin(), host=host, label=form.label)
        return HttpResponseRedirect(_address(import_id))
    status = 422 if request.method == "POST" else 200
    return _ask(request, database=form, tab="database", status=status)


@page(*NEEDS, methods=("GET", "POST"))
def import_path(request: HttpRequest) -> HttpResponse:
    """Take the path of a SQLite file on the server, where the settings allow it."""
    if not forms.PathForm.is_offered():
        raise Conflict(
            _("No folder of the server may be imported from."),
            code="intake.path-not-allowed",
            next_step=words.next_step("intake.path-not-allowed", ""),
        )
    form = forms.PathForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        origin = form.origin()
        label = origin.path.rpartition("/")[2]
        import_id = actions.connect_source(actor=actor_of(request), origin=origin, host="this server", label=label)
        return HttpResponseRedirect(_address(import_id))
    status = 422 if request.method == "POST" else 200
    return _ask(request, server=form, tab="server", status=status)


def _ask(
    request: HttpRequest,
    *,
    tab: str = "upload",
    status: int = 200,
    upload: forms.UploadForm | None = None,
    database: forms.DatabaseForm | None = None,
    server: forms.PathForm | None = None,
) -> HttpResponse:
    context = {
        "active": "imports",
        "tab": tab,
        "tabs": shown.tabs(tab),
        "upload": upload or forms.UploadForm(),
        "database": database or forms.DatabaseForm(),
        "server": server or forms.PathForm(),
        "most": shown.most(),
        "readable": shown.readable(),
        "hosts": shown.hosts(),
        "stages": shown.stages("source"),
    }
    return render(request, "intake/new.html", context, status=status)


# -- one import ------------------------------------------------------------------------------------------------------


@page(*NEEDS, methods=("GET", "POST"))
def import_run(request: HttpRequest, import_id: str) -> HttpResponse:
    """Show one import at its step, and take what is decided there."""
    held = queries.import_of(actor_of(request), import_id)
    if request.method == "POST":
        return _decide(request, held)
    if is_partial(request) and held.state not in WORKING:
        # The step is over: the page is another one now.
        return HttpResponse(headers={"HX-Redirect": _address(held.id)})
    return _show(request, held)


def _show(request: HttpRequest, held: Held, *, status: int = 200, **more: Any) -> HttpResponse:
    context = shown.context(actor_of(request), held, request.GET.get("mapping", "")) | more
    return render(request, "intake/run.html", {"active": "imports", **context}, status=status)


def _decide(request: HttpRequest, held: Held) -> HttpResponse:
    decide = _DECISIONS.get(request.POST.get("do", ""))
    if decide is None:
        return HttpResponseRedirect(_address(held.id))
    return decide(request, held)


def _choose(request: HttpRequest, held: Held) -> HttpResponse:
    actions.choose_table(actor=actor_of(request), held=held, table_name=request.POST.get("table", ""))
    return HttpResponseRedirect(_address(held.id))


def _check(request: HttpRequest, held: Held) -> HttpResponse:
    actor, schema = actor_of(request), policy.schema()
    draft = queries.draft_of(actor, held)
    if draft.found is None:
        return HttpResponseRedirect(_address(held.id))
    options = forms.OptionsForm(request.POST)
    raw = mapping.document(request.POST, draft.found, schema)
    adds, twice = request.POST.get("add") == "twice", mapping.twice_in(request.POST)
    problems = [] if adds else mapping.mistakes(request.POST, draft.found, schema)
    if not adds and not problems and options.is_valid():
        try:
            actions.check_draft(
                actor=actor,
                held=held,
                mapping=raw,
                existing=options.cleaned_data["existing"],
                partial=options.cleaned_data["partial"],
            )
        except Invalid as error:
            problems = [str(text) for text in error.extra.get("errors", [error.detail])]
        else:
            return HttpResponseRedirect(_address(held.id))
    filled = mapping.page(draft.found, mapping.uses_in(request.POST, draft.found), schema, twice=twice)
    status = 200 if adds else 422
    return _show(request, held, status=status, mapping=filled, wrong=problems, options=options)


def _reopen(request: HttpRequest, held: Held) -> HttpResponse:
    actions.reopen_draft(actor=actor_of(request), held=held)
    return HttpResponseRedirect(_address(held.id))


def _launch(request: HttpRequest, held: Held) -> HttpResponse:
    actions.launch_run(actor=actor_of(request), held=held)
    return HttpResponseRedirect(_address(held.id))


def _again(request: HttpRequest, held: Held) -> HttpResponse:
    actions.look_again(actor=actor_of(request), held=held)
    return HttpResponseRedirect(_address(held.id))


def _cancel(request: HttpRequest, held: Held) -> HttpResponse:
    actor = actor_of(request)
    if queries.may_end(actor, held):
        actions.cancel_run(actor=actor, held=held)
        toast.say(request, _("Cancelled. What the import held of its source is gone."))
    return HttpResponseRedirect(_address(held.id))


def _forget(request: HttpRequest, held: Held) -> HttpResponse:
    actor = actor_of(request)
    if queries.may_end(actor, held) and queries.is_over(held):
        actions.remove_upload(actor=actor, held=held)
        toast.say(request, _("The uploaded file is gone."))
    return HttpResponseRedirect(_address(held.id))


def _save(request: HttpRequest, held: Held) -> HttpResponse:
    form = forms.SaveForm(request.POST)
    if not form.is_valid():
        return _show(request, held, status=422, save=form)
    actions.save_mapping(actor=actor_of(request), held=held, name=form.cleaned_data["name"])
    toast.say(request, _("The mapping is kept for the next file."))
    return HttpResponseRedirect(_address(held.id))


def _drop_mapping(request: HttpRequest, held: Held) -> HttpResponse:
    try:
        kept = ids.parse("map", request.POST.get("mapping", ""))
    except Invalid:
        kept = b""
    if kept and actions.remove_mapping(actor=actor_of(request), mapping=kept):
        toast.say(request, _("The kept mapping is gone."))
    return HttpResponseRedirect(_address(held.id))


_DECISIONS: dict[str, Callable[[HttpRequest, Held], HttpResponse]] = {
    "table": _choose,
    "check": _check,
    "reopen": _reopen,
    "launch": _launch,
    "again": _again,
    "cancel": _cancel,
    "forget": _forget,
    "save": _save,
    "drop-mapping": _drop_mapping,
}


@page(*NEEDS, methods=("GET", "POST"))
def import_refused(request: HttpRequest, import_id: str) -> HttpResponseBase:
    """List the rows that were refused, and give them out for a reason."""
    actor = actor_of(request)
    held = queries.import_of(actor, import_id)
    form = forms.ReasonForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        # The turn first: nobody took anything out who was told to come again.
        with exports.Turn() as turn:
            draft = actions.take_out_rejects(actor=actor, held=held, reason=form.cleaned_data["reason"])
            return refused.download(held, draft, turn)
    table = refused.REFUSED.on(request, refused.source_for(held))
    if table.is_export:
        return table.export()
    context = {"active": "imports", "held": held, "table": table, "form": form, **shown.about(actor, held)}
    return render(request, "intake/refused.html", context, status=422 if request.method == "POST" else 200)


def _address(import_id: bytes) -> str:
    return reverse("import_run", args=[ids.show(actions.PREFIX, import_id)])


urlpatterns = [
    path("imports", imports, name="imports"),
    path("imports/new", import_new, name="import_new"),
    path("imports/new/database", import_database, name="import_database"),
    path("imports/new/server", import_path, name="import_path"),
    path("imports/<str:import_id>", import_run, name="import_run"),
    path("imports/<str:import_id>/refused", import_refused, name="import_refused"),
]
