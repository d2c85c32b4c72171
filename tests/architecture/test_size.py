"""Small files and small functions: what one person can hold in the head."""

from __future__ import annotations

import statistics
from pathlib import Path

from tests.architecture import tree

ROOT = Path(__file__).resolve().parents[2]
FILE_LINES = 600
FUNCTION_LINES = 60
MEDIAN_LINES = 9
NINE_IN_TEN_LINES = 30


def test_no_file_is_longer_than_600_lines():
    long = {}
    for folder in ("src", "tests", "tools", "bench"):
        for path in tree.python_files(ROOT / folder):
            lines = len(path.read_text(encoding="utf-8").splitlines())
            if lines > FILE_LINES:
                long[str(path.relative_to(ROOT))] = lines
    assert long == {}


def test_no_function_is_longer_than_60_lines():
    long = [
        f"{function.file.relative_to(ROOT)}:{function.line} {function.name} has {function.lines}"
        for function in tree.functions(ROOT / "src")
        if function.lines > FUNCTION_LINES
    ]
    assert long == []


def test_the_median_function_has_at_most_nine_lines():
    assert statistics.median(function.lines for function in tree.functions(ROOT / "src")) <= MEDIAN_LINES


def test_nine_functions_in_ten_have_at_most_thirty_lines():
    lines = [function.lines for function in tree.functions(ROOT / "src")]
    assert statistics.quantiles(lines, n=10)[-1] <= NINE_IN_TEN_LINES
