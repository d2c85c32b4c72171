"""What grants mean, in words for people and in the reader's language. The words are in `packs/grants.toml`."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any, NamedTuple

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from keepfold import packs
from keepfold.gate import known_actions
from keepfold.people import queries, rules
from keepfold.people.types import Grants, Role


class Right(NamedTuple):
    """One action: what it lets somebody do and what follows. `upkeep`: the program does it by itself."""

    action: str
    may: str
    means: str
    upkeep: bool = False


class Room(NamedTuple):
    """What can be done in one part of Keepfold. `pattern` grants all of it, also what is added later."""

    key: str
    label: str
    icon: str
    whole: str
    rights: tuple[Right, ...]

    @property
    def pattern(self) -> str:
        """Return the grant that covers the whole room."""
        return f"{self.key}.*"


class Task(NamedTuple):
    """Something that an API client is for, and the actions that it needs."""

    key: str
    label: str
    means: str
    icon: str
    actions: tuple[str, ...]
    purposes: bool


def said(labels: Mapping[str, str], otherwise: str = "") -> str:
    """Return the words in the reader's language, or in English, or in whichever there is."""
    language = (get_language() or "en").partition("-")[0]
    return labels.get(language) or labels.get("en") or next(iter(labels.values()), otherwise)


@cache
def _pack() -> Mapping[str, Any]:
    return tomllib.loads(packs.read_text("grants.toml"))


@cache
def _task_pack() -> Mapping[str, Any]:
    return tomllib.loads(packs.read_text("tasks.toml"))


def rooms() -> tuple[Room, ...]:
    """Return every room with its rights, in the order in which they are shown."""
    return tuple(_room(key, entry) for key, entry in _pack()["rooms"].items() if _names_of(key))


def wholes_of(room: str) -> tuple[str, ...]:
    """Return the prefixes within a room that have words of their own."""
    return tuple(pattern for pattern in _pack()["wholes"] if pattern.startswith(f"{room}."))


def _names_of(room: str) -> tuple[str, ...]:
    return tuple(name for name in known_actions() if name.startswith(f"{room}."))


def _room(key: str, entry: Mapping[str, Any]) -> Room:
    order = list(_pack()["actions"])
    names = sorted(_names_of(key), key=lambda name: order.index(name) if name in order else len(order))
    return Room(key, said(entry["label"]), entry["icon"], said(entry["whole"]), tuple(map(right, names)))


def right(action: str) -> Right:
    """Return one action in words; one that has none of its own is called as in the ledger."""
    entry = _pack()["actions"].get(action)
    if entry is None:
        known = known_actions().get(action)
        return Right(action, said(known.label) if known else action, "")
    return Right(action, said(entry["may"]), said(entry["means"]), bool(entry.get("upkeep")))


def tasks() -> tuple[Task, ...]:
    """Return what API clients are made for."""
    return tuple(
        Task(
            key, said(entry["label"]), said(entry["means"]), entry["icon"], tuple(entry["actions"]), "purposes" in entry
        )
        for key, entry in _task_pack().items()
    )


def covered(grants: Grants) -> frozenset[str]:
    """Return every known action that the grants cover."""
    return frozenset(name for name in known_actions() if rules.covers_action(grants.actions, name))


def sentences(actions: Iterable[str]) -> list[str]:
    """Return each granted pattern in words: wholes first, as they were given."""
    return [sentence(pattern) for pattern in actions]


def sentence(pattern: str) -> str:
    """Return one granted pattern in words."""
    room, _dot, rest = pattern.partition(".")
    if rest == "*" and room in _pack()["rooms"]:
        return said(_pack()["rooms"][room]["whole"])
    if pattern in _pack()["wholes"]:
        return said(_pack()["wholes"][pattern])
    return right(pattern).may


def purposes() -> dict[str, str]:
    """Return the purposes of the policy in force and their labels."""
    return {name: said(labels, name) for name, labels in queries.purposes().items()}


def purpose_words(held: Iterable[str]) -> list[str]:
    """Return purposes in words."""
    known = purposes()
    return [_("Every purpose, also those to come") if name == "*" else known.get(name, name) for name in held]


def role_label(role: Role | None, name: str = "") -> str:
    """Return what a role is called; one that is no longer there has only its name."""
    return said(role.label, role.name) if role is not None else name


class Moved(NamedTuple):
    """What comes and what goes between two grants, by room, and the purposes that do."""

    gained: tuple[Room, ...]
    lost: tuple[Room, ...]
    purposes_gained: tuple[str, ...]
    purposes_lost: tuple[str, ...]

    def __bool__(self) -> bool:
        return any(self)

    @property
    def gains(self) -> bool:
        """Say whether something comes."""
        return bool(self.gained or self.purposes_gained)

    @property
    def loses(self) -> bool:
        """Say whether something goes."""
        return bool(self.lost or self.purposes_lost)


def moved(before: Grants, after: Grants) -> Moved:
    """Return what changes for whoever holds `after` instead of `before`."""
    old, new = covered(before), covered(after)
    return Moved(
        gained=only(new - old),
        lost=only(old - new),
        purposes_gained=_purposes_beyond(before, after),
        purposes_lost=_purposes_beyond(after, before),
    )


def only(actions: Iterable[str]) -> tuple[Room, ...]:
    """Return the rooms with these actions alone, without those that the program does by itself."""
    wanted = frozenset(actions)
    found = (
        room._replace(rights=tuple(one for one in room.rights if one.action in wanted and not one.upkeep))
        for room in rooms()
    )
    return tuple(room for room in found if room.rights)


def _purposes_beyond(held: Grants, wanted: Grants) -> tuple[str, ...]:
    return tuple(purpose_words(name for name in wanted.purposes if not rules.covers_purpose(held.purposes, name)))
