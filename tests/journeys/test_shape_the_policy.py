"""A privacy lead's task list, done in the browser with nothing but what the pages say."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest

JAVASCRIPT = pytest.mark.parametrize("javascript", [True, False], ids=["with JavaScript", "without JavaScript"])


def begin(visitor, title):
    """Begin a draft from the policy in force and return its address."""
    page = visitor.go("/policy")
    page.get_by_role("link", name=re.compile("Workshop")).first.click()
    page.get_by_role("link", name=re.compile("Begin a draft")).first.click()
    page.get_by_label("What changes").fill(title)
    page.get_by_role("button", name="Begin the draft").click()
    page.get_by_role("heading", name=title, level=1).wait_for()
    return visitor.path.partition("?")[0]


def add(page, part):
    """Go to a part of the policy and begin something new in it."""
    desk = page.locator("#desk")
    desk.get_by_role("link", name=part, exact=True).click()
    page.wait_for_url(re.compile(f"part={part.lower()}"))
    desk.get_by_role("link", name=re.compile("^Add ")).click()
    page.wait_for_url(re.compile(rf"part={part.lower()}\.~"))


def add_shoe_size(page):
    """Add a data item that two purposes use."""
    add(page, "Data")
    page.get_by_label("What customers read (English)").fill("Shoe size")
    page.get_by_label("What customers read (German)").fill("Schuhgröße")
    page.get_by_label(re.compile("^Number")).check(force=True)
    page.get_by_label(re.compile("^from the person")).check(force=True)
    page.get_by_label("Answer your questions").select_option(label="if it is there")
    page.get_by_label(re.compile("Category under the CCPA")).select_option(label="Customer records")
    page.get_by_role("button", name="Add it to the draft").click()


def add_fit_advice(page):
    """Add a purpose that needs consent."""
    add(page, "Purposes")
    page.get_by_label("What customers read (English)").fill("Advise you on the fit of shoes")
    page.get_by_label("What customers read (German)").fill("Sie zur Passform von Schuhen beraten")
    page.get_by_label("Shoe size").select_option(label="needed")
    page.get_by_label("E-mail address").select_option(label="needed")
    page.get_by_label(re.compile("^Consent")).check(force=True)
    page.get_by_label(re.compile("^Business purpose")).check(force=True)
    # What a consent needs shows as soon as consent is the ground; without JavaScript by the style sheet alone.
    page.get_by_label(re.compile("^Opt-in")).check(force=True)
    page.get_by_label("account page").check(force=True)
    page.get_by_label("customer portal").check(force=True)
    page.get_by_label("Kept for").fill("30")
    page.get_by_label("Counted from the moment when").select_option(label="the consent has ended")
    page.get_by_label(re.compile("^erased")).check(force=True)
    page.get_by_role("button", name="Add it to the draft").click()


def section(page, heading):
    """Return what stands under a heading of the page."""
    return page.locator("section", has=page.get_by_role("heading", name=heading)).first


def problems(page):
    return page.locator(".problems").all_inner_texts()


@JAVASCRIPT
def test_the_privacy_leads_task_list(own_shop, visit, javascript):
    """Add an item and a purpose that needs consent, see who is affected, have it approved, ask both rules, activate."""
    ana, olga = visit(own_shop, "ana", javascript=javascript), visit(own_shop, "olga", javascript=javascript)
    draft = begin(ana, "Fit advice for boots")
    add_shoe_size(ana.page)
    assert problems(ana.page) == []
    add_fit_advice(ana.page)
    assert problems(ana.page) == []

    page = ana.go(draft)
    changes = section(page, "What changes for customers").inner_text()
    assert "Shoe size is collected" in changes
    assert "Data is used for a new purpose, Advise you on the fit of shoes" in changes
    assert "301 people" in changes, "how many are affected stands beside the change"
    assert "Nobody has agreed to it yet" in changes

    page.get_by_role("button", name="Send to review").click()
    page.get_by_text("It waits for a second person").wait_for()
    assert page.get_by_role("button", name="Approve the draft").count() == 0, "nobody approves their own draft"

    page = olga.go("/")
    page.get_by_role("link", name="Review drafts").click()
    page.get_by_role("link", name="Fit advice for boots", exact=True).click()
    page.get_by_role("button", name="Approve the draft").click()
    page.get_by_text("It is approved, so nobody changes it").wait_for()

    page.get_by_role("link", name="Ask both the same question").click()
    page.get_by_label("May", exact=True).select_option(label="Privacy lead")
    page.get_by_label(re.compile("^for")).select_option(label="Advise you on the fit of shoes")
    page.get_by_label("… who").select_option(label="has agreed to it")
    page.get_by_role("button", name="Ask", exact=True).click()
    page.get_by_text("They answer differently").wait_for()
    answers = page.locator(".duel").inner_text()
    assert answers.index("Refused") < answers.index("Allowed"), "the rule in force refuses, the draft allows"

    page = olga.go(draft)
    told = (datetime.now(UTC) - timedelta(days=31)).date().isoformat()
    page.get_by_label("Customers were told on").fill(told)
    page.get_by_role("button", name="Note the day").click()
    page.get_by_role("link", name="Put the draft in force").click()
    page.get_by_role("button", name=re.compile("^Put 3 changes in force")).click()
    page.wait_for_url(re.compile("/policy"))
    assert problems(page) == []
    assert "Advise you on the fit of shoes" in ana.go("/policy").locator("main").inner_text()
    versions = ana.go("/policy/versions").locator("main table tbody tr")
    assert versions.count() == 2


@JAVASCRIPT
def test_a_draft_that_became_wider_waits_until_customers_were_told(own_shop, visit, javascript):
    ana, olga = visit(own_shop, "ana", javascript=javascript), visit(own_shop, "olga", javascript=javascript)
    draft = begin(ana, "Ask for the shoe size")
    add_shoe_size(ana.page)
    page = ana.go(draft)
    page.get_by_role("button", name="Send to review").click()
    page = olga.go(draft)
    page.get_by_role("button", name="Approve the draft").click()
    page = olga.go(f"{draft}/activate")
    button = page.get_by_role("button", name="Put the draft in force")
    assert button.get_attribute("aria-disabled") == "true"
    assert "30 days between telling and change" in page.locator("main").inner_text()


@JAVASCRIPT
def test_what_is_sent_back_says_why_and_is_changed_again(own_shop, visit, javascript):
    ana, olga = visit(own_shop, "ana", javascript=javascript), visit(own_shop, "olga", javascript=javascript)
    draft = begin(ana, "Ask for the shoe size")
    add_shoe_size(ana.page)
    page = ana.go(draft)
    page.get_by_role("button", name="Send to review").click()
    page = olga.go(draft)
    page.get_by_label("Comment").fill("Support does not need it. Is it for the shop?")
    page.get_by_role("button", name="Send it back").click()
    page = ana.go(draft)
    assert "Support does not need it." in page.locator("main").inner_text()
    assert page.get_by_role("button", name="Send to review").count() == 1


def test_checks_come_while_somebody_writes_and_nothing_is_lost(own_shop, visit):
    ana = visit(own_shop, "ana")
    draft = begin(ana, "By hand")
    page = ana.go(f"{draft}?view=text")
    text = page.locator("textarea[name=text]")
    before = text.input_value()
    text.fill(before.replace("type: phone", "type: telephone"))
    page.get_by_text(re.compile("telephone", re.IGNORECASE)).first.wait_for()
    page.locator("#lower").get_by_text(re.compile(r"Line \d+")).first.wait_for()
    page.get_by_role("button", name="Save the text").click()
    page.wait_for_load_state()
    assert "type: telephone" in page.locator("textarea[name=text]").input_value()
    assert "# An online shop" in page.locator("textarea[name=text]").input_value(), "its comments stay"


def test_ben_reads_the_policy_and_changes_nothing(shop, visit):
    ben = visit(shop, "ben")
    page = ben.go("/policy")
    assert "Answer your questions" in page.locator("main").inner_text()
    for path in ("/policy/workshop", "/policy/workshop/new", f"/policy/workshop/{shop.facts['parts']['draft']}"):
        ben.go(path, status=403)
