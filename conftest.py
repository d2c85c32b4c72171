"""Rules for every test run: who may use the network, and that nothing is skipped silently.

`--require-all` (what CI runs with) turns each skip into a failure, unless the reason is on the short list below.
"""

from __future__ import annotations

import os
import re
from collections.abc import Generator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent
SHARED = Path(os.environ.get("KEEPFOLD_SHARED_DATA", ROOT.parent / "shared" / "data"))
LOOPBACK = ["127.0.0.1", "::1", "localhost"]


def allowed_skips() -> list[str]:
    """Return the reasons (regular expressions) that CI accepts: things that no script can install."""
    return [] if SHARED.is_dir() else [r"third-party test data is absent"]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--require-all", action="store_true", help="a skipped test fails, except for data that is absent")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.get_closest_marker("loopback"):
            item.add_marker(pytest.mark.allow_hosts(LOOPBACK))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if item.config.getoption("--require-all"):
        refuse_skip(report)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(
    collector: pytest.Collector,
) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    report = yield
    if collector.config.getoption("--require-all"):
        refuse_skip(report)
    return report


def refuse_skip(report: pytest.TestReport | pytest.CollectReport) -> None:
    """Turn a skip into a failure when its reason is not on the list."""
    if not report.skipped or hasattr(report, "wasxfail") or not isinstance(report.longrepr, tuple):
        return
    path, line, reason = report.longrepr
    if any(re.search(pattern, reason) for pattern in allowed_skips()):
        return
    report.outcome = "failed"
    report.longrepr = f"{path}:{line}: this run requires every test, and this one was skipped ({reason})"
