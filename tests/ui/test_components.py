"""The parts: what they show of a value, of a file, of a form with mistakes."""

from datetime import UTC, datetime

import pytest
from django import forms as dj
from django.template import engines
from django.test import RequestFactory
from hypothesis import given
from hypothesis import strategies as st

from keepfold.ui import components as ui
from keepfold.ui import forms, toast


def rendered(source, **context):
    return engines["django"].from_string("{% load ui %}" + source).render(context)


def test_a_sealed_value_has_six_slots_and_says_so_in_words():
    page = rendered("{% sealed %}")
    assert page.count("•") == 6
    assert "Sealed:" in page
    assert "Partly sealed:" in rendered('{% sealed "•••• ••42" %}')


def test_an_opened_value_is_text_with_its_end():
    page = rendered(
        '{% opened value "Support" until %}', value="<b>+46</b>", until=datetime(2026, 11, 24, 14, 30, tzinfo=UTC)
    )
    assert "&lt;b&gt;+46&lt;/b&gt;" in page
    assert 'data-reveal-until="2026-11-24T14:30:00Z"' in page
    assert "Support, until" in page


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("a: b", '<b class="k">a</b>: b'),
        ("  - name: x # y", '  - <b class="k">name</b>: x <i class="c"># y</i>'),
        ('a: "x # y"', '<b class="k">a</b>: &quot;x # y&quot;'),
        ("# only <this>", '<i class="c"># only &lt;this&gt;</i>'),
        ("http://x", "http://x"),
        ("", ""),
    ],
)
def test_code_sets_apart_keys_and_comments(line, shown):
    assert ui.highlighted(line) == shown


@given(st.text(max_size=60))
def test_code_shows_every_character(line):
    import html
    import re

    assert html.unescape(re.sub(r"</?[bi][^>]*>", "", ui.highlighted(line))) == line


def test_a_listing_gives_each_line_its_number_its_mark_and_nothing_unescaped():
    lines = [ui.CodeLine("", "", 1), ui.CodeLine("<a>", "add", 2), ui.CodeLine("b", "cut"), ui.CodeLine("…")]
    shown = ui.listing(lines, 'L"')
    assert shown == (
        '<span data-n="1" id="L&quot;1"></span>'
        '<span class="add" data-n="2" id="L&quot;2"><span class="vh">Added: </span>+ &lt;a&gt;</span>'
        '<span class="cut"><span class="vh">Removed: </span>- b</span>'
        "<span>…</span>"
    )


def test_a_difference_keeps_the_numbers_of_the_new_file():
    lines = ui.code_diff("a: 1\nb: 2\nc: 3\n", "a: 1\nb: 4\nc: 3\nd: 5\n")
    assert [(line.text, line.mark, line.number) for line in lines] == [
        ("a: 1", "", 1),
        ("b: 2", "cut", None),
        ("b: 4", "add", 2),
        ("c: 3", "", 3),
        ("d: 5", "add", 4),
    ]


def test_equal_files_differ_nowhere():
    assert ui.code_diff("a: 1\n", "a: 1\n") == ()


def test_a_term_is_explained_once_a_page():
    request = RequestFactory().get("/")
    template = engines["django"].from_string('{% load ui %}{% term "purpose" "why" %}|{% term "purpose" "why" %}')
    first, second = template.render({}, request).split("|")
    assert 'popovertarget="term-purpose">why</button>' in first
    assert second == "why"


def test_a_toast_is_shown_once():
    request = RequestFactory().get("/")
    request.session = {}
    toast.say(request, "Consent withdrawn.", link=("See", "/x"))
    first = engines["django"].from_string("{% load ui %}{% toast %}").render({}, request)
    assert "Consent withdrawn." in first
    assert 'href="/x"' in first
    assert "toast" not in engines["django"].from_string("{% load ui %}{% toast %}").render({}, request)


# --------------------------------------------------------------------------------------------------------------- forms


class Form(forms.Form):
    case = dj.CharField(label="Case", help_text="For example FW-20418.")
    purpose = dj.ChoiceField(
        label="Purpose",
        widget=dj.RadioSelect,
        choices=[("a", forms.Choice("A", "note")), ("b", forms.Choice("B", badge="Not your role", disabled=True))],
    )
    age = dj.IntegerField(label="Age", required=False, error_messages={"invalid": "Write it in years."})

    class Meta:
        """Nothing; see `ui.forms.Form`."""


def test_a_field_is_label_hint_control_error_in_this_order():
    page = rendered("{% field form.case %}", form=Form({}))
    places = [page.index(part) for part in ("<label", 'class="hint"', "<input", 'class="error"')]
    assert places == sorted(places)
    assert 'aria-describedby="id_case-hint id_case-error"' in page
    assert 'aria-invalid="true"' in page
    assert 'id="id_case-error"' in page


def test_a_field_without_mistakes_claims_none():
    page = rendered("{% field form.case %}", form=Form())
    assert "aria-invalid" not in page
    assert 'aria-describedby="id_case-hint"' in page


def test_the_summary_leads_to_the_controls_and_names_the_field_where_the_words_are_common():
    page = rendered("{% problems form %}", form=Form({"age": "old"}))
    assert '<a href="#id_case">Case: Fill this in.</a>' in page
    assert '<a href="#id_purpose_0">Purpose: Choose one.</a>' in page
    assert '<a href="#id_age">Write it in years.</a>' in page
    assert "3 things need a change" in page


def test_a_form_without_mistakes_has_no_summary():
    assert rendered("{% problems form %}", form=Form()).strip() == ""
    assert rendered("{% problems form %}", form=Form({"case": "x", "purpose": "a"})).strip() == ""


def test_a_choice_that_is_not_allowed_stays_visible_and_says_why():
    page = rendered("{% field form.purpose %}", form=Form({"purpose": "a"}))
    assert page.count("<input") == 2
    assert "Not your role" in page
    assert page.count(" disabled") == 1
    assert page.count(" checked") == 1
    assert "<legend>Purpose" in page


def test_what_was_typed_is_kept_as_text():
    page = rendered("{% field form.case %}", form=Form({"case": '"><img src=x>'}))
    assert "<img" not in page
    assert "&quot;&gt;&lt;img" in page
