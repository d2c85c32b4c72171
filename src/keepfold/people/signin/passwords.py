"""Whether a password is taken, and if not, why not and what to do instead."""

from __future__ import annotations

import gzip
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import NamedTuple

import django.contrib.auth
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from zxcvbn_rs_py import Warning as Weakness
from zxcvbn_rs_py import zxcvbn

from keepfold.kernel import config
from keepfold.people.hashers import normalised
from keepfold.people.models import Staff
from keepfold.people.signin import place, rules

# From the drawing that made it famous (xkcd.com/936), and its kin.
_FAMOUS = frozenset({"correct horse battery staple", "correcthorsebatterystaple", "thisisaverylongpassword"})

_WHY: dict[rules.Reason, str | Promise] = {
    "long": _("Use at most 256 characters."),
    "common": _("Attackers try this password first. Use something that nobody has published."),
    "context": _("This is mostly made of names that belong to you or to this place. Add words that do not."),
    "guessable": _("A program would guess this quickly. Several words that do not belong together are harder."),
}
# The library's weaknesses have no hash, so that they cannot be keys.
_HOW: tuple[tuple[Weakness, str | Promise], ...] = (
    (Weakness.StraightRowsOfKeysAreEasyToGuess, _("Rows of keys are quickly guessed. Use several words instead.")),
    (Weakness.ShortKeyboardPatternsAreEasyToGuess, _("Patterns of keys are quickly guessed. Use words instead.")),
    (Weakness.RepeatsLikeAaaAreEasyToGuess, _("Repeated characters add little. Use several different words.")),
    (Weakness.RepeatsLikeAbcAbcAreOnlySlightlyHarderToGuess, _("Repeated words add little. Use different ones.")),
    (Weakness.SequencesLikeAbcAreEasyToGuess, _("Sequences such as abc or 6543 are quickly guessed. Use words.")),
    (Weakness.RecentYearsAreEasyToGuess, _("Years are quickly guessed. Use words that do not belong together.")),
    (Weakness.DatesAreOftenEasyToGuess, _("Dates are quickly guessed. Use words that do not belong together.")),
)


class Refusal(NamedTuple):
    """Why a password is not taken. The first sentence says what is wrong, the next what to do."""

    reason: rules.Reason
    text: str | Promise


def problem(password: str, member: Staff | None, *, has_factor: bool) -> Refusal | None:
    """Return why this cannot be a member's password, or None when it can."""
    plain = normalised(password)
    length = rules.length_problem(plain, has_factor=has_factor)
    if length is not None:
        return Refusal(length, _too_short(has_factor=has_factor) if length == "short" else _WHY[length])
    words = context(member)
    if rules.is_listed(plain, _listed()):
        return Refusal("common", _WHY["common"])
    if rules.is_mostly(plain, words):
        return Refusal("context", _WHY["context"])
    return _estimate(plain, words)


def _too_short(*, has_factor: bool) -> str | Promise:
    if has_factor:
        return _("Use at least 8 characters.")
    return _("Use at least 15 characters: several words make a password that is long and easy to keep in mind.")


def _estimate(plain: str, words: Sequence[str]) -> Refusal | None:
    found = zxcvbn(plain[: rules.LOOKED_AT], list(words))
    if int(found.score) >= rules.ENOUGH:
        return None
    weakness = found.feedback.warning if found.feedback else None
    how = next((text for known, text in _HOW if known == weakness), _WHY["guessable"])
    return Refusal("guessable", how)


def context(member: Staff | None) -> tuple[str, ...]:
    """Return the words that everybody connects with this place and this person."""
    own = (member.name, member.email) if member else ()
    return rules.words_of("keepfold", config.current().public_host, place.business(), *own)


@cache
def _listed() -> frozenset[str]:
    """Return Django's list of common passwords; zxcvbn brings its own."""
    file = Path(django.contrib.auth.__file__).with_name("common-passwords.txt.gz")
    with gzip.open(file, "rt", encoding="utf-8") as lines:
        return _FAMOUS | {line.strip() for line in lines}
