"""Postal codes: letters, digits, hyphens, upper case, single spaces. Formats per country differ too much for more."""

from __future__ import annotations

import re

from keepfold.vault.normalise.base import Normaliser, Refusal, TypeOptions, require_text, wrong_type

_LONGEST = 12
_FAST = re.compile(r"[A-Z0-9]+(?:[ -][A-Z0-9]+)*\Z").match


def postcode(options: TypeOptions) -> Normaliser:
    """Return the normaliser of postal codes."""
    limit = min(options.max_length, _LONGEST)

    def normalise(raw: object, _region: str) -> str:
        if isinstance(raw, str) and len(raw) <= limit and _FAST(raw):
            return raw
        return _slow(raw, limit)

    return normalise


def _slow(raw: object, limit: int) -> str:
    if isinstance(raw, int):
        raise wrong_type("a text; a number loses its leading zeros")
    value = " ".join(require_text(raw, 40).split())
    if not value.isascii():
        raise Refusal("postcode.malformed", "It is not a postal code.")
    value = value.upper()
    if len(value) > limit or not _FAST(value):
        raise Refusal("postcode.malformed", "It is not a postal code.")
    return value
