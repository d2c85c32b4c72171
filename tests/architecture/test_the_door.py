"""No public action escapes the gate, and every action has its place in the vocabulary."""

from __future__ import annotations

import ast
import re
from collections import Counter
from pathlib import Path

import pytest

from tests.architecture import tree

ROOT = Path(__file__).resolve().parents[2]
NAME = re.compile(r"[a-z]+\.[a-z_]+\.[a-z_]+")


def named_actions() -> list[tuple[str, str, ast.FunctionDef | ast.AsyncFunctionDef]]:
    """Return (room, action name, function) for every action."""
    found = []
    for room, path in tree.action_files(ROOT):
        for function in tree.public_functions(path):
            name = tree.action_name(function)
            if name is not None:
                found.append((room, name, function))
    return found


def test_every_public_function_in_an_actions_module_passes_the_gate():
    ungated = [
        f"{path.relative_to(ROOT)}:{function.lineno} {function.name}"
        for _, path in tree.action_files(ROOT)
        for function in tree.public_functions(path)
        if tree.action_name(function) is None
    ]
    assert ungated == []


def test_every_action_takes_keywords_only_and_demands_an_actor():
    wrong = []
    for room, name, function in named_actions():
        arguments = function.args
        required = {
            argument.arg
            for argument, default in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True)
            if default is None
        }
        if arguments.args or arguments.posonlyargs or arguments.vararg or "actor" not in required:
            wrong.append(f"{room}: {name}")
    assert wrong == []


def test_actions_are_named_after_their_room_and_used_once():
    names = [(room, name) for room, name, _ in named_actions()]
    assert [name for room, name in names if not NAME.fullmatch(name) or name.split(".")[0] != room] == []
    assert [name for name, times in Counter(name for _, name in names).items() if times > 1] == []


def test_every_action_is_in_the_vocabulary():
    known = tree.vocabulary(ROOT)
    assert [name for _, name, _ in named_actions() if name not in known] == []


def test_every_word_of_the_vocabulary_is_used():
    source = "\n".join(path.read_text(encoding="utf-8") for path in tree.python_files(tree.package(ROOT)))
    assert [name for name in tree.vocabulary(ROOT) if f'"{name}"' not in source] == []


def test_numbers_in_the_vocabulary_are_unique_and_lie_in_the_range_of_their_room():
    numbers = {name: entry["number"] for name, entry in tree.vocabulary(ROOT).items()}
    assert [number for number, times in Counter(numbers.values()).items() if times > 1] == []
    misplaced = {}
    for name, number in numbers.items():
        start = tree.RANGES.get(name.split(".")[0], tree.SYSTEM_RANGE)
        if not start <= number < start + 100:
            misplaced[name] = number
    assert misplaced == {}


@pytest.mark.parametrize("name", sorted(tree.vocabulary(ROOT)))
def test_a_word_of_the_vocabulary_says_what_it_is_in_two_languages(name):
    entry = tree.vocabulary(ROOT)[name]
    assert set(entry) == {"number", "label", "kind"}
    assert set(entry["label"]) == {"en", "de"}
    assert all(entry["label"].values())
    assert entry["kind"] in tree.KINDS
