"""Every page, as everybody who may see it: axe finds nothing, nothing overlaps or overflows, and pictures are kept."""

import pytest

from tests.journeys import looking, pages
from tests.journeys.conftest import OUTSIDER


@pytest.mark.parametrize("language", ["en", "de"])
def test_every_page_fits_every_window_by_day_and_by_night(shop, visit, artefacts, language):
    visitor = visit(shop, "olga", language=language)
    wrong = []
    for path in pages.of("olga", shop.facts):
        page = visitor.go(path)
        assert page.locator("html").get_attribute("lang") == language
        wrong += looking.at_every_size(page, artefacts, looking.name_of(path), language)
    assert wrong == []


@pytest.mark.parametrize("language", ["en", "de"])
@pytest.mark.parametrize("scheme", looking.SCHEMES)
def test_axe_finds_nothing_on_any_page(shop, visit, language, scheme):
    visitor = visit(shop, "olga", language=language, scheme=scheme)
    wrong = []
    for path in pages.of("olga", shop.facts):
        wrong += [f"{path}: {found}" for found in looking.violations(visitor.go(path))]
    assert wrong == []


@pytest.mark.parametrize("who", [*(name for name in pages.ROLE_OF if name != "olga"), OUTSIDER])
def test_every_page_of_every_role_is_whole(shop, visit, artefacts, who):
    """Others see other things on the same page, so that they are looked at as well, in one size."""
    visitor, narrow = visit(shop, who), visit(shop, who, width=390, height=844)
    wrong = []
    for path in pages.of(who, shop.facts):
        page = visitor.go(path)
        wrong += [f"{path}: {found}" for found in looking.violations(page) + looking.defects(page)]
        wrong += [f"{path} at 390 px: {found}" for found in looking.defects(narrow.go(path))]
        page.screenshot(
            path=artefacts / f"{looking.name_of(path)}-{who.strip('-') or 'nobody'}.jpg", type="jpeg", quality=70
        )
    assert wrong == []


def test_every_page_shows_the_same_without_javascript(shop, visit):
    rich, plain = visit(shop, "olga"), visit(shop, "olga", javascript=False)
    for path in pages.of("olga", shop.facts):
        headings = [browser.go(path).locator("main h1, main h2").all_inner_texts() for browser in (rich, plain)]
        assert headings[0] == headings[1], path
