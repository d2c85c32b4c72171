"""The mapping: which columns become which data item. Read from and written as a small file that people review.

It looks like `EXAMPLE`, which the help of the command line shows.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Literal, get_args

import msgspec

from keepfold.kernel.errors import Invalid
from keepfold.kernel.rules import nearest
from keepfold.policy.types import Schema

EXAMPLE = """\
mapping: 1
policy: media-shop
fields:
  email: Email                                      # one column
  name: {join: [FirstName, LastName], with: " "}    # several columns
  first_name: {split: Name, take: first}            # one word of a column: first, last or rest
  country: {column: Country, default: DE}           # what to say where the column is empty
  born: {column: Birthday, date: "%d.%m.%Y"}        # the form of dates (Python's strptime)
  language: {constant: en}
  address: {parts: {street: Street, city: City}}    # a structure of the policy
empty: ["NULL"]                                     # texts that mean "nothing"
not_stored: [Company, Fax]                          # for the reader; whatever is not mapped is not stored
"""
Take = Literal["first", "last", "rest"]
VERSION = 1
_TOP = ("mapping", "policy", "fields", "empty", "not_stored")
_RULE_KEYS = ("column", "join", "with", "split", "take", "constant", "default", "date", "parts")
_ONE_OF = ("column", "join", "split", "constant", "parts")


class Rule(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How one data item gets its value: exactly one of `column`, `join`, `split`, `constant` and `parts` is set."""

    column: str | None = None
    join: tuple[str, ...] = ()
    with_: str = msgspec.field(name="with", default=" ")
    split: str | None = None
    take: Take = "first"
    constant: str | int | float | bool | None = None
    default: str | None = None
    date: str | None = None
    parts: Mapping[str, Rule] = {}

    def reads(self) -> Iterator[str]:
        """Yield the columns that this rule reads."""
        yield from filter(None, (self.column, *self.join, self.split))
        for part in self.parts.values():
            yield from part.reads()


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """A whole mapping. `policy` and `not_stored` are for the reader and do not change what happens."""

    fields: Mapping[str, Rule]
    empty: tuple[str, ...] = ()
    policy: str = ""
    not_stored: tuple[str, ...] = ()

    def reads(self) -> tuple[str, ...]:
        """Return the columns that are read, each once."""
        return tuple(dict.fromkeys(name for rule in self.fields.values() for name in rule.reads()))

    def digest(self) -> str:
        """Return the SHA-256 of what this plan does, in hexadecimal."""
        content = {"fields": document(self.fields), "empty": sorted(self.empty)}
        return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def document(fields: Mapping[str, Rule]) -> dict[str, Any]:
    """Return rules as they are written in a file: the short form where one column is all."""
    return {name: _written(rule) for name, rule in fields.items()}


def _written(rule: Rule) -> Any:
    plain: dict[str, Any] = msgspec.to_builtins(rule)
    if set(plain) == {"column"}:
        return plain["column"]
    if rule.parts:
        plain["parts"] = document(rule.parts)
    return {key: list(value) if isinstance(value, tuple) else value for key, value in plain.items()}


class _Problems(list[str]):
    """What is wrong with a mapping, collected so that people see all of it at once."""

    def __call__(self, sentence: str) -> None:
        self.append(sentence)


def parse(raw: object, columns: Sequence[str], schema: Schema) -> Plan:
    """Return the plan that a mapping file describes. Raises `Invalid` naming everything that is wrong with it."""
    wrong = _Problems()
    found = _plan(raw, set(columns), schema, wrong)
    if wrong or found is None:
        more = f" (and {len(wrong) - 5} more)" if len(wrong) > 5 else ""
        raise Invalid(
            "The mapping cannot be used: " + " ".join(wrong[:5]) + more,
            code="intake.mapping-invalid",
            next_step="Mend the file, or write a new one with --write-mapping.",
            errors=list(wrong),
        )
    return found


def _plan(raw: object, columns: set[str], schema: Schema, wrong: _Problems) -> Plan | None:
    if not isinstance(raw, Mapping) or not isinstance(raw.get("fields"), Mapping) or not raw["fields"]:
        wrong("A mapping has a key `fields` that says which column becomes which data item.")
        return None
    for key in raw:
        if key not in _TOP:
            wrong(f"The key {_short(key)} is not known{_meant(key, _TOP)}.")
    if raw.get("mapping") != VERSION:
        wrong(f"It has to begin with `mapping: {VERSION}`.")
    fields: dict[str, Rule] = {}
    for name, entry in raw["fields"].items():
        rule = _entry(name, entry, columns, schema, wrong)
        if rule is not None:
            fields[str(name)] = rule
    return Plan(
        fields=fields,
        empty=_texts(raw.get("empty", ()), "empty", wrong),
        policy=_short(raw.get("policy", "")),
        not_stored=_texts(raw.get("not_stored", ()), "not_stored", wrong),
    )


def _entry(name: object, entry: object, columns: set[str], schema: Schema, wrong: _Problems) -> Rule | None:
    spec = schema.fields.get(name) if isinstance(name, str) else None
    if spec is None:
        hint = _meant(name, schema.fields) or f"; it would need {schema.line_to_add(_short(name))}"
        wrong(f"The policy has no data item {_short(name)}{hint}.")
        return None
    rule = _rule(f"fields.{name}", entry, columns, wrong)
    if rule is None or spec.type == "structure":
        known = {part.name for part in spec.parts}
        for part in set(rule.parts if rule else ()) - known:
            wrong(f"fields.{name} has no part {_short(part)}{_meant(part, known)}.")
    elif rule.parts:
        wrong(f"fields.{name} has no parts in the policy.")
    return rule


def _rule(place: str, entry: object, columns: set[str], wrong: _Problems) -> Rule | None:
    if isinstance(entry, str):
        entry = {"column": entry}
    if not isinstance(entry, Mapping):
        wrong(f"{place} is neither the name of a column nor a rule.")
        return None
    unknown = [key for key in entry if key not in _RULE_KEYS]
    for key in unknown:
        wrong(f"The key {_short(key)} of {place} is not known{_meant(key, _RULE_KEYS)}.")
    if sum(key in entry for key in _ONE_OF) != 1:
        wrong(f"{place} needs exactly one of {', '.join(_ONE_OF)}.")
        return None
    parts = _parts(place, entry.get("parts"), columns, wrong) if "parts" in entry else {}
    return _typed(place, {k: v for k, v in entry.items() if k in _RULE_KEYS and k != "parts"}, parts, columns, wrong)


def _parts(place: str, entry: object, columns: set[str], wrong: _Problems) -> dict[str, Rule]:
    if not isinstance(entry, Mapping) or not entry:
        wrong(f"{place}.parts names the parts of a structure.")
        return {}
    rules: dict[str, Rule] = {}
    for name, part in entry.items():
        if isinstance(part, Mapping) and "parts" in part:
            wrong(f"{place}.parts.{_short(name)} cannot have parts of its own.")
        elif (rule := _rule(f"{place}.parts.{_short(name)}", part, columns, wrong)) is not None:
            rules[str(name)] = rule
    return rules


def _typed(
    place: str, entry: Mapping[Any, Any], parts: Mapping[str, Rule], columns: set[str], wrong: _Problems
) -> Rule | None:
    try:
        rule = msgspec.convert(dict(entry), Rule)
    except (msgspec.ValidationError, TypeError):
        wrong(f"{place} has a value of the wrong kind; take is one of {', '.join(get_args(Take))}.")
        return None
    rule = msgspec.structs.replace(rule, parts=parts)
    for name in dict.fromkeys(rule.reads()):
        if name not in columns and not parts:
            wrong(f"{place} reads the column {_short(name)}, which is not there{_meant(name, columns)}.")
    return rule


def _texts(raw: object, name: str, wrong: _Problems) -> tuple[str, ...]:
    if isinstance(raw, Sequence) and not isinstance(raw, str) and all(isinstance(item, str) for item in raw):
        return tuple(raw)
    wrong(f"{name} is a list of texts.")
    return ()


def _meant(name: object, known: Iterable[str]) -> str:
    near = nearest(str(name)[:60], known)
    return f"; did you mean {near}?" if near else ""


def _short(name: object) -> str:
    text = str(name)[:60] if isinstance(name, str | int | float) else type(name).__name__
    return "".join(letter if letter.isprintable() else "?" for letter in text)
