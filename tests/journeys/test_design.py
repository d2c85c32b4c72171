"""The parts in a real browser: htmx behind the content policy, keys, what closes by itself, sizes, shifts, mirrors."""

import pytest

from tests.journeys import looking

CATALOGUE = "/design/"
# Puts an element into the page as an attacker's markup would be there, and lets htmx look at it.
PLANT = """([nonce, tag]) => {
  const one = document.createElement(tag);
  one.id = 'planted';
  one.setAttribute('hx-get', '/status');
  one.setAttribute('hx-trigger', 'load');
  if (nonce) one.setAttribute('hx-nonce', nonce);
  document.querySelector('main').append(one);
  htmx.process(one);
}"""


def said(page):
    return page.locator("#said").text_content()


# ----------------------------------------------------------------------------------------------------------------- htmx


@pytest.mark.parametrize("nonce", ["", "AAAAAAAAAAAAAAAAAAAAAAAA"])
def test_an_element_without_the_answers_nonce_stays_inert(shop, visit, nonce):
    visitor = visit(shop, "ana", allowed=("hx-csp",))
    page = visitor.go("/design/words")
    page.evaluate(PLANT, [nonce, "div"])
    page.wait_for_timeout(400)
    assert "/status" not in visitor.statuses
    assert page.locator("#planted").get_attribute("hx-get") is None


def test_an_element_with_the_nonce_works_and_nothing_is_reported(shop, visit):
    visitor = visit(shop, "ana")
    page = visitor.go("/design/words")
    nonce = page.evaluate("document.querySelector('script[nonce]').nonce")
    page.evaluate(PLANT, [nonce, "div"])
    page.locator("#planted h1").wait_for()
    assert visitor.statuses["/status"] == 200


def test_no_script_makes_markup_out_of_text(shop, visit):
    visitor = visit(shop, "ana", allowed=("TrustedHTML", "Trusted Type", "trusted-types"))
    page = visitor.go("/design/words")
    refused = page.evaluate(
        "(() => { try { document.body.innerHTML = '<b>x</b>'; return '' } catch (e) { return e.name } })()"
    )
    assert refused == "TypeError"
    page.evaluate("window.__reports.splice(0)")


def test_the_palette_finds_while_one_types_and_leads_there(shop, visit):
    visitor = visit(shop, "ana")
    page = visitor.go(CATALOGUE)
    page.keyboard.press("Control+k")
    # The answer to the last letter; one to a letter before it may come in between.
    with page.expect_response(lambda answer: "ledg" in (answer.request.post_data or "")):
        page.keyboard.type("ledg")
    page.locator("#palette-places #found").wait_for()
    page.wait_for_timeout(200)
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.wait_for_url("**/ledger")
    assert "ledg" not in page.url.removesuffix("/ledger")


# ----------------------------------------------------------------------------------------------------------------- keys


def test_two_keys_lead_to_a_page_and_a_slash_opens_the_palette(shop, visit):
    visitor = visit(shop, "ana")
    page = visitor.go(CATALOGUE)
    page.keyboard.press("/")
    assert page.locator("#palette").is_visible()
    page.keyboard.press("Escape")
    page.locator("body:focus, body:not(:focus-within)").wait_for()
    page.keyboard.press("g")
    page.keyboard.press("h")
    page.wait_for_url(shop.address + "/")


def test_keys_in_a_field_are_letters(shop, visit):
    page = visit(shop, "ana").go(CATALOGUE)
    page.locator("#forms-light input.input").first.click()
    page.keyboard.type("/g h")
    assert not page.locator("#palette").is_visible()
    assert page.url.endswith(CATALOGUE)


def test_menus_and_the_palette_open_without_javascript(shop, visit):
    page = visit(shop, "ana", javascript=False).go(CATALOGUE)
    page.click("[popovertarget=account]")
    assert page.locator("#account").is_visible()
    page.keyboard.press("Escape")
    page.click(".goto")
    page.fill("#go", "ledger")
    page.keyboard.press("Enter")
    page.wait_for_url("**/go")
    page.locator("main #found a").first.click()
    page.wait_for_url("**/ledger*")


# ------------------------------------------------------------------------------------------------- what closes by itself

HOME = "document.querySelector('#sealed-light .purpose').dataset.revealHome = '/design/words'"
AWAY = """(() => {
  Object.defineProperty(document, 'hidden', {get: () => true});
  document.dispatchEvent(new Event('visibilitychange'));
})()"""


def test_opened_values_close_when_their_time_is_over(shop, visit):
    visitor = visit(shop, "ana")
    visitor.page.clock.install()
    page = visitor.go(CATALOGUE)
    assert "+46 70 174 06 42" in page.inner_text("#sealed-light")
    page.clock.fast_forward((720 * 60 - 2) * 60_000)
    page.clock.run_for(1000)
    assert "Closes in 1:5" in page.inner_text("#sealed-light")
    page.clock.fast_forward(180_000)
    page.clock.run_for(1000)
    assert "+46" not in page.content().partition('id="sealed-light"')[2].partition('id="panels"')[0]
    assert "The time is over" in said(page)


def test_opened_values_go_when_somebody_looks_away(shop, visit):
    page = visit(shop, "ana").go(CATALOGUE)
    page.evaluate(HOME)
    page.evaluate(AWAY)
    page.wait_for_url("**/design/words")


def test_opened_values_are_gone_from_a_page_that_was_left(shop, visit):
    page = visit(shop, "ana").go(CATALOGUE)
    page.evaluate(HOME)
    page.evaluate("dispatchEvent(new PageTransitionEvent('pagehide', {persisted: true}))")
    assert page.locator("#sealed-light .opened").count() == 0
    assert "+46 70" not in page.inner_text("#sealed-light")
    assert page.url.endswith(CATALOGUE)


# ------------------------------------------------------------------------------------------------- sizes, shifts, mirrors


def test_the_first_view_is_light(shop, visit):
    page = visit(shop, "ana").go("/")
    page.wait_for_load_state("networkidle")
    carried = page.evaluate(
        """() => [...performance.getEntriesByType('navigation'), ...performance.getEntriesByType('resource')]
            .map((one) => [one.name.replace(/.*\\/\\/[^/]*/, ''), one.transferSize])"""
    )
    assert sum(size for _name, size in carried) <= 150_000, carried


@pytest.mark.parametrize("path", ["/", CATALOGUE, "/design/words"])
def test_nothing_shifts_when_the_fonts_come_late(shop, visit, path):
    visitor = visit(shop, "ana")
    visitor.context.route("**/*.woff2*", lambda route: (visitor.page.wait_for_timeout(250), route.continue_())[1])
    page = visitor.page
    visitor.context.add_init_script(
        """window.__shift = 0; new PerformanceObserver((list) => {
            for (const one of list.getEntries()) window.__shift += one.value;
        }).observe({type: 'layout-shift', buffered: true});"""
    )
    visitor.go(path)
    page.wait_for_load_state("networkidle")
    page.evaluate("document.fonts.ready.then(() => 1)")
    page.wait_for_timeout(300)
    assert page.evaluate("window.__shift") < 0.01


@pytest.mark.parametrize("scheme", looking.SCHEMES)
def test_the_mirrored_catalogue_is_whole(shop, visit, artefacts, scheme):
    page = visit(shop, "ana", scheme=scheme).go(CATALOGUE + "?dir=rtl")
    assert looking.violations(page) == []
    assert looking.at_every_size(page, artefacts, "design-rtl", "en") == []


def test_a_printed_page_has_no_frame(shop, visit, artefacts):
    page = visit(shop, "ana", scheme="dark").go("/design/words")
    page.emulate_media(media="print")
    assert not page.locator(".side").is_visible()
    assert not page.locator(".bar").is_visible()
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    looking.photograph(page, artefacts / "words-print.jpg")
