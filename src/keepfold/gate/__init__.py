"""The one door. Whatever concerns a person, or changes anything, is an action that passes here.

Owns: the `@action` decorator, the flow around every action (decide, write down, do), the two protocols that the
site wires. Promises: an unwired gate refuses everything; a decision and its entry come with every action, denials
included; an entry that cannot be written undoes the action; a read's entry is durable before the read.
Never: a parameter that skips any of it.
"""

from __future__ import annotations

from keepfold.gate.call import Call, current, emit
from keepfold.gate.catalogue import Kind, Known, known_actions
from keepfold.gate.door import action, wire, wired
from keepfold.gate.spec import Spec, is_action, registered_actions
from keepfold.gate.types import Actor, ActorKind, Context, Decider, Decision, Entry, Recorder, Treatment

__all__ = [
    "Actor",
    "ActorKind",
    "Call",
    "Context",
    "Decider",
    "Decision",
    "Entry",
    "Kind",
    "Known",
    "Recorder",
    "Spec",
    "Treatment",
    "action",
    "current",
    "emit",
    "is_action",
    "known_actions",
    "registered_actions",
    "wire",
    "wired",
]
