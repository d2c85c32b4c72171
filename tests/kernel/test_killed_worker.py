"""A worker that is killed in the middle of a job, as the kernel or the power does it: the job runs again."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from keepfold.kernel import config, db, jobs

SCRIPT = """
import sys
from pathlib import Path
import django
django.setup()
from keepfold.kernel import jobs

trace = Path(sys.argv[1])

@jobs.job("shop.long")
def long(*, order):
    with trace.open("a") as file:
        file.write(f"started {order}\\n")
    while not jobs.stopping() and Path(sys.argv[2]).exists():
        import time; time.sleep(0.02)
    with trace.open("a") as file:
        file.write("stopping\\n" if jobs.stopping() else f"finished {order}\\n")

jobs.Worker(lease_seconds=1.5, poll_seconds=0.05, with_beats=False).run()
"""


@pytest.fixture
def start(store, tmp_path):
    """Return a function that starts a real worker process; whatever still runs at the end is ended."""
    block, trace, started = tmp_path / "block", tmp_path / "trace", []
    block.touch()
    settings = config.current()
    environment = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": os.pathsep.join(path for path in sys.path if path),
        "DJANGO_SETTINGS_MODULE": os.environ["DJANGO_SETTINGS_MODULE"],
        "KEEPFOLD_HOME": str(settings.home),
        "KEEPFOLD_DATA_URL": settings.data_url,
        "KEEPFOLD_KEYS_URL": settings.keys_url,
    }

    def start():
        process = subprocess.Popen([sys.executable, "-c", SCRIPT, str(trace), str(block)], env=environment)
        started.append(process)
        return process

    start.block, start.trace = block, trace
    yield start
    for process in started:
        if process.poll() is None:
            process.kill()
        process.wait()


def await_trace(trace: Path, text: str, seconds=30):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if trace.exists() and text in trace.read_text():
            return
        time.sleep(0.02)
    pytest.fail(f"no {text!r} in {trace.read_text() if trace.exists() else 'nothing'}")


def enqueue():
    jobs.job("shop.long")(lambda *, order: None)
    return jobs.enqueue("shop.long", {"order": "ord_7"})


def state(job):
    return db.fetch_one("default", "SELECT state, attempts FROM kernel_job WHERE id = %s", [job])


def test_a_job_whose_worker_is_killed_runs_again(start):
    job = enqueue()
    first = start()
    await_trace(start.trace, "started ord_7")
    os.kill(first.pid, signal.SIGKILL)
    assert first.wait(10) == -signal.SIGKILL
    assert state(job) == (0, 1), "open, and still leased to the dead"
    start.block.unlink()
    second = start()
    await_trace(start.trace, "finished ord_7")
    second.send_signal(signal.SIGTERM)
    assert second.wait(10) == 0
    assert start.trace.read_text().count("started ord_7") == 2
    assert state(job) == (1, 2)


def test_a_worker_that_is_terminated_lets_its_job_come_to_an_end(start):
    job = enqueue()
    worker = start()
    await_trace(start.trace, "started ord_7")
    worker.send_signal(signal.SIGTERM)
    assert worker.wait(10) == 0
    assert start.trace.read_text() == "started ord_7\nstopping\n"
    assert state(job) == (1, 1)
