"""The pages that people follow by typing: every command is run, every printed answer is compared.

A block ```` ```sh ```` is run and must succeed, ```` ```sh refused ```` must end in a refusal, ```` ```sh skip ```` is only
shown. A block ```` ```output ```` that follows is what it prints; `…` stands for anything.
"""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
BLOCK = re.compile(r"^```(sh(?: skip| refused)?|output)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
ADDRESS = "127.0.0.1:8700"
REFUSED = "{{\n{}}} && echo 'this was not refused' && exit 1\n"
# What the reader has done before the first command of a page.
PAGES = {
    "README.md": "keepfold run --detach",
    "docs/tutorial/first-customer.md": "true",
    "docs/howto/import-a-table.md": "true",
    "docs/howto/convince-yourself.md": "true",
}
MARK = "=== end of block"


def blocks(page):
    """Return (command, expected output or None) for each block that is run."""
    found: list[tuple[str, str | None]] = []
    for kind, text in BLOCK.findall((ROOT / page).read_text(encoding="utf-8")):
        if kind in {"sh", "sh refused"}:
            found.append((text if kind == "sh" else REFUSED.format(text), None))
        elif kind == "output" and found:
            found[-1] = (found[-1][0], text)
    return found


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def matches(expected, printed):
    pattern = ".*?".join(re.escape(part) for part in expected.strip().split("…"))
    return re.search(pattern, printed, re.DOTALL) is not None


@pytest.fixture
def shell(tmp_path):
    """Return a function that runs the blocks of a page in one shell, in an empty folder, and returns what each printed."""
    bind = f"127.0.0.1:{free_port()}"
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("KEEPFOLD", "PYTEST"))}
    environment |= {
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "KEEPFOLD_HOME": str(tmp_path / "var"),
        "KEEPFOLD_BIND": bind,
        "KEEPFOLD_METRICS_BIND": f"127.0.0.1:{free_port()}",
        "CHINOOK": str(chinook()),
    }

    def run(commands):
        script = f"\necho '{MARK}'\n".join(commands).replace(ADDRESS, bind)
        result = subprocess.run(
            ["bash", "-c", f"set -e -o pipefail\nexec 2>&1\n{script}"],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=170,
        )
        printed = result.stdout.replace(bind, ADDRESS)
        assert result.returncode == 0, printed
        return printed.split(MARK)

    yield run
    subprocess.run(["keepfold", "stop"], env=environment, cwd=tmp_path, capture_output=True, check=False, timeout=60)


def chinook():
    shared = Path(os.environ.get("KEEPFOLD_SHARED_DATA", ROOT.parent / "shared" / "data"))
    return shared / "databases" / "chinook" / "chinook.sqlite"


@pytest.mark.loopback
@pytest.mark.slow
@pytest.mark.parametrize("page", PAGES)
def test_a_page_does_what_it_says(page, shell):
    followed = [(PAGES[page], None), *blocks(page)]
    if any("$CHINOOK" in command for command, _ in followed) and not chinook().is_file():
        pytest.skip(f"third-party test data is absent: set KEEPFOLD_SHARED_DATA (looked for {chinook()})")
    assert len(followed) >= 5
    printed = shell([command for command, _ in followed])
    wrong = [
        f"{command}\nprinted:\n{text}"
        for (command, expected), text in zip(followed, printed, strict=True)
        if expected is not None and not matches(expected, text)
    ]
    assert wrong == [], "\n".join(wrong)
