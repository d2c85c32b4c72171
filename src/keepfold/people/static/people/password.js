/* A new password: shows it on request, and says while typing how strong it may be. Nothing leaves the browser; the
   server looks again, and at more, when the form is sent. */
(() => {
  "use strict";

  const ROWS = ["qwertzuiop", "qwertyuiop", "asdfghjkl", "yxcvbnm", "zxcvbnm", "abcdefghijklmnopqrstuvwxyz", "01234567890"];

  const COMMON = [/pass?wor[dt]/g, /welcome|willkommen/g, /summer|sommer|winter|spring|fr\u00fchling/g, /admin/g, /keepfold/g];
  /* What is fair, good and strong, in characters that surprise. */
  const STEPS = [10, 14, 20];

  /* How much a character adds to what went before it: little when it repeats or follows on. */
  const surprise = (letters, index) => {
    const one = letters[index];
    const before = index ? letters[index - 1] : "";
    if (one === before) return 0.1;
    if (before && ROWS.some((row) => row.includes(before + one) || row.includes(one + before))) return 0.25;
    const seen = letters.slice(0, index).join("");
    if (index > 2 && seen.includes(letters.slice(index - 2, index + 1).join(""))) return 0.2;
    return seen.includes(one) ? 0.7 : 1;
  };

  /* 0 to 4. Long phrases of different words reach the end; no kind of character is asked for. */
  const strength = (password, least) => {
    const plain = COMMON.reduce((text, word) => text.replace(word, "."), password.normalize("NFKC").toLowerCase());
    const letters = [...plain];
    const worth = letters.reduce((sum, _, index) => sum + surprise(letters, index), 0);
    const reached = 1 + STEPS.filter((step) => worth >= step).length;
    return [...password.normalize("NFKC")].length < least ? 1 : reached;
  };

  const watch = (box) => {
    const input = document.getElementById(box.dataset.strengthOf);
    const meter = box.querySelector("meter");
    const word = box.querySelector("[data-word]");
    const least = Number(box.dataset.least);
    const words = JSON.parse(box.dataset.words);
    const show = () => {
      const length = [...input.value.normalize("NFKC")].length;
      const value = length ? strength(input.value, least) : 0;
      meter.value = value;
      const missing = least - length;
      word.textContent = !length ? "" : missing > 0 ? box.dataset.missing.replace("{n}", missing) : words[value];
    };
    let later = 0;
    input.addEventListener("input", () => {
      clearTimeout(later);
      later = setTimeout(show, 150);
    });
    box.hidden = false;
  };

  const reveal = (button) => {
    const input = document.getElementById(button.dataset.show);
    button.hidden = false;
    button.addEventListener("click", () => {
      const shown = input.type === "text";
      input.type = shown ? "password" : "text";
      button.setAttribute("aria-pressed", String(!shown));
      button.querySelector("[data-label]").textContent = shown ? button.dataset.labelShow : button.dataset.labelHide;
    });
    input.form.addEventListener("submit", () => { input.type = "password"; });
  };

  document.querySelectorAll("[data-strength-of]").forEach(watch);
  document.querySelectorAll("button[data-show]").forEach(reveal);
  for (const button of document.querySelectorAll("button[data-print]")) {
    button.hidden = false;
    button.addEventListener("click", () => window.print());
  }
})();
