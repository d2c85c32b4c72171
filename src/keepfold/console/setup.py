"""How this installation is set up: every setting in words, where it comes from, its lines; parts and licences."""

from __future__ import annotations

import importlib.metadata
import json
import platform
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import fields
from functools import cache
from typing import Any, NamedTuple

import django
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _

import keepfold
from keepfold import packs
from keepfold.kernel import config, db
from keepfold.kernel.errors import Misconfigured
from keepfold.ui import components as ui

FILE, ENVIRONMENT, SECRET_FILE, DEFAULT = "file", "environment", "secret file", "default"
_SOURCES: Mapping[str, ui.Badge] = {
    DEFAULT: ui.Badge(_("Default"), "line"),
    FILE: ui.Badge(_("File"), "", "file-text"),
    ENVIRONMENT: ui.Badge(_("Environment"), "", "terminal"),
    SECRET_FILE: ui.Badge(_("File of a secret"), "", "key-round"),
}
_LICENCE_WORDS = re.compile(r"[A-Za-z0-9.+-]+(?: (?:OR|AND|WITH) [A-Za-z0-9.+-]+)*\Z")


class Setting(NamedTuple):
    """One setting in the reader's language. `waiting`: what is written down counts after a restart only."""

    name: str
    variable: str
    means: str
    needs: str
    value: str
    default: str
    is_secret: bool
    is_set: bool
    source: str
    waiting: bool
    line: str
    environment_line: str
    choices: tuple[str, ...]
    least: int | None

    @property
    def badge(self) -> ui.Badge:
        """Return where the value comes from, as a word."""
        return _SOURCES[self.source]

    @property
    def is_changed(self) -> bool:
        """Say whether somebody set it."""
        return self.source != DEFAULT


class Group(NamedTuple):
    """Settings that belong together."""

    key: str
    label: str
    icon: str
    settings: tuple[Setting, ...]


class Setup(NamedTuple):
    """All settings, and what is wrong with the file or the environment at this moment."""

    groups: tuple[Group, ...]
    trouble: str
    file: str

    @property
    def waiting(self) -> list[str]:
        """Return the names of settings that count after a restart only."""
        return [one.name for group in self.groups for one in group.settings if one.waiting]


@cache
def _pack() -> Mapping[str, Any]:
    return tomllib.loads(packs.read_text("settings.toml"))


def _said(labels: Mapping[str, str]) -> str:
    language = (get_language() or "en").partition("-")[0]
    return labels.get(language) or labels["en"]


def setup(*, changed_only: bool = False) -> Setup:
    """Return every setting with the value that holds in this process, and where it comes from."""
    written, trouble = _written()
    now = config.current()
    found: dict[str, list[Setting]] = {}
    for item in fields(config.Config):
        entry = _pack()["settings"][item.name]
        one = _setting(item, entry, getattr(now, item.name), written)
        if one.is_changed or one.waiting or not changed_only:
            found.setdefault(entry["group"], []).append(one)
    groups = tuple(
        Group(key, _said(entry["label"]), entry["icon"], tuple(found[key]))
        for key, entry in _pack()["groups"].items()
        if key in found
    )
    return Setup(groups, trouble, str(now.home / config.FILE_NAME))


def _written() -> tuple[dict[str, Any] | None, str]:
    """Return what the file says at this moment; None, and why, when it cannot be used."""
    try:
        return config.written(), ""
    except Misconfigured as error:
        return None, error.readable()


def _setting(item: Any, entry: Mapping[str, Any], value: Any, written: dict[str, Any] | None) -> Setting:
    secret = bool(item.metadata.get("secret"))
    source = _source(item.name)
    return Setting(
        name=item.name,
        variable=config.PREFIX + item.name.upper(),
        means=_said(entry["means"]),
        needs=_said(entry["needs"]) if "needs" in entry else "",
        value="" if secret else _shown(value),
        default="" if secret else _shown(item.default),
        is_secret=secret,
        is_set=bool(value),
        source=source,
        waiting=written is not None and _waits(item.name, source, value, written),
        line=_toml(item.name, entry.get("like")),
        environment_line=_environment(item.name, entry.get("like"), secret=secret),
        choices=tuple(item.metadata.get("choices") or ()),
        least=item.metadata.get("least"),
    )


def _source(name: str) -> str:
    source = config.sources().get(name, DEFAULT)
    return FILE if source.startswith("file ") else source


def _waits(name: str, source: str, value: Any, written: dict[str, Any]) -> bool:
    """Say whether the next start would find another value in the file than the one that holds."""
    if source in {ENVIRONMENT, SECRET_FILE}:
        return False
    return written[name] != value if name in written else source == FILE


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return ",".join(value) if isinstance(value, tuple) else str(value)


def _toml(name: str, like: Any) -> str:
    # TOML writes these four kinds of values as JSON does.
    return "" if like is None else f"{name} = {json.dumps(like)}"


def _environment(name: str, like: Any, *, secret: bool) -> str:
    variable = config.PREFIX + name.upper()
    if secret:
        return f"{variable}_FILE=/etc/keepfold/{name}"
    if like is None:
        return f"{variable}=/srv/keepfold" if name == "home" else ""
    return f"{variable}={_shown(tuple(like) if isinstance(like, list) else like)}"


# ------------------------------------------------------------------------------------------------------ parts, licences


class Part(NamedTuple):
    """A library that this installation runs on."""

    name: str
    version: str
    licence: str


def versions() -> list[ui.Pair]:
    """Return what this installation runs on."""
    store = gettext("PostgreSQL") if db.is_postgres() else gettext("SQLite")
    return [
        ui.Pair(_("Keepfold"), keepfold.__version__),
        ui.Pair(_("Python"), platform.python_version()),
        ui.Pair(_("Django"), django.get_version()),
        ui.Pair(_("Data store"), f"{store} {_store_version()}"),
        ui.Pair(_("Licence"), _("Apache-2.0: use it, change it, pass it on; without warranty.")),
    ]


def _store_version() -> str:
    sql = "SHOW server_version" if db.is_postgres() else "SELECT sqlite_version()"
    row = db.fetch_one("default", sql)
    return str(row[0]).partition(" ")[0] if row else ""


@cache
def parts() -> tuple[Part, ...]:
    """Return the libraries that Keepfold needs, and what these need, by name."""
    found: dict[str, Part] = {}
    waiting = list(_needed("keepfold"))
    while waiting:
        name = waiting.pop()
        if name in found:
            continue
        try:
            known = importlib.metadata.distribution(name)
        except importlib.metadata.PackageNotFoundError:
            continue
        found[name] = Part(known.metadata["Name"] or name, known.version, _licence(known.metadata))
        waiting += _needed(name)
    return tuple(sorted(found.values(), key=lambda part: part.name.lower()))


def _needed(name: str) -> Iterator[str]:
    for line in importlib.metadata.requires(name) or ():
        requirement, _semicolon, marker = line.partition(";")
        bare = re.match(r"[A-Za-z0-9._-]+", requirement.strip())
        if bare and "extra ==" not in marker:
            yield re.sub(r"[-_.]+", "-", bare[0]).lower()


def _licence(metadata: Any) -> str:
    """Return a licence by its short name: from the expression, the plain field, or the classifiers."""
    for text in (metadata.get("License-Expression"), metadata.get("License")):
        if text and _LICENCE_WORDS.match(text.strip()):
            return str(text.strip())
    named = [line.rpartition(" :: ")[2] for line in metadata.get_all("Classifier") or () if line.startswith("License")]
    return ", ".join(sorted(set(named))) or gettext("in its files")
