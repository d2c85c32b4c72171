"""One passage through the gate, as the body of an action sees it."""

from __future__ import annotations

from collections.abc import Iterable
from contextvars import ContextVar
from typing import Any

import msgspec

from keepfold.gate.spec import checked_ids
from keepfold.gate.types import Context, Decider, Decision, Entry, Recorder
from keepfold.kernel import ids, log
from keepfold.kernel.errors import Misconfigured


class Passage:
    """One outermost action: who decides and records, and the calls whose entries survive even a roll-back."""

    __slots__ = ("decider", "recorder", "survivors")

    def __init__(self, decider: Decider, recorder: Recorder) -> None:
        self.decider, self.recorder = decider, recorder
        self.survivors: list[Call] = []


class Call:
    """What the gate decided for this call, and what will be written down about it.

    `open` says that its body runs in a transaction; `written` that its entry can no longer change; `kept` that the
    entry was appended. `parent` is the call whose body made this one.
    """

    __slots__ = (
        "_events",
        "_notes",
        "_people",
        "context",
        "decision",
        "entry_id",
        "kept",
        "open",
        "parent",
        "passage",
        "written",
    )

    decision: Decision
    passage: Passage

    def __init__(self, context: Context, parent: Call | None) -> None:
        self.context, self.parent = context, parent
        self.entry_id = ids.uuid7()
        self.open = self.written = self.kept = False
        self._people: dict[bytes, None] | None = None
        self._notes: dict[str, Any] | None = None
        self._events: list[tuple[msgspec.Struct, bytes | None]] | None = None

    @property
    def subjects(self) -> tuple[bytes, ...]:
        """Return the people this call concerns, those found by its body included."""
        return self.context.subjects if self._people is None else tuple(self._people)

    def add_subjects(self, people: Iterable[bytes]) -> None:
        """Name further people that the body turned out to concern (ids of 16 bytes)."""
        self._must_be_unwritten()
        if self._people is None:
            self._people = dict.fromkeys(self.context.subjects)
        self._people.update(dict.fromkeys(checked_ids(tuple(people))))

    def ask(self, **changes: Any) -> Decision:
        """Return the decision about this call with some of its context changed.

        For a body that finds out more than its arguments said: a person it came upon (`subjects`), or that it must
        also do what another action does (`action`).
        """
        return self.passage.decider.decide(msgspec.structs.replace(self.context, **changes))

    def note(self, **details: Any) -> None:
        """Add ids, names of things or counts to the sealed details of the entry; never a customer's value."""
        self._must_be_unwritten()
        self._notes = details if self._notes is None else self._notes | details

    def emit(self, event: msgspec.Struct, subject: bytes | None = None) -> None:
        """Add an event to the transaction; about the call's person when it has exactly one and none is named."""
        self._must_be_unwritten()
        if subject is None and len(self.subjects) == 1:
            subject = self.subjects[0]
        if self._events is None:
            self._events = []
        self._events.append((event, subject))

    def take_events(self) -> list[tuple[msgspec.Struct, bytes | None]]:
        """Return the events emitted so far, once."""
        events, self._events = self._events or [], None
        return events

    def entry(self) -> Entry:
        """Return what is to be written down when the call succeeds."""
        notes, details = self._notes, self.context.details
        return Entry(
            id=self.entry_id,
            context=self.context,
            decision=self.decision,
            subjects=self.subjects,
            details=details if notes is None else {**details, **notes},
            cause=None if self.parent is None else self.parent.entry_id,
        )

    def is_kept(self) -> bool:
        """Say whether this call's entry stands, which needs those of all calls around it."""
        call: Call | None = self
        while call is not None:
            if not call.kept:
                return False
            call = call.parent
        return True

    def _must_be_unwritten(self) -> None:
        if self.written:
            raise Misconfigured(
                f"The entry of {self.context.action} was written before its body ran and cannot change any more.",
                code="gate.entry-written",
                next_step="Name people and details in the arguments, or log this action with its body.",
            )


inner: ContextVar[Call | None] = ContextVar("keepfold_call", default=None)


def _log_context() -> dict[str, str]:
    call = inner.get()
    if call is None:
        return {}
    action = call.context.action
    return {"action": action, "room": action.partition(".")[0], "actor_id": call.context.actor.id.hex()}


log.context_from(_log_context)


def current() -> Call:
    """Return the call whose body is running. Raises `Misconfigured` outside of an action."""
    call = inner.get()
    if call is None:
        raise Misconfigured("No action is running.", code="gate.outside")
    return call


def emit(event: msgspec.Struct, subject: bytes | None = None) -> None:
    """Put an event into the transaction of the running action."""
    current().emit(event, subject)
