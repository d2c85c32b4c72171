"""Every page, as everybody who may see it: axe finds nothing, nothing overlaps or overflows, and pictures are kept."""

import pytest

from tests.journeys import looking, pages
from tests.journeys.conftest import OUTSIDER
from tests.journeys.watching import Visitor

LANGUAGES = ("en", "de")
# Colours must be what they will be: a change of theme would still be on its way for a tenth of a second.
STILL = {"reduced_motion": "reduce"}
in_every_area = pytest.mark.parametrize("area", pages.AREAS)


@pytest.fixture(scope="session", autouse=True)
def visited(shop, chromium):
    """Let Olga have skipped the guided visit, so that pictures show what staff see every day; others still have it."""
    visitor = Visitor(chromium, shop.address, shop.sessions["olga"])
    visitor.go("/").get_by_role("button", name="Skip the visit").click()
    visitor.context.close()


@in_every_area
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_page_fits_every_window_by_day_and_by_night(shop, visit, artefacts, language, area):
    visitor, wrong = visit(shop, "olga", language=language, **STILL), []
    for path, page in pages.walk(visitor, "olga", shop.facts, wrong, area):
        if page.locator("html").get_attribute("lang") != language:
            wrong.append(f"{path}: its language is not {language}")
        wrong += looking.at_every_size(page, artefacts, looking.name_of(path), language)
    assert not wrong, pages.told(wrong)


@in_every_area
@pytest.mark.parametrize("language", LANGUAGES)
def test_axe_finds_nothing_on_any_page(shop, visit, language, area):
    visitor, wrong = visit(shop, "olga", language=language, **STILL), []
    for path, page in pages.walk(visitor, "olga", shop.facts, wrong, area):
        for scheme in looking.SCHEMES:
            page.emulate_media(color_scheme=scheme)
            wrong += [f"{path} ({scheme}): {found}" for found in looking.violations(page)]
    assert not wrong, pages.told(wrong)


@pytest.mark.parametrize("who", [*(name for name in pages.ROLE_OF if name != "olga"), OUTSIDER])
def test_every_page_of_every_role_is_whole(shop, visit, artefacts, who):
    """Others see other things on the same page, so that they are looked at as well, in one size."""
    visitor, wrong, shown = visit(shop, who, **STILL), [], who.strip("-") or "nobody"
    for path, page in pages.walk(visitor, who, shop.facts, wrong):
        wrong += [f"{path}: {found}" for found in looking.violations(page) + looking.defects(page)]
        page.set_viewport_size({"width": 390, "height": 844})
        wrong += [f"{path} at 390 px: {found}" for found in looking.defects(page)]
        looking.photograph(page, artefacts / f"{looking.name_of(path)}-{shown}.jpg")
        page.set_viewport_size({"width": 1280, "height": 900})
    assert not wrong, pages.told(wrong)


@in_every_area
def test_every_page_shows_the_same_without_javascript(shop, visit, area):
    rich, plain, wrong = visit(shop, "olga"), visit(shop, "olga", javascript=False), []
    for path, page in pages.walk(rich, "olga", shop.facts, wrong, area):
        headings = "main h1, main h2"
        with_scripts = page.locator(headings).all_inner_texts()
        without = plain.go(path).locator(headings).all_inner_texts()
        if with_scripts != without:
            wrong.append(f"{path}: {with_scripts} with JavaScript and {without} without")
    assert not wrong, pages.told(wrong)
