"""What changes for customers between two policies: each difference in words, and how many people it concerns."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from keepfold.policy.console import sayings, words
from keepfold.policy.format.document import Policy
from keepfold.policy.types import Change, Effect, Reach
from keepfold.ui import say

_ORDER: tuple[Effect, ...] = ("wider", "narrower", "neutral")


class Row(NamedTuple):
    """One difference: its effect, the sentence as markup, whom it concerns, and whether people hear of it before."""

    effect: Effect
    text: SafeString
    affected: str
    material: bool
    path: str


class Comparison(NamedTuple):
    """Everything between two policies. `same` says what did not change; `material` and `wider` sum up."""

    rows: list[Row]
    same: str
    material: bool
    wider: bool


def comparison(old: Policy, new: Policy, found: Iterable[Change], reach: Reach) -> Comparison:
    """Return the differences in words, what widens first."""
    listed = sorted(found, key=lambda change: (_ORDER.index(change.effect), not change.material))
    rows = [_row(old, new, change, reach) for change in listed]
    return Comparison(
        rows=rows,
        same=_same(old, new, listed),
        material=any(row.material for row in rows),
        wider=any(row.effect == "wider" for row in rows),
    )


def _row(old: Policy, new: Policy, change: Change, reach: Reach) -> Row:
    text = sayings.told(change.sentence, sayings.as_label(new, old, path=change.path))
    return Row(change.effect, text, _affected(old, new, change, reach), change.material, change.path)


def _affected(old: Policy, new: Policy, change: Change, reach: Reach) -> str:
    """Return whom a difference concerns: those who agreed to its purposes, or everybody who is held."""
    if change.path.split(".")[0] in {"examples", "assess_when", "policy", "effective_from"}:
        return ""
    if change.kind == "purpose.added":
        purpose = new.purposes.get(change.purposes[0]) if change.purposes else None
        if purpose is not None and purpose.consent is not None:
            return _("Nobody has agreed to it yet; it opens nothing until somebody does.")
        return _held(reach)
    asked = [name for name in change.purposes if _asks(old, name) or _asks(new, name)]
    if not change.purposes or len(asked) != len(change.purposes):
        return _held(reach)
    # To a purpose that is not in force yet nobody can have agreed.
    return " ".join(_agreed(words.Names(old), name, reach) for name in asked if name in old.purposes)


def _asks(policy: Policy, purpose: str) -> bool:
    spec = policy.purposes.get(purpose)
    return spec is not None and spec.consent is not None


def _agreed(names: words.Names, purpose: str, reach: Reach) -> str:
    if reach.agreed is None:
        return _("Unknown how many agreed: nobody counts them here.")
    number = reach.agreed.get(purpose, 0)
    sentence = ngettext("%(shown)s person agreed to: %(purpose)s.", "%(shown)s people agreed to: %(purpose)s.", number)
    return sentence % {"shown": say.num(number), "purpose": names.purpose(purpose)}


def _held(reach: Reach) -> str:
    if reach.held is None:
        return _("Unknown how many people are held.")
    sentence = ngettext("%(shown)s person is held.", "%(shown)s people are held.", reach.held)
    return sentence % {"shown": say.num(reach.held)}


def _same(old: Policy, new: Policy, found: Iterable[Change]) -> str:
    changes = list(found)
    touched = {change.path.split(".")[1] for change in changes if change.path.count(".")}
    purposes = sum(name in old.purposes and name not in touched for name in new.purposes)
    items = sum(name in old.data and name not in touched for name in new.data)
    parts = [
        ngettext("%(number)s purpose", "%(number)s purposes", purposes) % {"number": purposes},
        ngettext("%(number)s kind of data", "%(number)s kinds of data", items) % {"number": items},
    ]
    return words.listed(parts)
