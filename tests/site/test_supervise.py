"""One supervisor: starts, restarts, stops, and says why it cannot."""

import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

from keepfold.site import runfile
from keepfold.site.rotation import RotatingLog

PARENT = """
import os, sys, json
from pathlib import Path
from keepfold.site.supervisor import Program, Supervisor
folder = Path(sys.argv[1])
programs = [Program(name, [sys.executable, "-c", code]) for name, code in json.loads(sys.argv[2]).items()]
ready = folder / "ready"
supervisor = Supervisor(programs, log_folder=folder / "log", environment=os.environ, say=lambda text: print(text, flush=True))
stopped = supervisor.run(is_ready=ready.exists, on_ready=lambda: print("READY", flush=True))
print("END", stopped.ok, stopped.program, *stopped.lines, sep="|", flush=True)
"""
LIVE = "import os, time, pathlib\npathlib.Path({folder!r}, 'pid').write_text(str(os.getpid()))\nprint('alive', flush=True)\ntime.sleep(60)"


@pytest.fixture
def supervise(tmp_path):
    """Start a supervisor over small programs; end it afterwards."""
    started = []

    def start(**programs):
        import json

        code = {name: textwrap.dedent(text).format(folder=str(tmp_path)) for name, text in programs.items()}
        process = subprocess.Popen(
            [sys.executable, "-c", PARENT, str(tmp_path), json.dumps(code)], stdout=subprocess.PIPE, text=True
        )
        started.append(process)
        return process

    yield start
    for process in started:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
        process.communicate(timeout=10)


def wait_for(condition, seconds=8.0):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        found = condition()
        if found:
            return found
        time.sleep(0.02)
    raise AssertionError("this did not happen in time")


def runs(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().split()[2] != "Z"
    except OSError:
        return False


def pid_in(folder, besides=0):
    def read():
        text = (folder / "pid").read_text() if (folder / "pid").exists() else ""
        return int(text) if text and int(text) != besides else 0

    return read


def test_a_child_that_is_killed_is_started_again(supervise, tmp_path):
    supervise(web=LIVE)
    first = wait_for(pid_in(tmp_path))
    os.kill(first, signal.SIGKILL)
    second = wait_for(pid_in(tmp_path, besides=first))
    assert second != first


def test_what_children_print_goes_to_a_log_of_their_own_that_only_the_owner_reads(supervise, tmp_path):
    supervise(web=LIVE)
    log = tmp_path / "log" / "web.log"
    wait_for(lambda: log.exists() and "alive" in log.read_text())
    assert log.stat().st_mode & 0o777 == 0o600


def test_termination_stops_the_children_and_ends_well(supervise, tmp_path):
    parent = supervise(web=LIVE)
    child = wait_for(pid_in(tmp_path))
    parent.send_signal(signal.SIGTERM)
    output, _ = parent.communicate(timeout=10)
    assert "END|True" in output
    with pytest.raises(ProcessLookupError):
        os.kill(child, 0)


def test_a_child_that_cannot_start_ends_everything_and_its_words_are_repeated(supervise):
    parent = supervise(
        web="import sys\nprint('the root key is missing')\nsys.exit(78)", worker="import time\ntime.sleep(60)"
    )
    output, _ = parent.communicate(timeout=10)
    assert "END|False|web|the root key is missing" in output


def test_after_it_was_ready_a_child_that_cannot_start_is_tried_again(supervise, tmp_path):
    (tmp_path / "ready").touch()
    parent = supervise(web="import sys, time\ntime.sleep(0.4)\nsys.exit(78)")
    assert parent.stdout.readline() == "READY\n"
    assert "starting it again" in parent.stdout.readline()


def test_grandchildren_of_a_killed_child_are_swept(supervise, tmp_path):
    supervise(
        web="""
        import subprocess, sys, os, time, pathlib
        other = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
        pathlib.Path({folder!r}, "grandchild").write_text(str(other.pid))
        pathlib.Path({folder!r}, "pid").write_text(str(os.getpid()))
        time.sleep(60)
        """
    )
    child = wait_for(pid_in(tmp_path))
    grandchild = int((tmp_path / "grandchild").read_text())
    os.kill(child, signal.SIGKILL)
    wait_for(pid_in(tmp_path, besides=child))
    wait_for(lambda: not runs(grandchild))


def test_a_lock_is_held_once_and_found_by_others(home):
    with runfile.RunLock(home) as first, runfile.RunLock(home) as second:
        assert first.take()
        assert not second.take()
        runfile.write(home, runfile.Running(4711, "http://127.0.0.1:1", "0", 0))
        assert runfile.find(home) == runfile.Running(4711, "http://127.0.0.1:1", "0", 0)


def test_the_file_of_a_dead_supervisor_does_not_count(home):
    with runfile.RunLock(home) as lock:
        lock.take()
        runfile.write(home, runfile.Running(4711, "http://127.0.0.1:1", "0", 0))
    assert runfile.find(home) is None
    assert runfile.is_free(home)


def test_a_full_log_starts_anew_and_keeps_only_so_many_old_ones(tmp_path):
    log = RotatingLog(tmp_path / "web.log", full=100, kept=2)
    for number in range(12):
        log.write(f"line {number:03} {'x' * 41}\n".encode())
    log.close()
    names = sorted(path.name for path in tmp_path.iterdir())
    assert names == ["web.log", "web.log.1", "web.log.2"]
    kept = "".join((tmp_path / name).read_text() for name in ("web.log.2", "web.log.1", "web.log"))
    assert "line 011" in kept
    assert "line 000" not in kept
