// @ts-check
// What works quicker with a script. Every page works without it, and nothing here makes markup out of text.
'use strict';
(() => {
  /** @type {(selector: string, root?: ParentNode) => HTMLElement[]} */
  const all = (selector, root = document) => /** @type {HTMLElement[]} */ ([...root.querySelectorAll(selector)]);
  const said = document.getElementById('said');

  /** Say a line to whoever listens instead of looking. @param {string | undefined} words */
  const say = (words) => said && (said.textContent = words ?? '');

  // ---- The palette (Ctrl K, /) and two keys that lead to a page (g h: home).

  const palette = document.getElementById('palette');
  let lead = 0;

  /** @param {KeyboardEvent} event */
  const openPalette = (event) => {
    event.preventDefault();
    palette?.showPopover();
  };

  /** @param {string} key */
  const place = (key) => all('a[data-keys]').find((one) => one.dataset.keys?.toLowerCase() === `g ${key}`);

  addEventListener('keydown', (event) => {
    const key = event.key.toLowerCase();
    const held = event.ctrlKey || event.metaKey;
    if (held && key === 'k' && !event.altKey && !event.shiftKey) return openPalette(event);
    if (held || event.altKey || /** @type {Element} */ (event.target).matches?.('input, select, textarea')) return;
    if (key === '/') return openPalette(event);
    if (event.timeStamp - lead < 1500) place(key)?.click();
    lead = key === 'g' ? event.timeStamp : 0;
  });

  palette?.addEventListener('keydown', (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    const stops = all('input, a', palette);
    const at = stops.indexOf(/** @type {HTMLElement} */ (document.activeElement));
    stops[(at + step + stops.length) % stops.length].focus();
  });

  // ---- What was opened closes: when its time is over, and when somebody looks away.

  const VALUES = '.opened, [data-opened]';
  let leaving = false;

  /** Take values out of the page. @param {HTMLElement[]} values */
  const close = (values) => {
    for (const one of values) {
      if ('value' in one) one.value = '';
      else one.textContent = '••••••';
      one.classList.replace('opened', 'sealed');
      delete one.dataset.revealUntil;
    }
  };

  const home = () => all('[data-reveal-home]')[0]?.dataset.revealHome;

  /** @param {boolean} go */
  const lookAway = (go) => {
    const back = home();
    if (!back) return;
    close(all(VALUES));
    if (go) location.replace(back);
  };

  document.addEventListener('visibilitychange', () => document.hidden && lookAway(!leaving));
  document.addEventListener('freeze', () => lookAway(false));
  addEventListener('pagehide', () => lookAway(!(leaving = true)));
  addEventListener('pageshow', (event) => {
    leaving = false;
    if (event.persisted) lookAway(true);
  });

  const tick = () => {
    for (const one of all('[data-reveal-until]')) {
      const left = Math.ceil((Number(one.dataset.end) - performance.now()) / 1000);
      const notes = all('[data-left]', one);
      if (left <= 0) {
        say(said?.dataset.closed);
        close(one.matches(VALUES) ? [one] : all(VALUES));
        delete one.dataset.revealUntil;
        for (const note of notes) note.textContent = said?.dataset.closed ?? '';
      } else if (left < 3600) {
        const clock = `${Math.floor(left / 60)}:${String(left % 60).padStart(2, '0')}`;
        for (const note of notes) note.textContent = note.dataset.left?.replace('{}', clock) ?? '';
      }
    }
  };

  // ---- Copying, closing a notice, leaving a form, finding among the rows that are there.

  addEventListener('click', (event) => {
    const target = /** @type {Element} */ (event.target);
    const shut = target.closest('[data-close]');
    if (shut) event.preventDefault();
    shut?.parentElement?.remove();
    const button = /** @type {HTMLElement | null} */ (target.closest('[data-copy]'));
    if (!button) return;
    const text = document.querySelector(button.dataset.copy ?? '')?.textContent ?? '';
    navigator.clipboard?.writeText(text.trim()).then(() => say(button.dataset.done));
    button.classList.add('good');
    setTimeout(() => button.classList.remove('good'), 1500);
  });

  let changed = false;
  addEventListener('input', (event) => {
    const target = /** @type {HTMLInputElement} */ (event.target);
    changed ||= Boolean(target.closest('form[data-guard]'));
    if (target.dataset.rows) sift(target.dataset.rows, target.value.trim().toLowerCase());
  });
  addEventListener('submit', () => (changed = false));
  addEventListener('beforeunload', (event) => changed && event.preventDefault());

  /** Show only the rows of a table that hold what is wanted. @type {(table: string, wanted: string) => void} */
  const sift = (table, wanted) => {
    const rows = all(`#${table} tbody tr`);
    for (const row of rows) row.hidden = !row.textContent?.toLowerCase().includes(wanted);
    const note = all(`[data-rows-said="${table}"]`)[0];
    note.textContent = note.dataset.words?.replace('{}', `${rows.filter((row) => !row.hidden).length}`) ?? '';
  };

  /** Make ready what has come. A moment is counted from when it came, for clocks differ. */
  const ready = () => {
    for (const one of all('[data-copy][hidden]')) one.hidden = false;
    for (const one of all('input[data-rows]')) one.hidden = all(`#${one.dataset.rows} tbody tr`).length < 8;
    for (const one of all('[data-reveal-until]:not([data-end])')) {
      const [from, until] = [one.dataset.revealFrom, one.dataset.revealUntil].map((at) => Date.parse(at ?? ''));
      one.dataset.end = `${performance.now() + until - from}`;
    }
    all('.problems:not(.side-by *)')[0]?.focus();
    tick();
  };
  ready();
  setInterval(tick, 1000);
  document.addEventListener('htmx:after:swap', ready);
})();
