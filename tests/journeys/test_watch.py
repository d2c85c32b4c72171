"""The watching itself: what must fail a journey does."""

import re

import pytest

from tests.journeys.watching import Visitor

SCRIPTS = {
    "console error": "console.error('oops')",
    "error in a script": "setTimeout(() => { throw new Error('oops') })",
    "require-trusted-types-for": "document.body.append(Object.assign(document.createElement('script'), {textContent: '1'}))",
    "style-src": "document.body.setAttribute('style', 'color:red')",
    "img-src|another host": "new Image().src = 'http://127.0.0.1:9/x.png'",
    "connect-src|another host": "fetch('http://127.0.0.1:9/').catch(() => 0)",
}


@pytest.fixture
def watched(shop, chromium):
    visitor = Visitor(chromium, shop.address, shop.sessions["ana"])
    visitor.go("/")
    yield visitor
    visitor.context.close()


@pytest.mark.parametrize("word", SCRIPTS)
def test_what_must_not_happen_in_a_page_is_noticed(watched, word):
    watched.page.evaluate(f"() => {{ try {{ {SCRIPTS[word]} }} catch (refused) {{ }} }}")
    watched.page.wait_for_timeout(150)
    watched.collect()
    assert re.search(word, " ".join(watched.troubles)), watched.troubles


def test_a_clean_page_has_no_trouble(shop, visit):
    visitor = visit(shop, "ana")
    visitor.go("/")
    assert visitor.close() == []


def test_a_browser_without_javascript_sees_the_same_heading(shop, visit):
    plain, rich = visit(shop, "ana", javascript=False), visit(shop, "ana")
    assert plain.go("/").locator("h1").inner_text() == rich.go("/").locator("h1").inner_text()
