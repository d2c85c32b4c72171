"""Pages written by hand name only what exists: files, tests, commands, settings; decisions have their four parts."""

from __future__ import annotations

import importlib
import re
from pathlib import Path

import click
import pytest

from keepfold.cli.main import COMMANDS, root
from keepfold.kernel import config

ROOT = Path(__file__).resolve().parents[2]
PARTS = ["**Context.**", "**Decision.**", "**Consequences.**", "**How we would notice it was wrong.**"]
WRITTEN = sorted(
    path
    for path in [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("changes/*.md")]
    if path.parent.name != "reference"
)
NAMED_FILE = re.compile(
    r"`((?:tests|src|bench|tools|docs|changes|requirements)/[\w./-]*\w|Makefile|pyproject\.toml)/?`"
)
NAMED_COMMAND = re.compile(r"(?:^|[`(|]\s*)keepfold ((?:[a-z]+ ?){1,3})", re.MULTILINE)
NAMED_SETTING = re.compile(r"\bKEEPFOLD_[A-Z_]+")


def name_of(page):
    return str(page.relative_to(ROOT))


@pytest.mark.parametrize("page", WRITTEN, ids=name_of)
def test_every_file_that_a_page_names_exists(page):
    named = NAMED_FILE.findall(page.read_text(encoding="utf-8"))
    assert [name for name in named if not (ROOT / name).exists()] == []


def unknown_word(words):
    """Return the first word that is no command where a command must stand, or None."""
    command: click.Command = root
    for word in words:
        if not isinstance(command, click.Group):
            return None
        if command is root:
            if word not in COMMANDS:
                return word
            module, attribute = COMMANDS[word].target.split(":")
            command = getattr(importlib.import_module(module), attribute)
        elif word in command.commands:
            command = command.commands[word]
        else:
            return word
    return None


@pytest.mark.parametrize("page", WRITTEN, ids=name_of)
def test_every_command_that_a_page_names_exists(page):
    named = [found.split() for found in NAMED_COMMAND.findall(page.read_text(encoding="utf-8"))]
    assert [words for words in named if unknown_word(words)] == []


@pytest.mark.parametrize("page", WRITTEN, ids=name_of)
def test_every_variable_that_a_page_names_is_a_setting(page):
    settings = {row.variable for row in config.explain({}, Path("there-is-no-such-file"))} | config.RESERVED
    named = {name.removesuffix("_FILE") for name in NAMED_SETTING.findall(page.read_text(encoding="utf-8"))}
    assert named - settings - {name.removesuffix("_FILE") for name in settings} == set()


@pytest.mark.parametrize("page", sorted(ROOT.glob("docs/decisions/0*.md")), ids=name_of)
def test_a_decision_has_its_four_parts_fits_one_page_and_is_listed(page):
    text = page.read_text(encoding="utf-8")
    places = [text.find(part) for part in PARTS]
    assert -1 not in places
    assert places == sorted(places)
    assert len(text.split()) <= 450
    assert page.name in (page.parent / "README.md").read_text(encoding="utf-8")
