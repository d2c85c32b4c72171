"""Versions of the policy, how each came about, and what changed between two of them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import orjson
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from keepfold.gate.console import actor_of, may, page
from keepfold.kernel.errors import Invalid, NotFound
from keepfold.policy import actions, queries
from keepfold.policy.console import changes, names, story, words
from keepfold.policy.console.document import READS, views
from keepfold.policy.drafting.rules import lead
from keepfold.policy.format.document import Policy
from keepfold.policy.types import InForce, VersionInfo
from keepfold.ui import components as ui
from keepfold.ui import tables

_MOST = 1000

VERSIONS = tables.Table(
    key="versions",
    caption=gettext_lazy("Versions of the policy"),
    columns=(
        tables.Column("version", gettext_lazy("Version")),
        tables.Column("state", gettext_lazy("State"), kind="badge"),
        tables.Column("since", gettext_lazy("In force from"), kind="moment", rank=2),
        tables.Column("until", gettext_lazy("Until"), kind="moment", rank=3),
        tables.Column("submitted", gettext_lazy("Submitted"), kind="moment", rank=2),
        tables.Column("by", gettext_lazy("By"), rank=3),
    ),
    filters=(
        tables.Choice(
            "state",
            gettext_lazy("State"),
            (
                ("active", gettext_lazy("In force")),
                ("former", gettext_lazy("Was in force")),
                ("never", gettext_lazy("Never in force")),
            ),
        ),
    ),
    limit=50,
)


@page(*READS)
def versions(request: HttpRequest) -> HttpResponseBase:
    """List the versions."""
    table = VERSIONS.on(request, _source)
    if table.is_export:
        return table.export()
    context = {"active": "policy", "table": table, "drafts": may(actor_of(request), "policy.draft.start")}
    return render(request, "policy/versions.html", context)


def _source(query: tables.Query) -> tables.Slice:
    found = queries.versions(_MOST)
    history = queries.history(_MOST)
    who = names.of(one.submitted_by for one in found)
    rows = [
        _row(info, len(found) - place, [one for one in history if one.version == info.version], who[info.submitted_by])
        for place, info in enumerate(found)
    ]
    wanted = query.filters.get("state")
    rows = [row for row in rows if wanted in {None, row["key"]}]
    start = int(query.after or 0) if (query.after or "0").isdigit() else 0
    rows_shown = rows[start : start + query.limit]
    following = str(start + query.limit) if start + query.limit < len(rows) else ""
    return tables.Slice(rows_shown, after=following, total=len(rows), first=start + 1)


def _row(info: VersionInfo, number: int, times: list[InForce], who: str) -> dict[str, Any]:
    key = "active" if info.active else "former" if times else "never"
    return {
        "key": key,
        "version": _("Version %(number)s") % {"number": number},
        "small": info.version[:12],
        "href": reverse("policy_version", args=[info.version[:16]]),
        "state": state_badge(key),
        "since": times[-1].at_us if times else None,
        "until": times[0].until_us if times else None,
        "submitted": info.submitted_at_us,
        "by": who,
    }


def state_badge(key: str) -> ui.Badge:
    """Return the badge of a version that is in force, was, or never."""
    return {
        "active": ui.Badge(_("In force"), "good"),
        "former": ui.Badge(_("Was in force")),
    }.get(key, ui.Badge(_("Never in force"), "line"))


@page(*READS)
def version(request: HttpRequest, version: str) -> HttpResponse:
    """Show one version: how it came about, and what it changed."""
    full = queries.resolve(version)
    info = queries.version_info(full)
    times = [one for one in queries.history(_MOST) if one.version == full]
    drafts = queries.drafts_of_version(full)
    known = names.of(
        {info.submitted_by, *(who for one in times for who in one.people)}
        | {event.person for draft in drafts for event in draft.events}
    )
    policy, old = queries.policy_of(full), _before(full, times)
    context = {
        "active": "policy",
        "version": full,
        "number": queries.ordinal(full),
        "badge": state_badge("active" if info.active else "former" if times else "never"),
        "views": views(request, full, "facts", in_force=info.active),
        "facts": list(_facts(info, times, known, policy)),
        "events": [event for draft in drafts for event in story.so_far(draft, known)],
        "altered": not (all(one.genuine for one in drafts) and all(one.genuine for one in times)),
        "before": old,
        "before_number": queries.ordinal(old) if old else 0,
        "comparison": _compared(old, full) if old else None,
        "evidence": may(actor_of(request), "policy.version.evidence"),
        "drafts": may(actor_of(request), "policy.draft.start"),
    }
    return render(request, "policy/version.html", context)


def _facts(info: VersionInfo, times: list[InForce], known: Any, policy: Policy) -> Iterator[ui.Pair]:
    yield ui.Pair(_("Policy"), info.policy_id)
    yield ui.Pair(_("Submitted by"), known[info.submitted_by])
    yield ui.Pair(_("Holds from"), info.effective_from)
    for one in reversed(times):
        people = words.listed([known[who] for who in one.people])
        yield ui.Pair(_("Put in force by"), people)
    before = policy.notice.on_material.before
    yield ui.Pair(_("Customers hear before"), words.period(before) if before is not None else _("no time is promised"))


def _before(version: str, times: list[InForce]) -> str:
    """Return the version that this one replaced, or would: the one in force."""
    if times:
        return times[-1].previous
    now = queries.version_in_force()
    return now if now != version else ""


def _compared(old: str, new: str) -> changes.Comparison | None:
    try:
        before, after = queries.policy_of(old), queries.policy_of(new)
    except (Invalid, NotFound):
        return None
    return changes.comparison(before, after, queries.diff(old, new), queries.reach())


@page("policy.version.evidence", methods=("POST",))
def evidence(request: HttpRequest, version: str) -> HttpResponse:
    """Send the record of how a version came about, as JSON. That it was taken is in the ledger."""
    found = actions.take_evidence(actor=actor_of(request), version=version)
    answer = HttpResponse(orjson.dumps(found, option=orjson.OPT_INDENT_2), content_type="application/json")
    answer.headers["Content-Disposition"] = f'attachment; filename="policy-{found["version"][:12]}-record.json"'
    return answer


@page(*READS)
def diff(request: HttpRequest) -> HttpResponse:
    """Compare two versions: what becomes wider or narrower, and which lines of the file changed."""
    listed = queries.versions(_MOST)
    total = len(listed)
    numbers = {info.version: total - place for place, info in enumerate(listed)}
    chosen = _asked(request, listed)
    context: dict[str, Any] = {
        "active": "policy",
        "choices": [(info.version, numbers[info.version], info.active) for info in listed],
        "old": chosen[0],
        "new": chosen[1],
        "old_number": numbers.get(chosen[0], 0),
        "new_number": numbers.get(chosen[1], 0),
    }
    if all(chosen):
        context |= _differences(*chosen)
    return render(request, "policy/diff.html", context)


def _asked(request: HttpRequest, listed: tuple[VersionInfo, ...]) -> tuple[str, str]:
    """Return the two full versions that are asked for; without a word the newest against the one in force."""
    given = [request.GET.get("from", ""), request.GET.get("to", "")]
    if not any(given):
        now = queries.version_in_force()
        newest = next((info.version for info in listed if info.version != now), "")
        return (now, newest) if newest else ("", "")
    return (
        queries.resolve(given[0] or "active"),
        queries.resolve(given[1] or "active"),
    )


def _differences(old: str, new: str) -> dict[str, Any]:
    before, after = queries.policy_of(old), queries.policy_of(new)
    found = queries.diff(old, new)
    owed = lead(before, after, found)
    return {
        "comparison": changes.comparison(before, after, found, queries.reach()),
        "lead": words.period(owed.period) if owed.owed else "",
        "code": ui.code_diff(queries.source(old), queries.source(new)),
    }


urlpatterns = [
    path("policy/versions", versions, name="policy_versions"),
    path("policy/versions/<str:version>", version, name="policy_version"),
    path("policy/versions/<str:version>/evidence", evidence, name="policy_evidence"),
    path("policy/diff", diff, name="policy_diff"),
]
