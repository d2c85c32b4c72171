"""The cast, and a working installation for it.

Ana is the privacy lead, Ben a support agent, Dora an auditor, Carl a customer, and Mallory nobody who should be here.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from keepfold.gate.types import Actor


@dataclass(frozen=True)
class Installation:
    """A home, the name of the policy in force, and who may act."""

    home: Path
    policy: str
    ana: Actor
    ben: Actor
    dora: Actor
    carl: Actor
    mallory: Actor
    operator: Actor


def set_up() -> None:
    """Make keys, the cast and an active policy in the present home."""


def enter(home: Path) -> Installation:
    """Wire the gate in the present home and return who is there."""
    raise NotImplementedError


def forget_everything() -> None:
    """Drop what this process remembers of another home."""
