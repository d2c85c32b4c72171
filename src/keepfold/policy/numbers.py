"""Integer numbers for data items, compartments, purposes and indexes: append-only, never reused.

Numbers go into frames, key ids and ledger entries, so that a rename is free and no old row ever means something new.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import msgspec

from keepfold.kernel.errors import Conflict
from keepfold.policy.format.document import Policy

KINDS = ("compartment", "data", "index", "purpose")


class Numbers(msgspec.Struct, frozen=True, kw_only=True):
    """Every number ever given, by kind and name. Two names share a number after a rename."""

    compartment: Mapping[str, int] = {}
    data: Mapping[str, int] = {}
    index: Mapping[str, int] = {}
    purpose: Mapping[str, int] = {}


def index_name(field: str, form: str) -> str:
    """Return the name of an index, e.g. `email.exact`."""
    return f"{field}.{form}"


def assign(policy: Policy, known: Numbers) -> Numbers:
    """Return the known numbers and those that this policy needs besides.

    Raises `Conflict(code="policy.name-taken")` when a name once belonged to what is now called otherwise.
    """
    wanted = {kind: _give(kind, list(_wanted(policy, kind)), dict(getattr(known, kind))) for kind in KINDS}
    return Numbers(**wanted)


def fresh(numbers: Numbers, known: Numbers) -> Iterator[tuple[str, str, int]]:
    """Yield kind, name and number of what is not among the known ones."""
    for kind in KINDS:
        before = getattr(known, kind)
        for name, number in getattr(numbers, kind).items():
            if name not in before:
                yield kind, name, number


def _wanted(policy: Policy, kind: str) -> Iterator[tuple[str, str | None]]:
    """Yield each name with its former name."""
    if kind == "purpose":
        yield from ((name, purpose.was) for name, purpose in policy.purposes.items())
    elif kind == "data":
        yield from ((name, item.was) for name, item in policy.data.items())
    elif kind == "compartment":
        yield from ((item.compartment, None) for item in policy.data.values())
    else:
        yield from _wanted_indexes(policy)


def _wanted_indexes(policy: Policy) -> Iterator[tuple[str, str | None]]:
    for name, item in policy.data.items():
        for wish in item.index:
            yield index_name(name, wish.form), index_name(item.was, wish.form) if item.was else None


def _give(kind: str, wanted: list[tuple[str, str | None]], given: dict[str, int]) -> dict[str, int]:
    following = max(given.values(), default=0) + 1
    owners: dict[int, str] = {}
    for name, was in wanted:
        if name not in given:
            given[name] = given.get(was or name, following)
            following += given[name] == following
        if owners.setdefault(given[name], name) != name:
            raise _taken(kind, name, owners[given[name]])
    return given


def _taken(kind: str, name: str, other: str) -> Conflict:
    return Conflict(
        f"The {kind} `{name}` has the number of `{other}`: the name belonged to it before a rename.",
        code="policy.name-taken",
        rule="policy.name-taken",
        next_step="Choose a name that was never used for something else.",
    )
