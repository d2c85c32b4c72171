"""English and German are complete, and the compiled texts are fresh."""

import re
from pathlib import Path

import pytest
from babel.messages.pofile import read_po

from tools.messages import SOURCE, compiled

PO_FILES = sorted(SOURCE.glob("*/locale/*/LC_MESSAGES/django.po"))
IN_TEMPLATES = re.compile(r"""{%\s*translate ["']((?:[^"'\\]|\\.)+)["']""")
IN_BLOCKS = re.compile(r"{%\s*blocktranslate[^%]*%}(.*?)(?:{%\s*plural\s*%}.*?)?{%\s*endblocktranslate\s*%}", re.DOTALL)
IN_CODE = re.compile(r'(?<![A-Za-z])_\(\s*"((?:[^"\\]|\\.)+)"')
IN_PLURALS = re.compile(r'ngettext\(\s*"((?:[^"\\]|\\.)+)"')
IN_CONTEXT = re.compile(r'pgettext(?:_lazy)?\(\s*"(?:[^"\\]|\\.)+",\s*"((?:[^"\\]|\\.)+)"')
VARIABLE = re.compile(r"{{\s*(\w+)\s*}}")


def texts_of(room: Path) -> set[str]:
    found: set[str] = set()
    for page in room.glob("templates/**/*.html"):
        source = page.read_text()
        found |= set(IN_TEMPLATES.findall(source))
        found |= {VARIABLE.sub(r"%(\1)s", text) for text in IN_BLOCKS.findall(source)}
    for code in room.rglob("*.py"):
        source = code.read_text()
        found |= set(IN_CODE.findall(source)) | set(IN_PLURALS.findall(source)) | set(IN_CONTEXT.findall(source))
    return found


def german_of(room: Path) -> dict[str, object]:
    with (room / "locale/de/LC_MESSAGES/django.po").open("rb") as file:
        return {
            message.id if isinstance(message.id, str) else message.id[0]: message.string for message in read_po(file)
        }


@pytest.mark.parametrize("po", PO_FILES, ids=lambda po: po.relative_to(SOURCE).parts[0])
def test_the_compiled_texts_are_fresh(po):
    assert po.with_suffix(".mo").read_bytes() == compiled(po), "run `python tools/messages.py`"


@pytest.mark.parametrize("room", ["site", "ui"])
def test_every_text_has_its_german(room):
    german = german_of(SOURCE / room)
    missing = {text for text in texts_of(SOURCE / room) if not german.get(text) or not all(german[text])}
    assert not missing


@pytest.mark.parametrize("room", ["site", "ui"])
def test_no_german_text_is_left_over(room):
    from keepfold.kernel import errors

    titles = {kind.title for kind in vars(errors).values() if isinstance(kind, type) and hasattr(kind, "title")}
    known = texts_of(SOURCE / room) | titles
    assert {text for text in german_of(SOURCE / room) if text} <= known


def test_every_title_of_an_error_has_its_german():
    from keepfold.kernel import errors

    german = german_of(SOURCE / "ui")
    titles = {kind.title for kind in vars(errors).values() if isinstance(kind, type) and hasattr(kind, "title")}
    assert not {title for title in titles if isinstance(title, str) and title not in german}


def test_variables_survive_translation():
    for po in PO_FILES:
        for text, translated in german_of(po.parents[3]).items():
            if not text:
                continue
            forms = translated if isinstance(translated, tuple) else (translated,)
            assert all(set(re.findall(r"%\(\w+\)s", text)) == set(re.findall(r"%\(\w+\)s", form)) for form in forms)
