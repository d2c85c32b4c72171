"""Reads the lists of names that the generator draws from."""

from __future__ import annotations

import tomllib
from importlib.resources import files

import msgspec

from keepfold.demo.generator import Locale


def locales() -> list[Locale]:
    """Return all lists in `packs/names`, in the order of their names, so that a seed means the same everywhere."""
    folder = files("keepfold.packs") / "names"
    found = sorted((entry for entry in folder.iterdir() if entry.name.endswith(".toml")), key=lambda entry: entry.name)
    return [msgspec.convert(tomllib.loads(entry.read_text(encoding="utf-8")), Locale) for entry in found]
