// <search-suggest>: suggestions below a search field, after the ARIA combobox pattern. Without this file the field
// is a plain field of a plain form; with it, typing asks the site for list items and the keys move among them.

const PAUSE = 150;
let made = 0;

class SearchSuggest extends HTMLElement {
  #field;
  #list;
  #panel;
  #status;
  #timer = 0;
  #asked = null;
  #typed = "";
  #active = -1;
  #composing = false;

  connectedCallback() {
    this.#field = this.querySelector("input[type=search]");
    if (!(this.#field instanceof HTMLInputElement) || this.#list) return;
    const id = `suggestions-${++made}`;
    this.#panel = document.createElement("div");
    this.#panel.className = "suggestions";
    this.#panel.hidden = true;
    this.#list = document.createElement("ul");
    this.#list.id = id;
    this.#list.setAttribute("role", "listbox");
    this.#list.setAttribute("aria-label", this.dataset.label ?? "");
    const tips = document.createElement("p");
    tips.className = "suggestions__tips";
    tips.textContent = this.dataset.tips ?? "";
    this.#panel.append(this.#list, tips);
    this.#status = document.createElement("p");
    this.#status.className = "visually-hidden";
    this.#status.setAttribute("role", "status");
    this.append(this.#panel, this.#status);
    const field = this.#field;
    field.setAttribute("role", "combobox");
    field.setAttribute("aria-autocomplete", "list");
    field.setAttribute("aria-controls", id);
    field.setAttribute("aria-expanded", "false");
    field.addEventListener("input", () => this.#later());
    field.addEventListener("compositionstart", () => { this.#composing = true; });
    field.addEventListener("compositionend", () => { this.#composing = false; this.#later(); });
    field.addEventListener("keydown", (event) => this.#key(event));
    field.addEventListener("blur", () => window.setTimeout(() => this.#close(), 120));
    field.addEventListener("focus", () => { if (this.#list.children.length && field.value === this.#typed) this.#open(); });
    // A press keeps the focus in the field; the click opens the file.
    this.#panel.addEventListener("mousedown", (event) => event.preventDefault());
    this.#list.addEventListener("click", (event) => {
      const option = event.target instanceof Element ? event.target.closest("[role=option]") : null;
      if (option) this.#choose(option);
    });
  }

  #later() {
    window.clearTimeout(this.#timer);
    if (this.#composing) return;
    this.#timer = window.setTimeout(() => this.#ask(), PAUSE);
  }

  async #ask() {
    const text = this.#field.value.trim();
    this.#asked?.abort();
    this.#typed = this.#field.value;
    if (!text) {
      this.#list.replaceChildren();
      this.#close();
      return;
    }
    this.#asked = new AbortController();
    try {
      const address = `${this.dataset.source}?q=${encodeURIComponent(text)}`;
      const answer = await fetch(address, { signal: this.#asked.signal, headers: { Accept: "text/html" } });
      if (!answer.ok) { this.#close(); return; }
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      this.#list.replaceChildren(...page.querySelectorAll("[role=option]"));
      this.#active = -1;
      [...this.#list.children].forEach((option, place) => { option.id = `${this.#list.id}-${place + 1}`; });
      const count = this.#list.children.length;
      this.#status.textContent = count ? `${count} ${this.dataset.found ?? ""}` : this.dataset.none ?? "";
      if (count && document.activeElement === this.#field) this.#open();
      else this.#close();
    } catch (error) {
      if (!(error instanceof DOMException && error.name === "AbortError")) this.#close();
    }
  }

  #key(event) {
    if (event.isComposing) return;
    const options = [...this.#list.children];
    const open = !this.#panel.hidden;
    if ((event.key === "ArrowDown" || event.key === "ArrowUp") && options.length) {
      event.preventDefault();
      if (!open) this.#open();
      const step = event.key === "ArrowDown" ? 1 : -1;
      // One place before the first and after the last is the field itself.
      let next = this.#active + step;
      if (next < -1) next = options.length - 1;
      if (next >= options.length) next = -1;
      this.#mark(next);
    } else if (event.key === "Enter" && open && this.#active >= 0) {
      event.preventDefault();
      this.#choose(options[this.#active]);
    } else if (event.key === "Escape" && open) {
      event.preventDefault();
      this.#close();
    } else if (event.key === "Tab") {
      this.#close();
    }
  }

  #mark(place) {
    const options = [...this.#list.children];
    options.forEach((option, at) => option.setAttribute("aria-selected", String(at === place)));
    this.#active = place;
    if (place < 0) {
      this.#field.removeAttribute("aria-activedescendant");
      this.#field.value = this.#typed;
      return;
    }
    this.#field.setAttribute("aria-activedescendant", options[place].id);
    options[place].scrollIntoView({ block: "nearest" });
  }

  #choose(option) {
    const address = option.dataset.url;
    if (address) window.location.assign(address);
  }

  #open() {
    this.#panel.hidden = false;
    this.#field.setAttribute("aria-expanded", "true");
  }

  #close() {
    this.#panel.hidden = true;
    this.#active = -1;
    this.#field.setAttribute("aria-expanded", "false");
    this.#field.removeAttribute("aria-activedescendant");
    for (const option of this.#list.children) option.setAttribute("aria-selected", "false");
  }
}

customElements.define("search-suggest", SearchSuggest);
