"""What is written into the sealed details of an entry, and what must not be when they outlive a person. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Any

from keepfold.gate.types import Actor, Entry
from keepfold.kernel import ids

# Kinds of actions that concern customers: free text about them may only be sealed under the key of the one person.
ABOUT_PEOPLE = frozenset({"access", "change", "consent", "erasure", "import", "ledger"})
LONGEST_TEXT = 500
MOST_NAMES = 200

# Names of things and hashes of 16 or 32 bytes; neither an address nor a number of any kind passes.
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_.:-]{0,99}|[0-9a-f]{32}|[0-9a-f]{64}", re.ASCII)
_PUBLIC_ID = re.compile(r"([a-z]{2,8})_[0-7][0-9a-hjkmnp-tv-z]{25}", re.ASCII)
_DROPPED = object()
# Who acted, by public id. A customer who acts is named by the entry's own tag instead, which dies with them.
_ACTORS = {"staff": "stf", "client": "cli", "system": "sys"}


def details_of(entry: Entry, *, kind: str, at_ms: int, people: Collection[bytes], tagged: int) -> dict[str, Any]:
    """Return the details of one entry.

    `people` are the ids of those it concerns, `tagged` how many of them have a living key. With one of them the
    details are sealed under that person's key and die with it; otherwise they are sealed under the log's, and
    whatever might point to a customer is left out.
    """
    details = _core(entry, at_ms)
    if len(people) != tagged:
        details["untagged"] = len(people) - tagged
    if tagged != 1 and kind in ABOUT_PEOPLE:
        return _shared(details, entry, frozenset(people))
    if entry.context.reason:
        details["reason"] = entry.context.reason[:LONGEST_TEXT]
    if entry.decision.reason and not entry.decision.allowed:
        details["refusal"] = entry.decision.reason[:LONGEST_TEXT]
    if entry.details:
        details["more"] = entry.details
    return details


def _core(entry: Entry, at_ms: int) -> dict[str, Any]:
    context, decision = entry.context, entry.decision
    details: dict[str, Any] = {"v": 1, "id": entry.id, "at_ms": at_ms, "action": context.action, **_who(context.actor)}
    if context.purpose:
        details["purpose"] = context.purpose[:LONGEST_TEXT]
    if decision.rules:
        details["rules"] = decision.rules[:MOST_NAMES]
    if entry.cause is not None:
        details["cause"] = entry.cause
    if decision.fields:
        details["fields"] = sorted(decision.fields)
        masked = [name for name, treatment in decision.fields.items() if treatment == "masked"]
        if masked:
            details["masked"] = sorted(masked)
    elif context.fields:
        details["fields"] = [name[:100] for name in context.fields[:MOST_NAMES]]
    return details


def _who(actor: Actor) -> dict[str, Any]:
    named = {"actor": ids.show(_ACTORS[actor.kind], actor.id)} if actor.kind in _ACTORS else {}
    return named | {"roles": actor.roles} if actor.roles else named


def _shared(details: dict[str, Any], entry: Entry, people: frozenset[bytes]) -> dict[str, Any]:
    """Keep names and numbers; drop free text, and ids of the people concerned."""
    kept = {key: safe for key, value in details.items() if (safe := shareable(value, people)) is not _DROPPED}
    more = {key: safe for key, value in entry.details.items() if (safe := shareable(value, people)) is not _DROPPED}
    dropped = len(details) + len(entry.details) - len(kept) - len(more)
    if entry.context.reason:
        kept["reason_given"] = True
    if dropped:
        kept["left_out"] = dropped
    return kept | ({"more": more} if more else {})


def shareable(value: Any, people: Collection[bytes]) -> Any:
    """Return what of a value may be sealed under the log's key: numbers, names, ids of things; never a person's id."""
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, bytes):
        return _DROPPED if value in people else value
    if isinstance(value, str):
        return value if _NAME.fullmatch(value) and not _is_person(value, people) else _DROPPED
    if isinstance(value, Mapping):
        kept = {key: shareable(item, people) for key, item in value.items() if shareable(key, people) is not _DROPPED}
        return {key: item for key, item in kept.items() if item is not _DROPPED}
    if isinstance(value, list | tuple):
        return [item for item in (shareable(item, people) for item in value) if item is not _DROPPED]
    return _DROPPED


def _is_person(text: str, people: Collection[bytes]) -> bool:
    """Say whether a text is a person's id, as hex, as a UUID or with its prefix."""
    match = _PUBLIC_ID.fullmatch(text)
    if match:
        return ids.parse(match[1], text) in people
    plain = text.replace("-", "")
    return len(plain) == 32 and any(plain.lower() == person.hex() for person in people)


def is_dropped(value: Any) -> bool:
    """Say whether `shareable` kept nothing."""
    return value is _DROPPED


__all__ = ["ABOUT_PEOPLE", "details_of", "is_dropped", "shareable"]
