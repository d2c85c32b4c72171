"""Work to be done later, at least once: leased, kept alive by a heartbeat, retried, given up visibly, scheduled.

    @job("vault.sweep", every="*/5 * * * *")             # in <room>/jobs.py, idempotent
    def sweep() -> None: ...

    @job("vault.finish_erasure")
    def finish_erasure(*, person: str) -> None: ...       # the payload arrives as keyword arguments

    enqueue("vault.finish_erasure", {"person": "cus_…"}, key="erase:cus_…")

`enqueue` joins the caller's transaction: no job for what was rolled back, no action without its job. A worker that
dies loses its lease and the job runs again elsewhere. Payloads hold ids and numbers only, and are checked for it.
"""

from __future__ import annotations

from keepfold.kernel.jobs.registry import Again, Beat, Kind, beat, beats, job, kinds
from keepfold.kernel.jobs.schedule import tick
from keepfold.kernel.jobs.store import Dead, dead_letters, enqueue, purge, retry, waiting
from keepfold.kernel.jobs.work import drop
from keepfold.kernel.jobs.worker import Worker, stopping

__all__ = [
    "Again",
    "Beat",
    "Dead",
    "Kind",
    "Worker",
    "beat",
    "beats",
    "dead_letters",
    "drop",
    "enqueue",
    "job",
    "kinds",
    "purge",
    "retry",
    "stopping",
    "tick",
    "waiting",
]
