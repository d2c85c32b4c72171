"""Scripts are planted in every text that is stored. On every page, as everybody who may see it, they are only text."""

import json
import shutil

import pytest

from tests.journeys import conftest, pages

# What a script that runs would do. `owned` is called by the planted texts, with their number.
CANARY = """
window.__owned = [];
Object.defineProperty(window, 'owned', {value: (number) => { window.__owned.push(String(number)); }});
for (const name of ['alert', 'confirm', 'prompt']) window[name] = () => { window.__owned.push(name); };
"""
# Also without the content policy's help nothing may have become an element or an attribute.
BECAME = """() => [...document.querySelectorAll(
  'img[src="x"], iframe, [onerror], [onload], [onfocus], [onclick], [hx-get^="/owned"], [href^="javascript:" i], [src^="/owned"]'
)].map((one) => one.outerHTML.slice(0, 200))"""


@pytest.fixture(scope="module")
def planted(prepared, tmp_path_factory):
    home = tmp_path_factory.mktemp("planted") / "home"
    shutil.copytree(prepared / "home", home)
    home.chmod(0o700)
    made = conftest.run_in(home, "tests.journeys.planted")
    facts = json.loads((prepared / "world.json").read_text(encoding="utf-8"))
    facts["parts"] |= made["parts"]
    shop = conftest.begin(home, facts | {"texts": made["texts"]})
    yield shop
    shop.stop()


def obeyed(visitor, page):
    """Return what planted texts have done on the present page."""
    done = [f"ran: {one}" for one in page.evaluate("window.__owned.splice(0)")]
    done += [f"became an element: {one}" for one in page.evaluate(BECAME)]
    return done + [f"was asked for: {path}" for path in visitor.statuses if path.startswith("/owned")]


@pytest.mark.parametrize("bypass", [False, True], ids=["as it is", "without the content policy"])
@pytest.mark.parametrize("who", ["olga", "ben", "dora"])
def test_on_every_page_a_planted_script_is_only_text(planted, visit, who, bypass):
    visitor, wrong, seen = visit(planted, who, bypass_csp=bypass), [], set()
    visitor.context.add_init_script(CANARY)
    visitor.page.on("dialog", lambda dialog: (wrong.append(f"a dialog: {dialog.message}"), dialog.dismiss()))
    for path, page in pages.walk(visitor, who, planted.facts, wrong):
        for control in page.locator("main [autofocus], main summary").all()[:5]:
            control.focus()
        wrong += [f"{path}: {one}" for one in obeyed(visitor, page)]
        shown = page.inner_text("body")
        seen |= {text for text in planted.facts["texts"] if text in shown or " ".join(text.split()) in shown}
    assert not wrong, pages.told(wrong)
    assert seen, "no page showed a planted text, so that nothing was tried"


def test_opened_values_are_only_text(planted, visit):
    visitor = visit(planted, "ben", bypass_csp=True)
    visitor.context.add_init_script(CANARY)
    page = visitor.go(f"/customers/{planted.facts['parts']['customer']}/open")
    page.locator("input[name=purpose][value=support]").check(force=True)
    page.locator("#case").fill("FW-20418")
    page.locator("main form button.open").click()
    page.get_by_role("heading", name="What was recorded").wait_for()
    shown = page.locator("main").inner_text()
    assert any(text in shown for text in planted.facts["texts"]), "no opened value was a planted one"
    assert obeyed(visitor, page) == []


def test_a_planted_attribute_without_the_nonce_does_nothing(planted, visit):
    """Even if markup slipped through: htmx obeys only attributes that carry this answer's nonce."""
    visitor = visit(planted, "ana", allowed=("hx-csp",))
    page = visitor.go("/")
    page.evaluate("""() => {
      const planted = document.createElement('a');
      planted.setAttribute('hx-get', '/owned/by-attribute');
      planted.setAttribute('hx-trigger', 'load, click');
      planted.setAttribute('id', 'planted');
      planted.textContent = 'planted';
      document.querySelector('main').append(planted);
      if (window.htmx) window.htmx.process(document.querySelector('main'));
    }""")
    page.locator("#planted").click()
    page.wait_for_timeout(300)
    assert not [path for path in visitor.statuses if path.startswith("/owned")]


def test_the_canary_sings_when_something_runs(planted, visit):
    visitor = visit(planted, "ana", bypass_csp=True, allowed=("console",))
    visitor.context.add_init_script(CANARY)
    page = visitor.go("/")
    page.evaluate("document.querySelector('main').insertAdjacentHTML('beforeend', '<img src=x onerror=owned(7)>')")
    page.wait_for_timeout(300)
    found = obeyed(visitor, page)
    assert "ran: 7" in found
    assert any(one.startswith("became an element") for one in found)
