"""Numbers: whole numbers of 64 bits, and decimals of at most 15 significant digits, which a double keeps exactly.

Texts are read in the plain form `-1234.5`; separators of thousands and decimal commas are refused as ambiguous.
"""

from __future__ import annotations

import math
import re
from decimal import Decimal

from keepfold.vault.normalise.base import Normaliser, Refusal, TypeOptions, require_text, too_long, wrong_type

_SHAPE = re.compile(r"[+-]?[0-9]{1,40}(?:\.[0-9]{1,40})?\Z").match
_LOWEST, _HIGHEST = -(2**63), 2**63 - 1
_EXACT_DIGITS = 15


def number(options: TypeOptions) -> Normaliser:
    """Return the normaliser of numbers."""
    limit = options.max_length

    def normalise(raw: object, _region: str) -> int | float:
        value = _read(raw)
        if isinstance(value, int) and not _LOWEST <= value <= _HIGHEST:
            raise Refusal("number.out-of-range", "It is too large: whole numbers have 64 bits.")
        if len(str(value)) > limit:
            raise too_long(limit)
        return value

    return normalise


def _read(raw: object) -> int | float:
    if isinstance(raw, bool):
        raise wrong_type("a number")
    if isinstance(raw, int):
        return raw
    if isinstance(raw, float):
        return _from_float(raw)
    if isinstance(raw, Decimal):
        return _from_decimal(raw)
    text = require_text(raw, 90) if isinstance(raw, str) else ""
    if not _SHAPE(text):
        raise Refusal("number.malformed", "It is not a number of the plain form -1234.5.")
    return int(text) if "." not in text else _from_decimal(Decimal(text))


def _from_float(raw: float) -> float:
    if not math.isfinite(raw):
        raise Refusal("number.malformed", "It is not a finite number.")
    return raw


def _from_decimal(raw: Decimal) -> int | float:
    if not raw.is_finite():
        raise Refusal("number.malformed", "It is not a finite number.")
    if raw.adjusted() > 20 or raw.adjusted() < -30:
        raise Refusal("number.out-of-range", "It is too large or too small.")
    if raw == raw.to_integral_value():
        return int(raw)
    if len(raw.normalize().as_tuple().digits) > _EXACT_DIGITS:
        raise Refusal("number.too-precise", f"It has more than {_EXACT_DIGITS} significant digits.")
    return float(raw)
