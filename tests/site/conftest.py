"""A home that was set up by the command line, and servers started in it as real processes."""

from __future__ import annotations

import http.client
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Machine:
    """One home with its addresses, as somebody at a terminal would use it."""

    def __init__(self, home: Path) -> None:
        self.home, self.port, self.metrics_port = home, free_port(), free_port()
        self.settings: dict[str, str] = {}
        self.running: list[subprocess.Popen[str]] = []

    @property
    def environment(self) -> dict[str, str]:
        clean = {name: value for name, value in os.environ.items() if not name.startswith("KEEPFOLD_")}
        return {
            **clean,
            "KEEPFOLD_HOME": str(self.home),
            "KEEPFOLD_BIND": f"127.0.0.1:{self.port}",
            "KEEPFOLD_METRICS_BIND": f"127.0.0.1:{self.metrics_port}",
            **self.settings,
        }

    def keepfold(self, *words: str, **options: Any) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "keepfold.cli.main", *words]
        return subprocess.run(command, env=self.environment, capture_output=True, text=True, check=False, **options)

    def up(self, *, before: str = "") -> subprocess.Popen[str]:
        """Start `keepfold up`; `before` is shell code that runs first in the same process, such as `ulimit`."""
        command = f"{before} exec {sys.executable} -m keepfold.cli.main up"
        process = subprocess.Popen(
            ["bash", "-c", command], env=self.environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        self.running.append(process)
        return process

    def wait_until_ready(self, seconds: float = 15) -> float:
        began = time.monotonic()
        while time.monotonic() - began < seconds:
            if self.get("/readyz")[0] == 200:
                return time.monotonic() - began
            time.sleep(0.02)
        raise AssertionError(self.logs())

    def get(self, path: str, **headers: str) -> tuple[int, bytes]:
        return self.request("GET", path, **headers)

    def request(self, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, bytes]:
        """Send one request; status 0 when nobody answers."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        sent = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json", **headers}
        try:
            connection.request(method, path, json.dumps(body) if body is not None else None, sent)
            answer = connection.getresponse()
            return answer.status, answer.read()
        except OSError:
            return 0, b""
        finally:
            connection.close()

    @property
    def token(self) -> str:
        path = self.home / "owner.token"
        return path.read_text().strip() if path.exists() else ""

    def logs(self) -> str:
        return "\n".join(path.read_text(errors="replace") for path in sorted((self.home / "log").glob("*.log")))

    def bytes_of_everything(self) -> bytes:
        return b"\n".join(path.read_bytes() for path in sorted(self.home.rglob("*")) if path.is_file())

    def stop(self) -> None:
        for process in self.running:
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
            process.communicate(timeout=40)
        self.running.clear()


@pytest.fixture(scope="session")
def prepared_home(tmp_path_factory) -> Path:
    """A home on which `keepfold init` ran once."""
    folder = tmp_path_factory.mktemp("prepared") / "home"
    machine = Machine(folder)
    done = machine.keepfold("init")
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture
def machine(tmp_path, prepared_home):
    """A machine whose home is a copy of the prepared one; whatever it started is stopped afterwards."""
    shutil.copytree(prepared_home, tmp_path / "home")
    (tmp_path / "home").chmod(0o700)
    found = Machine(tmp_path / "home")
    yield found
    found.stop()
