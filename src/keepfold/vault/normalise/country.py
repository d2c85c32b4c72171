"""Countries to ISO 3166-1 alpha-2, from alpha-2, alpha-3 or a name in one of several languages.

Codes and English names come from `pycountry`, names in other languages from the CLDR data of Babel.
"""

from __future__ import annotations

from functools import cache

import pycountry
from babel import Locale

from keepfold.vault.normalise.base import Normaliser, Refusal, TypeOptions, nfc, require_text

_LANGUAGES = ("en", "de", "fr", "es", "it", "pt", "nl", "pl", "cs", "da", "sv", "nb", "fi")
# Names in common use that neither source lists.
_MORE = {
    "uk": "GB", "great britain": "GB", "england": "GB", "scotland": "GB", "wales": "GB", "northern ireland": "GB",
    "u.s.a.": "US", "u.s.": "US", "united states of america": "US", "america": "US",
    "czech republic": "CZ", "holland": "NL", "the netherlands": "NL", "russia": "RU", "south korea": "KR",
    "north korea": "KP", "ivory coast": "CI", "macedonia": "MK", "swaziland": "SZ", "burma": "MM",
    "cape verde": "CV", "east timor": "TL", "turkey": "TR", "vatican": "VA", "uae": "AE", "brasil": "BR",
}  # fmt: skip


def country(_options: TypeOptions) -> Normaliser:
    """Return the normaliser of countries."""
    codes = _codes()

    def normalise(raw: object, _region: str) -> str:
        if isinstance(raw, str) and raw in codes:
            return raw
        return _slow(raw)

    return normalise


@cache
def _codes() -> frozenset[str]:
    return frozenset(entry.alpha_2 for entry in pycountry.countries)


def _slow(raw: object) -> str:
    text = nfc(require_text(raw, 100)).casefold()
    found = _names().get(" ".join(text.split()))
    if found is None:
        raise Refusal("country.unknown", "It is not a country code (ISO 3166) or the name of a country.")
    return found


@cache
def _names() -> dict[str, str]:
    """Return every known name, folded, with its alpha-2 code. A name that two countries share is left out."""
    names: dict[str, str] = {}
    shared: set[str] = set()
    for name, code in _all_names():
        folded = " ".join(nfc(name).casefold().split())
        if names.setdefault(folded, code) != code:
            shared.add(folded)
    for folded in shared:
        del names[folded]
    for entry in pycountry.countries:  # codes win over names in any language
        names[entry.alpha_2.casefold()] = names[entry.alpha_3.casefold()] = entry.alpha_2
    return names | _MORE


def _all_names() -> list[tuple[str, str]]:
    found = []
    for entry in pycountry.countries:
        fields = (getattr(entry, field, None) for field in ("name", "official_name", "common_name"))
        found += [(name, entry.alpha_2) for name in fields if name]
    codes = _codes()
    for language in _LANGUAGES:
        territories = Locale(language).territories
        found += [(name, code) for code, name in territories.items() if code in codes]
    return found
