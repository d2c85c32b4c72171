"""The kernel's own housekeeping: what was delivered, done or answered long ago is forgotten."""

from __future__ import annotations

from keepfold.kernel import clock, idempotency, jobs, outbox

DAY_US = 24 * 3600 * 1_000_000
KEEP_EVENTS_DAYS = 30
KEEP_JOBS_DAYS = 14


@jobs.job("kernel.upkeep", every="17 3 * * *")
def upkeep() -> None:
    """Forget old events, jobs and answers."""
    at = clock.now_us()
    outbox.purge(at - KEEP_EVENTS_DAYS * DAY_US)
    jobs.purge(at - KEEP_JOBS_DAYS * DAY_US)
    idempotency.purge()
