"""Free text and names: NFC, trimmed, no control, direction-control or invisible characters, a limit of length.

A text may have line breaks and tabs; a name may not, and its inner spaces are made single.
"""

from __future__ import annotations

import re
import unicodedata

from keepfold.vault.normalise.base import (
    Normaliser,
    TypeOptions,
    check_characters,
    empty,
    nfc,
    too_long,
    wrong_type,
)

_SPACES = re.compile(r"\s+")
_BREAKS = str.maketrans("", "", "\n\t")


def text(options: TypeOptions) -> Normaliser:
    """Return the normaliser of free text."""
    limit = options.max_length

    def normalise(raw: object, _region: str) -> str:
        if isinstance(raw, str) and 0 < len(raw) <= limit and raw[0] != " " != raw[-1] and _is_plain(raw):
            return raw
        return _slow_text(raw, limit)

    return normalise


def name(options: TypeOptions) -> Normaliser:
    """Return the normaliser of names and other texts of one line."""
    limit = options.max_length

    def normalise(raw: object, _region: str) -> str:
        if (
            isinstance(raw, str)
            and 0 < len(raw) <= limit
            and raw[0] != " " != raw[-1]
            and "  " not in raw
            and _is_plain(raw)
        ):
            return raw
        return _slow_name(raw, limit)

    return normalise


def _is_plain(raw: str) -> bool:
    # `isprintable` is false for every control and format character, so what passes here needs no further look.
    return raw.isprintable() and (raw.isascii() or unicodedata.is_normalized("NFC", raw))


def _slow_text(raw: object, limit: int) -> str:
    value = nfc(_bounded(raw, limit).replace("\r\n", "\n").replace("\r", "\n")).strip()
    check_characters(value.translate(_BREAKS))
    return _fits(value, limit)


def _slow_name(raw: object, limit: int) -> str:
    value = nfc(_bounded(raw, limit)).strip()
    check_characters(value)
    return _fits(_SPACES.sub(" ", value), limit)


def _bounded(raw: object, limit: int) -> str:
    if not isinstance(raw, str):
        raise wrong_type("a text")
    if len(raw) > 4 * limit + 100:
        raise too_long(limit)
    return raw


def _fits(value: str, limit: int) -> str:
    if not value:
        raise empty()
    if len(value) > limit:
        raise too_long(limit)
    return value
