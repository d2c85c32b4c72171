"""Payment card numbers: 12 to 19 digits (ISO/IEC 7812-1) whose Luhn sum is right; spaces and dashes are dropped."""

from __future__ import annotations

from keepfold.vault.normalise.base import Normaliser, Refusal, TypeOptions, require_text

_SEPARATORS = str.maketrans("", "", " -")
_PLAIN = bytes.maketrans(b"0123456789", bytes(range(10)))
_DOUBLED = bytes.maketrans(b"0123456789", bytes((0, 2, 4, 6, 8, 1, 3, 5, 7, 9)))


def card(options: TypeOptions) -> Normaliser:
    """Return the normaliser of card numbers."""
    limit = min(options.max_length, 19)

    def normalise(raw: object, _region: str) -> str:
        text = raw if isinstance(raw, str) and len(raw) <= 40 else require_text(raw, 40)
        digits = text.strip().translate(_SEPARATORS)
        if not (12 <= len(digits) <= limit and digits.isascii() and digits.isdecimal()):
            raise Refusal("card.malformed", "It is not a card number of 12 to 19 digits.")
        if not luhn(digits):
            raise Refusal("card.checksum", "Its check digit is wrong: a digit was mistyped.")
        return digits

    return normalise


def luhn(digits: str) -> bool:
    """Say whether the Luhn sum of ASCII digits is a multiple of ten (ISO/IEC 7812-1 annex B)."""
    raw = digits.encode()
    return (sum(raw[-1::-2].translate(_PLAIN)) + sum(raw[-2::-2].translate(_DOUBLED))) % 10 == 0
