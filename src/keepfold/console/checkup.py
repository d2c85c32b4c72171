"""Checks of the installation: quick ones as often as somebody looks, all of them as a job whose findings are kept.

What is checked is the site's to know; it hands its checks over when it wires the rooms.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Literal, NamedTuple

import orjson

from keepfold.console.models import CheckupRow
from keepfold.console.types import Finding, State
from keepfold.kernel import clock, jobs
from keepfold.kernel.jobs import job

KEPT = 10
JOB = "console.checkup"
_LONGEST_US = 3600 * 1_000_000


Checks = Callable[[Literal["quick", "thorough"]], Iterator[Finding]]


class Checkup(NamedTuple):
    """One run of all checks. `ended_us` is None while it runs."""

    id: int
    started_us: int
    ended_us: int | None
    findings: tuple[Finding, ...]

    @property
    def worst(self) -> State:
        """Return the worst state of all findings."""
        states = {finding.state for finding in self.findings}
        return "broken" if "broken" in states else "warning" if "warning" in states else "ok"


class _Wiring:
    """What the site has handed over; None until then."""

    checks: Checks | None = None


def wire(*, checks: Checks | None) -> None:
    """Hand over the checks: a function of `quick` or `thorough`."""
    _Wiring.checks = checks


def quick() -> tuple[Finding, ...]:
    """Return what the quick checks find now; nothing before the site has handed them over."""
    return tuple(_Wiring.checks("quick")) if _Wiring.checks is not None else ()


def last() -> Checkup | None:
    """Return the latest run of all checks, also one that is running."""
    row = CheckupRow.objects.order_by("-id").first()
    return None if row is None else Checkup(row.id, row.started_us, row.ended_us, _findings(row.findings))


def _findings(text: str) -> tuple[Finding, ...]:
    return tuple(Finding(*values) for values in orjson.loads(text or "[]"))


def begin() -> int:
    """Have all checks run by the worker, in the caller's transaction; a run that waits or runs already is enough."""
    running = CheckupRow.objects.filter(ended_us=None, started_us__gt=clock.now_us() - _LONGEST_US).first()
    if running is not None:
        return int(running.id)
    row = CheckupRow.objects.create(started_us=clock.now_us(), findings="[]")
    jobs.enqueue(JOB, {"checkup": row.id}, key=f"{JOB}/{row.id}")
    return int(row.id)


@job(JOB, longest_s=3600)
def run(*, checkup: int) -> None:
    """Run all checks and keep what each finds as soon as it is known; begun anew after a crash."""
    found: list[Finding] = []
    rows = CheckupRow.objects.filter(id=checkup)
    for finding in _Wiring.checks("thorough") if _Wiring.checks is not None else ():
        found.append(finding)
        rows.update(findings=orjson.dumps([list(one) for one in found]).decode())
    rows.update(ended_us=clock.now_us())
    CheckupRow.objects.filter(id__lte=checkup - KEPT).delete()
