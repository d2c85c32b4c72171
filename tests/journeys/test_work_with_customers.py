"""Ben looks Carl up with a reason; Ana sees who did; Dora, Carl and Mallory get what is theirs and no more."""

import contextlib
import re

import pytest
from playwright.sync_api import Error

from tests.journeys.conftest import OUTSIDER
from tests.journeys.world import CARL

JAVASCRIPT = pytest.mark.parametrize("javascript", [True, False], ids=["with JavaScript", "without JavaScript"])
# In every form that somebody could type or read them.
PHONE, EMAIL = re.compile(r"46\s?70\s?174\s?06\s?05|\+46701740605|701740605"), re.compile("carl\\.lindqvist")


def find_carl(visitor):
    """Search for Carl by what he told, for support, and return the page that found him."""
    page = visitor.go("/customers")
    page.get_by_label("Answer your questions").check()
    page.get_by_role("button", name="Go on to the search").click()
    page.get_by_label("Search by").select_option(label="E-mail address")
    page.get_by_label("What they told you, whole").fill(CARL["email"])
    page.get_by_role("button", name="Find", exact=True).click()
    page.get_by_role("heading", name="1 customer found").wait_for()
    return page


def open_contact(visitor, shop, *, purpose="Answer your questions"):
    """Open Carl's address and telephone number for a purpose, and return the page that shows them."""
    page = visitor.go(f"/customers/{shop.carl}/open")
    page.get_by_label(purpose).check()
    sheet = page.locator("form .sheet").filter(has_text=purpose)
    for box in sheet.locator("input[type=checkbox]").all():
        label = sheet.locator(f"label[for={box.get_attribute('id')}]").inner_text()
        box.set_checked(label.startswith(("E-mail", "Telephone")))
    page.get_by_label("Case or order number").fill("FW-20500")
    page.get_by_role("button", name="Open the chosen fields").click()
    page.get_by_role("heading", name="Opened", exact=False).first.wait_for()
    return page


def traces(visitor):
    """Return everything that a browser remembers of the pages it saw: addresses and titles."""
    return f"{visitor.page.url} {visitor.page.title()} {' '.join(visitor.addresses)}"


@JAVASCRIPT
def test_ben_finds_carl_opens_two_fields_and_leaves_no_value_behind(shop, visit, javascript):
    visitor = visit(shop, "ben", javascript=javascript)
    page = find_carl(visitor)
    assert not EMAIL.search(traces(visitor))
    page.get_by_role("link", name="Open more").first.click()
    page = open_contact(visitor, shop)
    shown = page.locator("main").inner_text()
    assert EMAIL.search(shown)
    assert "06 05" in shown or "0605" in shown
    assert not PHONE.search(shown), "support sees the end of a telephone number only"
    assert "FW-20500" in shown
    assert not EMAIL.search(traces(visitor))
    assert visitor.headers["cache-control"] == "no-store"


@JAVASCRIPT
def test_a_form_that_is_not_filled_in_says_what_is_missing_and_keeps_the_rest(shop, visit, javascript):
    visitor = visit(shop, "ben", javascript=javascript)
    page = visitor.go(f"/customers/{shop.carl}/open")
    page.get_by_label("Answer your questions").check()
    page.get_by_label("10 minutes").check(force=True)
    page.get_by_role("button", name="Open the chosen fields").click()
    problems = page.locator(".problems")
    problems.wait_for()
    if javascript:
        assert problems.evaluate("one => one.contains(document.activeElement) || one === document.activeElement")
    problems.get_by_role("link").first.click()
    assert page.get_by_label("Answer your questions").is_checked()
    assert page.get_by_label("10 minutes").is_checked()
    assert not EMAIL.search(page.locator("main").inner_text())


def test_what_was_opened_closes_when_its_time_is_over(shop, visit):
    visitor = visit(shop, "ben")
    visitor.page.clock.install()
    page = open_contact(visitor, shop)
    assert EMAIL.search(page.locator("main").inner_text())
    page.clock.run_for(6 * 60 * 1000)
    page.wait_for_function("() => !/carl\\.lindqvist/.test(document.body.innerText)")


@pytest.mark.parametrize("away", ["visibilitychange", "pagehide"])
def test_what_was_opened_closes_when_the_tab_is_left(shop, visit, away):
    visitor = visit(shop, "ben")
    page = open_contact(visitor, shop)
    leave = """(away) => {
      Object.defineProperty(document, 'hidden', {value: true, configurable: true});
      (away === 'pagehide' ? window : document).dispatchEvent(new Event(away));
    }"""
    page.evaluate(leave, away)
    if away == "visibilitychange":
        page.wait_for_url(re.compile(rf"/customers/{shop.carl}$"))
    assert not EMAIL.search(page.locator("body").inner_text())


@JAVASCRIPT
def test_going_back_after_opening_shows_no_value(shop, visit, javascript):
    # Chromium would have to send the form again, and asks first: that is its "cache miss".
    visitor = visit(shop, "ben", javascript=javascript, allowed=("ERR_CACHE_MISS",))
    page = open_contact(visitor, shop)
    page.goto(shop.address + "/customers")
    with contextlib.suppress(Error):
        page.go_back()
    page.wait_for_timeout(300)
    assert not EMAIL.search(page.content())
    assert not EMAIL.search(traces(visitor))


@JAVASCRIPT
def test_ana_sees_who_opened_carls_telephone_number_last_week_and_why(shop, visit, javascript):
    visitor = visit(shop, "ana", javascript=javascript)
    page = visitor.go(f"/customers/{shop.carl}")
    page.get_by_role("link", name=re.compile("Who opened it.*Telephone")).click()
    rows = [row.inner_text() for row in page.locator("main table tbody tr").all()]
    told = "\n".join(rows)
    assert any("Ben Bauer" in row and "FW-20418" in row for row in rows), told
    assert any("You" in row and "parcel-late" in row for row in rows), told
    assert not any("FW-20433" in row for row in rows), "that opening was of the e-mail address only"


def test_dora_reads_the_record_and_opens_nothing(shop, visit):
    visitor = visit(shop, "dora")
    page = visitor.go(f"/customers/{shop.carl}")
    assert page.get_by_role("link", name="Open for a purpose").count() == 0
    assert not EMAIL.search(page.content())
    visitor.go(f"/customers/{shop.carl}/open", status=403)
    told = visitor.go(f"/customers/{shop.carl}/openings?answer=refused").locator("main table").inner_text()
    assert "curious" in told, "her own refused attempt stands there as well"


@pytest.mark.parametrize("path", ["", "/open", "/openings", "/consents", "/edit", "/erase"])
def test_carl_and_mallory_learn_nothing_from_outside(shop, visit, path):
    visitor = visit(shop, OUTSIDER)
    for person in (shop.carl, "cus_01m6gmjjfxfpdrtq75epy790dt"):
        page = visitor.go(f"/customers/{person}{path}")
        assert visitor.path.startswith("/sign-in?next=")
        assert not EMAIL.search(page.content())
        assert "Carl" not in page.content()


@pytest.mark.parametrize("who", ["mallory", "fred"])
def test_whoever_lost_their_roles_or_left_opens_nothing_with_an_old_session(shop, visit, who):
    visitor = visit(shop, who)
    if who == "fred":
        visitor.go(f"/customers/{shop.carl}")
        assert visitor.path.startswith("/sign-in?next=")
        return
    refusals = set()
    for person in (shop.carl, "cus_01m6gmjjfxfpdrtq75epy790dt", "x"):
        page = visitor.go(f"/customers/{person}/open", status=403)
        refusals.add(page.locator("main h1").inner_text())
        assert not EMAIL.search(page.content())
    assert len(refusals) == 1
