"""Masked forms of values. A mask shows no more than its name says, and never how long the value is.

Texts stay texts; a value of any other kind becomes None, so that typed callers never meet a text where a number was.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

DOTS = "•••"
_SHORTEST_FOR_LAST4 = 8
_MOST_INITIALS = 4
Mask = Callable[[Any], Any]


def hidden(value: Any) -> str | None:
    """Show nothing."""
    return DOTS if isinstance(value, str) else None


def last4(value: Any) -> str | None:
    """Show the last four characters, and nothing of a value so short that they would be half of it or more."""
    if not isinstance(value, str) or len(value) <= _SHORTEST_FOR_LAST4:
        return hidden(value)
    return DOTS + value[-4:]


def email(value: Any) -> str | None:
    """Show the first letter and the domain of an address; of a local part of one letter, the domain alone."""
    local, at, domain = value.rpartition("@") if isinstance(value, str) else ("", "", "")
    if not at:
        return hidden(value)
    return f"{local[0] if len(local) > 1 else ''}{DOTS}@{domain}"


def initials(value: Any) -> str | None:
    """Show the first letter of at most four words, each followed by a full stop."""
    if not isinstance(value, str):
        return None
    letters = [word[0] for word in value.split() if word[0].isalpha()]
    return " ".join(f"{letter}." for letter in letters[:_MOST_INITIALS]) or DOTS


def year(value: Any) -> str | None:
    """Show the year of an ISO date."""
    is_date = isinstance(value, str) and len(value) == 10 and value[4] == value[7] == "-" and value[:4].isdecimal()
    return str(value[:4]) if is_date else hidden(value)


def none(value: Any) -> Any:
    """Show everything: the policy says that this item needs no mask."""
    return value


MASKS: Mapping[str, Mask] = {
    "last4": last4,
    "email": email,
    "initials": initials,
    "year": year,
    "hidden": hidden,
    "none": none,
}


def mask_of(name: str) -> Mask:
    """Return the mask of that name; an unknown name hides everything."""
    return MASKS.get(name, hidden)
