"""One small parent that starts the web server and the worker, restarts what falls over, and stops both in order.

It imports neither Django nor any room: it must stay small, and it must survive whatever befalls its children.
"""

from __future__ import annotations

import os
import selectors
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO, NamedTuple

from keepfold.site.rotation import RotatingLog

CANNOT_START = 78  # EX_CONFIG of sysexits.h: a person has to repair something first
_BACKOFF_FIRST_S = 0.5
_BACKOFF_MOST_S = 30.0
_HEALTHY_AFTER_S = 30.0
_GRACE_S = 20.0
_TICK_S = 0.1


class Program(NamedTuple):
    """A child to keep alive."""

    name: str
    command: Sequence[str]


class Stopped(NamedTuple):
    """How it ended: `ok`, or the child that could not start, with the last lines it wrote."""

    ok: bool
    program: str = ""
    lines: tuple[str, ...] = ()


class Child:
    """One program, its process when it has one, and when to try again."""

    def __init__(self, program: Program, log: RotatingLog) -> None:
        """Remember what to run and where its output goes."""
        self.program = program
        self.process: subprocess.Popen[bytes] | None = None
        self.failures = 0
        self.due_at = 0.0
        self.tail: deque[str] = deque(maxlen=20)
        self._log = log
        self._started_at = 0.0

    @property
    def output(self) -> IO[bytes]:
        """Return the pipe that carries what the child prints."""
        if self.process is None or self.process.stdout is None:
            message = "the child has not been started"
            raise RuntimeError(message)
        return self.process.stdout

    def start(self, environment: Mapping[str, str]) -> None:
        """Start the process with its output on a pipe."""
        self._started_at = time.monotonic()
        self.process = subprocess.Popen(  # noqa: S603  the command is ours
            self.program.command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=dict(environment),
            start_new_session=True,  # Ctrl-C reaches the parent alone, which then stops the children in order
        )
        os.set_blocking(self.output.fileno(), False)

    def read(self) -> bytes:
        """Take what the child printed so far and log it; empty at the end of the pipe or when there is nothing."""
        try:
            data = os.read(self.output.fileno(), 65536)
        except BlockingIOError:
            return b""
        self._log.write(data)
        self.tail.extend(data.decode("utf-8", "replace").splitlines())
        return data

    def ended(self) -> int | None:
        """Return the exit code when the process has ended, otherwise None."""
        return None if self.process is None else self.process.poll()

    def plan_restart(self) -> float:
        """Note a failure; return the seconds until the next try."""
        ran_s = time.monotonic() - self._started_at
        self.failures = 1 if ran_s > _HEALTHY_AFTER_S else self.failures + 1
        pause: float = min(_BACKOFF_FIRST_S * 2 ** (self.failures - 1), _BACKOFF_MOST_S)
        self.due_at = time.monotonic() + pause
        return pause

    def signal(self, number: int) -> None:
        """Send a signal to the process, if it still lives."""
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(number)

    def sweep(self) -> None:
        """End what an ended process left behind: a web server killed hard cannot take its workers along."""
        if self.process is not None:
            with suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)

    def forget(self) -> None:
        """Let go of a process that has ended."""
        if self.process is not None and self.process.stdout is not None:
            self.process.stdout.close()
        self.process = None


class Supervisor:
    """Keeps programs alive until it is told to stop."""

    def __init__(
        self,
        programs: Sequence[Program],
        *,
        log_folder: Path,
        environment: Mapping[str, str],
        say: Callable[[str], None],
        echo: bool = False,
    ) -> None:
        """Prepare; `say` tells a person about restarts, `echo` also prints what the children print."""
        self._children = [Child(each, RotatingLog(log_folder / f"{each.name}.log")) for each in programs]
        self._environment = environment
        self._say = say
        self._echo = echo
        self._selector = selectors.DefaultSelector()
        self._stopping = threading.Event()
        self._ready = False
        self._broken: Stopped | None = None

    def run(self, *, is_ready: Callable[[], bool], on_ready: Callable[[], None]) -> Stopped:
        """Start everything, call `on_ready` once `is_ready` says so, and return when all has stopped."""
        self._catch_signals()
        while not self._stopping.is_set():
            self._start_due()
            self._wait(_TICK_S if not self._ready or self._any_down() else 1.0)
            self._reap()
            if not self._ready and not self._stopping.is_set() and is_ready():
                self._ready = True
                on_ready()
        self._stop_all()
        return self._broken or Stopped(ok=True)

    def stop(self, *_signal: object) -> None:
        """Ask the loop to end."""
        self._stopping.set()

    def _catch_signals(self) -> None:
        reader, writer = socket.socketpair()
        for end in (reader, writer):
            end.setblocking(False)  # noqa: FBT003  the standard library's signature
        signal.set_wakeup_fd(writer.fileno(), warn_on_full_buffer=False)
        self._wake = (reader, writer)  # both ends must live as long as the loop
        self._selector.register(reader, selectors.EVENT_READ, None)
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, self.stop)
        signal.signal(signal.SIGCHLD, lambda *_: None)  # only to wake the loop at once

    def _any_down(self) -> bool:
        return any(each.process is None for each in self._children)

    def _start_due(self) -> None:
        for child in self._children:
            if child.process is None and time.monotonic() >= child.due_at:
                child.start(self._environment)
                self._selector.register(child.output, selectors.EVENT_READ, child)

    def _wait(self, seconds: float) -> None:
        for key, _events in self._selector.select(seconds):
            if key.data is None:
                self._drain_wakeups()
            else:
                self._take(key.data)

    def _drain_wakeups(self) -> None:
        try:
            self._wake[0].recv(4096)
        except BlockingIOError:
            return

    def _take(self, child: Child) -> None:
        data = child.read()
        if not data:
            self._selector.unregister(child.output)  # closed its output early: without this the loop would spin
        if self._echo and data:
            sys.stderr.buffer.write(data)
            sys.stderr.flush()

    def _reap(self) -> None:
        for child in self._children:
            code = child.ended()
            if code is not None:
                self._let_go(child)
                self._decide(child, code)

    def _let_go(self, child: Child) -> None:
        for _ in range(64):
            if not child.read():
                break
        child.sweep()
        with suppress(KeyError):
            self._selector.unregister(child.output)
        child.forget()

    def _decide(self, child: Child, code: int) -> None:
        name = child.program.name
        if code == CANNOT_START and not self._ready:
            self._broken = Stopped(ok=False, program=name, lines=tuple(child.tail))
            self._stopping.set()
            return
        pause = child.plan_restart()
        self._say(f"{name} ended with code {code}; starting it again in {pause:.1f} s.")

    def _stop_all(self) -> None:
        for child in self._children:
            child.signal(signal.SIGTERM)
        deadline = time.monotonic() + _GRACE_S
        while self._alive() and time.monotonic() < deadline:
            self._wait(0.05)
        for child in self._alive():
            self._say(f"{child.program.name} did not stop within {_GRACE_S:.0f} s and was ended.")
            child.signal(signal.SIGKILL)
        for child in self._children:
            if child.process is not None:
                child.process.wait()
                self._let_go(child)

    def _alive(self) -> list[Child]:
        return [each for each in self._children if each.process is not None and each.process.poll() is None]
