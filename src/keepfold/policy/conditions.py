"""The conditions of assessment triggers: `special and subjects > 1000`, `ccpa in (sell, share)`, `not profiling`.

An own, tiny language: names, comparisons, `in (…)`, `and`, `or`, `not`, brackets. A fact that is not known makes a
condition unknown (None) unless the rest of it decides alone: three-valued logic after Kleene.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

NAMES: dict[str, str] = {
    "special": "a special category of data is used",
    "criminal": "data on crimes is used",
    "profiling": "people are evaluated",
    "automated_decision": "a machine decides",
    "children": "a group may be younger than 16",
    "transfer": "data leaves the area",
    "subjects": "how many people there are",
    "ccpa": "the ground under the CCPA",
    "gdpr": "the ground under the GDPR",
    "hipaa": "the ground under HIPAA",
    "glba": "the ground under the GLBA",
}
Facts = Mapping[str, Any]
Condition = Callable[[Facts], bool | None]

_TOKEN = re.compile(r"\s*(?:([0-9]{1,12})|([A-Za-z0-9_.]{1,60})|(>=|<=|!=|==|=|>|<|\(|\)|,))")
_WORDS = {"and", "or", "not", "in"}
_MOST_TOKENS = 100
_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    ">": lambda a, b: a > b,
    "<": lambda a, b: a < b,
    ">=": lambda a, b: a >= b,
    "<=": lambda a, b: a <= b,
    "=": lambda a, b: a == b,
    "==": lambda a, b: a == b,
    "!=": lambda a, b: a != b,
}


def parse_condition(text: str) -> Condition:
    """Return the condition as a function of facts. Raises `ValueError` with what is wrong."""
    parser = _Parser(_tokens(text))
    condition = parser.either()
    if parser.rest():
        raise ValueError(f"has something after its end: `{parser.rest()[0]}`")
    return condition


def _tokens(text: str) -> list[str]:
    found: list[str] = []
    position = 0
    while position < len(text.rstrip()):
        match = _TOKEN.match(text, position)
        if match is None:
            raise ValueError(f"cannot be read from `{text[position : position + 12].strip()}` on")
        found.append(match[0].strip())
        position = match.end()
    if len(found) > _MOST_TOKENS:
        raise ValueError("is too long")
    return found


class _Parser:
    """Recursive descent; the length of the text bounds the depth."""

    def __init__(self, tokens: list[str]) -> None:
        self.tokens = tokens
        self.position = 0

    def rest(self) -> list[str]:
        """Return the tokens not yet read."""
        return self.tokens[self.position :]

    def either(self) -> Condition:
        """Read alternatives joined by `or`."""
        parts = [self._both()]
        while self._took("or"):
            parts.append(self._both())
        return parts[0] if len(parts) == 1 else lambda facts: _any([part(facts) for part in parts])

    def _both(self) -> Condition:
        parts = [self._single()]
        while self._took("and"):
            parts.append(self._single())
        return parts[0] if len(parts) == 1 else lambda facts: _all([part(facts) for part in parts])

    def _single(self) -> Condition:
        if self._took("not"):
            inner = self._single()
            return lambda facts: _opposite(inner(facts))
        if self._took("("):
            inside = self.either()
            self._need(")")
            return inside
        return self._fact()

    def _fact(self) -> Condition:
        name = self._next("a fact")
        if name not in NAMES:
            raise ValueError(f"asks for `{name}`, which is not known")
        if self._took("in"):
            return _among(name, self._list())
        for sign, compare in _COMPARE.items():
            if self._took(sign):
                return _compared(name, compare, _value(self._next("a value")))
        return lambda facts: _truth(facts.get(name))

    def _list(self) -> list[Any]:
        self._need("(")
        values = [_value(self._next("a value"))]
        while self._took(","):
            values.append(_value(self._next("a value")))
        self._need(")")
        return values

    def _took(self, token: str) -> bool:
        if self.position < len(self.tokens) and self.tokens[self.position] == token:
            self.position += 1
            return True
        return False

    def _need(self, token: str) -> None:
        if not self._took(token):
            raise ValueError(f"lacks `{token}`")

    def _next(self, what: str) -> str:
        if self.position >= len(self.tokens):
            raise ValueError(f"ends where {what} is needed")
        token = self.tokens[self.position]
        if token in _WORDS or not token[0].isalnum():
            raise ValueError(f"has `{token}` where {what} is needed")
        self.position += 1
        return token


def _value(token: str) -> Any:
    return int(token) if token.isdigit() else token


def _compared(name: str, compare: Callable[[Any, Any], bool], value: Any) -> Condition:
    def condition(facts: Facts) -> bool | None:
        fact = facts.get(name)
        return None if fact is None or type(fact) is not type(value) else compare(fact, value)

    return condition


def _among(name: str, values: list[Any]) -> Condition:
    def condition(facts: Facts) -> bool | None:
        fact = facts.get(name)
        return None if fact is None else fact in values

    return condition


def _truth(fact: Any) -> bool | None:
    return None if fact is None else bool(fact)


def _opposite(truth: Any) -> bool | None:
    return None if truth is None else not truth


def _any(values: list[bool | None]) -> bool | None:
    return True if True in values else None if None in values else False


def _all(values: list[bool | None]) -> bool | None:
    return False if False in values else None if None in values else True
