"""What the pages about imports show: each step's facts, put into words and components."""

from __future__ import annotations

from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from keepfold.gate import Actor
from keepfold.gate.console import may
from keepfold.intake import actions, queries, steps
from keepfold.intake.console import forms, mapping, words
from keepfold.intake.types import OVER, WORKING, Draft, Held, Report, Run
from keepfold.kernel import clock, config, ids
from keepfold.kernel.jobs import work
from keepfold.policy import queries as policy
from keepfold.ui import components as ui
from keepfold.ui import say

_SOURCE, _MAPPING, _CHECK, _IMPORT = "source", "mapping", "check", "import"
_STAGES = (
    (_SOURCE, gettext_lazy("Source")),
    (_MAPPING, gettext_lazy("Mapping")),
    (_CHECK, gettext_lazy("Dry run")),
    (_IMPORT, gettext_lazy("Import it")),
)
_STAGE_OF = {
    "reading": _SOURCE,
    "choosing": _SOURCE,
    "mapping": _MAPPING,
    "checking": _CHECK,
    "checked": _CHECK,
    "running": _IMPORT,
    "done": "",
    "cancelled": "",
    "failed": "",
}
# The worker writes down every ten seconds that it lives.
_LATE_US = 60_000_000


def stages(now: str) -> list[ui.Stage]:
    """Return the four steps with the present one."""
    keys = [key for key, _label in _STAGES]
    place = keys.index(now) if now in keys else len(keys)
    return [
        ui.Stage(label, "done" if number < place else "now" if number == place else "next")
        for number, (_key, label) in enumerate(_STAGES)
    ]


def tabs(now: str) -> list[ui.Tab]:
    """Return the kinds of sources."""
    found = [
        ui.Tab(_("Upload a file"), reverse("import_new"), current=now == "upload"),
        ui.Tab(_("Connect to a database"), reverse("import_database"), current=now == "database"),
    ]
    if forms.PathForm.is_offered():
        found.append(ui.Tab(_("File on the server"), reverse("import_path"), current=now == "server"))
    return found


def readable() -> list[ui.Line]:
    """Return what can be uploaded."""
    return [
        ui.Line(_("CSV or TSV"), _("With the names of the columns on top."), "table"),
        ui.Line(_("JSON Lines"), _("One object a line."), "code-xml"),
        ui.Line(_("Parquet"), "", "columns-2"),
        ui.Line(_("SQLite"), _("You choose the table in the next step."), "database"),
    ]


def most() -> str:
    """Return how large a file may be."""
    return size(config.current().max_upload_bytes)


def size(count: int) -> str:
    """Return a number of bytes in words."""
    for unit, scale in (("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if count >= scale:
            return f"{say.num(round(count / scale, 1))} {unit}"
    return f"{say.num(count)} B"


def hosts() -> str:
    """Return which servers may be connected to."""
    named = {"loopback": _("this server"), "private": _("your private network"), "any": _("any server")}
    return ", ".join(str(named.get(entry, entry)) for entry in config.current().import_hosts) or _("no server")


def about(actor: Actor, held: Held) -> dict[str, Any]:
    """Return what every page about an import shows."""
    told = queries.words_of(held)
    return {
        "id": ids.show(actions.PREFIX, held.id),
        "label": told.label,
        "told": told,
        "mine": held.owner == actor.id,
        "state": words.state(held.state),
        "kind": words.kind(held.kind) if held.kind else "",
        "may_end": queries.may_end(actor, held),
    }


def context(actor: Actor, held: Held, kept: str) -> dict[str, Any]:
    """Return what the page of one import shows at its step."""
    at = _STAGE_OF[held.state]
    found = {"held": held, "stages": stages(at) if at else [], **about(actor, held)}
    found["part"] = f"intake/parts/{_part(held)}.html"
    if held.state in WORKING:
        return found | _progress(held)
    if held.state in OVER:
        return found | _over(actor, held)
    if held.owner != actor.id:
        return found | {"part": "intake/parts/theirs.html"}
    return found | _own(actor, held, queries.draft_of(actor, held), kept)


def _part(held: Held) -> str:
    if held.state in WORKING:
        return "progress"
    return held.state if held.state in {"choosing", "mapping", "checked", "done", "failed"} else "cancelled"


def _own(actor: Actor, held: Held, draft: Draft, kept: str) -> dict[str, Any]:
    if held.state == "choosing":
        return {"tables": draft.tables}
    if draft.found is None:
        return {}
    if held.state == "mapping":
        return _mapping(actor, draft, kept)
    return _report(actor, held, draft)


# -- work that goes on ---------------------------------------------------------------------------------------------


def _progress(held: Held) -> dict[str, Any]:
    run = queries.run(held.run) if held.run and held.state == "running" else None
    done = run.position.row if run else held.rows_done
    total = held.rows_total if held.state != "reading" else None
    if total is not None and total < done:
        total = None
    late = worker_late()
    return {
        "doing": {"reading": _("Reading the source"), "checking": _("Dry run"), "running": _("Importing")}[held.state],
        "rows": done,
        "total": total,
        "note": _pace(held, done, total),
        "tally": run.tally if run else None,
        "late": late,
        "waits": not held.rows_done and late is not None,
    }


def _pace(held: Held, done: int, total: int | None) -> str:
    seconds = (clock.now_us() - held.begun_us) / 1e6
    fresh = done - held.rows_from
    if held.state == "reading" or fresh <= 0 or seconds < 1:
        return ""
    rate = fresh / seconds
    parts = [_("%(rate)s rows a second") % {"rate": say.num(round(rate))}]
    if total is not None and total > done:
        parts.append(_("about %(time)s left") % {"time": say.span(max(1, round((total - done) / rate)))})
    return ", ".join(parts)


def worker_late() -> str | None:
    """Return how long no worker was seen, in words, or None when one was seen lately."""
    seen = work.workers()
    if not seen:
        return _("No worker has been seen yet.")
    silent = clock.now_us() - seen[0].seen_us
    if silent < _LATE_US:
        return None
    return _("The worker has not been seen for %(time)s.") % {"time": say.span(silent // 1_000_000)}


# -- mapping and report ----------------------------------------------------------------------------------------------


def _mapping(actor: Actor, draft: Draft, kept: str) -> dict[str, Any]:
    assert draft.found is not None  # noqa: S101  the caller has looked
    schema, saved = policy.schema(), queries.saved_mappings(actor)
    raw = draft.mapping
    fitting = [(ids.show("map", one.id), one.name) for one in saved if mapping.fits(one, draft.found)]
    used = next((one for one in saved if ids.show("map", one.id) == kept and mapping.fits(one, draft.found)), None)
    if used is not None:
        raw = used.mapping
    filled = mapping.page(draft.found, mapping.uses_of_document(raw, draft.found), schema)
    return {
        "mapping": filled,
        "notes": draft.found.notes,
        "saved": fitting,
        "kept": kept if used else "",
        "options": forms.OptionsForm(initial={"existing": draft.existing, "partial": draft.partial}),
        "lead": policy_line(draft),
        "wrong": [],
    }


def policy_line(draft: Draft) -> str:
    """Return how many columns there are and how many of them are needed."""
    found = draft.found
    assert found is not None  # noqa: S101  the caller has looked
    count = len(found.columns)
    needed = sum(1 for column in found.columns if column.field)
    return ngettext(
        "%(count)s column. %(needed)s becomes a data item.",
        "%(count)s columns. %(needed)s of them become data items.",
        count,
    ) % {"count": say.num(count), "needed": say.num(needed)}


def _report(actor: Actor, held: Held, draft: Draft) -> dict[str, Any]:
    report, schema = draft.report, policy.schema()
    if report is None or draft.found is None:
        return {}
    labels = {name: words.item(spec) for name, spec in schema.fields.items()}
    read = set(steps.read_columns(draft))
    return {
        "report": report,
        "figures": _figures(report, draft.existing),
        "reasons": [
            {
                "item": labels.get(one.field, one.field or _("the whole row")),
                "why": words.reason(one.code, one.message),
                "rule": one.code,
                "count": one.count,
                "rows": one.rows,
            }
            for one in report.reasons
        ],
        "lacking": [(labels.get(name, name), count) for name, count in sorted(report.lacking.items())],
        "unread": [column.name for column in draft.found.columns if column.name not in read],
        "changed": schema.hash != draft.found.policy,
        "earlier": _earlier(actor, held),
        "keyless": bool(schema.identity) and not set(schema.identity) & set((draft.mapping or {}).get("fields", ())),
        "save": forms.SaveForm(),
        "can_launch": may(actor, "intake.run.launch"),
    }


def _earlier(actor: Actor, held: Held) -> dict[str, Any] | None:
    earlier = queries.same_content(actor, held)
    if earlier is None:
        return None
    return {"href": reverse("import_run", args=[ids.show(actions.PREFIX, earlier.id)]), "at": earlier.created_us}


def _figures(report: Report, existing: str) -> list[ui.Figure]:
    fresh = max(0, report.acceptable - (report.known if existing != "update" else 0))
    there = {"skip": _("skipped"), "update": _("updated"), "reject": _("refused")}
    found = [ui.Figure(_("Would be sealed"), say.num(fresh), tone="good" if fresh else "")]
    if report.partial:
        found.append(ui.Figure(_("Sealed in part"), say.num(report.partial), _("without the refused values")))
    found.append(ui.Figure(_("There already"), say.num(report.known), there[existing]))
    found.append(ui.Figure(_("Refused"), say.num(report.refused), tone="bad" if report.refused else ""))
    return found


# -- what is over ----------------------------------------------------------------------------------------------------


def _over(actor: Actor, held: Held) -> dict[str, Any]:
    run = queries.run(held.run) if held.run else None
    told = queries.words_of(held)
    return {
        "run": run,
        "figures": _tally(run) if run else [],
        "reasons": _run_reasons(run) if run else [],
        "trouble": words.trouble(told.code, told.detail) if told.code else "",
        "next_step": words.next_step(told.code, told.next_step) if told.code else "",
        "can_look_again": held.open and held.owner == actor.id and held.state == "failed",
        "keeps": held.open,
    }


def _tally(run: Run) -> list[ui.Figure]:
    tally = run.tally
    found = [ui.Figure(_("Sealed"), say.num(tally.sealed), tone="good" if tally.sealed else "")]
    if tally.partial:
        found.append(ui.Figure(_("Sealed in part"), say.num(tally.partial), _("without the refused values")))
    if tally.updated:
        found.append(ui.Figure(_("Updated"), say.num(tally.updated)))
    found.append(ui.Figure(_("There already"), say.num(tally.skipped), _("skipped")))
    found.append(ui.Figure(_("Refused"), say.num(tally.refused), tone="bad" if tally.refused else ""))
    return found[:4]


def _run_reasons(run: Run) -> list[dict[str, Any]]:
    labels = {name: words.item(spec) for name, spec in policy.schema().fields.items()}
    return [
        {
            "item": labels.get(field, field or _("the whole row")),
            "why": words.reason(code, message),
            "count": count,
            "rows": (first,),
        }
        for field, code, message, count, first in list(queries.reject_counts(run.id))[:50]
    ]
