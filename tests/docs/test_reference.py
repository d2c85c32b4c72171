"""The reference is made from the code; a stale page fails here. `make docs` writes it anew."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tools import docs

ROOT = Path(__file__).resolve().parents[2]
LINK = re.compile(r"\[[^\]]*\]\(([^)#\s]+)(?:#[^)]*)?\)")


@pytest.fixture(scope="module")
def fresh(tmp_path_factory):
    """Return the pages as the code says now, made in a process of their own."""
    folder = tmp_path_factory.mktemp("reference")
    subprocess.run([sys.executable, "tools/docs.py", str(folder)], cwd=ROOT, check=True, capture_output=True)
    return {path.name: path.read_text(encoding="utf-8") for path in folder.iterdir()}


def test_the_reference_is_fresh(fresh):
    on_disk = {name: (docs.REFERENCE / name).read_text(encoding="utf-8") for name in fresh}
    stale = [name for name, text in fresh.items() if on_disk[name] != text]
    assert stale == [], "run `make docs` and commit the result"


def test_no_page_of_the_reference_is_left_over(fresh):
    assert {path.name for path in docs.REFERENCE.glob("*.md")} - set(fresh) == set()


def pages():
    return sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("changes/*.md")])


@pytest.mark.parametrize("page", pages(), ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_to_a_file_leads_somewhere(page):
    targets = [target for target in LINK.findall(page.read_text(encoding="utf-8")) if "://" not in target]
    missing = [target for target in targets if not (page.parent / target).exists()]
    assert missing == []
