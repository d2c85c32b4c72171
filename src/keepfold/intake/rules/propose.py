"""Proposes which column becomes which data item of the policy, from names and from what the values look like.

A proposal is for people to review. What it leaves out is named with the reason, and nothing that it leaves out is read.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from keepfold.intake.rules.content import SAID, TELLING, looks_like
from keepfold.intake.rules.mapping import Plan, Rule
from keepfold.intake.rules.naming import hear, joined, meaning
from keepfold.intake.rules.words import LABELS, NEIGHBOURS
from keepfold.policy.types import FieldSpec, Schema

TAKEN_FROM = 0.5
_CONTRADICTED = 0.35
# Types that are told by content alone, by which test, and how far that is believed.
_CONTENT_ONLY = {
    "email": ("email", 0.7),
    "iban": ("iban", 0.7),
    "card": ("card", 0.7),
    "phone": ("surely phone", 0.55),
    "country": ("surely country", 0.55),
}
# A number of some system says nothing of which one: `Old id` is no `ad_id`.
_NO_MEANING = "id"
Shares = Mapping[str, float]


class Choice(NamedTuple):
    """One data item and the columns proposed for it, how surely (0 to 1), and why in words."""

    field: str
    rule: Rule
    confidence: float
    why: str


class LeftOut(NamedTuple):
    """A column that will not be stored, with what it seems to hold and, when there is one, a doubtful candidate."""

    column: str
    holds: str
    perhaps: str = ""


class Missing(NamedTuple):
    """A data item that these purposes require and that no column provides."""

    field: str
    purposes: tuple[str, ...]


class Proposal(NamedTuple):
    """What to review."""

    choices: tuple[Choice, ...]
    left_out: tuple[LeftOut, ...]
    missing: tuple[Missing, ...]

    def plan(self, policy: str = "") -> Plan:
        """Return the proposal as a mapping."""
        fields = {choice.field: choice.rule for choice in self.choices}
        return Plan(fields=fields, policy=policy, not_stored=tuple(out.column for out in self.left_out))


class _Pair(NamedTuple):
    confidence: float
    column: int
    field: str
    why: str


def propose(columns: Sequence[str], found: Sequence[Shares], schema: Schema) -> Proposal:
    """Return the best proposal: pairs in the order of confidence, then names that have to be joined or split."""
    pairs = sorted(_pairs(columns, found, schema), key=lambda pair: (-pair.confidence, pair.column))
    taken: dict[int, Choice] = {}
    for pair in pairs:
        filled = {choice.field for choice in taken.values()}
        if pair.confidence >= TAKEN_FROM and pair.column not in taken and pair.field not in filled:
            rule = Rule(column=columns[pair.column])
            taken[pair.column] = Choice(pair.field, rule, pair.confidence, pair.why)
    choices = {choice.field: choice for _, choice in sorted(taken.items())}
    for extra in _combined(columns, taken, schema):
        choices[extra.field] = extra
    used = {name for choice in choices.values() for name in choice.rule.reads()}
    left = [_left_out(place, columns, found, pairs, choices) for place in _unused(columns, used)]
    ordered = tuple(choices[name] for name in schema.fields if name in choices)
    return Proposal(ordered, tuple(left), missing(schema, set(choices)))


def missing(schema: Schema, provided: set[str]) -> tuple[Missing, ...]:
    """Return the data items that a purpose requires and nothing provides."""
    return tuple(
        Missing(name, spec.required_for)
        for name, spec in schema.fields.items()
        if spec.required_for and name not in provided
    )


def unneeded(columns: Sequence[str], found: Sequence[Shares], used: set[str]) -> tuple[LeftOut, ...]:
    """Return the columns that a mapping does not read."""
    return tuple(LeftOut(columns[place], _holds(columns[place], found[place])) for place in _unused(columns, used))


def _unused(columns: Sequence[str], used: set[str]) -> list[int]:
    return [place for place, name in enumerate(columns) if name not in used]


def _pairs(columns: Sequence[str], found: Sequence[Shares], schema: Schema) -> Iterator[_Pair]:
    for place, name in enumerate(columns):
        for spec in schema.fields.values():
            confidence, why = _judge(name, found[place], spec)
            if confidence:
                yield _Pair(round(confidence, 2), place, spec.name, why)


def _judge(name: str, found: Shares, spec: FieldSpec) -> tuple[float, str]:
    """Return how well one column fits one data item, and why."""
    strength, said = _by_name(name, spec)
    seen = found.get(spec.type) if found and spec.type in TELLING else None
    if strength:
        return _with_content(strength, said, seen, spec)
    heard = hear(name)
    if heard and heard.strength >= 0.9:
        return 0.0, ""  # the name says that it is something else
    test, prior = _CONTENT_ONLY.get(spec.type, ("", 0.0))
    share = found.get(test, 0.0)
    return (prior * share, f"the values look like {SAID[spec.type]}") if share >= 0.9 else (0.0, "")


def _by_name(name: str, spec: FieldSpec) -> tuple[float, str]:
    last = name.rsplit(".", 1)[-1]
    if joined(name) == joined(spec.name) or joined(last) == joined(spec.name):
        return 1.0, "the same name"
    if any(joined(last) == joined(label) for label in spec.label.values()):
        return 0.97, "the name is its label"
    heard, meant = hear(name), meaning(spec)
    if heard is None or meant is None or meant == _NO_MEANING:
        return 0.0, ""
    if meant in heard.concepts:
        return heard.strength - 0.1 * heard.concepts.index(meant), "the name means the same"
    if heard.concept in NEIGHBOURS.get(meant, ()):
        return heard.strength - 0.3, "the name means something close"
    return 0.0, ""


def _with_content(strength: float, said: str, seen: float | None, spec: FieldSpec) -> tuple[float, str]:
    if seen is None:
        return strength, said
    if seen < 0.5:
        return min(strength, _CONTRADICTED), f"{said}, but few values look like {SAID[spec.type]}"
    return strength, f"{said}; {round(seen * 100)} % look like {SAID[spec.type]}"


def _combined(columns: Sequence[str], taken: Mapping[int, Choice], schema: Schema) -> Iterator[Choice]:
    """Yield data items that come out of several columns, or out of a part of one."""
    meant = {concept: name for name, spec in schema.fields.items() if (concept := meaning(spec))}
    free = {heard.concept: columns[place] for place in reversed(range(len(columns))) if (heard := hear(columns[place]))}
    filled = {choice.field for choice in taken.values()}
    used = {columns[place] for place in taken}
    whole, given, family = meant.get("full_name"), meant.get("given_name"), meant.get("family_name")
    if whole and whole not in filled and _free(free, used, "given_name", "family_name"):
        rule = Rule(join=(free["given_name"], free["family_name"]))
        yield Choice(whole, rule, 0.8, "given and family name joined")
    if given and family and not {given, family} & filled and _free(free, used, "full_name"):
        yield Choice(given, Rule(split=free["full_name"], take="first"), 0.5, "the first word of the name; check")
        yield Choice(family, Rule(split=free["full_name"], take="rest"), 0.5, "the other words of the name; check")
    street = meant.get("street")
    if street in filled and "street_2" not in meant and _free(free, used, "street_2"):
        first = next(columns[place] for place, choice in taken.items() if choice.field == street)
        rule = Rule(join=(first, free["street_2"]), with_=", ")
        yield Choice(str(street), rule, 0.8, "both lines of the address joined")


def _free(free: Mapping[str, str], used: set[str], *concepts: str) -> bool:
    return all(concept in free and free[concept] not in used for concept in concepts)


def _left_out(
    place: int, columns: Sequence[str], found: Sequence[Shares], pairs: Sequence[_Pair], choices: Mapping[str, Choice]
) -> LeftOut:
    near = [pair for pair in pairs if pair.column == place and pair.field not in choices]
    perhaps = f"{near[0].field} ({near[0].why})" if near else ""
    return LeftOut(columns[place], _holds(columns[place], found[place]), perhaps)


def _holds(name: str, found: Shares) -> str:
    """Return what a column seems to hold, in words; empty when nobody can tell."""
    heard = hear(name)
    if heard and heard.concept in LABELS:
        return LABELS[heard.concept]
    kind = looks_like(found)
    return SAID[kind] if kind else ("nothing" if not found else "")
