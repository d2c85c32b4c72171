"""The two commands of the README, as far as they can be tried without installing anything."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
WITHOUT_VENV = """#!/bin/sh
case "$*" in *ensurepip*) exit 1 ;; esac
exit 0
"""


@pytest.fixture
def checkout(tmp_path):
    """Return a checkout that has only what make reads before anything is installed."""
    shutil.copy(ROOT / "Makefile", tmp_path)
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    shutil.copytree(ROOT / "requirements", tmp_path / "requirements")
    return tmp_path


def make(folder, *arguments):
    environment = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
    return subprocess.run(
        ["make", *arguments], cwd=folder, env=environment, capture_output=True, text=True, check=False, timeout=60
    )


def test_make_alone_lists_every_target_with_what_it_does(checkout):
    listed = re.findall(r"^  ([a-z-]+) +\S", make(checkout).stdout, re.MULTILINE)
    defined = re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    assert listed == defined
    assert {"setup", "run", "demo", "test", "test-pg", "check", "bench", "lock", "docs", "clean"} <= set(listed)


@pytest.mark.parametrize("target", ["run", "test", "setup"])
def test_without_the_venv_module_the_line_to_type_is_printed_and_nothing_is_made(checkout, target):
    python = checkout / "python3-of-debian"
    python.write_text(WITHOUT_VENV, encoding="utf-8")
    python.chmod(0o755)
    result = make(checkout, target, f"PYTHON={python}")
    assert result.returncode != 0
    assert "apt-get install python3-venv" in result.stdout
    assert not (checkout / ".venv").exists()


def test_what_is_installed_already_is_not_installed_again(checkout):
    (checkout / ".venv" / "bin").mkdir(parents=True)
    (checkout / ".venv" / "bin" / "python").symlink_to("/bin/false")
    planned = make(checkout, "--dry-run", "setup").stdout
    stamps = re.findall(r"touch (\.venv/\S+)", planned)
    assert stamps
    for stamp in stamps:
        (checkout / stamp).touch()
    assert "pip" not in make(checkout, "--dry-run", "setup").stdout


def test_a_changed_lock_is_installed_again(checkout):
    test_what_is_installed_already_is_not_installed_again(checkout)
    with (checkout / "requirements" / "dev.txt").open("a", encoding="utf-8") as lock:
        lock.write("# changed\n")
    assert "-r requirements/dev.txt" in make(checkout, "--dry-run", "setup").stdout
