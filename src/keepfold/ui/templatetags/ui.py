"""Tags for every template: `{% asset "ui/base.css" %}` and `{% icon "check" %}`."""

from __future__ import annotations

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

from keepfold.ui import assets

register = template.Library()


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
