"""Differences of data items."""

from __future__ import annotations

from collections.abc import Iterator

from keepfold.policy.compile import purposes_of
from keepfold.policy.diff.base import Draft, leftovers, pairs
from keepfold.policy.format.document import DataItem, Policy
from keepfold.policy.traits import DEFAULT_LENGTH
from keepfold.policy.types import Effect

_LOOKED_AT = frozenset({
    "label", "was", "special", "export", "isolate", "identity", "index", "mask", "max_length", "check", "source",
    "may_name_others", "compartment", "type",
})  # fmt: skip
# From what people give themselves to what is found out without them.
_SOURCES = ("subject", "observed", "derived", "inferred", "third_party")


def data_changes(old: Policy, new: Policy) -> Iterator[Draft]:
    """Yield every difference of the data items."""
    for before, old_item, name, new_item in pairs(old.data, new.data):
        purposes = purposes_of(new if new_item is not None else old, name if new_item is not None else before)
        for draft in _item(before, old_item, name, new_item):
            yield Draft(draft.kind, draft.effect, draft.path, draft.sentence, purposes)


def _item(before: str, old: DataItem | None, name: str, new: DataItem | None) -> Iterator[Draft]:
    path = f"data.{name}"
    if new is None:
        yield Draft("data.removed", "narrower", path, f"`{name}` is no longer collected.")
    elif old is None:
        special = f", a special category ({new.special})" if new.special else ""
        yield Draft("data.added", "wider", path, f"`{name}` is collected{special}.")
    else:
        if before != name:
            yield Draft("data.renamed", "neutral", path, f"`{before}` is now called `{name}`.")
        yield from _protection(path, name, old, new)
        yield from _extent(path, name, old, new)
        if old.label != new.label:
            yield Draft("label.changed", "neutral", f"{path}.label", f"`{name}` is described in other words.")
        yield from leftovers("data.changed", path, old, new, _LOOKED_AT, f"`{name}`")


def _protection(path: str, name: str, old: DataItem, new: DataItem) -> Iterator[Draft]:
    if old.isolate != new.isolate:
        how = "apart" if new.isolate else "together with its compartment"
        yield _sided(path, "isolate", f"`{name}` is sealed {how}.", wider=old.isolate)
    if old.type != new.type:
        sentence = (
            f"`{name}` is of the type `{new.type}` instead of `{old.type}`. "
            "While people are held, such a version is not activated."
        )
        yield Draft("data.changed", "neutral", f"{path}.type", sentence)
    if old.compartment != new.compartment:
        sentence = (
            f"`{name}` is sealed in the compartment `{new.compartment}` instead of `{old.compartment}`. "
            "While people are held, such a version is not activated."
        )
        yield Draft("data.moved", "neutral", f"{path}.compartment", sentence)
    if old.export != new.export:
        how = "shown in full" if new.export == "full" else "only described"
        yield _sided(path, "export", f"`{name}` is {how} in an export.", wider=new.export == "full")
    if old.mask != new.mask:
        sentence = f"`{name}` is masked as `{new.mask or 'usual'}`."
        yield _sided(path, "mask", sentence, wider=new.mask == "none", narrower=old.mask == "none")
    if old.may_name_others != new.may_name_others:
        yield _sided(
            path, "may_name_others", f"Whether `{name}` may name others was changed.", wider=old.may_name_others
        )


def _extent(path: str, name: str, old: DataItem, new: DataItem) -> Iterator[Draft]:
    if old.special != new.special:
        sentence = f"`{name}` is {f'special data ({new.special})' if new.special else 'no longer special data'}."
        yield _sided(path, "special", sentence, wider=True)
    if old.identity != new.identity:
        sentence = f"`{name}` {'identifies' if new.identity else 'no longer identifies'} people."
        yield _sided(path, "identity", sentence, wider=new.identity)
    if old.index != new.index:
        sentence = f"`{name}` can be searched {'in other ways' if new.index else 'no longer'}."
        if set(new.index) - set(old.index):
            sentence += " After the activation, who is in the vault already is added; until then nobody is found by it."
        yield _sided(path, "index", sentence, wider=bool(set(new.index) - set(old.index)))
    if old.source != new.source:
        wider = _SOURCES.index(new.source) > _SOURCES.index(old.source)
        yield _sided(path, "source", f"`{name}` comes from `{new.source}`, no longer from `{old.source}`.", wider=wider)
    was, is_ = old.max_length or DEFAULT_LENGTH[old.type], new.max_length or DEFAULT_LENGTH[new.type]
    if old.max_length != new.max_length:
        sentence = f"`{name}` may have {is_} characters instead of {was}."
        yield _sided(path, "max_length", sentence, wider=is_ > was, narrower=is_ < was)
    if old.check != new.check:
        how = "the shape of a number alone" if new.check == "shape" else "the numbering plan of its country"
        yield _sided(path, "check", f"`{name}` is checked by {how}.", wider=new.check == "shape")


def _sided(path: str, key: str, sentence: str, *, wider: bool, narrower: bool | None = None) -> Draft:
    effect: Effect = "wider" if wider else "narrower" if narrower is not False else "neutral"
    kind = {"wider": "data.widened", "narrower": "data.narrowed", "neutral": "data.changed"}[effect]
    return Draft(kind, effect, f"{path}.{key}", sentence)
