"""Grants of an actor: which actions and which purposes. Pure, and quick enough for every call."""

from __future__ import annotations

from functools import lru_cache


@lru_cache(maxsize=4096)
def allows_action(granted: tuple[str, ...], action: str) -> bool:
    """Say whether one of the grants covers the action: its name, a prefix such as `vault.*`, or `*`."""
    if action in granted or "*" in granted:
        return True
    return any(grant.endswith(".*") and action.startswith(grant[:-1]) for grant in granted)


def allows_purpose(granted: tuple[str, ...], purpose: str) -> bool:
    """Say whether one of the grants covers the purpose: its name, or `*`."""
    return purpose in granted or "*" in granted
