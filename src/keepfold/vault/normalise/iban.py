"""Bank accounts (IBAN, ISO 13616): the structure per country from python-stdnum's table, and the check digits.

Lists of banks are not consulted, because they age and would refuse good accounts. One expression per country and one
division do what `stdnum.iban.validate(…, check_country=False)` does; a differential test holds the two together.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from stdnum import numdb

from keepfold.vault.normalise.base import Normaliser, Refusal, TypeOptions, require_text, too_long

_LONGEST = 60
_SEPARATORS = str.maketrans("", "", " -.")
_LETTERS = str.maketrans({chr(65 + n): str(10 + n) for n in range(26)})
_STRUCTURE = re.compile(r"([1-9][0-9]*)!([nac])")
_CLASSES = {"n": "[0-9]", "a": "[A-Z]", "c": "[A-Z0-9]"}
# Per country: the match of the structure, the country as digits, and whether accounts may hold letters.
_Rule = tuple[Callable[[str], Any], str, bool]
_rules: dict[str, _Rule | None] = {}


def iban(options: TypeOptions) -> Normaliser:
    """Return the normaliser of IBANs."""
    limit = options.max_length

    def normalise(raw: object, _region: str) -> str:
        number = raw if isinstance(raw, str) and len(raw) <= _LONGEST else require_text(raw, _LONGEST)
        if not number.isalnum():
            number = number.translate(_SEPARATORS).strip()
        number = number.upper()
        country = number[:2]
        rule = _rules[country] if country in _rules else _learn(country)
        if rule is None or not rule[0](number):
            raise Refusal("iban.malformed", "It is not an IBAN of the country that it names.")
        if _remainder(number, rule) != 1:
            raise Refusal("iban.checksum", "Its check digits are wrong: something was mistyped.")
        if len(number) > limit:
            raise too_long(limit)
        return number

    return normalise


def _remainder(number: str, rule: _Rule) -> int:
    """Return the remainder modulo 97 of the number with its head moved to the end (ISO 7064 MOD 97-10)."""
    _, country, has_letters = rule
    account = number[4:].translate(_LETTERS) if has_letters else number[4:]
    return int(account + country + number[2:4]) % 97


def _learn(country: str) -> _Rule | None:
    if not (len(country) == 2 and country.isascii() and country.isalpha()):
        return None
    structure = numdb.get("iban").info(country)[0][1].get("bban")
    rule = None
    if structure:
        body = _STRUCTURE.sub(lambda part: f"{_CLASSES[part[2]]}{{{part[1]}}}", structure)
        match = re.compile(rf"{country}[0-9]{{2}}{body}\Z").match
        rule = (match, country.translate(_LETTERS), "a" in structure or "c" in structure)
    _rules[country] = rule
    return rule
