"""What values look like. Pure; looks at a sample, keeps nothing but shares between 0 and 1."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from functools import lru_cache
from typing import Any

import pycountry
from stdnum import iban, luhn

Test = Callable[[str], bool]
_EMAIL = re.compile(r"[^@\s<>]+@[^@\s<>]+\.[^@\s<>.]{2,}")
_PHONE = re.compile(r"(?:\+|00)?[\d\s()./-]{6,24}(?:\s*(?:x|ext\.?)\s*\d{1,6})?")
# What only a telephone number looks like: a country code, an area in brackets, groups that are not ddd-dd-dddd.
_SURELY_PHONE = re.compile(r"(?:\+|00)\d[\d\s()./-]{6,}|\(\d{2,5}\)[\d\s-]{5,}|\d{2,4}[ -]\d{3,4}[ -]\d{2,}.*")
_DATE = re.compile(r"\d{4}-\d\d?-\d\d?(?:[T ].*)?|\d\d?[./-]\d\d?[./-](?:\d{4}|\d\d)|\d{4}/\d\d?/\d\d?")
_IBAN = re.compile(r"[A-Z]{2}\d{2}(?:\s?[A-Z0-9]){11,30}")
_CARD = re.compile(r"\d(?:[ -]?\d){12,18}")
_NUMBER = re.compile(r"[+-]?\d+(?:[.,]\d+)?")
_POSTCODE = re.compile(r"(?=.*\d)[A-Z0-9][A-Z0-9 -]{2,9}", re.IGNORECASE)
_NAME = re.compile(r"[^\W\d_]+(?:[ .'’-]+[^\W\d_]+){0,5}\.?")
_BOOLEAN = frozenset(("true", "false", "yes", "no", "0", "1", "t", "f", "y", "n", "ja", "nein", "oui", "non", "si"))
# Names that people write and the standard does not list.
_COUNTRY_NAMES = (
    "usa,uk,england,scotland,wales,russia,south korea,north korea,iran,syria,vietnam,taiwan,bolivia,venezuela,tanzania,"
    "moldova,laos,brunei,czech republic,united states,holland,great britain,turkey,deutschland,österreich,schweiz,"
    "frankreich,italien,spanien,niederlande"
)


def _is_iban(text: str) -> bool:
    return bool(_IBAN.fullmatch(text.upper())) and bool(iban.is_valid(text))


def _is_card(text: str) -> bool:
    return bool(_CARD.fullmatch(text)) and bool(luhn.is_valid(re.sub(r"[ -]", "", text)))


def _is_phone(text: str) -> bool:
    digits = sum(letter.isdigit() for letter in text)
    return 7 <= digits <= 15 and bool(_PHONE.fullmatch(text)) and not _DATE.fullmatch(text)


def is_country(text: str) -> bool:
    """Return whether a text is the name or the code of a country."""
    return text.casefold() in _countries()


@lru_cache(maxsize=1)
def _countries() -> frozenset[str]:
    names = set(_COUNTRY_NAMES.split(","))
    for country in pycountry.countries:
        fields = ("name", "alpha_2", "alpha_3", "common_name", "official_name")
        names |= {str(getattr(country, field)).casefold() for field in fields if hasattr(country, field)}
    return frozenset(names)


TESTS: Mapping[str, Test] = {
    "email": lambda text: bool(_EMAIL.fullmatch(text)),
    "phone": _is_phone,
    "date": lambda text: bool(_DATE.fullmatch(text)),
    "iban": _is_iban,
    "card": _is_card,
    "country": is_country,
    "number": lambda text: bool(_NUMBER.fullmatch(text)),
    "boolean": lambda text: text.casefold() in _BOOLEAN,
    "postcode": lambda text: bool(_POSTCODE.fullmatch(text)),
    "name": lambda text: bool(_NAME.fullmatch(text)) and len(text) <= 60,
    # For columns whose name says nothing: two letters may be a country, a state of the USA or a no.
    "surely phone": lambda text: _is_phone(text) and bool(_SURELY_PHONE.fullmatch(text)),
    "surely country": lambda text: len(text) > 3 and is_country(text),
}
SAID: Mapping[str, str] = {
    "email": "e-mail addresses",
    "phone": "phone numbers",
    "date": "dates",
    "iban": "IBANs",
    "card": "payment card numbers",
    "country": "countries",
    "number": "numbers",
    "boolean": "yes or no",
    "postcode": "postcodes",
    "name": "names",
}
# Types whose values can be told by looking at them, so that a name alone is not believed.
TELLING = frozenset(("email", "phone", "date", "iban", "card", "country", "number", "boolean"))


def shares(values: Iterable[Any]) -> dict[str, float]:
    """Return, for each kind, which share of the values that are not empty looks like it; empty without such values."""
    texts = [text for value in values if (text := as_text(value))]
    if not texts:
        return {}
    return {kind: sum(map(test, texts)) / len(texts) for kind, test in TESTS.items()}


def as_text(value: Any) -> str:
    """Return a value as the text that people would write for it; empty for nothing and for nested values."""
    if isinstance(value, str):
        return value.strip()
    if value is None or isinstance(value, bytes | list | dict):
        return ""
    return value.isoformat() if isinstance(value, date) else str(value)


def looks_like(found: Mapping[str, float]) -> str | None:
    """Return the kind that nearly all values look like, the most telling one first."""
    for kind in ("email", "iban", "card", "date", "boolean", "country", "phone", "number", "postcode", "name"):
        if found.get(kind, 0.0) >= 0.8:
            return kind
    return None


def column_shares(width: int, rows: Sequence[Sequence[Any]]) -> list[dict[str, float]]:
    """Return the shares of every column of a sample."""
    return [shares(row[place] for row in rows) for place in range(width)]
