// Dragging a data item onto a column chooses it in the column's select; the select stays the truth and works alone.
"use strict";
(() => {
  const form = document.querySelector("form[data-mapping]");
  if (!form) return;
  const list = form.querySelector("[data-items]");
  const said = form.querySelector("[data-said]");
  const chips = [...form.querySelectorAll("[data-item]")];
  const rows = [...form.querySelectorAll("[data-row]")];
  const selects = () => [...form.querySelectorAll("select[data-target]")];
  let dragged = null;

  const name = (row) => row.querySelector("th bdi").textContent;

  const refresh = () => {
    const used = new Set(selects().map((select) => select.value).filter(Boolean));
    for (const chip of chips) chip.toggleAttribute("data-used", used.has(chip.dataset.item));
    for (const row of rows) {
      const filled = [...row.querySelectorAll("select[data-target]")].some((select) => select.value);
      row.classList.toggle("unread", !filled);
    }
    const missing = form.querySelector("[data-missing]");
    if (!missing) return;
    const names = missing.dataset.missing.trim().split(" ");
    missing.querySelectorAll("li").forEach((line, place) => { line.hidden = used.has(names[place]); });
    missing.hidden = names.every((item) => used.has(item));
  };

  const tell = (row, select) => {
    const several = select.value && selects().filter((other) => other.value === select.value).length > 1;
    const words = !select.value ? said.dataset.unread : several ? said.dataset.joined : said.dataset.words;
    const item = select.selectedOptions[0] ? select.selectedOptions[0].textContent : "";
    said.textContent = words.replace("{column}", name(row)).replace("{item}", item);
  };

  list.hidden = false;
  for (const chip of chips) {
    chip.addEventListener("dragstart", (event) => {
      dragged = chip;
      chip.toggleAttribute("data-dragged", true);
      event.dataTransfer.effectAllowed = "link";
      event.dataTransfer.setData("text/plain", chip.dataset.item);
    });
    chip.addEventListener("dragend", () => {
      chip.toggleAttribute("data-dragged", false);
      dragged = null;
    });
  }
  for (const row of rows) {
    row.addEventListener("dragover", (event) => {
      if (!dragged) return;
      event.preventDefault();
      event.dataTransfer.dropEffect = "link";
      row.toggleAttribute("data-over", true);
    });
    row.addEventListener("dragleave", () => row.toggleAttribute("data-over", false));
    row.addEventListener("drop", (event) => {
      row.toggleAttribute("data-over", false);
      if (!dragged) return;
      event.preventDefault();
      const select = row.querySelector("select[data-target]");
      select.value = dragged.dataset.item;
      select.dispatchEvent(new Event("change", { bubbles: true }));
    });
  }
  form.addEventListener("change", (event) => {
    const row = event.target.closest("[data-row]");
    if (row && event.target.matches("select[data-target]")) tell(row, event.target);
    refresh();
  });
  refresh();
})();
