// Keys of the desk of cases, and templates put into the reason. Every page works without this file.
const form = document.querySelector("[data-case-form], [data-case-batch]");
const reason = document.querySelector("[data-case-reason]");
const keys = document.querySelector("[data-case-keys]");
const help = document.querySelector("[data-case-help]");

function toggleHelp() {
  if (!(keys instanceof HTMLElement)) return;
  keys.hidden = !keys.hidden;
  if (!keys.hidden) keys.focus();
}

if (help instanceof HTMLElement) {
  help.hidden = false;
  help.addEventListener("click", toggleHelp);
}

function showParts() {
  const chosen = document.querySelector("input[name=act]:checked");
  for (const part of document.querySelectorAll("[data-case-part]")) {
    if (!(part instanceof HTMLElement)) continue;
    const wanted = chosen instanceof HTMLInputElement && part.dataset.casePart === chosen.value;
    part.hidden = !wanted;
    // Only what belongs to the chosen act is sent: two acts may carry a field of the same name.
    for (const field of part.querySelectorAll("select, input")) field.disabled = !wanted;
  }
}

for (const choice of document.querySelectorAll("input[name=act]")) choice.addEventListener("change", showParts);
showParts();

for (const text of document.querySelectorAll("[data-case-template]")) {
  if (!(text instanceof HTMLButtonElement)) continue;
  text.addEventListener("click", () => {
    if (!(reason instanceof HTMLTextAreaElement)) return;
    reason.value = text.dataset.caseTemplate ?? "";
    reason.focus();
  });
}

function typing() {
  const active = document.activeElement;
  if (!(active instanceof HTMLElement)) return false;
  return active.tagName === "TEXTAREA" || active.tagName === "SELECT" || (active instanceof HTMLInputElement && !/^(radio|checkbox)$/.test(active.type));
}

// The queue: j and k move, x ticks, X ticks all, b goes to what is done with the ticked, Enter opens.
const boxes = [...document.querySelectorAll("[data-case-row] input[type=checkbox]")];
const all = document.querySelector("[data-case-all]");
const count = document.querySelector("[data-case-count]");

function counted() {
  const ticked = boxes.filter((box) => box.checked).length;
  if (all instanceof HTMLInputElement) {
    all.checked = boxes.length > 0 && ticked === boxes.length;
    all.indeterminate = ticked > 0 && ticked < boxes.length;
  }
  if (count instanceof HTMLElement) count.textContent = ticked ? (count.dataset.words ?? "#").replace("#", String(ticked)) : "";
}

function tickAll(wanted) {
  for (const box of boxes) box.checked = wanted;
  counted();
}

if (all instanceof HTMLInputElement) {
  all.hidden = false;
  all.addEventListener("change", () => tickAll(all.checked));
}
for (const box of boxes) box.addEventListener("change", counted);
counted();

const rows = [...document.querySelectorAll("[data-case-row]")];
let at = -1;
function move(by) {
  if (!rows.length) return;
  at = Math.min(rows.length - 1, Math.max(0, at + by));
  const link = rows[at].querySelector("[data-case-link]");
  if (link instanceof HTMLElement) link.focus();
}

document.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && form instanceof HTMLFormElement) {
    event.preventDefault();
    form.requestSubmit();
    return;
  }
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === "Escape" && typing()) {
    document.activeElement.blur();
    return;
  }
  if (typing()) return;
  if (rows.length && (event.key === "j" || event.key === "k")) {
    event.preventDefault();
    move(event.key === "j" ? 1 : -1);
    return;
  }
  if (rows.length && event.key === "x" && at >= 0) {
    const box = rows[at].querySelector("input[type=checkbox]");
    if (box instanceof HTMLInputElement) box.checked = !box.checked;
    counted();
    return;
  }
  if (boxes.length && event.key === "X") {
    tickAll(!boxes.every((box) => box.checked));
    return;
  }
  if (boxes.length && event.key === "b") {
    event.preventDefault();
    document.getElementById("batch-act")?.focus();
    return;
  }
  if (event.key === "q") {
    const back = document.querySelector("[data-case-back]");
    if (back instanceof HTMLAnchorElement) location.assign(back.href);
    return;
  }
  const chosen = /^[a-z]$/.test(event.key) ? document.querySelector(`[data-case-key="${event.key}"]:not(:disabled)`) : null;
  if (chosen instanceof HTMLInputElement) {
    event.preventDefault();
    chosen.checked = true;
    showParts();
    chosen.scrollIntoView({ block: "nearest" });
    const parts = document.querySelector(`[data-case-part="${chosen.value}"]`);
    const template = document.querySelector(`[data-case-template][data-case-for="${chosen.value}"]`);
    if (reason instanceof HTMLTextAreaElement) {
      if (!reason.value && template instanceof HTMLElement) reason.value = template.dataset.caseTemplate ?? "";
      if (!parts?.querySelector("input[type=checkbox]")) reason.focus();
    }
  } else if (event.key === "r" && reason instanceof HTMLElement) {
    event.preventDefault();
    reason.focus();
  } else if (event.key === "s") {
    const skip = document.querySelector("[data-case-skip]");
    if (skip instanceof HTMLAnchorElement) location.assign(skip.href);
  } else if (event.key === "?") {
    toggleHelp();
  }
});
