"""What needs somebody, for the home page: each with the reason and the one next step, the most pressing first.

A source is a function from who is looking to lines; it asks the rooms' queries, and returns nothing when all is well.
A source that fails becomes a line itself: silence would look like good news.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from keepfold.gate.console import may
from keepfold.gate.types import Actor
from keepfold.kernel import clock, config, jobs
from keepfold.ledger import queries as ledger
from keepfold.policy import queries as policy
from keepfold.policy.errors import NoPolicy
from keepfold.ui import components as ui
from keepfold.vault import queries as vault

_LATE_US = 180_000_000
_DAY_S = 86_400


class Need(NamedTuple):
    """One thing that somebody should do. `rank`: smaller is more pressing."""

    rank: int
    title: str
    text: str
    icon: str
    tone: str
    url: str
    action: str


Source = Callable[[Actor], Iterator[Need]]


def needs(actor: Actor) -> list[Need]:
    """Return everything that needs this person, the most pressing first."""
    return sorted((need for source in SOURCES for need in _asked(source, actor)), key=lambda need: need.rank)


def lines(found: list[Need]) -> list[ui.Line]:
    """Return the needs as lines of a page; one that says what would appear here when there is none."""
    if not found:
        text = _("Drafts to review, jobs that gave up, a ledger that stands still: they appear here by themselves.")
        return [ui.Line(_("Nothing waits for you"), text, "circle-check", "good")]
    return [ui.Line(need.title, need.text, need.icon, need.tone, need.url, need.action) for need in found]


def _asked(source: Source, actor: Actor) -> list[Need]:
    try:
        return list(source(actor))
    except Exception:  # noqa: BLE001  the page must come up most of all when something is broken
        title = _("A part of Keepfold did not answer")
        return [
            Need(0, title, _("What it would say is unknown."), "circle-help", "warn", reverse("status"), _("Status"))
        ]


def _no_policy(actor: Actor) -> Iterator[Need]:
    try:
        policy.active()
    except NoPolicy:
        text = _(
            "Nothing is accepted and nothing opens until one is active. Start from the template nearest to your trade."
        )
        url, action = (reverse("workshop"), _("Write the policy")) if may(actor, "policy.draft.start") else ("", "")
        yield Need(0, _("There is no policy in force"), text, "scroll-text", "bad", url, action)


def _nobody_held(actor: Actor) -> Iterator[Need]:
    if may(actor, "intake.run.start") and not vault.holds_people():
        text = _(
            "Bring a table in. A dry run names each column that no purpose needs; nothing is stored before you say so."
        )
        yield Need(
            40, _("Nobody's data is held yet"), text, "file-up", "", reverse("import_new"), _("Bring customers in")
        )


def _ledger_halted(actor: Actor) -> Iterator[Need]:
    status = ledger.status()
    url, action = (
        (reverse("ledger"), _("Open the ledger")) if may(actor, "ledger.detail.show") else (reverse("status"), "")
    )
    if status.halted:
        text = _("Nothing opens and nothing changes until it goes on.")
        yield Need(0, _("The ledger takes no entries"), text, "circle-alert", "bad", url, action)
    elif clock.now_us() - status.beat_at_us > max(_LATE_US, 3_000_000 * config.current().checkpoint_seconds):
        text = _("Entries are kept, but get no place in the ledger. Start the worker, for example with: keepfold up.")
        yield Need(1, _("The worker was not heard of lately"), text, "clock", "warn", url, action)


def _dead_jobs(_actor: Actor) -> Iterator[Need]:
    dead = len(jobs.dead_letters())
    if dead:
        title = ngettext("%(number)s job gave up", "%(number)s jobs gave up", dead) % {"number": dead}
        text = _("It will not be tried again by itself. The page says why, and lets you try.")
        yield Need(10, title, text, "list-checks", "warn", reverse("jobs"), _("See jobs"))


def _drafts(actor: Actor) -> Iterator[Need]:
    waiting = policy.waiting_for(actor)
    if waiting:
        title = ngettext("%(number)s draft waits for you", "%(number)s drafts wait for you", waiting)
        text = _("A change of the policy counts only after a second person has looked at it.")
        url = reverse("workshop")
        yield Need(5, title % {"number": waiting}, text, "pencil-ruler", "warn", url, _("Review drafts"))


def _refusals(actor: Actor) -> Iterator[Need]:
    if not may(actor, "policy.version.submit"):
        return
    refused = ledger.counts(clock.now_s() - _DAY_S, None).refused
    if refused:
        title = ngettext(
            "%(number)s request was refused since yesterday",
            "%(number)s requests were refused since yesterday",
            refused,
        ) % {"number": refused}
        text = _("Each says which rule decided. Many of one kind mean a wrong form, a missing purpose, or curiosity.")
        url = reverse("ledger_entries") + "?allowed=no"
        yield Need(20, title, text, "ban", "bad", url, _("See refusals"))


SOURCES: list[Source] = [_no_policy, _ledger_halted, _drafts, _dead_jobs, _refusals, _nobody_held]
