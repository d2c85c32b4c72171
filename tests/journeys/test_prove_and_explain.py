"""Dora checks the ledger, and Ana finds out why: verification while it runs, one proof, and the explainer."""

import pytest

from tests.journeys import looking

WITH_AND_WITHOUT = pytest.mark.parametrize("javascript", [True, False], ids=["javascript", "plain"])


def choose(page, name, label):
    page.locator(f"select[name={name}]").select_option(label=label)


def ask(page):
    page.get_by_role("button", name="Ask", exact=True).click()
    page.locator(".verdict").first.wait_for()
    return page.locator(".verdict .big").all_inner_texts()


@WITH_AND_WITHOUT
def test_dora_verifies_everything_and_reads_every_check(own_shop, visit, javascript):
    visitor = visit(own_shop, "dora", javascript=javascript)
    page = visitor.go("/ledger")
    page.get_by_role("link", name="Verify everything").first.click()
    page.get_by_role("button", name="Verify").first.click()
    page.wait_for_url("**/ledger/verify/ver_*")
    # By htmx with scripts, by the page asking for itself anew without.
    page.get_by_role("heading", name="Whole and unchanged.").wait_for(timeout=30_000)
    assert page.locator(".checks > li").count() == 8
    assert "Whether others saw the same checkpoints: unknown" in page.locator("main").inner_text()
    assert looking.defects(page) == []


@WITH_AND_WITHOUT
def test_dora_opens_the_details_of_an_entry_for_a_reason_and_follows_its_proof(own_shop, visit, javascript):
    visitor = visit(own_shop, "dora", javascript=javascript)
    page = visitor.go("/ledger/entries?kind=people&outcome=allowed")
    page.locator("tbody th a").first.click()
    page.wait_for_url("**/ledger/entries/*")
    page.get_by_label("Why do you open the details?").fill("Audit of November")
    page.get_by_role("button", name="Open the details").click()
    page.get_by_text("Opened, and written down.").wait_for()
    assert page.locator("#details .pairs dt").count() > 3
    assert page.locator(".ladder > li").count() > 1
    with page.expect_download() as waiting:
        page.get_by_role("link", name="Proof as a file").click()
    assert waiting.value.suggested_filename.endswith(".tlog-proof")


@WITH_AND_WITHOUT
def test_ana_asks_a_question_in_a_sentence_and_is_led_to_the_purpose_that_may(shop, visit, javascript):
    visitor = visit(shop, "ana", javascript=javascript)
    page = visitor.go("/decisions")
    choose(page, "who", "Support")
    choose(page, "purpose", page.locator("select[name=purpose] option[value=newsletter]").inner_text())
    page.get_by_role("button", name="with the fields").click()
    page.locator("input[name=field][value=phone]").check()
    page.keyboard.press("Escape")
    assert ask(page) == ["Refused."]
    assert page.locator(".trace > li.stop").count() == 1
    assert "field=phone" in page.url
    page.get_by_role("link", name="Ask that").first.click()
    page.locator(".verdict .big.good").wait_for()
    assert looking.defects(page) == []


@WITH_AND_WITHOUT
def test_ana_looks_at_a_real_customers_facts_only_after_she_asked_to(shop, visit, javascript):
    visitor = visit(shop, "ana", javascript=javascript)
    page = visitor.go(f"/decisions?purpose=newsletter&customer={shop.carl}")
    assert page.locator(".verdict .big").inner_text() == "Unknown."
    page.get_by_role("button", name="Look at this customer’s facts").click()
    page.get_by_text("Looked at, and written down.").wait_for()
    assert page.locator(".verdict .big").inner_text() != "Unknown."
    if javascript:  # axe is a script
        assert looking.violations(page) == []


def test_a_question_is_asked_by_keyboard_alone(shop, visit):
    visitor = visit(shop, "ana")
    page = visitor.go("/decisions?purpose=newsletter")
    page.locator("#q-said").focus()
    page.keyboard.press("ArrowDown")
    page.get_by_role("button", name="with the fields").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Ask", exact=True).focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**said=granted**")
    assert "field=" in page.url


def test_what_is_no_id_never_leaves_the_browser(shop, visit):
    visitor = visit(shop, "ana")
    page = visitor.go("/decisions?purpose=newsletter")
    page.locator("#q-customer").fill("carl.lindqvist@example.org")
    page.get_by_role("button", name="Ask", exact=True).click()
    page.wait_for_timeout(300)
    assert "carl" not in page.url
