// Keys on the pages of the review queue, and of the rows of a sample. Everything goes without them; whoever does not want single keys turns them off,
// and a screen reader's or an input method's own keys are never taken.
"use strict";
(() => {
  const help = document.getElementById("keys");
  const on = document.getElementById("keys-on");
  if (!help || !on) return;
  const KEPT = "likeness-single-keys";
  const kept = () => { try { return localStorage.getItem(KEPT); } catch { return null; } };
  on.checked = kept() !== "off";
  on.addEventListener("change", () => {
    try { localStorage.setItem(KEPT, on.checked ? "on" : "off"); } catch { /* then it holds for this page alone */ }
  });
  help.hidden = false;

  const items = () => [...document.querySelectorAll("[data-queue] [data-item]")];
  const move = (step) => {
    const all = items();
    if (!all.length) return false;
    const at = all.indexOf(document.activeElement);
    const next = at < 0 ? (step > 0 ? 0 : all.length - 1) : Math.min(Math.max(at + step, 0), all.length - 1);
    all[next].focus();
    return true;
  };
  const reach = (key) => {
    const found = document.querySelector(`[data-key="${key}"]`);
    if (!found) return false;
    if (found.matches("a")) found.click(); else found.focus();
    return true;
  };
  const press = (key) => {
    const row = document.activeElement?.closest("[data-row]") || document.querySelector("[data-row]:target");
    const found = row ? [...row.querySelectorAll("[data-press]")].find((each) => each.dataset.press === key) : null;
    if (found) found.click();
    return Boolean(found);
  };
  const typing = (target) => target.matches("textarea, select, input:not([type=radio]):not([type=checkbox])") || target.isContentEditable;

  // a browser that goes to a part of the page takes the focus from it once the page is there: this comes after that
  window.addEventListener("load", () => setTimeout(() => {
    document.querySelector("[data-row]:target [data-item]")?.focus();
  }));

  document.addEventListener("keydown", (event) => {
    if (!on.checked || event.isComposing || event.ctrlKey || event.altKey || event.metaKey || typing(event.target)) return;
    let done = false;
    if (event.key === "?") { help.open = !help.open; if (help.open) help.querySelector("summary").focus(); done = true; }
    else if (event.key === "j") done = move(1) || reach("j");
    else if (event.key === "k") done = move(-1) || reach("k");
    else if (event.key === "d" || event.key === "n") done = reach(event.key);
    else done = press(event.key);
    if (done) event.preventDefault();
  });
})();
