"""The pages of the policy file: its format, from the models that read it, and the checks that judge it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import msgspec

from keepfold.policy import checks
from keepfold.policy.format.document import Policy
from keepfold.policy.format.shapes import Field, Model, fields_of
from tools.markdown import code, documentation, table

FORMAT = """\
# Policy format

A policy is one YAML file: UTF-8, no anchors, no tags. A key that is not listed here is an error that names its line,
its column and the nearest known key. `keepfold policy check FILE` reads one, `keepfold policy init` makes one from a
template, and the [checks](policy-checks.md) say what else must hold.

"""


def policy_format() -> str:
    """Return the page of the format: one section per kind of mapping, in the order in which they are met."""
    return FORMAT + "\n".join(_section(model) for model in _models(Policy))


CHECKS = """\
# Policy checks

What `keepfold policy check` looks for. Each finding names its check, its place in the file, and what to do. Errors keep
a version from being activated; warnings do not.

"""


def policy_checks() -> str:
    """Return the page of the named checks, in the order in which they run."""
    rows = [(code(name), severity, summary, source) for name, (severity, summary, source) in checks.catalogue().items()]
    return CHECKS + table(("check", "severity", "what must hold", "source"), rows)


def _models(first: type[msgspec.Struct]) -> list[type[msgspec.Struct]]:
    found = [first]
    for model in found:
        found += [inner for field in fields_of(model).values() for inner in _inside(field.shape) if inner not in found]
    return list(dict.fromkeys(found))


def _inside(shape: Any) -> Iterator[type[msgspec.Struct]]:
    if isinstance(shape, Model):
        yield shape.model
    for part in ("item", "key", "value", "inner"):
        if hasattr(shape, part):
            yield from _inside(getattr(shape, part))


def _section(model: type[msgspec.Struct]) -> str:
    rows = [(code(name), _need(field), _linked(field.shape.words()), field.meaning) for name, field in _keys(model)]
    return f"## {model.__name__}\n\n{documentation(model)}\n\n" + table(("key", "needed", "value", "meaning"), rows)


def _keys(model: type[msgspec.Struct]) -> Iterator[tuple[str, Field]]:
    yield from fields_of(model).items()


def _need(field: Field) -> str:
    return "yes" if field.required else ""


def _linked(words: str) -> str:
    names = {model.__name__ for model in _models(Policy)}
    return re.sub(
        r"`(\w+)`", lambda found: f"[{found[1]}](#{found[1].lower()})" if found[1] in names else found[0], words
    )
