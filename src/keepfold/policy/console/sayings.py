"""What the policy room says about files and differences, in the reader's language, with names as people know them.

The checks and comparisons speak English, for the command line and programs; `sayings.toml` holds each of their
sentences with its German. A sentence that is not there is shown as it is.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable
from functools import cache, lru_cache
from importlib.resources import files
from typing import NamedTuple

from django.utils.html import conditional_escape, format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language

from keepfold.policy.console import words
from keepfold.policy.format.document import Policy
from keepfold.policy.format.values import parse_moment, parse_period

Show = Callable[[str], str]
_PLACE = re.compile(r"\{([0-9])\}")
_QUOTED = re.compile(r"`([^`]+)`")
_PERIOD = re.compile(r"P[0-9][0-9A-Z]*\Z")
_COUNTRY = re.compile(r"[A-Z]{2}\Z")
_LISTED = re.compile(r"`[^`]+`(?:, `[^`]+`)*\Z")


class Saying(NamedTuple):
    """One sentence of the code: how it is found again, and its texts by language. `english` is for names in words."""

    pattern: re.Pattern[str]
    code: str
    english: str
    german: str


def told(sentence: str, show: Show) -> SafeString:
    """Return a sentence in the reader's language as markup; `show` brings each name in it into words or markup."""
    found = _found(sentence)
    if found is None:
        return _with_names(sentence, show)
    saying, values = found
    text = saying.german if _is_german() else saying.english
    # What stands between back quotes is a name, or a piece of the file with names in it.
    parts = [
        _quoted(part, values, show) if number % 2 else _unquoted(part, values, show)
        for number, part in enumerate(text.split("`"))
    ]
    return mark_safe("".join(parts))  # noqa: S308  every part was escaped


def _quoted(part: str, values: tuple[str, ...], show: Show) -> str:
    alone = _PLACE.fullmatch(part)
    if alone is not None:
        return conditional_escape(show(values[int(alone[1])]))
    return as_code(_PLACE.sub(lambda place: values[int(place[1])], part))


def _unquoted(part: str, values: tuple[str, ...], show: Show) -> str:
    pieces = _PLACE.split(part)
    return "".join(
        _value(values[int(piece)], show) if number % 2 else conditional_escape(piece)
        for number, piece in enumerate(pieces)
    )


def plainly(sentence: str) -> str:
    """Return a sentence in the reader's language as plain text, names as the file writes them."""
    found = _found(sentence)
    if found is None:
        return sentence
    saying, values = found
    text = saying.german if _is_german() else saying.code
    return _PLACE.sub(lambda place: plainly(values[int(place[1])]), text)


def as_code(name: str) -> SafeString:
    """Show a name as the file writes it."""
    return format_html("<code>{}</code>", name)


def as_label(*policies: Policy | None, path: str = "") -> Show:
    """Return how names are shown as people know them: by the labels of the first policy that has them.

    `path` says what the sentence is about, so that a purpose and a data item of one name are told apart.
    """
    return lambda name: _label(name, [one for one in policies if one is not None], path.split("."))


def _label(name: str, policies: list[Policy], path: list[str]) -> str:
    # What the path says comes first: `purposes.news.data.email` is about the purpose and the kind of data.
    told_by_path = [path[at] for at in (0, 2) if len(path) > at + 1 and path[at + 1] == name and path[at] in _SECTIONS]
    for section in (*told_by_path, *_SECTIONS):
        for policy in policies:
            if name in getattr(policy, section, {}):
                return format_html("<b>{}</b>", words.Names(policy).of(section, name))
    return _term(name)


_SECTIONS = ("purposes", "data", "recipients", "subjects")
_TABLES = (
    words.ARTICLE_6, words.ARTICLE_9, words.TYPES, words.SOURCES, words.SPECIALS, words.MASKS, words.CONSENT_KINDS,
    words.ROLES, words.ENDS, words.REGIMES, words.ERASURE_EXCEPTIONS, words.CHANGES, words.CCPA, words.HIPAA,
    words.GLBA, words.PLACES,
)  # fmt: skip


def _term(name: str) -> str:
    """Return what is no name of the policy in words: a time, a country, a moment, a word of a closed list."""
    if _PERIOD.match(name):
        return words.period(parse_period(name))
    if _COUNTRY.match(name):
        return words.country(name)
    for table in _TABLES:
        if name in table:
            return words.word(table, name)
    moment = name.removeprefix("year_end(").removesuffix(")")
    return words.moment(parse_moment(name)) if moment in words.MOMENTS else as_code(name)


def _value(value: str, show: Show) -> str:
    """Show what stands at a place that is not quoted: names in a list, a phrase of its own, or a single term."""
    if _LISTED.match(value):
        return _with_names(value, show)
    if _found(value) is not None or " " in value or "`" in value:
        return told(value, show)
    return conditional_escape(value if show is as_code else _term(value) if _is_term(value) else value)


def _is_term(value: str) -> bool:
    moment = value.removeprefix("year_end(").removesuffix(")")
    return (
        bool(_PERIOD.match(value) or _COUNTRY.match(value))
        or moment in words.MOMENTS
        or any(value in table for table in _TABLES)
    )


def _with_names(text: str, show: Show) -> SafeString:
    parts: list[str] = []
    at = 0
    for quoted in _QUOTED.finditer(text):
        parts += [conditional_escape(text[at : quoted.start()]), conditional_escape(show(quoted[1]))]
        at = quoted.end()
    return mark_safe("".join([*parts, conditional_escape(text[at:])]))  # noqa: S308  every part was escaped


def _is_german() -> bool:
    return (get_language() or "en").startswith("de")


@lru_cache(maxsize=2048)
def _found(sentence: str) -> tuple[Saying, tuple[str, ...]] | None:
    for saying in sayings():
        match = saying.pattern.match(sentence)
        if match is not None:
            return saying, match.groups()
    return None


@cache
def sayings() -> tuple[Saying, ...]:
    """Return every sentence, the one with the most fixed letters first."""
    table = tomllib.loads(files(__package__).joinpath("sayings.toml").read_text(encoding="utf-8"))
    ordered = sorted(table, key=lambda text: -len(_PLACE.sub("", text)))
    return tuple(Saying(_pattern(text), *_texts(text, table[text])) for text in ordered)


def _texts(code: str, said: str | dict[str, str]) -> tuple[str, str, str]:
    return (code, said["en"], said["de"]) if isinstance(said, dict) else (code, code, said)


def _pattern(text: str) -> re.Pattern[str]:
    parts = _PLACE.split(text)
    return re.compile("".join("(.*?)" if number % 2 else re.escape(part) for number, part in enumerate(parts)) + r"\Z")
