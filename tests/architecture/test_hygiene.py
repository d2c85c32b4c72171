"""The project speaks of itself alone: no machine's paths, no registry's hosts, no half-finished marks."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.architecture import tree

ROOT = Path(__file__).resolve().parents[2]
# The homes of the cast may appear: they exist nowhere.
FORBIDDEN = {
    "a path of one machine": r"(?<![\w.])/(?:work|root|home/(?!ana|ben|carl|dora|mallory)[a-z]+|Users/\w+)/(?=\w)",
    "the host of a package registry": r"\b(?:files\.pythonhosted|registry\.npmjs|pypi)\.(?:org/simple|org/packages|org/-/)"
    r"|--(?:extra-)?index-url",
    "a merge left half-way": r"^(?:<{7}|>{7}) ",
}
BINARY = {".sqlite", ".sqlite3", ".parquet", ".woff2", ".png", ".ico", ".bin", ".mo"}


@pytest.mark.parametrize("what", FORBIDDEN)
def test_no_tracked_file_holds(what):
    pattern = re.compile(FORBIDDEN[what], re.MULTILINE)
    found = []
    for path in tree.tracked_files(ROOT):
        if path.suffix in BINARY or path == Path(__file__).resolve():
            continue
        text = path.read_text(encoding="utf-8", errors="replace")
        found += [f"{path.relative_to(ROOT)}: {match[0]}" for match in pattern.finditer(text)]
    assert found == []


def test_every_test_is_named_as_a_sentence():
    short = [
        f"{function.file.relative_to(ROOT)}:{function.line} {function.name}"
        for function in tree.functions(ROOT / "tests")
        if function.name.startswith("test_") and len(function.name.split("_")) < 4
    ]
    assert short == []
