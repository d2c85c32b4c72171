// @ts-check
// "Go to line" in the text that is being written. Without a script the same link leads to the marked listing.
'use strict';
(() => {
  const area = /** @type {HTMLTextAreaElement | null} */ (document.querySelector('.sheet textarea'));
  if (!area) return;
  const sheet = /** @type {HTMLElement} */ (area.closest('.sheet'));

  /** Put the cursor on a line and bring it into view. @param {number} line */
  const goTo = (line) => {
    const lines = area.value.split('\n');
    const start = lines.slice(0, line - 1).reduce((sum, one) => sum + one.length + 1, 0);
    area.focus({ preventScroll: true });
    area.setSelectionRange(start, start + (lines[line - 1] ?? '').length);
    const height = parseFloat(getComputedStyle(area).lineHeight) || 20;
    for (const one of [sheet, area]) one.scrollTop = Math.max(0, (line - 6) * height);
    sheet.scrollIntoView({ block: 'nearest' });
  };

  addEventListener('click', (event) => {
    const link = /** @type {HTMLElement | null} */ (/** @type {Element} */ (event.target).closest('a[data-line]'));
    if (!link) return;
    event.preventDefault();
    goTo(Number(link.dataset.line));
  });
})();
