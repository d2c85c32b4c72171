"""Tags and filters for every template: `{% load ui %}`. What they compute is in plain modules beside this package."""

from __future__ import annotations

from typing import Any

from django import template
from django.template.context import Context
from django.urls import NoReverseMatch, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from keepfold.ui import assets, glossary, say

register = template.Library()

register.filter("num", say.num)
register.filter("day", say.day)
register.filter("moment", say.moment)
register.filter("ago", say.ago)
register.filter("span", say.span)


@register.simple_tag
def asset(name: str) -> str:
    """Return the versioned address of a static file."""
    return assets.address(name)


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
    return format_html(
        '<button class="term" type="button" popovertarget="term-{0}">{1}</button>'
        '<span class="menu note" id="term-{0}" popover role="note"><b>{2}</b> {3}{4}</span>',
        slug,
        shown,
        entry.word,
        entry.text,
        _more(slug),
    )


def _more(slug: str) -> SafeString | str:
    try:
        address = reverse("words")
    except NoReverseMatch:
        return ""
    return format_html(' <a href="{}#{}">{}</a>', address, slug, _("All words"))
