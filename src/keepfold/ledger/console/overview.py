"""The ledger at a glance: one statement, the latest checkpoint, growth, what it proves, and how others verify it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Literal, NamedTuple

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path
from django.utils.functional import Promise
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from keepfold.gate.console import actor_of, may, page
from keepfold.kernel import clock, config
from keepfold.ledger import queries
from keepfold.ledger.console import checks
from keepfold.ledger.console.needs import SEE, VERIFY
from keepfold.ledger.types import Growth, Status
from keepfold.ui import charts, nav, say
from keepfold.ui import components as ui

nav.register(nav.Item("ledger", "proof", _("Ledger"), "layers", "ledger", SEE, 10, "G L"))

# The worker signs every few seconds; a minute of silence means that nobody does.
_LATE_US = 60_000_000
_DAY_S = 24 * 3600


class Span(NamedTuple):
    """A length of time that growth is shown over."""

    label: str | Promise
    seconds: int
    step: Literal["hour", "day"]


SPANS: Mapping[str, Span] = {
    "2d": Span(_("2 days"), 2 * _DAY_S, "hour"),
    "30d": Span(_("30 days"), 30 * _DAY_S, "day"),
    "180d": Span(_("Half-year"), 180 * _DAY_S, "day"),
    "all": Span(_("All"), 0, "day"),
}
_USUAL = "30d"


class Statement(NamedTuple):
    """The one sentence that says how things are."""

    words: str
    tone: str
    next: str = ""


@page(*SEE)
def overview(request: HttpRequest) -> HttpResponse:
    """Show where the ledger stands."""
    status = queries.status()
    span = request.GET.get("growth", _USUAL)
    shown = {
        "active": "ledger",
        "status": status,
        "statement": statement(status),
        "last": checks.last_result(),
        "checkpoint": queries.checkpoint() if status.checkpoints else "",
        "growth": growth(span if span in SPANS else _USUAL),
        "spans": [ui.Tab(one.label, f"?growth={key}#growth", key == span) for key, one in SPANS.items()],
        "may_verify": may(actor_of(request), VERIFY),
        "claims": claims(),
        "newer": max(status.size + status.pending - status.checkpoint_size, 0),
        "root": _root(status),
        "root_words": gettext("Root"),
        "witness_words": gettext("Witnesses"),
    }
    return render(request, "ledger/overview.html", shown)


def _root(status: Status) -> str:
    # The third line of a checkpoint (C2SP tlog-checkpoint): what was signed, not what has grown since.
    return queries.checkpoint().split("\n")[2] if status.checkpoints else ""


def statement(status: Status) -> Statement:
    """Return how things are, computed; what is not known is not claimed."""
    if status.halted:
        return Statement(
            gettext("The ledger has stopped, because its own tables do not fit together."), "bad", status.halted
        )
    if not status.size and not status.pending:
        return Statement(gettext("Nothing has been written down yet."), "")
    if not queries.is_index_whole():
        return Statement(
            gettext("The entries stand, but the list beside them does not agree with them."),
            "warn",
            gettext("Verify everything; then make the list anew: keepfold ledger reindex."),
        )
    if _is_late(status):
        return Statement(
            gettext("Entries are kept, but nobody has signed them lately."),
            "warn",
            gettext("The worker signs every few seconds. See whether it runs: keepfold status."),
        )
    return _good(status)


def _good(status: Status) -> Statement:
    if not status.checkpoint_size:
        return Statement(
            ngettext("%(count)s entry is written down.", "%(count)s entries are written down.", status.size)
            % {"count": say.num(status.size + status.pending)},
            "",
            gettext("The first checkpoint is signed within seconds."),
        )
    words = ngettext(
        "%(count)s entry is written down and signed.",
        "%(count)s entries are written down and signed.",
        status.checkpoint_size,
    ) % {"count": say.num(status.checkpoint_size)}
    return Statement(
        words + " " + gettext("No one outside has seen them yet."),
        "",
        gettext("Keep a checkpoint elsewhere, or let a witness sign: then not even this server can rewrite them."),
    )


def _is_late(status: Status) -> bool:
    late_us = max(_LATE_US, 3_000_000 * config.current().checkpoint_seconds)
    return clock.now_us() - status.beat_at_us > late_us


def growth(key: str) -> dict[str, Any]:
    """Return the chart of a length of time, with what it says."""
    span = SPANS[key]
    now_s = clock.now_s()
    first = queries.first_day()
    begun_s = now_s if first is None else int(datetime(first.year, first.month, first.day, tzinfo=UTC).timestamp())
    since_s = begun_s if not span.seconds else max(now_s - span.seconds, min(begun_s, now_s - 2 * _DAY_S))
    found = queries.growth(since_s, now_s, span.step)
    total = sum(one.entries for one in found)
    points = [(_label(one, span.step), (one.allowed, one.refused)) for one in _thinned(found)]
    names = (gettext("allowed"), gettext("refused"))
    return {
        "chart": charts.stacked(_finding(found, span), points, names, height=176) if total else None,
        "note": _note(found, total, span),
        "span": span,
    }


def _thinned(found: tuple[Growth, ...], most: int = 92) -> list[Growth]:
    """Return at most so many columns: days are put together where there are too many to see."""
    width = -(-len(found) // most) or 1
    parts = [found[at : at + width] for at in range(0, len(found), width)]
    return [
        Growth(at_s=part[0].at_s, allowed=sum(one.allowed for one in part), refused=sum(one.refused for one in part))
        for part in parts
    ]


def _label(one: Growth, step: str) -> str:
    return say.moment_text(one.at_s, "time") if step == "hour" else say.moment_text(one.at_s).split(",")[0]


def _finding(found: tuple[Growth, ...], span: Span) -> str:
    most, refused = max(found, key=lambda one: one.entries), sum(one.refused for one in found)
    when = say.moment_text(most.at_s) if span.step == "hour" else _label(most, span.step)
    return gettext("Up to %(most)s entries at once, on %(when)s; %(refused)s refusals in all") % {
        "most": say.num(most.entries),
        "when": when,
        "refused": say.num(refused),
    }


def _note(found: tuple[Growth, ...], total: int, span: Span) -> str:
    steps = max(len(found), 1)
    if span.step == "hour":
        return gettext("%(total)s entries, %(each)s an hour on average. Hours are in UTC.") % {
            "total": say.num(total),
            "each": say.num(round(total / steps)),
        }
    return gettext("%(total)s entries, %(each)s a day on average. Days are in UTC.") % {
        "total": say.num(total),
        "each": say.num(round(total / steps)),
    }


def claims() -> list[ui.Line]:
    """Return what the ledger proves and what it does not, without witnesses."""
    return [
        ui.Line(
            gettext("A changed, missing or exchanged entry shows"),
            gettext("Verification hashes every entry anew and names the one that is not what it was."),
            "circle-check",
            "good",
        ),
        ui.Line(
            gettext("No checkpoint contradicts an earlier one"),
            gettext("Whoever kept an old checkpoint can check that all of it is still there."),
            "circle-check",
            "good",
        ),
        ui.Line(
            gettext("Whether this server ever showed others another history: unknown"),
            gettext("Somebody with the whole server and its keys could write one. A witness who signs rules that out."),
            "circle-help",
            "warn",
        ),
        ui.Line(
            gettext("What never passed the gate is not in it"),
            gettext("A log proves what was written down, not that nothing happened elsewhere."),
            "circle-dashed",
        ),
    ]


urlpatterns = [path("ledger", overview, name="ledger")]
