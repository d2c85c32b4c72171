"""Bank accounts (IBAN, ISO 13616) by python-stdnum: structure per country, check digits, national checks.

For countries without a national check of their own the same table gives one expression per country and the
remainder modulo 97 is taken in one division; the others go through the library.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from stdnum import iban as stdnum_iban
from stdnum import numdb
from stdnum.exceptions import InvalidChecksum, ValidationError
from stdnum.util import get_cc_module

from keepfold.vault.normalise.base import Normaliser, Refusal, TypeOptions, require_text, too_long

_SEPARATORS = str.maketrans("", "", " -.")
_LETTERS = str.maketrans({chr(65 + n): str(10 + n) for n in range(26)})
_STRUCTURE = re.compile(r"([1-9][0-9]*)!([nac])")
_CLASSES = {"n": "[0-9]", "a": "[A-Z]", "c": "[A-Z0-9]"}
_matchers: dict[str, Callable[[str], Any] | None] = {}


def iban(options: TypeOptions) -> Normaliser:
    """Return the normaliser of IBANs."""
    limit = options.max_length

    def normalise(raw: object, _region: str) -> str:
        text = raw if isinstance(raw, str) and len(raw) <= 60 else require_text(raw, 60)
        number = text.translate(_SEPARATORS).upper()
        country = number[:2]
        matches = _matchers[country] if country in _matchers else _learn(country)
        if matches is not None and matches(number) and _remainder(number) == 1 and len(number) <= limit:
            return number
        return _slow(number, limit)

    return normalise


def _remainder(number: str) -> int:
    return int((number[4:] + number[:4]).translate(_LETTERS)) % 97


def _learn(country: str) -> Callable[[str], Any] | None:
    if not (len(country) == 2 and country.isascii() and country.isalpha()):
        return None
    info = numdb.get("iban").info(country)[0][1]
    matcher = None
    if info.get("bban") and get_cc_module(country.lower(), "iban") is None:
        body = _STRUCTURE.sub(lambda part: f"{_CLASSES[part[2]]}{{{part[1]}}}", info["bban"])
        matcher = re.compile(rf"{country}[0-9]{{2}}{body}\Z").match
    _matchers[country] = matcher
    return matcher


def _slow(number: str, limit: int) -> str:
    if not (number.isascii() and number.isalnum()):
        raise Refusal("iban.malformed", "It is not an IBAN.")
    try:
        value = str(stdnum_iban.validate(number))
    except InvalidChecksum:
        raise Refusal("iban.checksum", "Its check digits are wrong: something was mistyped.") from None
    except ValidationError:
        raise Refusal("iban.malformed", "It is not an IBAN of the country that it names.") from None
    if len(value) > limit:
        raise too_long(limit)
    return value
