"""What people do about work that failed. Everything else on these pages only looks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from keepfold.console import checkup, setup
from keepfold.gate import Actor, action
from keepfold.kernel import jobs, outbox, post
from keepfold.kernel.errors import NotFound


def _job(arguments: Mapping[str, Any]) -> Mapping[str, Any]:
    return {"job": arguments["job"]}


def _delivery(arguments: Mapping[str, Any]) -> Mapping[str, Any]:
    return {"delivery": arguments["delivery"]}


@action("console.job.retry", details=_job)
def retry_job(*, actor: Actor, job: int) -> None:
    """Open a job again that was given up. Raises `NotFound` when it was not."""
    _found(done=jobs.retry(job))


@action("console.job.drop", details=_job)
def drop_job(*, actor: Actor, job: int) -> None:
    """Forget a job that was given up. Raises `NotFound` when it was not."""
    _found(done=jobs.drop(job))


@action("console.delivery.retry", details=_delivery)
def retry_delivery(*, actor: Actor, delivery: int) -> None:
    """Open a delivery again that was given up. Raises `NotFound` when it was not."""
    _found(done=outbox.redeliver(delivery))


@action("console.delivery.drop", details=_delivery)
def drop_delivery(*, actor: Actor, delivery: int) -> None:
    """Settle a delivery that was given up without delivering it. Raises `NotFound` when it was not."""
    _found(done=post.drop(delivery))


@action("console.settings.read", log="before")
def read_settings(*, actor: Actor, changed_only: bool = False) -> setup.Setup:
    """Return every setting, where it comes from and what it means; of secrets only whether they are set."""
    return setup.setup(changed_only=changed_only)


@action("console.checkup.start")
def start_checkup(*, actor: Actor) -> int:
    """Have every check of the installation run; return the number of the run, which may run already."""
    return checkup.begin()


def _found(*, done: bool) -> None:
    if not done:
        raise NotFound("There is nothing of this number that was given up.", code="work.missing")
