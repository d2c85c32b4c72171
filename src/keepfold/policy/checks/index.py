"""Blind indexes: available, and safe (vault.md section 5.3)."""

from __future__ import annotations

from collections.abc import Iterator

from keepfold.policy.checks.base import Found, check
from keepfold.policy.format.document import DataItem, Policy
from keepfold.policy.format.sugar import IndexWish
from keepfold.policy.traits import INDEX_IF_UNIQUE, INDEX_SAFE

_OPTIONS = {"prefix": {"length"}, "compound": {"compound"}}
_AVAILABLE = frozenset({"exact"})


@check("index.not-available", "The index form is one that this release can build: `exact`.")
def not_available(policy: Policy) -> Iterator[Found]:
    """Refuse a form that would silently find nothing."""
    for path, _, wish in _wishes(policy):
        if wish.form not in _AVAILABLE:
            message = f"The index form `{wish.form}` is part of the format, but this release cannot build it yet."
            yield Found(path, message, "Use `exact`, or leave the index out until it is available.")


@check("index.unsafe", "No index on few or skewed values: yes/no, countries, dates, lists, special categories.")
def unsafe(policy: Policy) -> Iterator[Found]:
    """Refuse an index whose tags give the values away by counting."""
    for path, item, wish in _wishes(policy):
        if wish.form != "exact":
            continue
        if item.type not in INDEX_SAFE | INDEX_IF_UNIQUE:
            yield Found(path, f"An index on a {item.type} alone gives its values away by counting.", "Leave it out.")
        elif item.special:
            yield Found(path, "An index on special data would show who shares it.", "Leave it out.")


@check("index.equality-leak", "An exact index on repeated values (names, postcodes, texts) needs `unique: true`.")
def equality_leak(policy: Policy) -> Iterator[Found]:
    """Refuse an index that shows how often each value occurs."""
    for path, item, wish in _wishes(policy):
        if wish.form == "exact" and item.type in INDEX_IF_UNIQUE and not (wish.unique or item.identity):
            message = f"An exact index on a {item.type} shows how often each value occurs."
            yield Found(path, message, "Say `index: {form: exact, unique: true}` when no two people share a value.")


@check("index.repeated", "No index form is declared twice for one data item.")
def repeated(policy: Policy) -> Iterator[Found]:
    """Refuse the same index twice."""
    for name, item in policy.data.items():
        forms = [(wish.form, wish.length, wish.compound) for wish in item.index]
        if len(forms) != len(set(forms)):
            yield Found(("data", name, "index"), f"`{name}` declares the same index twice.")


@check("index.options", "`length` belongs to `prefix`, `with` to `compound`, and both need theirs.")
def options(policy: Policy) -> Iterator[Found]:
    """Refuse options that mean nothing for the form."""
    for path, _, wish in _wishes(policy):
        given = {name for name in ("length", "compound") if getattr(wish, name)}
        if given != _OPTIONS.get(wish.form, set()):
            yield Found(path, f"The options of this `{wish.form}` index do not fit it.")


def _wishes(policy: Policy) -> Iterator[tuple[tuple[str, ...], DataItem, IndexWish]]:
    for name, item in policy.data.items():
        for number, wish in enumerate(item.index):
            yield ("data", name, "index", str(number)), item, wish
