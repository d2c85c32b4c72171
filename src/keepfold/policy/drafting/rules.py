"""Rules of drafts: what may happen in which state, whose yes counts, from which day, and how two texts come together.

Pure: no Django, no clock, no I/O.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, date, datetime
from typing import Literal, NamedTuple

from keepfold.kernel.lines import matcher
from keepfold.policy.format.document import Policy
from keepfold.policy.format.values import Period, start_of
from keepfold.policy.types import Change

State = Literal["drafting", "review", "approved", "active", "discarded"]
Verb = Literal["save", "submit", "approve", "return", "reopen", "announce", "activate", "discard"]

# An id of a draft as it is shown: drf_….
PREFIX = "drf"
OPEN: tuple[State, ...] = ("drafting", "review", "approved")
# In which states each thing may be done. What is in review or approved is not changed under the reviewer's eyes.
MAY: dict[Verb, tuple[State, ...]] = {
    "save": ("drafting",),
    "submit": ("drafting",),
    "approve": ("review",),
    "return": ("review", "approved"),
    "reopen": ("review", "approved"),
    "announce": ("approved",),
    "activate": ("approved",),
    "discard": OPEN,
}
# With one person's activation nobody has to look first: the shop may have one person only.
MAY_ALONE: dict[Verb, tuple[State, ...]] = {"announce": OPEN, "activate": OPEN}


def may(verb: Verb, state: State, *, two_people: bool) -> bool:
    """Say whether something may be done to a draft in this state."""
    return state in MAY[verb] or (not two_people and state in MAY_ALONE.get(verb, ()))


class Lead(NamedTuple):
    """What is owed to people before a change: the times that the old and the new policy promise; none, nothing owed."""

    periods: tuple[Period, ...] = ()

    @property
    def owed(self) -> bool:
        """Say whether people must hear of it first."""
        return bool(self.periods)

    @property
    def period(self) -> Period | None:
        """Return the longer of the times."""
        return max(self.periods, key=lambda one: one.rough_days, default=None)

    def from_day(self, told: date) -> date:
        """Return the first day on which the change may count when people were told on a day: every time has passed."""
        ends = [datetime.fromtimestamp(one.after(start_of(told)), UTC).date() for one in self.periods]
        return max(ends, default=told)


def lead(old: Policy | None, new: Policy, changes: Iterable[Change]) -> Lead:
    """Return what is owed before a change (GDPR Art. 13(3), WP260 rev.01 para. 29 to 31).

    Both policies promise a time between telling and change; both count, so that a policy cannot free itself of the
    promise it changes. Nothing is owed when nothing becomes wider, or when nothing is material.
    """
    found = list(changes)
    owed = any(change.material for change in found) and any(change.effect == "wider" for change in found)
    if old is None or not owed:
        return Lead()
    promised = (old.notice.on_material.before, new.notice.on_material.before)
    return Lead(tuple(one for one in promised if one is not None))


# -------------------------------------------------------------------------------------------------- merging


class Change3(NamedTuple):
    """Lines `start` to `end` of the base that one side replaced by `lines`."""

    start: int
    end: int
    lines: list[str]


def merge(base: str, mine: str, theirs: str) -> str | None:
    """Return both sides' changes of a text together, or None where they touch the same or neighbouring lines."""
    if theirs in {mine, base}:
        return mine
    if mine == base:
        return theirs
    merged = base.splitlines(keepends=True)
    ours, others = _changes(merged, mine), _changes(merged, theirs)
    if any(_touch(one, other) for one in ours for other in others if one != other):
        return None
    for change in sorted({(*one[:2], *one.lines): one for one in (*ours, *others)}.values(), reverse=True):
        merged[change.start : change.end] = change.lines
    return "".join(merged)


def _changes(base: Sequence[str], side: str) -> list[Change3]:
    other = side.splitlines(keepends=True)
    found = matcher(base, other)
    return [Change3(i, j, other[k:m]) for kind, i, j, k, m in found.get_opcodes() if kind != "equal"]


def _touch(one: Change3, other: Change3) -> bool:
    return one.start <= other.end and other.start <= one.end


class Line(NamedTuple):
    """One line of two texts side by side: its number in the new text (None when it is gone), its mark, its words."""

    number: int | None
    mark: Literal["", "add", "cut"]
    text: str


def compared(old: str, new: str) -> Iterator[Line]:
    """Yield the lines of a new text, and between them those that it no longer has."""
    before, after = old.split("\n"), new.split("\n")
    for kind, i, j, k, m in matcher(before, after).get_opcodes():
        if kind == "equal":
            yield from (Line(number + 1, "", after[number]) for number in range(k, m))
            continue
        yield from (Line(None, "cut", line) for line in before[i:j])
        yield from (Line(number + 1, "add", after[number]) for number in range(k, m))
