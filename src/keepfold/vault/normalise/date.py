"""Calendar dates to ISO 8601 `YYYY-MM-DD`.

Read are ISO dates (also compact, with slashes, or with a time behind), `31.12.1999`, dates with the month in words,
and dates with slashes or hyphens when only one reading is possible. Two-digit years and `03/04/1999` are refused.
"""

from __future__ import annotations

import datetime as dt
import re
from functools import cache

from babel import Locale

from keepfold.vault.normalise.base import Normaliser, Refusal, TypeOptions, nfc, require_text

_EARLIEST, _LATEST = 1800, 2200
_LANGUAGES = ("en", "de", "fr", "es", "it", "pt", "nl")
_TIME = r"[T ][0-9]{1,2}:[0-9]{2}(?::[0-9]{2}(?:[.,][0-9]+)?)? ?(?:Z|[+-][0-9]{2}:?[0-9]{2})?"
_ISO = re.compile(rf"([0-9]{{4}})[-/.]([0-9]{{1,2}})[-/.]([0-9]{{1,2}})(?:{_TIME})?\Z").match
_COMPACT = re.compile(r"([0-9]{4})([0-9]{2})([0-9]{2})\Z").match
_DOTS = re.compile(r"([0-9]{1,2})\. ?([0-9]{1,2})\. ?([0-9]{4})\Z").match
_SLASHES = re.compile(r"([0-9]{1,2})([/-])([0-9]{1,2})\2([0-9]{4})\Z").match
_DAY_FIRST = re.compile(
    r"([0-9]{1,2})(?:\.|st|nd|rd|th|er|º)?[ -](?:de )?([^\W\d_]+)\.?,?[ -](?:de )?([0-9]{4})\Z"
).match
_MONTH_FIRST = re.compile(r"([^\W\d_]+)\.? ([0-9]{1,2})(?:st|nd|rd|th)?,? ([0-9]{4})\Z").match
_YEAR_FIRST = re.compile(r"([0-9]{4})[ -]([^\W\d_]+)\.?[ -]([0-9]{1,2})\Z").match


def date(_options: TypeOptions) -> Normaliser:
    """Return the normaliser of dates."""
    return _normalise


def _normalise(raw: object, _region: str) -> str:
    if isinstance(raw, str) and len(raw) == 10 and raw[4] == raw[7] == "-":
        try:
            found = dt.date.fromisoformat(raw)
        except ValueError:
            raise _malformed() from None
        return raw if _EARLIEST <= found.year < _LATEST else _checked(found)
    if isinstance(raw, dt.date):  # datetimes too
        return _checked(raw)
    return _slow(require_text(raw, 60))


def _slow(text: str) -> str:
    folded = " ".join(nfc(text).casefold().split())
    year, month, day = _iso(text) or _digits(folded) or _words(folded) or (0, 0, 0)
    try:
        return _checked(dt.date(year, month, day))
    except ValueError:
        raise _malformed() from None


def _iso(text: str) -> tuple[int, int, int] | None:
    match = _ISO(text) or _COMPACT(text)
    return (int(match[1]), int(match[2]), int(match[3])) if match else None


def _digits(text: str) -> tuple[int, int, int] | None:
    if match := _DOTS(text):
        return int(match[3]), int(match[2]), int(match[1])
    if match := _SLASHES(text):
        return _only_reading(int(match[1]), int(match[3]), int(match[4]))
    return None


def _only_reading(first: int, second: int, year: int) -> tuple[int, int, int]:
    if first <= 12 and second <= 12 and first != second:
        raise Refusal("date.ambiguous", "Day and month cannot be told apart; write it as YYYY-MM-DD.")
    return (year, second, first) if second <= 12 else (year, first, second)


def _words(text: str) -> tuple[int, int, int] | None:
    if match := _DAY_FIRST(text):
        day, month, year = match[1], match[2], match[3]
    elif match := _MONTH_FIRST(text):
        month, day, year = match[1], match[2], match[3]
    elif match := _YEAR_FIRST(text):
        year, month, day = match[1], match[2], match[3]
    else:
        return None
    return int(year), _months().get(month, 0), int(day)


@cache
def _months() -> dict[str, int]:
    """Return the months by their folded names, long and short; a word of two meanings is left out."""
    found: dict[str, int] = {"sept": 9, "sep": 9, "mrz": 3, "maerz": 3}
    clashes: set[str] = set()
    for language in _LANGUAGES:
        names = Locale(language).months["format"]
        for width in ("wide", "abbreviated"):
            for month, name in names[width].items():
                folded = name.casefold().rstrip(".")
                if found.setdefault(folded, month) != month:
                    clashes.add(folded)
    return {name: month for name, month in found.items() if name not in clashes}


def _checked(found: dt.date) -> str:
    if not _EARLIEST <= found.year < _LATEST:
        raise Refusal("date.out-of-range", f"Its year is not between {_EARLIEST} and {_LATEST - 1}.")
    return f"{found.year:04}-{found.month:02}-{found.day:02}"


def _malformed() -> Refusal:
    return Refusal("date.malformed", "It is not a date; write it as YYYY-MM-DD.")
