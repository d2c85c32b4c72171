"""The policy in force as people read it, as a file, and as a table of who may see what."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from keepfold.gate.console import actor_of, may, page
from keepfold.policy import queries
from keepfold.policy.console import access, prose
from keepfold.policy.errors import NoPolicy
from keepfold.ui import components as ui
from keepfold.ui import nav

# Who reads more than the text: versions, files, how they came about.
READS = (
    "policy.version.submit",
    "policy.version.activate",
    "policy.version.evidence",
    "policy.draft.save",
    "policy.draft.review",
)

nav.register(nav.Item("policy", "rules", gettext_lazy("Policy"), "scroll-text", "policy", (), 10, "G P"))


@page()
def policy(request: HttpRequest) -> HttpResponse:
    """Show the policy in force as a text."""
    try:
        active = queries.active()
    except NoPolicy:
        return render(request, "policy/none.html", {"active": "policy", **_rights(request)})
    context = {
        **_rights(request),
        "active": "policy",
        "version": active.version,
        "number": queries.ordinal(active.version),
        "since": active.activated_us,
        "in_force": True,
        "earlier": max(0, queries.count_versions() - 1),
        "document": prose.document(active.policy),
        "views": views(request, active.version, "text", in_force=True),
    }
    return render(request, "policy/document.html", context)


@page(*READS)
def version_text(request: HttpRequest, version: str) -> HttpResponse:
    """Show a stored version as a text."""
    full = queries.resolve(version)
    context = {
        **_rights(request),
        "active": "policy",
        "version": full,
        "number": queries.ordinal(full),
        "in_force": full == queries.version_in_force(),
        "document": prose.document(queries.policy_of(full)),
        "views": views(request, full, "text"),
    }
    return render(request, "policy/document.html", context)


@page(*READS)
def version_file(request: HttpRequest, version: str) -> HttpResponse:
    """Show the file of a version as it was submitted, comments included; `?download` sends it."""
    full = queries.resolve(version)
    text = queries.source(full)
    if "download" in request.GET:
        answer = HttpResponse(text, content_type="application/yaml; charset=utf-8")
        answer.headers["Content-Disposition"] = f'attachment; filename="policy-{full[:12]}.yaml"'
        return answer
    context = {
        "active": "policy",
        "version": full,
        "number": queries.ordinal(full),
        "text": text,
        "lines": text.count("\n") + 1,
        "views": views(request, full, "file"),
    }
    return render(request, "policy/file.html", context)


@page(*READS, "people.role.list")
def who_sees(request: HttpRequest) -> HttpResponseBase:
    """Show which role may see which data, and for which purposes."""
    active = queries.active()
    table = access.table(active).on(request, access.source(active))
    if table.is_export:
        return table.export()
    context = {
        "active": "policy",
        "version": active.version,
        "number": queries.ordinal(active.version),
        "table": table,
        "views": views(request, active.version, "access", in_force=True),
    }
    return render(request, "policy/access.html", context)


def views(request: HttpRequest, version: str, current: str, *, in_force: bool = False) -> list[ui.Tab]:
    """Return the ways to look at a version that somebody may use, as segments."""
    if not reads(request):
        return []
    text = reverse("policy") if in_force else reverse("policy_text", args=[version])
    found = [ui.Tab(_("Text"), text, current == "text")]
    if in_force or version == queries.version_in_force():
        found.append(ui.Tab(_("Who sees what"), reverse("policy_access"), current == "access"))
    return [*found, ui.Tab(_("File"), reverse("policy_file", args=[version]), current == "file")]


def reads(request: HttpRequest) -> bool:
    """Say whether somebody may read versions, files and how they came about."""
    return any(may(actor_of(request), need) for need in READS)


def _rights(request: HttpRequest) -> dict[str, Any]:
    actor = actor_of(request)
    return {"reads": reads(request), "drafts": may(actor, "policy.draft.start")}


urlpatterns = [
    path("policy", policy, name="policy"),
    path("policy/access", who_sees, name="policy_access"),
    path("policy/versions/<str:version>/text", version_text, name="policy_text"),
    path("policy/versions/<str:version>/file", version_file, name="policy_file"),
]
