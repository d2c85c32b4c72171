"""Every template of every room keeps the rules of the house: nothing inline, nothing from elsewhere, nothing missing."""

import re
from pathlib import Path

import pytest

import keepfold
from keepfold.ui import assets, glossary

SOURCE = Path(keepfold.__file__).parent
PAGES = sorted(SOURCE.glob("*/templates/**/*.html"))
STYLES = sorted(SOURCE.glob("*/static/**/*.css"))
IN_TAGS = re.compile(r"{%.*?%}|{{.*?}}|{#.*?#}", re.DOTALL)
ELEMENT = re.compile(r"<[a-zA-Z][^<>]*>")
SPRITE = set(re.findall(r'id="i-([a-z0-9-]+)"', assets.table()["ui/icons.svg"].path.read_text()))
HX = re.compile(r"\shx-[a-z-]+\s*=")


def named(paths):
    return {"argvalues": paths, "ids": [path.relative_to(SOURCE).as_posix() for path in paths]}


@pytest.fixture(params=named(PAGES)["argvalues"], ids=named(PAGES)["ids"])
def page(request):
    return request.param.read_text()


def elements(page):
    """Return the elements of a template with what Django puts in left out, so that a `>` in a tag ends nothing."""
    return ELEMENT.findall(IN_TAGS.sub("", page))


def test_nothing_is_inline(page):
    for element in elements(page):
        assert not re.search(r"\s(style|on[a-z]+|hx-on[a-z:-]*)\s*=", element), element
        assert not re.match(r"<style\b", element), element
        assert "javascript:" not in element
        assert not re.match(r"<script(?![^>]*\ssrc=)", element), element


def test_a_script_carries_the_nonce(page):
    for element in re.findall(r"<script\b.*?</script>", page, re.DOTALL):
        assert 'nonce="{{ nonce }}"' in element, element


def test_whatever_htmx_obeys_carries_its_mark(page):
    for element in re.findall(r"<[a-zA-Z](?:[^<>{]|{%.*?%}|{{.*?}}|{)*>", page, re.DOTALL):
        assert not HX.search(element) or "{% hx %}" in element, element
        assert not re.search(r"\sdata-hx-", element), element


def test_nothing_comes_from_another_host(page):
    for element in elements(page):
        assert not re.search(r'\s(src|srcset|poster|data)="(https?:)?//', element), element
        assert not re.match(r'<link\b[^>]*href="(https?:)?//', element), element


def test_a_form_that_changes_something_says_who_sends_it(page):
    for form in re.findall(r"<form\b.*?</form>", page, re.DOTALL):
        assert not re.search(r'method="post"', form, re.IGNORECASE) or "{% csrf_token %}" in form, form[:120]


def test_every_icon_is_in_the_sprite(page):
    used = re.findall(r"""{%\s*icon\s+["']([a-z0-9-]+)["']""", page) + re.findall(r"#i-([a-z0-9-]+)", page)
    assert set(used) <= SPRITE


def test_every_file_is_there(page):
    used = re.findall(r"""{%\s*(?:asset|script|preload)\s+["']([^"']+)["']""", page)
    assert set(used) <= assets.table().keys()


def test_every_term_is_explained(page):
    for slug in re.findall(r"""{%\s*term\s+["']([a-z0-9-]+)["']""", page):
        assert glossary.term(slug).text


@pytest.mark.parametrize("path", **named(STYLES))
def test_style_sheets_name_colours_by_their_tokens_and_fetch_nothing(path):
    text = re.sub(r"/\*.*?\*/", "", path.read_text(), flags=re.DOTALL)
    assert not re.search(r"url\(\s*[\"']?(https?:)?//", text)
    assert "@import" not in text
    if path.name != "tokens.css":
        assert not re.search(r"#[0-9a-fA-F]{3,8}\b(?![^{]*{)|rgba?\(|hsla?\(", re.sub(r"#[\w-]+(?=[^{}]*{)", "", text))


@pytest.mark.parametrize("path", **named(STYLES))
def test_every_token_that_is_used_is_declared(path):
    everything = "".join(one.read_text() for one in STYLES)
    declared = set(re.findall(r"(--[a-z0-9-]+)\s*:", everything))
    # With a fallback, a token may be set by whoever uses the part.
    used = set(re.findall(r"var\((--[a-z0-9-]+)\)", path.read_text()))
    assert used <= declared


@pytest.mark.parametrize("path", **named(STYLES))
def test_pages_can_be_mirrored(path):
    text = re.sub(r"/\*.*?\*/", "", path.read_text(), flags=re.DOTALL)
    assert not re.search(r"(margin|padding|border)-(left|right)\s*:|(?<![-\w])(left|right)\s*:|float\s*:", text)


def test_icons_of_the_navigation_are_in_the_sprite():
    from importlib import import_module

    from keepfold.site import console_urls
    from keepfold.ui import nav

    for name in console_urls.MODULES:
        import_module(name)
    assert {item.icon for item in nav._items.values()} <= SPRITE


def test_every_word_is_explained_in_both_languages():
    terms = glossary._all()
    assert terms["en"].keys() == terms["de"].keys()
    for one in (*terms["en"].values(), *terms["de"].values()):
        assert one.word
        assert one.text.endswith((".", "?", ")"))
