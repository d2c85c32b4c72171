"""Every part of the console in every state, as pictures of themselves: what a page is built from, and how it behaves.

Each exhibit is a template below `ui/catalogue/`, shown twice, by day and by night. The page itself is the console's.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Any, NamedTuple

from django import forms as dj
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from keepfold.ui import charts, forms, tables
from keepfold.ui import components as ui
from keepfold.ui.components import Text

TITLE = gettext_lazy("Every part of this console")
WORDS_TITLE = gettext_lazy("Words of law and cryptography")


class Exhibit(NamedTuple):
    """One section: its address on the page, what it is, and the rule it follows."""

    slug: str
    title: Text
    note: Text
    samples: Callable[[HttpRequest, str], dict[str, Any]]


class Shown(NamedTuple):
    """A section with its two pictures."""

    slug: str
    title: Text
    note: Text
    sides: tuple[tuple[str, SafeString], ...]


def directions(current: str) -> list[ui.Tab]:
    """Return the switch that mirrors the page."""
    words = {"ltr": _("Left to right"), "rtl": _("Right to left")}
    return [ui.Tab(label, f"?dir={name}", name == current) for name, label in words.items()]


def shown(request: HttpRequest) -> tuple[Shown, ...]:
    """Return every section, drawn."""
    return tuple(
        Shown(one.slug, one.title, one.note, tuple((side, _drawn(one, request, side)) for side in ("light", "dark")))
        for one in EXHIBITS
    )


def _drawn(exhibit: Exhibit, request: HttpRequest, side: str) -> SafeString:
    if exhibit.slug == "tables":
        # The only one that does what its address says.
        return _picture(exhibit, request, side)
    return _kept(exhibit.slug, side, get_language() or "", timezone.get_current_timezone_name(), _hour())


def _hour() -> int:
    return int(timezone.now().timestamp()) // 3600


@lru_cache(maxsize=256)
def _kept(slug: str, side: str, language: str, zone: str, hour: int) -> SafeString:
    """Return a picture that was drawn within this hour for a reader of this language and zone."""
    del language, zone, hour
    return _picture(next(one for one in EXHIBITS if one.slug == slug), HttpRequest(), side)


def _picture(exhibit: Exhibit, request: HttpRequest, side: str) -> SafeString:
    words = {"light": _("by day"), "dark": _("by night")}
    context = {"side": side, "side_words": words[side], **exhibit.samples(request, side)}
    return SafeString(render_to_string(f"ui/catalogue/{exhibit.slug}.html", context))


# ------------------------------------------------------------------------------------------------------------- samples

_NOW = datetime(2026, 11, 24, 14, 19, tzinfo=UTC)
_COLOURS: tuple[tuple[str, Text], ...] = (
    ("paper", gettext_lazy("Page")),
    ("sheet", gettext_lazy("What lies on it")),
    ("fold", gettext_lazy("Pressed in")),
    ("line", gettext_lazy("Hairline")),
    ("edge", gettext_lazy("Edge of controls")),
    ("ink", gettext_lazy("Ink")),
    ("ink2", gettext_lazy("Second")),
    ("ink3", gettext_lazy("Third")),
    ("verdigris", gettext_lazy("Open, alive, verified")),
    ("verdigris-soft", gettext_lazy("its ground")),
    ("vermilion", gettext_lazy("Refused, destroyed")),
    ("vermilion-soft", gettext_lazy("its ground")),
    ("amber", gettext_lazy("A person should look")),
    ("amber-soft", gettext_lazy("its ground")),
)
_ICONS = (
    "lock",
    "lock-open",
    "users",
    "scroll-text",
    "scale",
    "layers",
    "file-up",
    "key-round",
    "shield-check",
    "clock",
)


def _nothing(request: HttpRequest, side: str) -> dict[str, Any]:
    del request, side
    return {}


def _identity(request: HttpRequest, side: str) -> dict[str, Any]:
    del request, side
    return {"colours": _COLOURS, "icons": _ICONS, "number": 48213, "now": _NOW, "then": _NOW - timedelta(days=200)}


def _actions(request: HttpRequest, side: str) -> dict[str, Any]:
    del request
    spans = (_("30 days"), _("Half-year"), _("All"))
    return {"spans": [ui.Tab(label, f"#actions-{side}", at == 0) for at, label in enumerate(spans)]}


def _words(request: HttpRequest, side: str) -> dict[str, Any]:
    del request
    return {"slug": {"light": "tag", "dark": "witness"}[side], "soon": timezone.now() + timedelta(minutes=3)}


def _sealed(request: HttpRequest, side: str) -> dict[str, Any]:
    del request, side
    return {"until": timezone.now() + timedelta(days=30), "gone": _NOW}


def _panels(request: HttpRequest, side: str) -> dict[str, Any]:
    del request
    here = f"#panels-{side}"
    return {
        "figures": [
            ui.Figure(_("Customers"), 2014, _("31 more this month")),
            ui.Figure(_("Refused"), 22, _("of 2,114 tries"), tone="bad", href=here),
        ],
        "pairs": [
            ui.Pair(_("Ledger"), _("48,213 entries"), _("verified 14:19")),
            ui.Pair(_("Witnesses"), _("3 of 3 answered")),
        ],
        "lines": [
            ui.Line(
                _("Request 118 asks for a copy"),
                _("Answer by Saturday, 5 December."),
                "clock",
                "warn",
                here,
                _("Open request"),
            ),
            ui.Line(_("Backup verified"), _("A sample was opened at 03:10."), "circle-check", "good"),
        ],
    }


# ---- tables

_ENTRIES = (
    (48213, _NOW - timedelta(seconds=20), "opened phone, orders", 2, "recorded"),
    (48210, _NOW - timedelta(minutes=1), "was refused birthday", 1, "witnessed"),
    (48209, _NOW - timedelta(minutes=2), "sealed 5 fields", 5, "witnessed"),
)


def _table(side: str, words: str) -> tables.Table:
    return tables.Table(
        key=f"entries-{side}",
        prefix=f"{side}-",
        caption=_("Entries, %(side)s") % {"side": words},
        columns=(
            tables.Column("index", _("Entry"), "number", sort=True),
            tables.Column("what", _("What")),
            tables.Column("at", _("When"), "moment", rank=2, sort=True),
            tables.Column("fields", _("Fields"), "number", rank=3),
            tables.Column("state", _("State"), "seal"),
        ),
        filters=(
            tables.Search("q", _("Entry or purpose")),
            tables.Choice("state", _("State"), (("recorded", _("Recorded")), ("witnessed", _("Witnessed")))),
            tables.Days("at", _("Days")),
        ),
        sort="-index",
        empty=(_("No entries yet"), _("Whatever is done here appears first in this list.")),
    )


def _entries(query: tables.Query) -> tables.Slice:
    """Answer for the sample table as a room answers for its own, only from memory."""
    keys = ("index", "at", "what", "fields", "state")
    rows: list[dict[str, Any]] = [{**dict(zip(keys, row, strict=True)), "href": f"#{row[0]}"} for row in _ENTRIES]
    if "state" in query.filters:
        rows = [row for row in rows if row["state"] == query.filters["state"]]
    if "q" in query.filters:
        rows = [row for row in rows if query.filters["q"] in f"{row['index']} {row['what']}"]
    rows.sort(key=lambda row: row[query.sort], reverse=query.descending)
    return tables.Slice(rows, after=tables.cursor(48209), total=48213, first=1)


def _nobody(query: tables.Query) -> tables.Slice:
    del query
    return tables.Slice(())


def _tables(request: HttpRequest, side: str) -> dict[str, Any]:
    words = {"light": _("by day"), "dark": _("by night")}[side]
    shown = _table(side, words)
    none = tables.renamed(
        shown, key=f"none-{side}", prefix=f"n{side}-", filters=(), caption=_("Nothing, %(side)s") % {"side": words}
    )
    return {"table": shown.on(request, _entries), "none": none.on(request, _nobody)}


# ---- forms


class SampleForm(forms.Form):
    """One field of each kind."""

    idea = dj.CharField(
        label=gettext_lazy("Label"), help_text=gettext_lazy("A hint says what for, before the mistake.")
    )
    case = dj.CharField(label=gettext_lazy("Case or order number"))
    ground = dj.ChoiceField(
        label=gettext_lazy("Select"),
        choices=[("consent", gettext_lazy("Consent, GDPR 6(1)(a)")), ("contract", gettext_lazy("Contract"))],
    )
    fixed = dj.CharField(label=gettext_lazy("Disabled"), disabled=True, initial="FW-20418")
    fields_wanted = dj.MultipleChoiceField(
        label=gettext_lazy("Which fields?"),
        widget=dj.CheckboxSelectMultiple,
        choices=[
            ("phone", forms.Choice(gettext_lazy("Phone number"), "•••• ••42")),
            ("orders", forms.Choice(gettext_lazy("Orders"), gettext_lazy("7 orders"))),
            (
                "refunds",
                forms.Choice(
                    gettext_lazy("Refunds"),
                    gettext_lazy("Only the refund desk"),
                    gettext_lazy("Not your role"),
                    disabled=True,
                ),
            ),
        ],
    )
    minutes = dj.ChoiceField(
        label=gettext_lazy("For how long?"), widget=dj.RadioSelect, choices=[("2", "2 min"), ("10", "10 min")]
    )
    password = dj.CharField(
        label=gettext_lazy("Password"),
        widget=dj.PasswordInput(render_value=True),
        help_text=gettext_lazy("Three or four words that do not belong together."),
    )
    day = dj.DateField(label=gettext_lazy("Day"), required=False, widget=dj.DateInput(attrs={"type": "date"}))
    file = dj.FileField(label=gettext_lazy("File"), help_text=gettext_lazy("CSV, Excel or Parquet. Drop it here."))
    note = dj.CharField(label=gettext_lazy("Text"), required=False, widget=dj.Textarea(attrs={"rows": 2}))
    agreed = dj.BooleanField(
        label=gettext_lazy("The works council was heard"), help_text=gettext_lazy("It is written into the record.")
    )

    class Meta:
        """Nothing; see `ui.forms.Form`."""


def _forms(request: HttpRequest, side: str) -> dict[str, Any]:
    del request
    given = {
        f"{side}-idea": _("Suggest boots that fit"),
        f"{side}-fields_wanted": ["phone"],
        f"{side}-minutes": "10",
        f"{side}-ground": "consent",
        f"{side}-password": "correct horse bat",
        f"{side}-note": _("Works council heard on 3 November."),
    }
    stages = ((_("Upload"), "done"), (_("Match columns"), "now"), (_("Dry run"), "next"), (_("Import"), "next"))
    return {
        "form": SampleForm(given, prefix=side),
        "stages": [ui.Stage(label, state) for label, state in stages],
    }


# ---- sequences


def _sequences(request: HttpRequest, side: str) -> dict[str, Any]:
    del request
    here = f"#sequences-{side}"
    return {
        "events": [
            ui.Event(
                "Ines Duarte", _("opened phone number"), _("Tours · Stubai hut walk"),
                datetime(2026, 11, 21, 9, 31, tzinfo=UTC), "lock-open", "good", "witnessed", here, _("entry 47,402"),
            ),
            ui.Event(
                "Mallory Pryce", _("was refused phone number"), _("Newsletter never sees it"),
                datetime(2026, 11, 19, 17, 12, tzinfo=UTC), "ban", "bad", "recorded", here, _("entry 46,988"),
            ),
        ],
        "steps": [
            ui.Step(_("Her role may act for Newsletter"), "passed", facts="role.marketing.purposes ∋ newsletter"),
            ui.Step(_("Consent is alive"), "unknown", _("Nobody says since when.")),
            ui.Step(_("Newsletter does not open phone numbers"), "stop", _("Decided here."), "fields ∌ phone"),
            ui.Step(_("The person is not under a restriction"), "unreached"),
        ],
        "changes": [
            ui.Change(
                "wider", format_html("{} <ins>{}</ins>", _("Fit advice may also open"), _("Language")), _("612 people")
            ),
            ui.Change("narrower", format_html("{} <del>24</del> <ins>12</ins>", _("Months until consent ends:"))),
            ui.Change("new", _("A purpose: Repairs"), _("Nobody yet")),
            ui.Change("same", _("Everything else, 31 rules")),
        ],
        "yaml": 'consent:\n  kind: opt_in\n  expires: P12M     # shorter\n  langauge: "optional"\n',
        "marks": {43: "add", 44: "ask"},
        "change": ui.code_diff("consent:\n  expires: P24M\n", "consent:\n  expires: P12M\n"),
    }  # fmt: skip


def _navigation(request: HttpRequest, side: str) -> dict[str, Any]:
    del request
    here = f"#navigation-{side}"
    names = ((_("Data held"), None), (_("Openings"), 23), (_("Consents"), 3))
    return {
        "here": here,
        "tabs": [ui.Tab(label, here, at == 0, number) for at, (label, number) in enumerate(names)],
        "page": ui.Page(back="", next=here, first=1, last=14, total=2014),
    }


# ---- charts

_OPENED = (188, 201, 174, 62, 41, 196, 214, 190, 203, 181, 58, 44, 209, 131)
_REFUSED = (2, 0, 1, 0, 0, 3, 1, 0, 9, 4, 0, 0, 1, 1)


def _charts(request: HttpRequest, side: str) -> dict[str, Any]:
    del request, side
    days = [str(11 + at) for at in range(len(_OPENED))]
    weekdays = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
    growth = (2, 5, 8, 13, 18, 25, 30, 38, 48)
    return {
        "bars": charts.bars(_("Between 41 and 214 openings a day"), list(zip(days, _OPENED, strict=True)), _("Opened")),
        "stacked": charts.stacked(
            _("Between 41 and 214 openings a day; refusals peak at 9 on the 19th"),
            [(day, pair) for day, pair in zip(days, zip(_OPENED, _REFUSED, strict=True), strict=True)],
            (_("opened"), _("refused")),
        ),
        "ranks": charts.ranks(
            _("Newsletter opens most"),
            [(_("Newsletter"), 4028), (_("Delivery"), 812), (_("Support"), 164)],
            _("Openings"),
        ),
        "line": charts.line(
            _("Requests rise from 12 to 34 within the week, the week before only to 19"),
            list(
                zip(weekdays, zip((12, 18, 15, 22, 30, 26, 34), (10, 12, 14, 13, 18, 17, 19), strict=True), strict=True)
            ),
            (_("this week"), _("the week before")),
        ),
        "area": charts.area(
            _("The ledger grows from 2 to 48 thousand entries"),
            [
                (label, value * 1000)
                for label, value in zip(("Jul", "", "", "", "Sep", "", "", "", "Nov"), growth, strict=True)
            ],
            _("Entries"),
        ),
        "spark": charts.spark(_("Rising for a week"), (4, 6, 5, 9, 8, 10, 13)),
        "donut": charts.donut(
            _("Of all openings, 58 per cent rest on contract"),
            [(_("Contract"), 58), (_("Consent"), 27), (_("Legal duty"), 15)],
        ),
        "heat": charts.heat(
            _("Who may see what, and who did"),
            [_("Delivery"), _("Support"), _("Tours"), _("News")],
            [
                (_("E-mail address"), [812, 164, None, 4028]),
                (_("Full name"), [812, 171, 12, 0]),
                (_("Phone number"), [318, charts.Cell(88, "#charts", _("three refused")), 3, None]),
            ],
        ),
        "track": charts.track(date(2024, 1, 1), date(2036, 1, 1), date(2024, 3, 11), date(2034, 12, 31), _NOW.date()),
        "track_head": charts.track_head(date(2024, 1, 1), date(2036, 1, 1), _NOW.date()),
    }


EXHIBITS: tuple[Exhibit, ...] = (
    Exhibit(
        "identity",
        gettext_lazy("Mark, colour, type"),
        gettext_lazy("One corner folded to the centre. Colour means something, or it is not there."),
        _identity,
    ),
    Exhibit(
        "actions",
        gettext_lazy("Actions"),
        gettext_lazy("Ink acts. Verdigris opens something sealed, and only that. Vermilion destroys, after a preview."),
        _actions,
    ),
    Exhibit(
        "words",
        gettext_lazy("Words with a state"),
        gettext_lazy("The word carries the state. Colour only agrees with it."),
        _words,
    ),
    Exhibit(
        "sealed",
        gettext_lazy("Sealed and opened"),
        gettext_lazy(
            "A strip with its corner folded over. Slots never tell the length. Open strips lie flat and name their "
            "purpose and end."
        ),
        _sealed,
    ),
    Exhibit(
        "panels",
        gettext_lazy("Head, panel, figures, pairs, lines"),
        gettext_lazy("The only box. Never inside another. Figures and lists may lie on bare paper."),
        _panels,
    ),
    Exhibit(
        "tables",
        gettext_lazy("Table"),
        gettext_lazy("The first column is the row's heading. Less important columns leave on narrow screens."),
        _tables,
    ),
    Exhibit(
        "forms",
        gettext_lazy("Form"),
        gettext_lazy(
            "Label, hint, control, error, always in this order. Errors say what to do, and the summary leads there."
        ),
        _forms,
    ),
    Exhibit(
        "messages",
        gettext_lazy("Saying something"),
        gettext_lazy("One line tells what happened, the next what to do."),
        _nothing,
    ),
    Exhibit(
        "empty",
        gettext_lazy("Empty, loading, busy"),
        gettext_lazy("An empty page teaches the next step. Long work shows how far it is, and can be stopped."),
        _nothing,
    ),
    Exhibit(
        "sequences",
        gettext_lazy("Time, rules, differences"),
        gettext_lazy("What happened, why it was decided, what will change."),
        _sequences,
    ),
    Exhibit(
        "navigation",
        gettext_lazy("Finding the way"),
        gettext_lazy("Menus, dialogs and the palette open without scripts and trap nobody."),
        _navigation,
    ),
    Exhibit(
        "charts",
        gettext_lazy("Charts"),
        gettext_lazy("Text never scales, every chart says one sentence, and its numbers are behind it as a table."),
        _charts,
    ),
    Exhibit(
        "rtl",
        gettext_lazy("Right to left"),
        gettext_lazy("Everything mirrors; arrows turn, shields, charts, code and numbers do not."),
        _nothing,
    ),
)
