"""What checks and comparisons say: every sentence has its German, and shows names as people know them."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest
from django.utils import translation
from django.utils.html import escape

import keepfold.policy
from keepfold.policy.console import changes, sayings, words
from keepfold.policy.diff import diff
from keepfold.policy.load import load
from keepfold.policy.types import Reach
from tests.policy.base import loaded, text
from tests.policy.test_check import CASES as BROKEN
from tests.policy.test_check import case
from tests.policy.test_compare import CASES as CHANGED

ROOM = Path(keepfold.policy.__file__).parent
UNREAD = [
    "a: &x 1", "a: *x", "a: !t 1", "[", "a: b: c", "a\n\tb: 1", "a: 1\na: 2", "---\n---\n", "", "? [x]\n: 1", "a: 99999999999999999999",
    "policy: one", "purposes: []", "data: {x: {}}", "polcy: 1", "data: {Ä: {label: x}}", "id: ''", "languages: {default: 7}",
    "effective_from: 2026-13-01", "effective_from: soon", "purposes: {x: {retention: {keep: P, from: x}}}", 'id: "a\\u0007"',
    "requests: {within: {access: soon}}", "notice: {on_material: {notify: email}}", "data: {x: {max_length: 0}}", "data: {x: {isolate: maybe}}",
    'id: "\\ud83d"', "data: {x: {index: [{frm: exact}]}}", "data: {x: {index: [{form: exat}]}}",
]  # fmt: skip


# ruamel.yaml says these of a text that is no YAML.
OF_THE_PARSER = {
    "a: b: c": "hier darf kein Doppelpunkt stehen",
    "a: [1\nb: 2": "eckige Klammer fehlt",
    "a: {b: 1\nc": "geschweifte Klammer fehlt",
    "a\n\tb: 1": "mit dem Zeichen",
    "a: 'x\nb: 2": "nie geschlossen",
    "- a\nb: 1": "Einrückung",
    "a: ]": "hier fehlt ein Wert",
    'a: "x\\q"': "Schrägstrich",
}


def fragments(path: Path) -> list[str]:
    """Return every sentence that the functions of a module say, with 0, 1 … where names stand."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    found = []
    for function in (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)):
        body = [
            node for statement in function.body[bool(ast.get_docstring(function)) :] for node in ast.walk(statement)
        ]
        inner = {
            id(part) for node in body if isinstance(node, ast.JoinedStr) for part in ast.walk(node) if part is not node
        }
        found += [shown(node) for node in body if id(node) not in inner]
    return [one for one in found if one and " " in one and one[-1] in ".?" and one[0] not in " ,"]


def shown(node: ast.AST) -> str:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        places = iter(range(9))
        return "".join(part.value if isinstance(part, ast.Constant) else f"zz{next(places)}" for part in node.values)
    return ""


@pytest.mark.parametrize("path", sorted((ROOM / "checks").glob("[a-z]*.py")), ids=lambda path: path.stem)
def test_every_sentence_of_a_check_has_its_german(path):
    assert [one for one in fragments(path) if sayings._found(one) is None] == []


def findings():
    for check in sorted(BROKEN):
        yield from case(check).report.findings
    for source in UNREAD:
        yield from load(source).report.findings
    for label in ("", "x" * 600, 7, True, [], {}, None, "x\x07"):
        yield from loaded("shop", {"data.city.label": label, "purposes.support.data.city": label}).report.findings


def test_every_finding_and_every_hint_is_said_in_german():
    said = [sentence for one in findings() for sentence in (one.message, one.hint) if sentence]
    assert len(said) > 200
    assert [sentence for sentence in said if sayings._found(sentence) is None] == []


def differences():
    old = loaded("shop").policy
    for edits, *_ in CHANGED:
        new = load(text("shop", edits)).policy
        if new is not None:
            yield from ((old, new, change) for change in diff(old, new))
            yield from ((new, old, change) for change in diff(new, old))


def test_every_difference_is_said_in_german():
    assert [change.sentence for _, _, change in differences() if sayings._found(change.sentence) is None] == []


def test_a_difference_names_things_as_people_know_them_in_either_language():
    for language in ("en", "de"):
        with translation.override(language):
            for old, new, change in differences():
                told = sayings.told(change.sentence, sayings.as_label(new, old, path=change.path))
                assert "`" not in told
                assert not re.search(r"\{\d\}", told)
                name = change.path.split(".")[1] if change.path.startswith(("purposes.", "data.")) else ""
                entry = getattr(new, change.path.split(".")[0]).get(name) if name else None
                if entry is not None and f"`{name}`" in change.sentence:
                    assert f"<b>{escape(words.said(entry.label, 'en'))}</b>" in told


def test_no_german_is_left_over():
    used = {sayings._found(sentence)[0].code for one in findings() for sentence in (one.message, one.hint) if sentence}
    used |= {sayings._found(change.sentence)[0].code for _, _, change in differences()}
    source = "\n".join(path.read_text(encoding="utf-8") for path in ROOM.rglob("*.py") if "console" not in path.parts)
    for saying in sayings.sayings():
        said = re.sub(r"\{\d\}|`", " | ", saying.code.replace('"', '\\"')).strip(" .").split()
        if len([word for word in said if word != "|"]) < 3:
            continue  # put together from single words
        runs = [" ".join(said[at : at + 2]) for at in range(max(1, len(said) - 1))]
        known = saying.code in used or saying.code in source or any(run in source for run in runs if "|" not in run)
        assert known or any(says in saying.german for says in OF_THE_PARSER.values()), saying.code


@pytest.mark.parametrize("source", OF_THE_PARSER)
def test_what_the_parser_says_is_said_in_german(source):
    finding = load(source).report.findings[0]
    with translation.override("de"):
        assert OF_THE_PARSER[source] in sayings.told(finding.message, sayings.as_code)


def test_places_survive_translation():
    for saying in sayings.sayings():
        places = set(re.findall(r"\{\d\}", saying.code))
        assert set(re.findall(r"\{\d\}", saying.english)) == places, saying.code
        # What the parser found instead of what it expected says less than what it expected.
        german = set(re.findall(r"\{\d\}", saying.german))
        assert german == places or (german < places and saying.code.startswith("expected ")), saying.code


def test_markup_in_a_name_or_a_label_stays_text():
    told = sayings.told("No purpose needs `<img src=x>`.", sayings.as_code)
    assert told == "No purpose needs <code>&lt;img src=x&gt;</code>."
    new = load(
        text("shop", {"data.city.label": {"en": "<script>", "de": "<script>"}, "data.city.max_length": 7})
    ).policy
    rows = changes.comparison(loaded("shop").policy, new, diff(loaded("shop").policy, new), Reach()).rows
    assert all("<script>" not in row.text for row in rows)
    assert any("&lt;script&gt;" in row.text for row in rows)


def test_a_sentence_that_nobody_knows_is_shown_as_it_is():
    assert sayings.told("Something `new` & odd.", sayings.as_code) == "Something <code>new</code> &amp; odd."
