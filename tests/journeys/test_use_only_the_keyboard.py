"""Sign-in, an opening and a change of the policy, by the keyboard alone; the focus is always seen."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.journeys.conftest import OUTSIDER
from tests.journeys.keyboard import Keys
from tests.journeys.world import PASSWORD


def test_the_first_key_leads_past_the_navigation(shop, visit):
    visitor = visit(shop, "ben")
    visitor.go("/customers")
    keys = Keys(visitor.page)
    first = keys.tab_to()
    assert first["tag"] == "A"
    keys.press("Enter")
    assert re.search(r"#\w+$", visitor.page.url), "the first link leads to the content"
    inside = "document.querySelector('main').contains(document.activeElement)"
    keys.press("Tab")
    assert visitor.page.evaluate(inside)


def test_nora_sets_a_password_signs_out_and_signs_in(own_shop, visit):
    visitor = visit(own_shop, OUTSIDER)
    visitor.go(f"/welcome/{own_shop.facts['parts']['token']}")
    keys = Keys(visitor.page)
    keys.tab_to(type="password")
    keys.write(PASSWORD)
    keys.tab_to(tag="BUTTON", type="submit")
    keys.go_on()
    keys.tab_to("NN")
    keys.press("Enter")
    keys.tab_to("Sign out", tag="BUTTON")
    keys.go_on()
    assert visitor.path.startswith("/sign-in")
    keys.tab_to(name="email")
    keys.write("nora@shop.example")
    keys.tab_to(type="password")
    keys.write(PASSWORD)
    keys.go_on()
    assert not visitor.path.startswith("/sign-in"), visitor.text()


def test_ben_opens_a_field_for_a_purpose(shop, visit):
    visitor = visit(shop, "ben")
    visitor.go(f"/customers/{shop.carl}/open")
    keys = Keys(visitor.page)
    keys.choose("Answer your questions", name="purpose")
    keys.tab_to("Case or order number")
    keys.write("FW-20501")
    keys.tab_to("Open the chosen fields", tag="BUTTON")
    keys.go_on()
    assert "carl.lindqvist@example.org" in visitor.text()
    keys.tab_to("Close now")
    keys.go_on()
    assert "carl.lindqvist" not in visitor.text()


def test_ana_changes_the_policy(own_shop, visit):
    visitor = visit(own_shop, "ana")
    visitor.go("/policy/workshop/new")
    keys = Keys(visitor.page)
    keys.tab_to("What changes")
    keys.write("Keep orders shorter")
    keys.tab_to("Begin the draft", tag="BUTTON")
    keys.go_on()
    draft = visitor.path.partition("?")[0]
    keys.tab_to("Keeping", tag="A")
    keys.go_on()
    keys.tab_to("Deliver what you ordered", tag="INPUT")
    keys.press("Control+A")
    keys.write("60")
    keys.tab_to("Save", tag="BUTTON")
    keys.go_on()
    visitor.go(draft)
    assert "Narrower" in visitor.text()
    keys.tab_to("Send to review", tag="BUTTON")
    keys.go_on()
    assert "It waits for a second person" in visitor.text()


@pytest.mark.parametrize("key", ["Control+k", "/"])
def test_the_palette_opens_leads_somewhere_and_gives_the_focus_back(shop, visit, key):
    visitor = visit(shop, "ana")
    visitor.go("/policy")
    keys = Keys(visitor.page)
    keys.press(key)
    visitor.page.locator("#palette").wait_for(state="visible")
    assert keys.focus()["tag"] == "INPUT"
    keys.press("Escape")
    visitor.page.locator("#palette").wait_for(state="hidden")
    keys.press(key)
    keys.write("ledger")
    expect(visitor.page.locator("#palette a").first).to_contain_text("Ledger")
    keys.press("ArrowDown")
    keys.go_on()
    assert visitor.path.startswith("/ledger")


def test_two_letters_lead_to_a_page(shop, visit):
    visitor = visit(shop, "ana")
    visitor.go("/")
    with visitor.page.expect_navigation():
        Keys(visitor.page).press("g", "c")
    assert visitor.path == "/customers"
