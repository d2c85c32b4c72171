"""Phone numbers to E.164 (ITU-T E.164) by the `phonenumbers` library.

A number is accepted when its length is possible in its country; whether it is assigned is not asked, because
numbering plans change faster than any table of them. Numbers written with `+` and a country code take a fast path
that consults the library's own metadata; national forms go through the library with the region of the record.

A policy may ask for the check `shape`, for tables that were filled before anybody checked: then a number written with
`+` and a known country code passes with any length that E.164 permits, even if its country has no such numbers.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from phonenumbers import (
    COUNTRY_CODE_TO_REGION_CODE,
    NumberParseException,
    PhoneMetadata,
    PhoneNumber,
    PhoneNumberFormat,
    ValidationResult,
    format_number,
    is_possible_number_with_reason,
    parse,
)

from keepfold.vault.normalise.base import Normaliser, Refusal, TypeOptions, require_text, too_long, wrong_type

_MAX_LENGTH = 40
_FEWEST_DIGITS, _MOST_DIGITS = 7, 15
_PLUS = "+\uff0b"
_PUNCTUATION = str.maketrans("", "", " -().")
_Plan = tuple[frozenset[int], Callable[[str], Any] | None]
_plans: dict[str, _Plan | None] = {}
# The library would take letters for digits (1-800-FLOWERS) and extensions; a contact number here has neither.
_SHAPE = re.compile(r"[+\uff0b]?[\d\s()./\-\u2010-\u2015\u2212\u00a0\u2060]+\Z").match


def phone(options: TypeOptions) -> Normaliser:
    """Return the normaliser of phone numbers."""
    limit, by_plan = options.max_length, options.check == "plan"

    def normalise(raw: object, region: str) -> str:
        if isinstance(raw, str) and raw[:1] == "+" and len(raw) <= _MAX_LENGTH:
            digits = raw[1:]
            if not digits.isdecimal():
                digits = digits.translate(_PUNCTUATION)
            if digits.isascii() and digits.isdecimal() and _is_plain(digits) and len(digits) < limit:
                return "+" + digits
        return _slow(raw, region, limit, by_plan=by_plan)

    return normalise


def _is_plain(digits: str) -> bool:
    """Say whether these digits are a country code and a number that the library would leave as they are."""
    for width in (2, 1, 3):
        code = digits[:width]
        plan = _plans[code] if code in _plans else _learn(code)
        if plan is not None:
            lengths, prefix = plan
            rest = digits[width:]
            return len(rest) in lengths and not (prefix is not None and prefix(rest))
    return False


def _learn(code: str) -> _Plan | None:
    plan = None
    regions = COUNTRY_CODE_TO_REGION_CODE.get(int(code)) if code[0] != "0" else None
    if regions:
        metadata = _metadata(code, regions[0])
        if metadata is not None and metadata.general_desc is not None:
            prefix = metadata.national_prefix_for_parsing
            lengths = frozenset(metadata.general_desc.possible_length)
            plan = (lengths, re.compile(prefix).match if prefix else None)
    _plans[code] = plan
    return plan


def _metadata(code: str, region: str) -> PhoneMetadata | None:
    if region == "001":  # a non-geographical code such as +800
        return PhoneMetadata.metadata_for_nongeo_region(int(code), None)
    return PhoneMetadata.metadata_for_region(region, None)


def _slow(raw: object, region: str, limit: int, *, by_plan: bool) -> str:
    if isinstance(raw, int) and not isinstance(raw, bool):
        raise wrong_type("a text; a number loses its leading zeros")
    text = require_text(raw, _MAX_LENGTH)
    if not _SHAPE(text):
        raise Refusal("phone.malformed", "It is not a phone number.")
    number = _parse(text, region)
    value = format_number(number, PhoneNumberFormat.E164)
    possible = is_possible_number_with_reason(number) == ValidationResult.IS_POSSIBLE
    if not possible and (by_plan or not _is_e164(text, value)):
        raise Refusal("phone.not-possible", "No phone number of that country has this many digits.")
    if len(value) > limit:
        raise too_long(limit)
    return value


def _is_e164(text: str, value: str) -> bool:
    """Say whether it was written with its country code and has 7 to 15 digits (ITU-T E.164 section 6)."""
    return text[0] in _PLUS and _FEWEST_DIGITS < len(value) <= _MOST_DIGITS + 1


def _parse(text: str, region: str) -> PhoneNumber:
    try:
        return parse(text, region or None)
    except NumberParseException as error:
        if error.error_type == NumberParseException.INVALID_COUNTRY_CODE and not region and text[0] not in _PLUS:
            message = "It has no country code, and the record does not say which country it is of."
            raise Refusal("phone.no-country", message) from None
        raise Refusal("phone.malformed", "It is not a phone number.") from None
