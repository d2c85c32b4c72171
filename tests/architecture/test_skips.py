"""In CI a skip is a failure, unless it is for data that nobody can install; and the network is closed."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
CONFIGURATION = """
[tool.pytest]
addopts = ["--disable-socket", "--allow-unix-socket", "-p", "no:django", "-p", "no:cacheprovider"]
markers = ["loopback: talks to a server of its own"]
"""
CONNECT = """
import socket

import pytest

def connect():
    server = socket.socket()
    server.bind(("127.0.0.1", 0))
    server.listen()
    socket.create_connection(server.getsockname(), timeout=5).close()
    server.close()
"""


@pytest.fixture
def run(tmp_path):
    """Return a function that runs a test file under the project's rules; returns whether it passed, and what it said."""
    shutil.copy(ROOT / "conftest.py", tmp_path)
    (tmp_path / "pyproject.toml").write_text(CONFIGURATION, encoding="utf-8")

    def run(source, *arguments, shared=tmp_path / "absent"):
        (tmp_path / "test_planted.py").write_text(source, encoding="utf-8")
        environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST")}
        result = subprocess.run(
            [sys.executable, "-m", "pytest", "-q", *arguments],
            cwd=tmp_path,
            env=environment | {"KEEPFOLD_SHARED_DATA": str(shared)},
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        return result.returncode == 0, result.stdout

    return run


SKIP = "import pytest\n\ndef test_planted():\n    pytest.skip('{reason}')\n"
MODULE_SKIP = "import pytest\n\npytest.skip('no server here', allow_module_level=True)\n"


def test_a_skip_passes_at_home_and_fails_in_ci(run):
    assert run(SKIP.format(reason="no server here"))[0]
    passed, said = run(SKIP.format(reason="no server here"), "--require-all")
    assert not passed
    assert "this run requires every test" in said


def test_a_module_that_skips_itself_fails_in_ci(run):
    assert not run(MODULE_SKIP, "--require-all")[0]


def test_absent_shared_data_is_a_reason_only_while_it_is_absent(run, tmp_path):
    source = SKIP.format(reason="third-party test data is absent: look elsewhere")
    assert run(source, "--require-all")[0]
    present = tmp_path / "present"
    present.mkdir()
    assert not run(source, "--require-all", shared=present)[0]


def test_an_unmarked_test_reaches_no_server_and_a_marked_one_reaches_its_own(run):
    passed, said = run(CONNECT + "\ndef test_planted():\n    connect()\n")
    assert not passed
    assert "SocketBlockedError" in said
    assert run(CONNECT + "\n@pytest.mark.loopback\ndef test_planted():\n    connect()\n")[0]


def test_a_marked_test_reaches_nobody_else(run):
    elsewhere = "\n@pytest.mark.loopback\ndef test_planted():\n    socket.socket().connect(('192.0.2.1', 9))\n"
    passed, said = run(CONNECT + elsewhere)
    assert not passed
    assert "SocketConnectBlockedError" in said
