"""Data items: used, named once, masked and kept apart as their type allows."""

from __future__ import annotations

from collections.abc import Iterator

from keepfold.policy.checks.base import Found, check
from keepfold.policy.format.document import Policy
from keepfold.policy.traits import COMPOUND_TYPES, DEFAULT_LENGTH, MASKS_OF


@check("data.none", "A policy names at least one data item.")
def none(policy: Policy) -> Iterator[Found]:
    """Refuse a policy without data."""
    if not policy.data:
        yield Found(("data",), "No data item is named, so nothing could ever be stored.")


@check("data.unused", "Every data item is needed by at least one purpose.", source="GDPR Art. 5(1)(c)")
def unused(policy: Policy) -> Iterator[Found]:
    """Refuse data that is collected for nothing."""
    needed = {name for purpose in policy.purposes.values() for name in purpose.data}
    for name in policy.data:
        if name not in needed:
            hint = "Add it to the `data` of a purpose, or stop collecting it."
            yield Found(("data", name), f"No purpose needs `{name}`.", hint)


@check("data.rename-clash", "A data item was called by a name that no other item has or had.")
def rename_clash(policy: Policy) -> Iterator[Found]:
    """Refuse a former name that is still in use or claimed twice."""
    claimed: dict[str, str] = {}
    for name, item in policy.data.items():
        if item.was is None:
            continue
        if item.was in policy.data:
            yield Found(("data", name, "was"), f"`{item.was}` is still a data item of its own.")
        elif item.was in claimed:
            yield Found(("data", name, "was"), f"`{claimed[item.was]}` says already that it was `{item.was}`.")
        claimed[item.was] = name


@check("data.parts-missing", "A list or structure says what it is made of.")
def parts_missing(policy: Policy) -> Iterator[Found]:
    """Refuse a structure of unknown parts."""
    for name, item in policy.data.items():
        if item.type in COMPOUND_TYPES and not item.of:
            yield Found(("data", name), f"`{name}` is a {item.type} without `of`.", "Write `of: {part: type, …}`.")
        elif item.type == "structure" and "" in item.of:
            yield Found(("data", name, "of"), f"The parts of the structure `{name}` need names.")


@check("data.parts-unneeded", "Only a list or structure has `of`, and only a list has `max_items`.")
def parts_unneeded(policy: Policy) -> Iterator[Found]:
    """Refuse parts of a plain value."""
    for name, item in policy.data.items():
        if item.of and item.type not in COMPOUND_TYPES:
            yield Found(("data", name, "of"), f"`{name}` is a {item.type}, which has no parts.")
        if item.max_items is not None and item.type != "list":
            yield Found(("data", name, "max_items"), f"`{name}` is a {item.type}, not a list.")


@check("data.length-unfit", "`max_length` is not greater than what the type can hold.")
def length_unfit(policy: Policy) -> Iterator[Found]:
    """Refuse a length that the type's own rule contradicts."""
    for name, item in policy.data.items():
        longest = DEFAULT_LENGTH[item.type]
        if item.max_length is not None and item.type not in {"text", "list", "structure"} and item.max_length > longest:
            yield Found(("data", name, "max_length"), f"No {item.type} is longer than {longest} characters.")


@check("data.check-unfit", "Only a phone number is checked by its shape.")
def check_unfit(policy: Policy) -> Iterator[Found]:
    """Refuse a looser check where the type knows none."""
    for name, item in policy.data.items():
        if item.check != "plan" and item.type != "phone":
            yield Found(("data", name, "check"), f"`{name}` is a {item.type}, which is checked in one way only.")


@check("data.mask-unfit", "A mask fits the type: `email` masks e-mail addresses, `year` masks dates.")
def mask_unfit(policy: Policy) -> Iterator[Found]:
    """Refuse a mask that cannot be applied."""
    for name, item in policy.data.items():
        if item.mask is not None and item.mask not in MASKS_OF[item.type]:
            hint = f"Possible: {', '.join(sorted(MASKS_OF[item.type]))}."
            yield Found(("data", name, "mask"), f"The mask `{item.mask}` does not fit a {item.type}.", hint)


@check("data.mask-none", "What a purpose shows masked has a mask other than `none`.")
def mask_none(policy: Policy) -> Iterator[Found]:
    """Refuse a masked showing that would hide nothing."""
    for purpose_name, purpose in policy.purposes.items():
        for name, wish in purpose.data.items():
            item = policy.data.get(name)
            if item is not None and item.mask == "none" and "masked" in wish.show.values():
                message = f"`{name}` is to be shown masked, but its mask is `none`."
                yield Found(("purposes", purpose_name, "data", name), message)


@check("data.identity-missing", "One data item identifies people.", severity="warning")
def identity_missing(policy: Policy) -> Iterator[Found]:
    """Warn when nobody could be found again."""
    if policy.data and not any(item.identity for item in policy.data.values()):
        hint = "Give one of them `identity: true`."
        yield Found(("data",), "No data item identifies a person, so nobody can be found again.", hint)


@check("data.identity-unindexed", "What identifies people has an exact index.")
def identity_unindexed(policy: Policy) -> Iterator[Found]:
    """Refuse an identity that cannot be searched."""
    for name, item in policy.data.items():
        if item.identity and all(wish.form != "exact" for wish in item.index):
            yield Found(("data", name), f"`{name}` identifies people but cannot be searched.", "Add `index: exact`.")


@check(
    "data.isolate-advised",
    "Cards, bank accounts and special categories are sealed apart (`isolate: true`).",
    severity="warning",
)
def isolate_advised(policy: Policy) -> Iterator[Found]:
    """Warn when reading a neighbour would decrypt them too."""
    for name, item in policy.data.items():
        if not item.isolate and (item.special or item.type in {"card", "iban"}):
            yield Found(("data", name), f"`{name}` is sealed together with its compartment.", "Add `isolate: true`.")


@check(
    "data.special-compartment",
    "Special categories do not share a compartment with ordinary data.",
    source="GDPR Art. 9, Art. 32",
    severity="warning",
)
def special_compartment(policy: Policy) -> Iterator[Found]:
    """Warn when withdrawing one consent could not shred the special data alone."""
    ordinary = {item.compartment for item in policy.data.values() if not item.special}
    for name, item in policy.data.items():
        if item.special and item.compartment in ordinary:
            message = f"`{name}` is special data but shares the compartment `{item.compartment}` with ordinary data."
            yield Found(("data", name), message, "Give it a compartment of its own, e.g. `compartment: health`.")
