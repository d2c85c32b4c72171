"""The guided first visit of the demonstration: seven steps, each on its own page, and a way out at any time."""

from __future__ import annotations

import re

import pytest

JAVASCRIPT = pytest.mark.parametrize("javascript", [True, False], ids=["with JavaScript", "without JavaScript"])
STEP = re.compile(r"Step (\d) of (\d)")


@JAVASCRIPT
def test_the_visit_leads_through_seven_pages_and_ends(own_shop, visit, javascript):
    visitor = visit(own_shop, "ana", javascript=javascript)
    page, seen = visitor.go("/"), []
    for number in range(1, 8):
        found = STEP.search(visitor.text())
        assert found is not None
        assert (int(found[1]), int(found[2])) == (number, 7)
        seen.append(visitor.path)
        page.get_by_role("button", name=re.compile("Next step|Finish|End|Done")).first.click()
        page.wait_for_load_state()
    assert len(set(seen)) >= 6
    assert not STEP.search(visitor.go("/").inner_text("body"))


@JAVASCRIPT
def test_the_visit_is_skipped_and_stays_away(own_shop, visit, javascript):
    visitor = visit(own_shop, "ben", javascript=javascript)
    visitor.go("/").get_by_role("button", name="Skip the visit").click()
    for path in ("/", "/customers", "/policy"):
        assert not STEP.search(visitor.go(path).inner_text("body"))
