"""Numbers, days and moments as people read them, in the language and the time zone of whoever looks."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

from babel import Locale
from babel.dates import format_timedelta
from django.utils import formats, timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_language, pgettext

# Integers above this are microseconds since 1970, others are seconds: hot tables keep either.
_MICROSECONDS_FROM = 100_000_000_000
# Below this a moment is "now": clocks and page loads differ by more.
_NOW_S = 5


def num(value: Any) -> str:
    """Return a number with its groups: 48,213 or 48.213. Fractions keep one digit; nothing is a dash."""
    if value is None or value == "":
        return "–"
    places = int(value != int(value))
    return formats.number_format(round(value, places), places, use_l10n=True, force_grouping=True)


def aware(value: Any) -> datetime | None:
    """Return a moment in the reader's time zone, from a datetime or from seconds or microseconds since 1970."""
    if value is None or value == "":
        return None
    if isinstance(value, int | float):
        seconds = value / 1_000_000 if abs(value) > _MICROSECONDS_FROM else value
        value = datetime.fromtimestamp(seconds, UTC)
    if timezone.is_naive(value):
        value = value.replace(tzinfo=UTC)
    return timezone.localtime(value)


def day(value: Any, form: str = "") -> SafeString | str:
    """Return a day as a `<time>`: 12 December 2026; `short`: 12 Dec 2026; `week`: Saturday, 12 December 2026."""
    at: date | None = value if isinstance(value, date) and not isinstance(value, datetime) else aware(value)
    if at is None:
        return "–"
    shown = formats.date_format(at, _day_form(form), use_l10n=False)
    return format_html('<time datetime="{}">{}</time>', at.strftime("%Y-%m-%d"), shown)


def _day_form(form: str) -> str:
    if form == "short":
        return pgettext("date format", "j M Y")
    if form == "week":
        return pgettext("date format", "l, j F Y")
    return pgettext("date format", "j F Y")


def day_text(value: Any, form: str = "") -> str:
    """Return a day as words alone, for texts that are not markup."""
    at = aware(value)
    return "–" if at is None else formats.date_format(at, _day_form(form), use_l10n=False)


def moment(value: Any, form: str = "") -> SafeString | str:
    """Return a moment as a `<time>`: 21 Nov, 09:31 (with its year when another); `full`: with day, seconds, zone."""
    at = aware(value)
    if at is None:
        return "–"
    return format_html('<time datetime="{}">{}</time>', stamp(at), moment_text(at, form))


def stamp(at: datetime) -> str:
    """Return a moment for machines, in UTC."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def moment_text(value: Any, form: str = "") -> str:
    """Return a moment as words alone, for texts that are not markup."""
    at = aware(value)
    if at is None:
        return "–"
    if form == "full":
        return formats.date_format(at, pgettext("date format", "l, j F Y, H:i:s"), use_l10n=False) + f" {at:%Z}"
    if form == "time":
        return formats.date_format(at, "H:i", use_l10n=False)
    same_year = at.year == timezone.localtime().year
    return formats.date_format(
        at,
        pgettext("date format", "j M, H:i") if same_year else pgettext("date format", "j M Y, H:i"),
        use_l10n=False,
    )


def ago(value: Any) -> SafeString | str:
    """Return how long ago, or how soon, as a `<time>` whose attribute is exact: 3 minutes ago."""
    at = aware(value)
    if at is None:
        return "–"
    return format_html('<time datetime="{}">{}</time>', stamp(at), distance(at - timezone.now()))


def distance(apart: timedelta) -> str:
    """Return a distance in time as words."""
    if abs(apart.total_seconds()) < _NOW_S:
        return pgettext("moment", "just now")
    return format_timedelta(apart, add_direction=True, locale=locale())


def span(apart: timedelta | float) -> str:
    """Return a length of time as words: 10 minutes, 2 years. A number means seconds."""
    return format_timedelta(apart if isinstance(apart, timedelta) else timedelta(seconds=apart), locale=locale())


def locale() -> Locale:
    """Return Babel's view of the reader's language."""
    return Locale.parse((get_language() or "en").replace("-", "_"))
