"""The manual in the console: every page of docs/ and nothing else, and nothing of a page's text is markup."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import zipfile
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from time import perf_counter

import pytest
from django.template import engines
from django.test import RequestFactory
from django.utils import translation

from keepfold.console import palette
from keepfold.console.manual import rules, shelf
from keepfold.ui import glossary
from tests.support.console import signed_in, text_of, visitor

ROOT = Path(__file__).resolve().parents[2]
FILES = sorted((ROOT / "docs").rglob("*.md"))
KEYS = sorted(shelf.names())
KNOWN = frozenset({"howto/sign-in.md", "explanation/vault.md", "decisions/README.md", "threat-model.md"})
HOSTILE = """<!-- for whoever edits it -->

# A <b>title</b> & more

First <script>alert(1)</script> sentence. <img src=x onerror=alert(2)>

<div onclick="alert(3)">a block</div>

<!-- a comment in the middle -->

[one](javascript:alert(4)) [two](JaVaScRiPt&#58;alert(5)) [three](data:text/html,x) [four](vbscript:x) <javascript:alert(6)>
[five](//evil.example/x) [six](/customers) [seven](file:///etc/passwd) ![a picture](https://evil.example/p.png)
[eight]("onmouseover="alert(7)) [nine](https://example.org/"onmouseover="alert(8) "a title\\" onclick=alert(9)")

| a <i>head</i> | right |
|---|--:|
| <script>alert(10)</script> | <a href="javascript:alert(11)">x</a> |

```sh"><script>alert(12)</script>
echo "</code></pre><script>alert(13)</script>"
```

## A heading "with" <em>marks</em>
"""


class Seen(HTMLParser):
    """Collects the elements of a page, and the text of those asked for."""

    def __init__(self, source):
        super().__init__()
        self.elements = []
        self.words = []
        self.feed(source)

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data):
        self.words.append(data)

    @property
    def text(self):
        return "".join(self.words)

    def values(self, name):
        return [attrs[name] for _tag, attrs in self.elements if name in attrs]


def made(source, name="explanation/ledger.md"):
    return rules.page(name, source, KNOWN, "/manual/")


def links(source, name="explanation/ledger.md"):
    return Seen(made(source, name).body).values("href")


# ------------------------------------------------------------------------------------------------------- what is there


def test_every_page_of_the_folder_is_in_the_list_and_no_other(installation):
    page = text_of(signed_in("Ben").get("/manual/"))
    listed = re.findall(r'<a href="/manual/([^"]+)"', page.partition("<main")[2].partition("</main>")[0])
    assert sorted(listed) == sorted(rules.key_of(path.relative_to(ROOT / "docs").as_posix()) for path in FILES)
    assert list(shelf.contents())[-1] == "decisions"


@pytest.mark.parametrize("key", KEYS)
def test_every_page_has_one_title_and_no_anchor_twice(installation, key):
    page = Seen(text_of(signed_in("Ben").get(f"/manual/{key}")))
    assert [tag for tag, _attrs in page.elements].count("h1") == 1
    ids = page.values("id")
    assert sorted(set(ids)) == sorted(ids)
    anchors = [href for href in page.values("href") if href.startswith("#")]
    assert [href for href in anchors if href[1:] not in ids] == []


@pytest.mark.parametrize("key", KEYS)
def test_headings_go_down_one_step_at_a_time(key):
    levels = [heading.level for heading in shelf.read(key).headings]
    assert [pair for pair in pairwise(levels) if pair[1] > pair[0] + 1] == []


def test_pages_that_are_named_to_come_first_exist():
    assert set(rules.FIRST) <= set(KEYS)


def test_every_member_of_staff_may_read_it_and_nobody_else(installation):
    for name in ("Olga", "Ana", "Ben", "Dora"):
        assert signed_in(name).get("/manual/howto/sign-in").status_code == 200
    assert visitor().get("/manual/howto/sign-in").status_code == 302


@pytest.mark.parametrize(
    "asked",
    ["nothing", "../pyproject.toml", "..%2f..%2fREADME", "%2e%2e/%2e%2e/README", "explanation/vault.md", "decisions/README",
     "explanation", "explanation/", "/etc/passwd", "explanation//vault", "explanation/../explanation/vault", "%00", "Explanation/vault"],
)  # fmt: skip
def test_what_is_not_in_the_list_is_not_there_whatever_lies_on_the_disk(installation, asked):
    browser = signed_in("Ben")
    browser.get("/manual/")
    answer = browser.get(f"/manual/{asked}")
    assert answer.status_code == 404
    assert "root:" not in text_of(answer)


def test_no_request_reads_a_file(installation, monkeypatch):
    browser = signed_in("Ben")
    browser.get("/manual/")
    asked = []
    monkeypatch.setattr(Path, "read_text", lambda self, *_, **__: asked.append(self) or "")
    monkeypatch.setattr(Path, "open", lambda self, *_, **__: asked.append(self))
    shelf._made.cache_clear()
    assert browser.get("/manual/explanation/vault").status_code == 200
    assert browser.get("/manual/explanation/vault.md").status_code == 404
    shelf._made.cache_clear()
    assert asked == []


def test_pages_lead_to_those_beside_them(installation):
    before, after = shelf.beside(shelf.read("howto/import-a-table").entry)
    assert (before.key, after.key) == ("howto/sign-in", "howto/change-the-policy")
    page = text_of(signed_in("Ben").get("/manual/howto/import-a-table"))
    assert '<a href="/manual/howto/sign-in" rel="prev">' in page
    assert 'href="/manual/howto/change-the-policy" rel="next">' in page
    assert shelf.beside(shelf.read("threat-model").entry) == (None, None)


def test_in_german_one_line_says_that_it_is_in_english(installation):
    english, german = (
        text_of(signed_in("Ben").get("/manual/howto/sign-in", HTTP_ACCEPT_LANGUAGE=language))
        for language in ("en", "de")
    )
    assert "Das Handbuch ist auf Englisch geschrieben." in german
    assert "written in English" not in english
    assert '<article class="read" lang="en">' in german
    assert "Anleitungen" in german


def test_the_palette_finds_a_page_by_its_title(installation):
    request = RequestFactory().get("/go")
    request.actor = installation.ben
    assert "/manual/explanation/vault" in [found.url for found in palette.find(request, "How the vault")]


def test_the_next_time_a_page_takes_less_than_20_milliseconds(installation):
    browser, took = signed_in("Ben"), []
    browser.get("/manual/reference/http-api")
    for _ in range(7):
        begun = perf_counter()
        browser.get("/manual/reference/http-api")
        took.append(perf_counter() - begun)
    assert min(took) < 0.020


# ------------------------------------------------------------------------------------------------------------ rendering


def test_nothing_of_a_hostile_text_is_markup():
    page = Seen(made(HOSTILE).body)
    names = {tag for tag, _attrs in page.elements}
    assert names <= {"h1", "h2", "p", "a", "code", "pre", "div", "table", "thead", "tbody", "tr", "th", "td"}
    allowed = {"id", "href", "rel", "class", "tabindex", "role", "aria-label", "scope"}
    assert {name for _tag, attrs in page.elements for name in attrs} <= allowed
    assert all(href.startswith("https://example.org/") for href in page.values("href"))
    for number in (1, 2, 3, 4, 5, 6, 10, 11, 13):
        assert f"alert({number})" in page.text


def test_what_is_said_about_a_hostile_text_is_plain():
    shown = made(HOSTILE)
    assert shown.entry.title == "A <b>title</b> & more"
    assert shown.entry.lede.startswith("First <script>alert(1)</script> sentence.")
    assert [heading.anchor for heading in shown.sections] == ["a-heading-with-emmarksem"]
    template = engines["django"].from_string("{{ title }}")
    assert template.render({"title": shown.entry.title}) == "A &lt;b&gt;title&lt;/b&gt; &amp; more"


@pytest.mark.parametrize(
    ("written", "leads"),
    [
        ("[a](vault.md)", "/manual/explanation/vault"),
        ("[a](vault.md#keys)", "/manual/explanation/vault#keys"),
        ("[a](../howto/sign-in.md#too-many-attempts)", "/manual/howto/sign-in#too-many-attempts"),
        ("[a](../decisions/README.md)", "/manual/decisions"),
        ("[a](../threat-model.md)", "/manual/threat-model"),
        ("[a](#below)", "#below"),
        ("[a](https://example.org/)", "https://example.org/"),
    ],
)
def test_a_link_leads_to_the_page_that_it_means(written, leads):
    assert links(written) == [leads]


def test_a_link_to_another_server_tells_it_nothing_and_stays_away_from_this_page():
    assert 'href="https://example.org/" rel="noopener noreferrer"' in made("[a](https://example.org/)").body


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("See [Contributing](../../CONTRIBUTING.md).", "See Contributing (<code>CONTRIBUTING.md</code>)."),
        ("See [openapi.json](../reference/openapi.json#x).", "See <code>docs/reference/openapi.json</code>."),
        ("See [`a.md`](../../../a.md).", "See <code>../a.md</code>."),
        ("See [the *list*](/customers).", "See the <em>list</em> (<code>/customers</code>)."),
        ("[a](x.md) and [b](vault.md)", 'a (<code>docs/explanation/x.md</code>) and <a href="/manual/explanation/vault">b</a>'),
    ],
)  # fmt: skip
def test_a_file_that_is_no_page_is_named_and_not_linked(written, shown):
    assert f"<p>{shown}</p>" in made(written).body


def test_headings_have_the_anchors_that_github_gives_them():
    source = "# The Top\n\n## 3. Give it `a_token`, now!\n\n### Über *uns*\n\n## Same\n\n## Same\n\n## GET /api/{id}\n"
    anchors = [heading.anchor for heading in made(source).headings]
    assert anchors == ["the-top", "3-give-it-a_token-now", "über-uns", "same", "same-1", "get-apiid"]


def test_columns_and_rows_of_a_table_say_what_they_are_the_heading_of():
    body = made("| a | n |\n|---|--:|\n| x | 1 |\n\n| | |\n|---|---|\n| y | z |\n").body
    assert '<th scope="col">a</th>' in body
    assert '<td class="n">1</td>' in body
    assert '<th scope="row">y</th>\n<td>z</td>' in body
    assert body.count("<thead>") == 1


def test_a_comment_at_the_top_is_for_whoever_edits_the_page():
    assert made("<!-- Made from the code. -->\n\n# Title\n").body == '<h1 id="title">Title</h1>\n'


def test_a_first_sentence_that_says_little_takes_the_next_along():
    assert made("# T\n\nFor Ana. She leads.\n").entry.lede == "For Ana. She leads."
    long = "This sentence is long enough to say alone what the whole page is about."
    assert made(f"# T\n\n{long} Another.\n").entry.lede == long
    assert made("# T\n\nAll of these:\n\n- x\n").entry.lede == "All of these."


# ------------------------------------------------------------------------------------------- links into the manual


def anchors_of(key):
    return {heading.anchor for heading in shelf.read(key).headings}


def is_there(place):
    key, sharp, anchor = place.partition("#")
    return key in KEYS and (not sharp or anchor in anchors_of(key))


def test_every_word_leads_to_a_page_and_a_heading_that_exist():
    terms = glossary._all()["en"].values()
    assert [term.slug for term in terms if not term.docs] == [], "give these a `docs` in glossary.toml"
    assert [f"{term.slug}: {term.docs}" for term in terms if not is_there(term.docs)] == []


def test_every_template_that_links_to_the_manual_names_a_place_that_exists():
    templates = (ROOT / "src" / "keepfold").glob("*/templates/**/*.html")
    named = re.findall(r"""{%\s*manual\s+["']([^"']+)["']""", "".join(path.read_text() for path in templates))
    assert len(named) >= 2
    assert [place for place in named if not is_there(place)] == []


@pytest.mark.parametrize("key", KEYS)
def test_every_link_between_pages_leads_to_a_page_and_a_heading_that_exist(key):
    hrefs = Seen(shelf.read(key).body).values("href")
    inside = [href.removeprefix("/manual/") if href.startswith("/manual/") else f"{key}{href}" for href in hrefs
              if not href.startswith("https://")]  # fmt: skip
    assert [place for place in inside if not is_there(place)] == []
    text = Seen(shelf.read(key).body).text
    assert not re.search(r"\(docs/[\w/-]+\.md\)", text), "a link to a page that is not there"


def test_a_word_on_a_page_and_in_the_list_of_words_leads_to_the_manual(installation):
    template = engines["django"].from_string('{% load ui %}{% term "basis" %}')
    assert 'href="/manual/explanation/words-of-law#legal-ground">More in the manual</a>' in template.render({})
    with translation.override("de"):
        assert ">Mehr im Handbuch</a>" in template.render({})
    page = text_of(signed_in("Ben").get("/design/words"))
    assert page.count("/manual/") >= len(glossary._all()["en"])
    assert 'href="/manual/explanation/ledger"' in page


# ----------------------------------------------------------------------------------------------------------- installed

READER = """
import django, keepfold
from itertools import pairwise
from pathlib import Path
django.setup()
from keepfold.console.manual import shelf
assert Path(keepfold.__file__).is_relative_to(Path.cwd()), keepfold.__file__
assert shelf.folder().is_relative_to(Path.cwd()), shelf.folder()
print(len(shelf.read("explanation/vault").body), *sorted(shelf.names()))
"""


def test_an_installed_copy_brings_its_pages_along(tmp_path):
    from hatchling.builders.wheel import WheelBuilder

    wheel = next(WheelBuilder(str(ROOT)).build(directory=str(tmp_path), versions=["standard"]))
    with zipfile.ZipFile(wheel) as packed:
        names = packed.namelist()
        packed.extractall(tmp_path / "installed")
    pages = {name for name in names if name.startswith("keepfold/console/manual/docs/")}
    assert pages == {f"keepfold/console/manual/{path.relative_to(ROOT).as_posix()}" for path in FILES}
    assert {name.split("/")[0] for name in names} - {"keepfold"} == {
        f"{wheel.split('/')[-1].rsplit('-', 3)[0]}.dist-info"
    }
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    environment |= {"PYTHONPATH": str(tmp_path / "installed"), "DJANGO_SETTINGS_MODULE": "keepfold.site.settings"}
    told = subprocess.run(
        [sys.executable, "-c", READER], cwd=tmp_path / "installed", env=environment, check=True, capture_output=True, text=True
    )  # fmt: skip
    size, *keys = told.stdout.split()
    assert keys == KEYS
    assert int(size) == len(shelf.read("explanation/vault").body)
