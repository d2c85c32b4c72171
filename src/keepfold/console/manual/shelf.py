"""Where the pages of the manual lie: `docs/` of a checkout, a copy beside this file where Keepfold is installed.

The folder is listed and read once per process. An address can only name what was found then; nothing that somebody
sends ever becomes the name of a file.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType

from django.urls import reverse

import keepfold
from keepfold.console.manual import rules
from keepfold.console.manual.rules import Entry, Page


def folder() -> Path:
    """Return where the pages are: in a wheel they lie beside this file."""
    packed = Path(__file__).with_name("docs")
    return packed if packed.is_dir() else Path(keepfold.__file__).parents[2] / "docs"


@cache
def sources() -> Mapping[str, str]:
    """Return the text of every page by the name of its file, such as `explanation/vault.md`."""
    place = folder()
    names = {path.relative_to(place).as_posix(): path for path in sorted(place.rglob("*.md"))}
    return MappingProxyType({name: path.read_text(encoding="utf-8") for name, path in names.items()})


@cache
def contents() -> Mapping[str, tuple[Entry, ...]]:
    """Return the entries of every group that has any, in the order in which they are read."""
    return MappingProxyType(rules.arranged(sources()))


@cache
def names() -> Mapping[str, str]:
    """Return the name of the file of every page in the list, by its key, such as `explanation/vault`."""
    listed = {entry.key for entries in contents().values() for entry in entries}
    return MappingProxyType({key: name for name in sources() if (key := rules.key_of(name)) in listed})


@cache
def _made(key: str) -> Page:
    name = names()[key]
    return rules.page(name, sources()[name], frozenset(names().values()), reverse("manual"))


def read(key: str) -> Page | None:
    """Return a page, made from its source at the first time; None when there is none."""
    return _made(key) if key in names() else None


def beside(entry: Entry) -> tuple[Entry | None, Entry | None]:
    """Return what comes before and after a page in its group."""
    return rules.beside(contents()[entry.group], entry.key)
