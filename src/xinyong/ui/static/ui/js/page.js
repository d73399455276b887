// Small conveniences. Every page works without this file.

// "/" moves to the search field, unless someone is typing.
document.addEventListener("keydown", (event) => {
  if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey) return;
  const active = document.activeElement;
  if (active instanceof HTMLElement && (active.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(active.tagName))) return;
  const field = document.querySelector("[data-search-field]");
  if (field instanceof HTMLElement) {
    event.preventDefault();
    field.focus();
  }
});

// Copy buttons are hidden in the markup and shown only where copying works.
const announcer = document.querySelector("[data-announcer]");
for (const button of document.querySelectorAll("button[data-copy]")) {
  if (!navigator.clipboard) break;
  button.hidden = false;
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(button.dataset.copy ?? "");
    if (announcer) announcer.textContent = button.dataset.copied ?? "";
  });
}

// Print buttons likewise.
for (const button of document.querySelectorAll("button[data-print]")) {
  button.hidden = false;
  button.addEventListener("click", () => window.print());
}

// An error summary takes the focus, so that it is read first.
document.querySelector("[data-focus-first]")?.focus();
