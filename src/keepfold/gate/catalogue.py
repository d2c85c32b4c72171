"""The catalogue of actions, `packs/actions.toml`: numbers in ledger entries, kinds, names for people."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Any, Literal, get_args

import msgspec

from keepfold.kernel.errors import Misconfigured
from keepfold.kernel.rules import nearest

Kind = Literal["access", "change", "consent", "erasure", "policy", "key", "people", "import", "ledger", "system"]


class Known(msgspec.Struct, frozen=True):
    """One line of the catalogue. `number` is written into ledger entries and never reused; `label` is by language."""

    number: int
    label: dict[str, str]
    kind: Kind


@cache
def known_actions() -> Mapping[str, Known]:
    """Return the catalogue by action name. Raises `Misconfigured` when a line is wrong or a number occurs twice."""
    return parse(files("keepfold.packs").joinpath("actions.toml").read_text(encoding="utf-8"))


def parse(text: str) -> Mapping[str, Known]:
    """Return the catalogue in a TOML text."""
    lines = {name: _line(name, value) for name, value in tomllib.loads(text).items()}
    by_number: dict[int, str] = {}
    for name, line in lines.items():
        other = by_number.setdefault(line.number, name)
        if other != name:
            raise _wrong(f"The actions {other} and {name} have the same number {line.number}.")
    return MappingProxyType(lines)


def _line(name: str, value: Any) -> Known:
    if len(name.split(".")) < 3:
        raise _wrong(f"The action {name} must be named room.thing.verb.")
    try:
        line = msgspec.convert(value, Known)
    except msgspec.ValidationError as error:
        kinds = ", ".join(get_args(Kind))
        raise _wrong(f"The line of {name} must have number, label and kind (one of {kinds}).") from error
    if not line.label.get("en") or line.number < 1:
        raise _wrong(f"The action {name} needs a positive number and an English label.")
    return line


def known(name: str) -> Known:
    """Return the line of one action. Raises `Misconfigured` naming the nearest one when there is none."""
    line = known_actions().get(name)
    if line is None:
        close = nearest(name, known_actions())
        hint = f" Did you mean {close}?" if close else ""
        raise _wrong(f"The action {name} is not in packs/actions.toml.{hint}")
    return line


def _wrong(detail: str) -> Misconfigured:
    return Misconfigured(detail, code="gate.catalogue", next_step="Correct packs/actions.toml.")
