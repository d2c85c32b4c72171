"""A real `keepfold up` over a prepared home, and Debian's Chromium before it, signed in as one of the cast.

`shop` is a server that many journeys look at; `own_shop` is one of the test's own, to change. A `Visitor` is a browser
context of one person; whatever goes wrong in it (an error in the console, a report of the content policy, a request
that failed or went to another host) fails the test that opened it.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.journeys import watching
from tests.site.conftest import Machine

CHROMIUM = Path("/usr/bin/chromium")
FLAGS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-dev-shm-usage"]
WIDTHS = {390: 844, 768: 1024, 1280: 900, 1920: 1080}
OUTSIDER = "-"
ROOT = Path(__file__).resolve().parents[2]
ARTEFACTS = ROOT / "var" / "journeys"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        if item.path.is_relative_to(here):
            item.add_marker(pytest.mark.journey)
            item.add_marker(pytest.mark.loopback)
            item.add_marker(pytest.mark.allow_hosts(["127.0.0.1", "::1", "localhost"]))


# ---------------------------------------------------------------------------------------------------------------- homes


def run_in(home: Path, module: str, *words: str) -> dict[str, Any]:
    """Run a module of ours in a process of its own, which uses this home, and return what it printed."""
    machine = Machine(home)
    machine.settings["KEEPFOLD_SQLITE_SYNCHRONOUS"] = "NORMAL"
    done = subprocess.run(
        [sys.executable, "-m", module, *words],
        env=machine.environment,
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


@pytest.fixture(scope="session")
def prepared(tmp_path_factory) -> Path:
    """Return a folder with the home that `world` built, and `world.json` beside it."""
    folder = tmp_path_factory.mktemp("world")
    made = run_in(folder / "home", "tests.journeys.world")
    (folder / "world.json").write_text(json.dumps(made), encoding="utf-8")
    return folder


class Shop(Machine):
    """A running installation. `facts` says where things are; `sessions` holds one cookie for each of the cast."""

    def __init__(self, home: Path, facts: dict[str, Any]) -> None:
        super().__init__(home)
        self.facts = facts
        self.settings |= {"KEEPFOLD_SQLITE_SYNCHRONOUS": "NORMAL", "KEEPFOLD_CHECKPOINT_SECONDS": "1"}
        self.sessions: dict[str, str] = {}

    @property
    def address(self) -> str:
        return f"http://localhost:{self.port}"

    @property
    def carl(self) -> str:
        return str(self.facts["carl"])

    def mint(self) -> None:
        """Make a session for everybody on the staff, as sign-in would."""
        self.sessions = run_in(self.home, "tests.journeys.mint")["sessions"]


def start(prepared: Path, home: Path, **settings: str) -> Shop:
    """Copy the prepared home and begin there."""
    shutil.copytree(prepared / "home", home)
    home.chmod(0o700)
    return begin(home, json.loads((prepared / "world.json").read_text(encoding="utf-8")), **settings)


def begin(home: Path, facts: dict[str, Any], **settings: str) -> Shop:
    """Make sessions and start server and worker in a home that is there."""
    shop = Shop(home, facts)
    shop.settings |= settings
    shop.mint()
    shop.up()
    shop.wait_until_ready(30)
    return shop


@pytest.fixture(scope="session")
def shop(prepared, tmp_path_factory) -> Iterator[Shop]:
    """Return a server to look at; nobody may depend on what others did there."""
    found = start(prepared, tmp_path_factory.mktemp("shop") / "home")
    yield found
    found.stop()


@pytest.fixture
def own_shop(prepared, tmp_path) -> Iterator[Shop]:
    """Return a server of this test's own."""
    found = start(prepared, tmp_path / "home")
    yield found
    found.stop()


# -------------------------------------------------------------------------------------------------------------- browser


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    """Return Debian's Chromium."""
    if not CHROMIUM.exists():
        pytest.skip("Chromium is absent: apt-get install chromium")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def visit(chromium) -> Iterator[Any]:
    """Return a function that opens a browser for one person: `visit(shop, "ana", javascript=False)`."""
    opened: list[watching.Visitor] = []

    def open_for(shop: Shop, who: str, **options: Any) -> watching.Visitor:
        cookie = "" if who == OUTSIDER else shop.sessions[who]
        visitor = watching.Visitor(chromium, shop.address, cookie, **options)
        opened.append(visitor)
        return visitor

    yield open_for
    troubles = [trouble for visitor in opened for trouble in visitor.close()]
    assert not troubles, "\n" + "\n".join(troubles)


@pytest.fixture
def artefacts(request) -> Path:
    """Return the folder for pictures of this test file; looked at by people, never compared."""
    folder = Path(os.environ.get("JOURNEY_ARTEFACTS", ARTEFACTS)) / request.path.stem.removeprefix("test_")
    folder.mkdir(parents=True, exist_ok=True)
    return folder
