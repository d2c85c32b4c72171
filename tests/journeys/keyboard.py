"""Somebody who has only a keyboard: where the focus is, and getting it somewhere by Tab alone."""

from __future__ import annotations

from typing import Any

MOST_STEPS = 150
# What has the focus, as somebody hears it: its role, name and state; and whether one can see where it is.
FOCUS = """() => {
  const one = document.activeElement;
  if (!one || one === document.body) return null;
  const style = getComputedStyle(one), box = one.getBoundingClientRect();
  const label = one.labels && one.labels.length ? [...one.labels].map((each) => each.innerText).join(' ') : '';
  // A radio button or a check box may show its focus by the row around it.
  const around = [one, one.parentElement, one.closest('label'), one.closest('.choice'), one.nextElementSibling];
  const seen = around.some((each) => {
    if (!each) return false;
    const its = getComputedStyle(each);
    return (its.outlineStyle !== 'none' && parseFloat(its.outlineWidth) >= 2) || its.boxShadow !== 'none';
  });
  return {
    tag: one.tagName, type: one.type || '', name: one.getAttribute('name') || '', value: one.value || '',
    text: (one.getAttribute('aria-label') || label || one.innerText || '').trim().replace(/\\s+/g, ' '),
    seen, inside: box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth,
  };
}"""


class Keys:
    """A keyboard before one page. Every step checks that the focus can be seen."""

    def __init__(self, page: Any) -> None:
        self.page = page

    def focus(self) -> dict[str, Any]:
        """Return what has the focus."""
        return self.page.evaluate(FOCUS) or {"tag": "BODY", "text": "", "name": "", "value": "", "type": ""}

    def tab_to(self, text: str = "", **wanted: str) -> dict[str, Any]:
        """Press Tab until something has the focus whose words begin with `text` and that is as wanted."""
        met = []
        for _ in range(MOST_STEPS):
            self.page.keyboard.press("Tab")
            now = self.focus()
            if now["tag"] != "BODY":
                assert now["seen"], f"nobody sees that {now} has the focus"
                assert now["inside"], f"{now} has the focus outside of the window"
            if now["text"].startswith(text) and all(now[key] == value for key, value in wanted.items()):
                return now
            met.append(now["text"][:30])
        raise AssertionError(f"{text} {wanted} cannot be reached by Tab; there were {met}")

    def press(self, *keys: str) -> None:
        """Press keys one after the other."""
        for key in keys:
            self.page.keyboard.press(key)

    def write(self, text: str) -> None:
        """Type a text where the focus is."""
        self.page.keyboard.insert_text(text)

    def choose(self, text: str, **wanted: str) -> None:
        """Go to a group of radio buttons and take the one with these words by the arrow keys."""
        self.tab_to(**wanted)
        for _ in range(40):
            if self.focus()["text"].startswith(text) and self.page.evaluate("document.activeElement.checked"):
                return
            self.page.keyboard.press("ArrowDown")
        raise AssertionError(f"{text} cannot be chosen with the arrow keys")

    def go_on(self) -> None:
        """Press Enter and wait for the page that comes."""
        with self.page.expect_navigation():
            self.page.keyboard.press("Enter")
