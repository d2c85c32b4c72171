"""Tags and filters for every template: `{% load ui %}`. What they compute is in plain modules beside this package."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from itertools import count
from typing import Any

from django import forms as django_forms
from django import template
from django.forms.boundfield import BoundField
from django.template.context import Context
from django.template.loader import render_to_string
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from keepfold.ui import assets, charts, components, forms, glossary, say, tables
from keepfold.ui import toast as toasts
from keepfold.ui.components import Badge, Text

register = template.Library()

register.filter("num", say.num)
register.filter("day", say.day)
register.filter("moment", say.moment)
register.filter("ago", say.ago)
register.filter("span", say.span)

_ids = count(1)


@register.filter
def stamp(value: datetime) -> str:
    """Return a moment for machines."""
    at = say.aware(value)
    return say.stamp(at) if at else ""


@register.filter
def figure(value: Any) -> str:
    """Return a number with its groups, and anything else as it is."""
    return say.num(value) if isinstance(value, int | float) and not isinstance(value, bool) else value


# --------------------------------------------------------------------------------------------------- files and marks


@register.simple_tag
def asset(name: str) -> str:
    """Return the versioned address of a static file."""
    return assets.address(name)


@register.simple_tag
def preload(name: str) -> SafeString:
    """Return the link that fetches a font before the style sheet asks for it."""
    return format_html('<link rel="preload" href="{}" as="font" type="font/woff2" crossorigin>', assets.address(name))


@register.simple_tag(takes_context=True)
def script(context: Context, name: str) -> SafeString:
    """Return a script of ours, with this answer's nonce and the hash of what it must be."""
    return format_html(
        '<script src="{}" integrity="{}" nonce="{}" defer></script>',
        assets.address(name),
        assets.table()[name].integrity,
        context.get("nonce", ""),
    )


@register.simple_tag
def icon(name: str, classes: str = "") -> SafeString:
    """Return an icon of the sprite. It is decoration: the word beside it says the same."""
    return format_html(
        '<svg class="icon{}" aria-hidden="true"><use href="{}#i-{}"/></svg>',
        f" {classes}" if classes else "",
        assets.address("ui/icons.svg"),
        name,
    )


@register.simple_tag(takes_context=True)
def hx(context: Context) -> SafeString:
    """Return the mark that every element with an `hx-` attribute carries; htmx obeys no element without it."""
    return format_html('hx-nonce="{}"', context.get("nonce", ""))


@register.simple_tag(takes_context=True)
def term(context: Context, slug: str, words: str = "") -> SafeString | str:
    """Return a word with its explanation behind it; the second time on a page, the word alone."""
    entry = glossary.term(slug)
    shown = words or entry.word
    request: Any = context.get("request")
    explained: set[str] = request.__dict__.setdefault("_ui_terms", set()) if request is not None else set()
    if slug in explained:
        return shown
    explained.add(slug)
    # The word joiner at the end keeps the sign that follows on the word's line.
    return format_html(
        '<button class="term" type="button" popovertarget="term-{0}">{1}</button>'
        '<span class="menu note" id="term-{0}" popover role="note"><b>{2}</b> {3} {4}</span>&#8288;',
        slug,
        shown,
        entry.word,
        entry.text,
        _more(entry),
    )


def _more(entry: glossary.Term) -> SafeString:
    """Return the ways on: the page of the manual that says more, and the list of all words."""
    ways = [(manual(entry.docs), _("More in the manual")), (_address("words", entry.slug), _("All words"))]
    return format_html_join(" · ", '<a href="{}">{}</a>', [way for way in ways if way[0]])


@register.simple_tag
def manual(place: str) -> str:
    """Return the address of a page of the manual, such as `howto/sign-in#sessions`; nothing where there is none."""
    key, _sharp, anchor = place.partition("#")
    return _address("manual_page", anchor, key) if place else ""


def _address(route: str, anchor: str, *parts: str) -> str:
    try:
        address = reverse(route, args=parts)
    except NoReverseMatch:
        return ""
    return f"{address}#{anchor}" if anchor else address


# ------------------------------------------------------------------------------------------------------ words, values


@register.simple_tag
def badge(label: Text | Badge, tone: str = "", icon: str = "") -> SafeString:
    """Return one or two words with a state."""
    made = label if isinstance(label, Badge) else Badge(label, tone, icon)
    return format_html(
        '<span class="badge{}">{}{}</span>',
        f" {made.tone}" if made.tone else "",
        _icon(made.shown_icon),
        made.label,
    )


def _icon(name: str, classes: str = "") -> SafeString:
    return icon(name, classes) if name else mark_safe("")


@register.simple_tag
def sealmark(state: str) -> SafeString:
    """Return how far something is proven: recorded, witnessed, broken, unknown."""
    return badge(components.seal_mark(state))


@register.simple_tag
def sealed(hint: str = "") -> SafeString:
    """Return the strip of a value that is not open."""
    return components.sealed(hint)


@register.simple_tag
def refused(reason: Text) -> SafeString:
    """Return a sealed value that does not open, and why."""
    return format_html("{} {}", components.sealed(), badge(reason, "bad"))


@register.simple_tag
def erased(at: Any = None, why: Text = "") -> SafeString:
    """Return what is left of an erased value: when, and why."""
    when = format_html(" {}", say.day(at, "short")) if at else ""
    return format_html('<span class="dim3">{}{}{}</span>', _("Erased"), when, format_html(", {}", why) if why else "")


@register.simple_tag
def notheld() -> SafeString:
    """Return the words for a value that is not there."""
    return format_html('<span class="dim3">{}</span>', _("Not held"))


@register.inclusion_tag("ui/parts/opened.html")
def opened(value: Any, purpose: Text = "", until: Any = None, *, copying: bool = True) -> dict[str, Any]:
    """Show an opened value with its purpose and its end."""
    return {
        "value": value,
        "purpose": purpose,
        "until": until,
        "copying": copying,
        "now": timezone.now(),
        "id": f"opened-{next(_ids)}",
    }


@register.inclusion_tag("ui/parts/purposestrip.html")
def purposestrip(
    purpose: Text, text: Text = "", *, until: Any = None, entries: int = 0, change: str = "", home: str = ""
) -> dict[str, Any]:
    """Show which purpose is open, until when, and how many entries that wrote."""
    return {
        "purpose": purpose,
        "text": text,
        "until": until,
        "entries": entries,
        "change": change,
        "home": home,
        "now": timezone.now(),
    }


@register.simple_tag
def copy(target: str, words: Text = "") -> SafeString:
    """Return a button that copies an element's text; it appears only where scripts run."""
    return format_html(
        '<button class="button quiet" type="button" data-copy="{}" data-done="{}" hidden>{}{}</button>',
        target,
        _("Copied"),
        _icon("copy"),
        words or _("Copy"),
    )


# ------------------------------------------------------------------------------------------------------ heads and ways


@register.simple_block_tag
def pagehead(content: str, title: Text, lede: Text = "", *, statement: bool = False, above: Text = "") -> SafeString:
    """Return the head of a page: what it is, one sentence, and at most three actions."""
    return _part("pagehead", content=_inner(content), title=title, lede=lede, statement=statement, above=above)


@register.simple_tag
def crumb(label: Text, href: str = "") -> SafeString:
    """Return one step of the path; the last has no address."""
    if href:
        return format_html('<li><a href="{}">{}</a></li>', href, label)
    return format_html('<li><span aria-current="page">{}</span></li>', label)


@register.inclusion_tag("ui/parts/tabs.html")
def tabs(items: Sequence[components.Tab], label: Text) -> dict[str, Any]:
    """Show views that are each an address."""
    return {"tabs": items, "label": label}


@register.inclusion_tag("ui/parts/segments.html")
def segments(items: Sequence[components.Tab], label: Text) -> dict[str, Any]:
    """Show two to four exclusive choices that are each an address."""
    return {"tabs": items, "label": label}


@register.inclusion_tag("ui/parts/steps.html")
def steps(stages: Sequence[components.Stage]) -> dict[str, Any]:
    """Show how far a longer task has come."""
    return {"stages": stages}


@register.inclusion_tag("ui/parts/pager.html")
def pager(page: components.Page, of: Text = "") -> dict[str, Any]:
    """Show where a list goes on; `of` tells several lists on one page apart."""
    return {"page": page, "of": of}


@register.simple_block_tag
def dialog(content: str, key: str, title: Text) -> SafeString:
    """Return a dialog that a button with `popovertarget` opens; it needs no script and traps nobody."""
    return format_html(
        '<div class="menu modal" id="{0}" popover role="dialog" aria-labelledby="{0}-h">'
        '<div class="in stack"><h2 id="{0}-h" tabindex="-1" autofocus>{1}</h2>{2}</div></div>',
        key,
        title,
        _inner(content),
    )


@register.simple_block_tag
def menu(content: str, key: str, label: Text, icon: str = "ellipsis") -> SafeString:
    """Return a button and the menu that it opens."""
    return format_html(
        '<button class="button" type="button" popovertarget="{0}">{1}{2}</button>'
        '<div class="menu drop" id="{0}" popover>{3}</div>',
        key,
        _icon(icon),
        label,
        _inner(content),
    )


# ---------------------------------------------------------------------------------------------------- saying something


@register.simple_block_tag
def callout(content: str, tone: str = "", icon: str = "", role: str = "") -> SafeString:
    """Return a few lines that tell what happened, and what to do."""
    return format_html(
        '<div class="callout{}"{}>{}<div>{}</div></div>',
        f" {tone}" if tone else "",
        format_html(' role="{}"', role) if role else "",
        _icon(icon or components.CALLOUT_ICONS.get(tone, "info")),
        _inner(content),
    )


@register.inclusion_tag("ui/parts/toast.html", takes_context=True)
def toast(context: Context) -> dict[str, Any]:
    """Show the one line that waits from the page before."""
    request = context.get("request")
    if request is None:
        return {"toast": None}
    return {"toast": toasts.take(request), "here": request.get_full_path()}


@register.simple_block_tag
def empty(content: str, title: Text, text: Text = "", *, kind: str = "nothing", level: int = 2) -> SafeString:
    """Return what stands where nothing is: `kind` is nothing (teaches), found (filtered away) or role (not yours)."""
    return _part("empty", content=_inner(content), title=title, text=text, kind=kind, level=level)


@register.simple_tag
def skeleton(lines: int = 3) -> SafeString:
    """Return the place of lines that are still being fetched."""
    shapes = components.joined(
        [format_html('<span class="skeleton{}"></span>', "" if at % 3 == 1 else " part") for at in range(lines)]
    )
    return format_html(
        '<div class="stack tight" aria-busy="true"><span class="vh">{}</span>{}</div>', _("Being fetched"), shapes
    )


@register.inclusion_tag("ui/parts/progress.html")
def progress(value: int | None, most: int, label: Text, note: Text = "") -> dict[str, Any]:
    """Show how far long work has come; None means that nobody knows."""
    return {"value": value, "most": most, "label": label, "note": note}


@register.inclusion_tag("ui/parts/meter.html")
def meter(value: float, most: float, label: Text, words: Text, tone: str = "") -> dict[str, Any]:
    """Show a measure with its word."""
    return {"value": f"{value:g}", "most": f"{most:g}", "label": label, "words": words, "tone": tone}


# ------------------------------------------------------------------------------------------------- facts and sequences


@register.inclusion_tag("ui/parts/figures.html")
def figures(items: Sequence[components.Figure]) -> dict[str, Any]:
    """Show at most four numbers."""
    return {"figures": items}


@register.inclusion_tag("ui/parts/pairs.html")
def pairs(items: Iterable[components.Pair]) -> dict[str, Any]:
    """Show facts with their names."""
    return {"pairs": items}


@register.inclusion_tag("ui/parts/lines.html")
def lines(items: Iterable[components.Line]) -> dict[str, Any]:
    """Show things that have a next step."""
    return {"lines": items}


@register.inclusion_tag("ui/parts/timeline.html")
def timeline(entries: Iterable[components.Event]) -> dict[str, Any]:
    """Show who did what, the newest first."""
    return {"entries": entries}


@register.inclusion_tag("ui/parts/trace.html")
def trace(steps: Iterable[components.Step]) -> dict[str, Any]:
    """Show the rules of a decision in their order."""
    return {"steps": steps}


@register.inclusion_tag("ui/parts/diff.html")
def diff(changes: Iterable[components.Change]) -> dict[str, Any]:
    """Show what is wider, narrower or the same."""
    return {"changes": changes}


@register.inclusion_tag("ui/parts/code.html")
def code(
    text: str | components.CodeLines,
    label: Text,
    start: int = 1,
    marks: Mapping[int, str] | None = None,
    anchor: str = "L",
) -> dict[str, Any]:
    """Show lines of a file with their numbers and marks."""
    shown = components.code_lines(text, start, marks) if isinstance(text, str) else text
    return {"lines": components.listing(shown, anchor), "label": label}


# -------------------------------------------------------------------------------------------------------------- tables


@register.inclusion_tag("ui/parts/table.html", takes_context=True)
def table(context: Context, shown: tables.Shown, title: Text = "") -> dict[str, Any]:
    """Show a table with its filters, its export and where it goes on."""
    preferences = getattr(context.get("shell"), "prefs", None)
    return {
        "table": shown,
        "densities": shown.densities(getattr(preferences, "density", "")),
        "title": title,
        "nothing_yet": _("Nothing yet"),
        "nothing_found": _("Nothing fits"),
        "nothing_found_text": _("Loosen one of these: %(filters)s.") % {"filters": shown.filtered_by},
        "csrf_token": context.get("csrf_token"),
        "request": context.get("request"),
    }


@register.simple_tag
def cell(one: tables.Cell) -> Any:
    """Return one value of a table in the way of its column."""
    if one.value is None or one.value == "":
        return format_html('<span class="dim3">{}</span>', "–")
    show = _CELLS.get(one.column.kind)
    return show(one.value) if show else one.value


def _link(value: components.Link) -> SafeString:
    return format_html('<a href="{}">{}</a>', value.href, value.label)


_CELLS: Mapping[str, Callable[[Any], Any]] = {
    "number": say.num,
    "moment": say.moment,
    "day": lambda value: say.day(value, "short"),
    "badge": badge,
    "link": _link,
    "code": lambda value: format_html('<code class="hash">{}</code>', value),
    "seal": sealmark,
    "sealed": components.sealed,
}


# -------------------------------------------------------------------------------------------------------------- charts


@register.simple_tag
def chart(shown: charts.Chart | charts.Heat) -> SafeString:
    """Return a chart with its key and, behind it, its table; a heat map is a table itself."""
    return _part("heat", heat=shown) if isinstance(shown, charts.Heat) else _part("chart", chart=shown)


# --------------------------------------------------------------------------------------------------------------- forms


@register.inclusion_tag("ui/parts/field.html")
def field(
    bound: BoundField, *, short: bool = False, wide: bool = False, two: bool = False, mono: bool = False
) -> dict[str, Any]:
    """Show a field: label, hint, control, error, in this order."""
    shown = forms.shown(bound)
    classes = " ".join(name for name, wanted in (("short", short), ("mono", mono)) if wanted)
    plain = shown.kind in {"input", "file"}
    control = shown.control_html(f"input {classes}".strip() if plain else "") if shown.kind != "choices" else ""
    return {"field": shown, "control": control, "wide": wide or two, "two": two}


@register.inclusion_tag("ui/parts/problems.html")
def problems(form: django_forms.BaseForm) -> dict[str, Any]:
    """Show what has to be changed, with links to where."""
    return {"problems": forms.problems_of(form), "key": form.add_prefix("problems")}


def _inner(content: str) -> SafeString:
    """Return the content of a block tag, which the template engine has already escaped."""
    return mark_safe(content.strip())  # noqa: S308


def _part(name: str, **values: Any) -> SafeString:
    return mark_safe(render_to_string(f"ui/parts/{name}.html", values))  # noqa: S308  a template of this room
