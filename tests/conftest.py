"""Fixtures for everybody: a home of one's own, two migrated stores, a wired gate, and the cast.

The databases are migrated once per session into a template; each test that asks for `stores` gets copies of its
own as files, so that threads, other processes and byte searches see what is really there.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

# Before Django reads its settings: no test may ever touch the developer's own home.
_SESSION_HOME = Path(tempfile.mkdtemp(prefix="keepfold-tests-"))
for _name in [name for name in os.environ if name.startswith("KEEPFOLD_") and name != "KEEPFOLD_SHARED_DATA"]:
    del os.environ[_name]
os.environ["KEEPFOLD_HOME"] = str(_SESSION_HOME)
os.environ["KEEPFOLD_SQLITE_SYNCHRONOUS"] = "NORMAL"
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "keepfold.site.settings")

import pytest  # noqa: E402  the environment must be set first

REPOSITORY = Path(__file__).resolve().parent.parent


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
def home(tmp_path: Path) -> Iterator[Path]:
    """Return an empty home directory of this test's own, mode 0700."""
    folder = tmp_path / "home"
    folder.mkdir(mode=0o700)
    yield folder
