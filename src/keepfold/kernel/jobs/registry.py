"""Which kinds of jobs there are, and what runs at a steady beat."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import TypeVar

from cronsim import CronSimError

from keepfold.kernel.errors import Misconfigured
from keepfold.kernel.rules import nearest, next_slot

F = TypeVar("F", bound=Callable[..., object])


class Again(Exception):
    """Raised by a job to be continued later: not a failure, and no attempt is counted."""

    def __init__(self, after: timedelta = timedelta(0)) -> None:
        super().__init__("again")
        self.after = after


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of job: its function, its schedule, how often it is tried, how long it may run (seconds)."""

    name: str
    run: Callable[..., object]
    every: str | None
    attempts: int
    longest_s: int


@dataclass(frozen=True, slots=True)
class Beat:
    """A function that every worker calls each `seconds`, in a thread of its own; it finds out itself what to do."""

    name: str
    run: Callable[[], object]
    seconds: float


_kinds: dict[str, Kind] = {}
_beats: dict[str, Beat] = {}


def job(name: str, *, every: str | None = None, attempts: int = 8, longest_s: int = 3600) -> Callable[[F], F]:
    """Register a function as the job of this kind; `every` is a cron expression in UTC. It must be idempotent.

    Raises `Misconfigured` on a wrong expression, or when the function takes positional arguments.
    """
    if every is not None:
        _check_schedule(name, every)

    def register(run: F) -> F:
        _check_function(name, run)
        _kinds[name] = Kind(name, run, every, attempts, longest_s)
        return run

    return register


def beat(name: str, *, seconds: float) -> Callable[[F], F]:
    """Register a function that every worker calls each `seconds`. For what cron is too coarse for."""

    def register(run: F) -> F:
        _beats[name] = Beat(name, run, seconds)
        return run

    return register


def kinds() -> Mapping[str, Kind]:
    """Return all kinds of jobs by name."""
    return MappingProxyType(_kinds)


def beats() -> Mapping[str, Beat]:
    """Return all beats by name."""
    return MappingProxyType(_beats)


def kind(name: str) -> Kind:
    """Return one kind. Raises `Misconfigured` naming the nearest one when there is none."""
    if name in _kinds:
        return _kinds[name]
    close = nearest(name, _kinds)
    hint = f" Did you mean {close}?" if close else ""
    raise Misconfigured(f"There is no job called {name}.{hint}", code="jobs.unknown")


def _check_schedule(name: str, every: str) -> None:
    try:
        next_slot(every, datetime(2026, 1, 1, tzinfo=UTC))
    except (CronSimError, StopIteration):
        raise Misconfigured(
            f"The schedule of {name} is not a cron expression: {every}.", code="jobs.schedule"
        ) from None


def _check_function(name: str, run: Callable[..., object]) -> None:
    known = _kinds.get(name)
    if known is not None and (known.run.__module__, known.run.__qualname__) != (run.__module__, run.__qualname__):
        raise Misconfigured(f"The job {name} is defined twice.", code="jobs.twice")
    keyword = inspect.Parameter.KEYWORD_ONLY
    if any(parameter.kind is not keyword for parameter in inspect.signature(run).parameters.values()):
        raise Misconfigured(f"The job {name} must take keyword-only arguments.", code="jobs.signature")
