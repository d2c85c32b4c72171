"""A mapping seen from its columns, as people fill it in: this column becomes that data item, in this way. Pure.

A plan says it the other way round, per data item. Both say the same as long as a column feeds at most two items and
nothing is constant, which is all that the mapping page offers.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec

from keepfold.intake.rules.naming import meaning
from keepfold.policy.types import FieldSpec, Schema

# How a value is taken; the last four say how days are written.
DATES = {"dmy.": "%d.%m.%Y", "dmy/": "%d/%m/%Y", "mdy/": "%m/%d/%Y", "ymd/": "%Y/%m/%d"}
HOWS = ("whole", "lead", "first", "last", "rest", *DATES)
_TAKES = ("first", "last", "rest")


class Use(msgspec.Struct, frozen=True):
    """One use of a column: `target` is a data item, or item.part of a structure; `how` is one of `HOWS`."""

    column: str
    target: str
    how: str = "whole"


def targets(schema: Schema) -> list[tuple[FieldSpec, str]]:
    """Return (data item, part) of everything that a column can become, in the order of the policy."""
    found: list[tuple[FieldSpec, str]] = []
    for spec in schema.fields.values():
        if spec.type == "structure" and spec.parts:
            found += [(spec, part.name) for part in spec.parts]
        else:
            found.append((spec, ""))
    return found


def uses_of(raw: Mapping[str, Any] | None, columns: Sequence[str]) -> list[Use]:
    """Return what a mapping does with each column, in the order of the columns."""
    places = {name: place for place, name in enumerate(columns)}
    fields = (raw or {}).get("fields", {})
    found = [use for name, rule in fields.items() for use in _uses(str(name), rule, places) if use.column in places]
    return sorted(found, key=lambda use: (places[use.column], use.how in {"rest", "last"}))


def _uses(target: str, rule: Any, places: Mapping[str, int]) -> Iterator[Use]:
    if not isinstance(rule, Mapping):
        yield Use(str(rule), target)
    elif "parts" in rule:
        for part, inner in rule["parts"].items():
            yield from _uses(f"{target}.{part}", inner, places)
    elif "join" in rule:
        yield from _joined(target, list(rule["join"]), places)
    elif "split" in rule:
        yield Use(rule["split"], target, rule.get("take", "first"))
    elif "column" in rule:
        form = next((how for how, date in DATES.items() if date == rule.get("date")), "whole")
        yield Use(rule["column"], target, form)


def _joined(target: str, names: Sequence[str], places: Mapping[str, int]) -> Iterator[Use]:
    in_order = sorted(names, key=lambda name: places.get(name, 0)) == list(names)
    for place, name in enumerate(names):
        yield Use(name, target, "whole" if in_order or place else "lead")


def document_of(uses: Sequence[Use], schema: Schema, policy: str) -> dict[str, Any]:
    """Return the mapping that these uses describe, as `mapping.parse` reads it. Unknown targets go in as they are."""
    by_target: dict[str, list[Use]] = {}
    for use in uses:
        by_target.setdefault(use.target, []).append(use)
    fields: dict[str, Any] = {}
    for target, own in by_target.items():
        item, _, part = target.partition(".")
        spec = schema.fields.get(item)
        rule = _rule(own, mark=", " if spec and meaning(spec) == "street" else " ")
        if part:
            fields.setdefault(item, {"parts": {}})["parts"][part] = rule
        else:
            fields[item] = rule
    return {"mapping": 1, "policy": policy, "fields": fields}


def _rule(uses: Sequence[Use], mark: str) -> Any:
    ordered = sorted(uses, key=lambda use: use.how != "lead")
    if len(ordered) > 1:
        join: dict[str, Any] = {"join": [use.column for use in ordered]}
        return join if mark == " " else join | {"with": mark}
    use = ordered[0]
    if use.how in _TAKES:
        return {"split": use.column, "take": use.how}
    if use.how in DATES:
        return {"column": use.column, "date": DATES[use.how]}
    return use.column


def clashes(uses: Sequence[Use]) -> list[str]:
    """Return targets that several columns become of which one is taken in part or read as a date: nothing to join."""
    seen: dict[str, list[Use]] = {}
    for use in uses:
        seen.setdefault(use.target, []).append(use)
    return [
        target for target, own in seen.items() if len(own) > 1 and any(use.how not in {"whole", "lead"} for use in own)
    ]
