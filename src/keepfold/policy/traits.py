"""What each data type brings along: its greatest length, its masks, how it is normalised, whether it may be indexed."""

from __future__ import annotations

COMPOUND_TYPES = frozenset({"list", "structure"})

# Characters. E-mail: RFC 5321 section 4.5.3.1.3 (256 with the angle brackets); phone: room for what people type
# around the 15 digits of E.164; card: ISO/IEC 7812 and spaces; IBAN: ISO 13616 and spaces.
DEFAULT_LENGTH = {
    "text": 1000,
    "name": 200,
    "email": 254,
    "phone": 40,
    "date": 10,
    "number": 32,
    "boolean": 5,
    "country": 60,
    "postcode": 16,
    "card": 26,
    "iban": 42,
    "list": 1000,
    "structure": 1000,
}
DEFAULT_ITEMS = 100

_ANY = frozenset({"hidden", "none"})
MASKS_OF = {
    "text": _ANY | {"last4", "initials"},
    "name": _ANY | {"initials"},
    "email": _ANY | {"email"},
    "phone": _ANY | {"last4"},
    "date": _ANY | {"year"},
    "number": _ANY | {"last4"},
    "boolean": _ANY,
    "country": _ANY,
    "postcode": _ANY,
    "card": _ANY | {"last4"},
    "iban": _ANY | {"last4"},
    "list": _ANY,
    "structure": _ANY,
}
DEFAULT_MASK = {
    "name": "initials",
    "email": "email",
    "phone": "last4",
    "date": "year",
    "card": "last4",
    "iban": "last4",
}

# Part of what an index is: another way to normalise is another index (vault.md 5.3).
NORMALISATION = {name: f"{name}/1" for name in DEFAULT_LENGTH}

# vault.md 5.3: high entropy may carry an exact tag; values that repeat show their frequency to whoever holds the
# database; few values, or a skewed spread, give the values themselves away.
INDEX_SAFE = frozenset({"email", "phone", "card", "iban"})
INDEX_IF_UNIQUE = frozenset({"text", "name", "number", "postcode"})
