// Keys of the desk. The page works without this file.
const form = document.querySelector("[data-desk-form]");
const reason = document.querySelector("[data-desk-reason]");
const keys = document.querySelector("[data-desk-keys]");
const help = document.querySelector("[data-desk-help]");

function toggleHelp() {
  if (!(keys instanceof HTMLElement)) return;
  keys.hidden = !keys.hidden;
  if (!keys.hidden) keys.focus();
}

if (help instanceof HTMLElement) {
  help.hidden = false;
  help.addEventListener("click", toggleHelp);
}

function typing() {
  const active = document.activeElement;
  if (!(active instanceof HTMLElement)) return false;
  return active.tagName === "TEXTAREA" || active.tagName === "SELECT" || (active instanceof HTMLInputElement && !/^(radio|checkbox)$/.test(active.type));
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
  const chosen = /^[1-9n]$/.test(event.key) ? document.querySelector(`[data-desk-key="${event.key}"]`) : null;
  if (chosen instanceof HTMLInputElement) {
    event.preventDefault();
    chosen.checked = true;
    chosen.scrollIntoView({ block: "nearest" });
    reason?.focus();
  } else if (event.key === "r" && reason instanceof HTMLElement) {
    event.preventDefault();
    reason.focus();
  } else if (event.key === "s") {
    const skip = document.querySelector("[data-desk-skip]");
    if (skip instanceof HTMLAnchorElement) location.assign(skip.href);
  } else if (event.key === "u") {
    const undo = document.querySelector("[data-desk-undo]");
    if (undo instanceof HTMLButtonElement) undo.form?.requestSubmit();
  } else if (event.key === "?") {
    toggleHelp();
  }
});
