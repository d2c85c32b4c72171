"""What a page must look like at any width: nothing wider than the window, no text on text, no text cut off."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from axe_playwright_python.sync_playwright import Axe

WIDTHS = {390: 844, 768: 1024, 1280: 900, 1920: 1080}
SCHEMES = ("light", "dark")

# Returns a list of sentences. Text that only screen readers get (a box of at most 2 px) is left out, and so is
# whatever scrolls on purpose; text in a closed popover or `details` has no boxes.
DEFECTS = """() => {
  const found = [];
  const root = document.documentElement;
  if (root.scrollWidth > root.clientWidth) {
    const wide = [...document.querySelectorAll('body *')].filter((one) => {
      const box = one.getBoundingClientRect();
      return box.width > 2 && box.right > root.clientWidth + 1 && !one.closest('.scroll, pre, .code');
    });
    const first = wide.find((one) => ![...one.children].some((child) => wide.includes(child))) || root;
    found.push(`${root.scrollWidth - root.clientWidth} px wider than the window: ${name(first)}`);
  }
  function name(one) {
    const words = (one.textContent || '').trim().replace(/\\s+/g, ' ').slice(0, 40);
    return `<${one.tagName.toLowerCase()} class="${one.getAttribute('class') || ''}"> "${words}"`;
  }
  // htmx, labels and links go by an id: two of a kind, and one of them leads to the wrong place.
  const ids = new Map();
  for (const one of document.querySelectorAll('[id]')) ids.set(one.id, (ids.get(one.id) || 0) + 1);
  for (const [id, count] of ids) if (count > 1) found.push(`${count} elements have the id ${id}`);
  const texts = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    if (!node.data.trim()) continue;
    const one = node.parentElement;
    if (one.closest('script, style, noscript, option, select') || one.matches('title, desc')) continue;
    // Also false below a closed `details`, whose content keeps its boxes.
    if (!one.checkVisibility({visibilityProperty: true, opacityProperty: true})) continue;
    const style = getComputedStyle(one);
    const range = document.createRange();
    range.selectNodeContents(node);
    let hidden = false, over = false;
    for (let up = one; up && up !== document.body; up = up.parentElement) {
      const shown = getComputedStyle(up), box = up.getBoundingClientRect();
      if ((box.width <= 2 || box.height <= 2) && shown.overflow !== 'visible') hidden = true;
      if (shown.clipPath !== 'none' && shown.position === 'absolute') hidden = true;
      if (['fixed', 'sticky'].includes(shown.position) || up.matches(':popover-open')) over = true;
    }
    if (hidden) continue;
    if (style.overflowX !== 'visible' && !['auto', 'scroll'].includes(style.overflowX)
        && one.scrollWidth > one.clientWidth + 1 && one.clientWidth > 0) {
      found.push(`cut off: ${name(one)}`);
    }
    if (over || one.closest('.scroll, pre, .code, textarea')) continue;
    for (const box of range.getClientRects()) {
      if (box.width > 2 && box.height > 2) texts.push({box, one, node});
    }
  }
  texts.sort((a, b) => a.box.top - b.box.top);
  for (let i = 0; i < texts.length; i++) {
    const a = texts[i];
    for (let k = i + 1; k < texts.length && texts[k].box.top < a.box.bottom; k++) {
      const b = texts[k];
      if (a.node === b.node) continue;
      const across = Math.min(a.box.right, b.box.right) - Math.max(a.box.left, b.box.left);
      const down = Math.min(a.box.bottom, b.box.bottom) - Math.max(a.box.top, b.box.top);
      // Line boxes of neighbours share a few pixels of leading; letters do not.
      if (across > 3 && down > 0.45 * Math.min(a.box.height, b.box.height)) {
        found.push(`text on text: ${name(a.one)} and ${name(b.one)}`);
      }
    }
  }
  return [...new Set(found)].slice(0, 8);
}"""


def defects(page: Any) -> list[str]:
    """Return what is wrong with the page's layout as it is now."""
    return list(page.evaluate(DEFECTS))


def violations(page: Any) -> list[str]:
    """Return what axe finds: WCAG 2.0 to 2.2, A and AA, and best practice."""
    results = Axe().run(page, options={"resultTypes": ["violations"]})
    return [
        f"{one['id']} ({one['impact']}): {one['help']}: " + " | ".join(node["html"][:160] for node in one["nodes"][:3])
        for one in results.response["violations"]
    ]


def name_of(path: str) -> str:
    """Return a file name for an address."""
    short = re.sub(r"[a-z]{3}_[0-9a-z]{26}|[0-9a-f]{64}", "id", path.lower())
    return re.sub(r"[^a-z0-9]+", "-", short).strip("-") or "home"


def at_every_size(page: Any, folder: Path | None, name: str, language: str) -> list[str]:
    """Look at the present page in four widths, by day and by night; keep pictures, return what is wrong."""
    wrong: list[str] = []
    for width, height in WIDTHS.items():
        page.set_viewport_size({"width": width, "height": height})
        for scheme in SCHEMES:
            page.emulate_media(color_scheme=scheme)
            if scheme == SCHEMES[0]:
                wrong += [f"{name} at {width} px in {language}: {defect}" for defect in defects(page)]
            if folder is not None:
                photograph(page, folder / f"{name}-{width}-{scheme}-{language}.jpg")
    return wrong


def photograph(page: Any, file: Path) -> None:
    """Keep a picture of the whole page."""
    page.screenshot(path=file, full_page=True, type="jpeg", quality=70)
