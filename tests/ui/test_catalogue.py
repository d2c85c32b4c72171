"""The catalogue shows every part there is, twice, in both languages, and nothing in it is named twice."""

import re
from collections import Counter
from pathlib import Path

import pytest
from django.test import RequestFactory
from django.utils import translation

from keepfold.ui import catalogue
from keepfold.ui.templatetags import ui as tags

FOLDER = Path(catalogue.__file__).parent / "templates" / "ui"
# What is no part of its own: files and marks, the frame, and what only other parts use.
NO_PARTS = {"asset", "icon", "hx", "preload", "script", "toast", "cell"}
FRAME = {"head", "scripts", "palette", "account", "toast", "tour", "duty"}


def drawn(address="/design/"):
    return catalogue.shown(RequestFactory().get(address))


@pytest.fixture(scope="module")
def pages():
    return "".join(path.read_text() for path in (FOLDER / "catalogue").glob("*.html"))


def test_every_tag_has_its_entry(pages):
    shown = set(re.findall(r"{%\s*([a-z]+)", pages + (FOLDER / "catalogue.html").read_text()))
    assert tags.register.tags.keys() - NO_PARTS <= shown


def test_every_filter_has_its_entry(pages):
    own = tags.register.filters.keys() - {"stamp", "figure"}
    assert own <= set(re.findall(r"\|([a-z]+)", pages))


def test_every_part_is_used():
    parts = {path.stem for path in (FOLDER / "parts").glob("*.html")} - FRAME
    source = Path(tags.__file__).read_text()
    used = set(re.findall(r'ui/parts/([a-z]+)\.html"|_part\("([a-z]+)"', source))
    assert parts <= {name for pair in used for name in pair}


def test_every_class_of_the_components_is_shown():
    style = re.sub(r"/\*.*?\*/", "", (FOLDER.parents[1] / "static/ui/components.css").read_text(), flags=re.DOTALL)
    page = "".join(picture for one in drawn() for _side, picture in one.sides) + "".join(
        path.read_text() for path in [*FOLDER.glob("*.html"), *(FOLDER / "parts").glob("*.html")]
    )
    named = set(re.findall(r"\.([a-z][a-z0-9-]*)(?![\w.]*;)", re.sub(r"\d?\.\d+[a-z%]*", "", style)))
    words = set(re.findall(r"[a-z][a-z0-9-]*", page))
    # States of htmx and of a form control that only a browser sets.
    assert named - words == set()


@pytest.mark.parametrize("language", ["en", "de"])
def test_every_exhibit_is_drawn_by_day_and_by_night(language):
    with translation.override(language):
        shown = drawn()
    assert [one.slug for one in shown] == [one.slug for one in catalogue.EXHIBITS]
    for one in shown:
        assert [side for side, _picture in one.sides] == ["light", "dark"]
        assert all(len(picture) > 200 for _side, picture in one.sides)


def test_no_name_is_given_twice():
    page = "".join(picture for one in drawn() for _side, picture in one.sides)
    names = Counter(re.findall(r'\sid="([^"]+)"', page))
    assert [name for name, times in names.items() if times > 1] == []
    wanted = {
        name
        for names_ in re.findall(r'\s(?:for|aria-labelledby|aria-describedby|popovertarget)="([^"]+)"', page)
        for name in names_.split()
    }
    assert wanted <= names.keys()


def test_german_speaks_german():
    with translation.override("de"):
        page = "".join(picture for one in drawn() for _side, picture in one.sides)
    assert "Für einen Zweck öffnen" in page
    assert not re.search(r">(Open|Erase|Export|Nothing|Choose|Write)\b", page)


def test_its_tables_can_be_sorted_and_filtered():
    by_fields = next(one for one in drawn("/design/?light-sort=index") if one.slug == "tables").sides[0][1]
    assert by_fields.index("48,209") < by_fields.index("48,213")
    filtered = next(one for one in drawn("/design/?light-state=recorded") if one.slug == "tables").sides
    assert "48,209" not in filtered[0][1]
    assert "48,209" in filtered[1][1]
