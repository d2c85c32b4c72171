"""How things are, in numbers and one picture: what the home page shows below what needs somebody."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, NamedTuple, TypeVar

from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from keepfold.kernel import clock
from keepfold.ledger import queries as ledger
from keepfold.ledger.types import Counts
from keepfold.policy import queries as policy
from keepfold.policy.errors import NoPolicy
from keepfold.policy.types import Need, Schema
from keepfold.ui import charts, say
from keepfold.ui import components as ui
from keepfold.ui.words import in_language
from keepfold.vault import queries as vault

T = TypeVar("T")
OPENINGS = ("vault.record.open", "vault.record.open_many")
DAYS = 14
MONTH_DAYS = 30
_KEEP_S = 20.0


class _Remembered:
    """What this process counted last: counting a million rows for every visitor would slow all of them."""

    found: dict[str, tuple[float, Any]] = {}  # noqa: RUF012  one for the process


def remembered(name: str, ask: Callable[[], T]) -> T:
    """Return an answer that is at most twenty seconds old."""
    at, value = _Remembered.found.get(name, (-1e9, None))
    if time.monotonic() - at > _KEEP_S:
        value = ask()
        _Remembered.found[name] = (time.monotonic(), value)
    return value  # type: ignore[no-any-return]


def forget() -> None:
    """Count anew at the next question."""
    _Remembered.found.clear()


class Usage(NamedTuple):
    """How often data were opened, and refused: by day of the last two weeks, and by purpose number of 30 days."""

    days: list[tuple[datetime, int, int]]
    purposes: dict[int, int]


def usage() -> Usage:
    """Return how often data were opened lately, at most twenty seconds old."""
    return remembered("usage", _usage)


def _usage() -> Usage:
    days = days_back(DAYS)
    ends = [*days[1:], days[-1] + timedelta(days=1)]
    counted = [ledger.counts(_s(day), _s(end)) for day, end in zip(days, ends, strict=True)]
    month = ledger.counts(_s(days_back(MONTH_DAYS)[0]), None)
    opened = [row for row in month.rows if row.action in OPENINGS and row.allowed]
    purposes: dict[int, int] = {}
    for row in opened:
        purposes[row.purpose] = purposes.get(row.purpose, 0) + row.entries
    shown = [
        (day, _openings(one, allowed=True), _openings(one, allowed=False))
        for day, one in zip(days, counted, strict=True)
    ]
    return Usage(shown, purposes)


def _openings(counts: Counts, *, allowed: bool) -> int:
    return sum(counts.of(action=action, allowed=allowed) for action in OPENINGS)


def _s(at: datetime) -> int:
    return int(at.timestamp())


def customers() -> int:
    """Return how many people are held."""
    return remembered("customers", vault.count_people)


def statement(waiting: int) -> tuple[str, str]:
    """Return the two sentences that say how things are and how much needs the reader."""
    held = customers()
    first = ngettext("%(number)s customer is held as promised.", "%(number)s customers are held as promised.", held) % {
        "number": say.num(held)
    }
    if not held:
        first = _("Nobody's data is held yet.")
    second = ngettext("%(number)s thing needs you.", "%(number)s things need you.", waiting) % {"number": waiting}
    return first, second if waiting else _("Nothing needs you.")


def figures(schema: Schema | None, usage: Usage) -> list[ui.Figure]:
    """Return the numbers of what is held."""
    if schema is None:
        return [ui.Figure(_("Customers"), say.num(customers()))]
    on_consent = sum(purpose.consent is not None for purpose in schema.purposes.values())
    opened = sum(usage.purposes.values())
    policy_page = reverse("policy")
    return [
        ui.Figure(_("Customers"), say.num(customers()), _("each under keys of their own"), reverse("customers")),
        ui.Figure(_("Data items"), say.num(len(schema.fields)), _("anything else is refused"), policy_page),
        ui.Figure(
            _("Purposes"),
            say.num(len(schema.purposes)),
            ngettext("%(number)s rests on consent", "%(number)s rest on consent", on_consent) % {"number": on_consent},
            policy_page,
        ),
        ui.Figure(_("Openings"), say.num(opened), _("in 30 days, each with a reason"), reverse("ledger")),
    ]


def openings(usage: Usage) -> charts.Chart:
    """Return the picture of the last two weeks."""
    counts = [opened for _day, opened, _refused in usage.days]
    finding = _("Openings a day: between %(least)s and %(most)s; %(refused)s refused in two weeks.") % {
        "least": say.num(min(counts, default=0)),
        "most": say.num(max(counts, default=0)),
        "refused": say.num(sum(refused for _day, _opened, refused in usage.days)),
    }
    points = [(date_format(day, "j M"), (opened, refused)) for day, opened, refused in usage.days]
    return charts.stacked(finding, points, names=(_("opened"), _("refused")))


def matrix(schema: Schema, usage: Usage) -> charts.Heat:
    """Return who may see what: a row for each data item, a column for each purpose with its openings."""
    purposes = list(schema.purposes.values())
    columns = [in_language(purpose.label, purpose.name) for purpose in purposes]
    rows = [
        (
            in_language(field.label, field.name),
            [_cell(purpose.fields.get(field.name), usage.purposes.get(purpose.number, 0)) for purpose in purposes],
        )
        for field in schema.fields.values()
    ]
    return charts.heat(_("Numbers are openings for the purpose. An empty cell cannot be opened at all."), columns, rows)


def _cell(need: Need | None, opened: int) -> charts.Cell | None:
    if need is None:
        return None
    return charts.Cell(opened, note=_("masked") if need.treatment == "masked" else "")


def unused(schema: Schema, usage: Usage) -> int:
    """Return how many purposes nobody opened anything for in 30 days."""
    return sum(not usage.purposes.get(purpose.number) for purpose in schema.purposes.values())


def machinery() -> list[ui.Pair]:
    """Return what runs, in a line each."""
    status = ledger.status()
    signed = say.moment_text(status.checkpoint_at_us) if status.checkpoint_at_us else _("never")
    entries = _("%(number)s entries, signed %(when)s") % {"number": say.num(status.size), "when": signed}
    waiting = _("%(number)s wait for their place") % {"number": say.num(status.pending)}
    root = {"file": _("root key in a file"), "passphrase": _("root key under a passphrase")}.get(vault.root_kind(), "")
    return [
        ui.Pair(_("Ledger"), entries),
        ui.Pair(_("Entries"), waiting),
        ui.Pair(_("Witnesses"), _("none yet: only this server vouches for itself")),
        ui.Pair(_("Keys"), root),
    ]


def schema() -> Schema | None:
    """Return what the policy in force allows, or None."""
    try:
        return policy.schema()
    except NoPolicy:
        return None


def days_back(count: int) -> list[datetime]:
    """Return the beginnings (UTC) of the last `count` days, today's last."""
    today = clock.now().replace(hour=0, minute=0, second=0, microsecond=0)
    return [today - timedelta(days=back) for back in range(count - 1, -1, -1)]
