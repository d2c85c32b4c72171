"""English and German are complete in every room, and the compiled texts are fresh."""

import re

import pytest

from tools import messages

ROOMS = messages.rooms()
PO_FILES = [messages.po_of(room) for room in ROOMS if messages.po_of(room).exists()]
PLACEHOLDER = re.compile(r"%\(\w+\)[sd]")


@pytest.mark.parametrize("po", PO_FILES, ids=lambda po: po.relative_to(messages.SOURCE).parts[0])
def test_the_compiled_texts_are_fresh(po):
    assert po.with_suffix(".mo").read_bytes() == messages.compiled(po), "run `python tools/messages.py`"


def test_every_text_of_every_room_has_its_german():
    assert messages.missing() == {}, "run `python tools/messages.py update` and translate what is empty"


@pytest.mark.parametrize("room", ROOMS, ids=lambda room: room.name)
def test_no_german_text_is_left_over(room):
    known = {messages.key_of(text) for text in messages.texts_of(room)} | messages.titles()
    assert {messages.key_of(text.id) for text in messages.read(messages.po_of(room)) if text.id} <= known


def test_every_title_of_an_error_has_its_german():
    assert messages.titles() <= messages.translated().keys()


def test_variables_survive_translation():
    for text, message in messages.translated().items():
        forms = message.string if isinstance(message.string, tuple) else (message.string,)
        sources = message.id if isinstance(message.id, tuple) else (message.id,)
        wanted = set(PLACEHOLDER.findall(" ".join(sources)))
        assert all(set(PLACEHOLDER.findall(form)) <= wanted for form in forms), text
        assert set(PLACEHOLDER.findall(forms[-1])) == set(PLACEHOLDER.findall(sources[-1])), text


def test_a_text_that_nobody_translated_is_found(tmp_path, monkeypatch):
    room = tmp_path / "room"
    (room / "templates").mkdir(parents=True)
    (room / "__init__.py").write_text('from django.utils.translation import gettext as _\nX = _("Not in German")\n')
    (room / "templates" / "page.html").write_text('{% load i18n %}{% translate "Nor this" %}')
    monkeypatch.setattr(messages, "SOURCE", tmp_path)
    assert messages.missing() == {"room": ["Nor this", "Not in German"]}
