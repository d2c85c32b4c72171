"""Fixtures for everybody: a home of one's own, two migrated stores, a wired gate with a policy, and the cast.

`home` is an empty directory. `stores` adds both databases, migrated, as files of this test alone: threads, other
processes and byte searches see what is really there. `installation` adds keys, an active policy, the wired gate and
the cast. Each is made once per session and then copied, so that a test costs milliseconds.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.support.cast import Installation

# Before Django reads its settings: no test may ever touch the developer's own home.
_SESSION_HOME = Path(tempfile.mkdtemp(prefix="keepfold-tests-"))
_KEPT = {"KEEPFOLD_SHARED_DATA", "KEEPFOLD_REQUIRE_ALL"}
for _name in [name for name in os.environ if name.startswith("KEEPFOLD_") and name not in _KEPT]:
    del os.environ[_name]
os.environ["KEEPFOLD_HOME"] = str(_SESSION_HOME)
os.environ["KEEPFOLD_SQLITE_SYNCHRONOUS"] = "NORMAL"
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "keepfold.site.settings")

import pytest  # noqa: E402  the environment must be set first

# The real PostgreSQL server: `postgres` and `postgres_stores`.
pytest_plugins = ["tests.support.postgres"]

REPOSITORY = Path(__file__).resolve().parent.parent
_FILES = ("data.sqlite3", "keys.sqlite3")


def pytest_unconfigure() -> None:
    """Remove the session's home."""
    shutil.rmtree(_SESSION_HOME, ignore_errors=True)


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Return the folder of third-party test data; skip when it is absent."""
    folder = Path(os.environ.get("KEEPFOLD_SHARED_DATA", REPOSITORY.parent / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip(f"third-party test data is absent: set KEEPFOLD_SHARED_DATA (looked in {folder})")
    return folder


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """Return an empty home directory of this test's own, mode 0700."""
    folder = tmp_path / "home"
    folder.mkdir(mode=0o700)
    return folder


@contextmanager
def at_home(folder: Path) -> Iterator[None]:
    """Let configuration and both databases point to a home, and back."""
    from django.db import connections

    from keepfold.kernel import config
    from tests.support import cast

    before = {alias: connections.settings[alias]["NAME"] for alias in ("default", "keys")}
    connections.close_all()
    config.use(replace(config.load(), home=folder))
    for alias, file in zip(("default", "keys"), _FILES, strict=True):
        connections.settings[alias]["NAME"] = str(folder / file)
    cast.forget_everything()
    try:
        yield
    finally:
        connections.close_all()
        for alias, name in before.items():
            connections.settings[alias]["NAME"] = name
        config.use(None)
        cast.forget_everything()


@pytest.fixture(scope="session")
def _migrated(tmp_path_factory: pytest.TempPathFactory, django_db_blocker) -> Path:
    from django.core.management import call_command

    folder = tmp_path_factory.mktemp("migrated")
    with django_db_blocker.unblock(), at_home(folder):
        for alias in ("default", "keys"):
            call_command("migrate", database=alias, verbosity=0, interactive=False)
    return folder


@pytest.fixture(scope="session")
def _installed(tmp_path_factory: pytest.TempPathFactory, _migrated: Path, django_db_blocker) -> Path:
    from tests.support import cast

    folder = tmp_path_factory.mktemp("installed")
    shutil.copytree(_migrated, folder, dirs_exist_ok=True)
    with django_db_blocker.unblock(), at_home(folder):
        cast.set_up()
    return folder


@pytest.fixture(scope="session")
def _staged(
    tmp_path_factory: pytest.TempPathFactory, _installed: Path, django_db_blocker
) -> tuple[Path, dict[str, str]]:
    from tests.access import stage
    from tests.support import cast

    folder = tmp_path_factory.mktemp("staged")
    shutil.copytree(_installed, folder, dirs_exist_ok=True)
    with django_db_blocker.unblock(), at_home(folder):
        return folder, stage.set_up(cast.enter(folder))


@pytest.fixture
def stores(home: Path, _migrated: Path, django_db_blocker) -> Iterator[Path]:
    """Return a home with both databases, migrated and empty, and let Django use them."""
    shutil.copytree(_migrated, home, dirs_exist_ok=True)
    with django_db_blocker.unblock(), at_home(home):
        yield home


@pytest.fixture
def installation(home: Path, _installed: Path, django_db_blocker) -> Iterator[Installation]:
    """Return a working installation: keys, a policy in force, the gate wired, the cast on stage."""
    from tests.support import cast

    shutil.copytree(_installed, home, dirs_exist_ok=True)
    with django_db_blocker.unblock(), at_home(home):
        yield cast.enter(home)


@pytest.fixture
def things(home: Path, _staged: tuple[Path, dict[str, str]], django_db_blocker) -> Iterator[dict[str, str]]:
    """Return one existing thing for each changing part of an address, {name: thing}, in a shop with everybody in it."""
    from keepfold.site import wiring

    folder, found = _staged
    shutil.copytree(folder, home, dirs_exist_ok=True)
    with django_db_blocker.unblock(), at_home(home):
        wiring.wire()
        yield dict(found)
