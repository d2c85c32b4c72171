"""The worker: one loop that ticks the schedules, delivers events and runs jobs, with a heartbeat beside it.

SIGTERM and SIGINT end it gracefully: the running job is finished (it may ask `stopping()` and raise `Again`), then
the loop returns. SIGKILL leaves a lease behind that runs out, and another worker takes the job.
"""

from __future__ import annotations

import os
import random
import signal
import threading
import time
from collections.abc import Sequence
from types import FrameType

from django.db import DatabaseError, InterfaceError, connections

from keepfold.kernel import clock, log, metrics, outbox
from keepfold.kernel.errors import KeepfoldError
from keepfold.kernel.jobs import store
from keepfold.kernel.jobs.registry import Again, Beat, Kind, beats, kinds
from keepfold.kernel.jobs.schedule import tick
from keepfold.kernel.jobs.store import Claim
from keepfold.kernel.problems import told, trace_line
from keepfold.kernel.rules import backoff_seconds

_logger = log.get_logger("keepfold.kernel.jobs")
metrics.counter("keepfold_jobs", "Jobs that were tried.", kind=kinds, outcome=("done", "failed", "again"))
_AWAY = (DatabaseError, InterfaceError, KeepfoldError)


class _Now:
    """What `stopping` asks: the stop signal of the worker and whether the present lease was lost."""

    stop: threading.Event | None = None
    lost: threading.Event | None = None


def stopping() -> bool:
    """Say whether the running job should come to an end: its worker stops, or its lease went to another one."""
    return any(event is not None and event.is_set() for event in (_Now.stop, _Now.lost))


class Worker:
    """Runs jobs, schedules, events and beats until it is told to stop."""

    def __init__(
        self,
        *,
        lease_seconds: float = 60.0,
        poll_seconds: float = 0.5,
        only: Sequence[str] | None = None,
        with_events: bool = True,
        with_beats: bool = True,
    ) -> None:
        """`only` restricts the worker to some kinds of jobs; without events another loop delivers them."""
        self._holder = os.urandom(16)
        self._lease_us = int(lease_seconds * 1e6)
        self._poll = poll_seconds
        self._only = only
        self._with_events, self._with_beats = with_events, with_beats
        self._stop = threading.Event()

    def run(self, stopping: threading.Event | None = None) -> None:
        """Work until `stop`, until the given event is set, or, without one, until SIGTERM or SIGINT."""
        if stopping is None:
            self._listen()
        else:
            self._stop = stopping
        threads = self._start_beats() if self._with_beats else []
        while not self._stop.is_set():
            if not self._calmly():
                self._stop.wait(self._poll)
        for thread in threads:
            thread.join()
        connections.close_all()

    def stop(self) -> None:
        """Ask the worker to end after the running job."""
        self._stop.set()

    def once(self) -> int:
        """Do one round; return how many events and jobs were tried."""
        tick()
        delivered = outbox.deliver_once() if self._with_events else 0
        return delivered + self._one_job()

    def drain(self, most: int = 10_000) -> int:
        """Do rounds until nothing is due; return how many events and jobs were tried."""
        total = 0
        while total < most:
            tried = self.once()
            if not tried:
                break
            total += tried
        return total

    def _calmly(self) -> int:
        try:
            return self.once()
        except _AWAY as error:
            # A store that is away comes back; a worker that died of it would not.
            _logger.warning("worker.away", error=trace_line(error))
            connections.close_all()
            self._stop.wait(self._poll * 4)
            return 0

    def _one_job(self) -> int:
        names = [name for name in kinds() if self._only is None or name in self._only]
        claim = store.claim(names, self._holder, self._lease_us)
        if claim is None:
            return 0
        kind = kinds()[claim.kind]
        if claim.attempts > kind.attempts:
            store.settle(claim, store.DEAD, error="the worker died while running it", attempts=kind.attempts)
            return 1
        self._run_job(claim, kind)
        return 1

    def _run_job(self, claim: Claim, kind: Kind) -> None:
        _Now.stop, _Now.lost = self._stop, threading.Event()
        heart = _Heart(claim, self._lease_us, kind.longest_s, _Now.lost)
        started = time.perf_counter()
        heart.start()
        try:
            kind.run(**claim.payload)
        except Again as again:
            outcome, settled = "again", _hand_back(claim, again)
        except Exception as error:  # noqa: BLE001  whatever a job raises must not stop the others
            outcome, settled = "failed", _failed(claim, kind, error)
        else:
            outcome, settled = "done", store.settle(claim, store.DONE)
        finally:
            heart.stop()
            _Now.stop = _Now.lost = None
        metrics.count("keepfold_jobs", kind=kind.name, outcome=outcome)
        if not settled:
            _logger.warning("job.lease_lost", job=claim.id, kind=kind.name, seconds=time.perf_counter() - started)

    def _listen(self) -> None:
        if threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGTERM, self._on_signal)
            signal.signal(signal.SIGINT, self._on_signal)

    def _on_signal(self, _number: int, _frame: FrameType | None) -> None:
        self._stop.set()

    def _start_beats(self) -> list[threading.Thread]:
        threads = [threading.Thread(target=self._beat, args=[beat], name=beat.name) for beat in beats().values()]
        for thread in threads:
            thread.start()
        return threads

    def _beat(self, beat: Beat) -> None:
        due = time.monotonic()
        while not self._stop.wait(max(0.0, due - time.monotonic())):
            try:
                beat.run()
            except Exception as error:  # noqa: BLE001  a beat that fails is tried again at its next time
                _logger.warning("beat.failed", beat=beat.name, error=trace_line(error))
                connections.close_all()
            # Steady, but never in a burst to catch up.
            due = max(due + beat.seconds, time.monotonic())
        connections.close_all()


def _hand_back(claim: Claim, again: Again) -> bool:
    run_us = clock.now_us() + int(again.after.total_seconds() * 1e6)
    return store.settle(claim, store.OPEN, run_us=run_us, attempts=claim.attempts - 1)


def _failed(claim: Claim, kind: Kind, error: Exception) -> bool:
    dead = claim.attempts >= kind.attempts
    _logger.warning("job.failed", job=claim.id, kind=kind.name, attempts=claim.attempts, error=trace_line(error))
    wait = backoff_seconds(claim.attempts, random.random())  # noqa: S311  spreads retries, hides nothing
    run_us = clock.now_us() + int(wait * 1e6)
    return store.settle(claim, store.DEAD if dead else store.OPEN, run_us=run_us, error=told(error))


class _Heart(threading.Thread):
    """Extends a lease every third of its length, until the job ends or has run for longer than it may."""

    def __init__(self, claim: Claim, lease_us: int, longest_s: int, lost: threading.Event) -> None:
        super().__init__(name=f"heart-{claim.id}", daemon=True)
        self._claim, self._lease_us, self._lost = claim, lease_us, lost
        self._end = time.monotonic() + longest_s
        self._over = threading.Event()

    def stop(self) -> None:
        """End the beat and wait for the thread, so that its connection is closed."""
        self._over.set()
        self.join()

    def run(self) -> None:
        """Beat."""
        while not self._over.wait(self._lease_us / 3e6) and time.monotonic() < self._end:
            try:
                if not store.extend(self._claim, self._lease_us):
                    self._lost.set()
                    break
            except _AWAY as error:
                _logger.warning("job.heartbeat", job=self._claim.id, error=trace_line(error))
        connections.close_all()
