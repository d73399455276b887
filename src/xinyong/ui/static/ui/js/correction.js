// The error table by keyboard: j k a e u ?. Everything here is also a plain button, link or form; the page works without it.

// Row the officer is on, and its place: kept over the exchange of the desk after a deed.
let line = "";
let place = 0;

const lines = () => [...document.querySelectorAll("#desk [data-line]")];

function go(to) {
  const all = lines();
  if (!all.length) return;
  place = Math.max(0, Math.min(to, all.length - 1));
  const row = all[place];
  line = row.dataset.line;
  row.focus();
  row.scrollIntoView({ block: "nearest" });
}

function current() {
  const active = document.activeElement?.closest?.("[data-line]");
  const all = lines();
  return active ? all.indexOf(active) : all.findIndex((row) => row.dataset.line === line);
}

function press(selector) {
  const all = lines();
  const at = current();
  if (at < 0) return go(place);
  line = all[at].dataset.line;
  place = at;
  // The undo button stands in the last line of a row: look at the lines of the same row.
  const number = all[at].querySelector("td").textContent;
  const same = all.filter((row) => row.querySelector("td").textContent === number);
  const target = all[at].querySelector(selector) ?? same.map((row) => row.querySelector(selector)).find(Boolean);
  target?.click();
}

const typing = (element) =>
  element instanceof HTMLElement && (element.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(element.tagName));

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || !document.getElementById("desk")) return;
  if (event.key === "Escape") {
    const open = document.activeElement?.closest?.(".edit-row");
    if (open) {
      open.firstElementChild.replaceChildren();
      go(current() < 0 ? place : current());
    }
    return;
  }
  if (typing(document.activeElement) || document.querySelector("dialog[open]")) return;
  const deeds = {
    j: () => go(current() + 1),
    k: () => go(current() < 0 ? 0 : current() - 1),
    a: () => press("[data-accept]"),
    e: () => press("[data-edit]"),
    u: () => press("[data-undo]"),
    "?": () => document.querySelector("[data-keys]")?.showModal(),
  };
  if (!deeds[event.key]) return;
  event.preventDefault();
  deeds[event.key]();
});

class CorrectionDesk extends HTMLElement {
  connectedCallback() {
    for (const button of this.querySelectorAll("[data-help]")) {
      button.hidden = false;
      button.addEventListener("click", () => this.querySelector("[data-keys]")?.showModal());
    }
    // A line filled into an edit row takes the focus on its first wrong cell.
    this.addEventListener("focusin", (event) => {
      const row = event.target.closest?.("[data-line]");
      if (row) line = row.dataset.line;
    });
    this.addEventListener("click", (event) => {
      const close = event.target.closest?.(".edit-row [data-close]");
      if (!close) return;
      event.preventDefault();
      close.closest("td").replaceChildren();
      go(current() < 0 ? place : current());
    });
    this.watcher = new MutationObserver((changes) => {
      for (const change of changes) {
        if (change.target.parentElement?.classList.contains("edit-row") && change.addedNodes.length) {
          change.target.querySelector("[aria-invalid], input:not([type=hidden]), textarea")?.focus();
        }
      }
    });
    this.watcher.observe(this, { childList: true, subtree: true });
    // After a deed: the same line, or the one now in its place; and its outcome is read out.
    const said = this.querySelector("[data-toasts]")?.textContent.trim().replace(/\s+/g, " ");
    const announcer = document.querySelector("[data-announcer]");
    if (said && announcer) announcer.textContent = said;
    if (line) {
      const at = lines().findIndex((row) => row.dataset.line === line);
      go(at < 0 ? place : at);
    }
  }

  disconnectedCallback() {
    this.watcher?.disconnect();
  }
}

customElements.define("correction-desk", CorrectionDesk);
