"""What the worker does for the ledger at a steady beat: sequence what waits, sign, and run verifications."""

from __future__ import annotations

import threading
import time

from django.db import connections

from keepfold.kernel import config, log
from keepfold.kernel.jobs import beat
from keepfold.kernel.problems import trace_line
from keepfold.ledger import verifications
from keepfold.ledger.audit.verify import verify
from keepfold.ledger.sequencer import MOST_AT_ONCE, checkpoint_beat, sequence_once
from keepfold.ledger.types import Progress, Report

SEQUENCE_SECONDS = 0.25
VERIFY_SECONDS = 1.0
_logger = log.get_logger("keepfold.ledger.jobs")


@beat("ledger.sequence", seconds=SEQUENCE_SECONDS)
def sequence() -> int:
    """Give every waiting entry its index; return how many."""
    total = 0
    while done := sequence_once():
        total += done
        if done < MOST_AT_ONCE:
            break
    return total


@beat("ledger.checkpoint", seconds=config.current().checkpoint_seconds)
def checkpoint() -> None:
    """Sign a checkpoint when the log has grown."""
    checkpoint_beat()


class Stopped(Exception):
    """Somebody asked a verification to end."""


class Verifying(threading.Thread):
    """One verification. It reads in one snapshot, so that it can write nothing itself: the beat does that for it.

    A thread that ends with its process: reading may be cut off anywhere, and another worker begins anew.
    """

    def __init__(self, run: bytes) -> None:
        super().__init__(name="ledger.verify", daemon=True)
        self.id = run
        self.at: tuple[str, int, int] = ("", 0, 0)
        self.report: Report | None = None
        self.should_stop = threading.Event()

    def run(self) -> None:
        """Verify."""
        try:
            self.report = verify(self._step)
        except Stopped:
            pass
        except Exception as error:  # noqa: BLE001  a verification that fails must not look like one that goes on
            _logger.warning("ledger.verification_failed", error=trace_line(error))
        finally:
            connections.close_all()

    def _step(self, stage: Progress, done: int, total: int) -> None:
        self.at = (stage, done, total)
        if self.should_stop.is_set():
            raise Stopped

    def settle(self) -> None:
        """Write down how it ended."""
        if self.report is not None:
            verifications.end(self.id, verifications.ENDED, self.report)
        else:
            stopped = self.should_stop.is_set()
            verifications.end(self.id, verifications.STOPPED if stopped else verifications.FAILED)


class _Now:
    """The verification that this process runs, if any."""

    thread: Verifying | None = None


@beat("ledger.verification", seconds=VERIFY_SECONDS)
def verification() -> None:
    """Begin a verification that waits, say how far the running one is, and write down what it found."""
    if _Now.thread is None:
        run = verifications.take()
        if run is None:
            return
        _Now.thread = Verifying(run)
        _Now.thread.start()
    thread = _Now.thread
    if thread.is_alive() and verifications.note(thread.id, *thread.at):
        thread.should_stop.set()
    if not thread.is_alive():
        _Now.thread = None
        thread.settle()


def verify_now(seconds: float = 600.0) -> None:
    """Run what waits to its end, without a worker: for tests and for whoever has no patience for a beat."""
    until = time.monotonic() + seconds
    verification()
    while _Now.thread is not None and time.monotonic() < until:
        _Now.thread.join(0.05)
        verification()


__all__ = ["checkpoint", "checkpoint_beat", "sequence", "sequence_once", "verification", "verify_now"]
