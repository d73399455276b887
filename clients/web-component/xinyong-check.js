// <xinyong-check code="…" item="…" case="…" src="/credit/check"> asks its own host, which asks the platform; no key is here.
// Works where the page allows scripts of its own origin only: no inline style, no eval, no request to anybody else.
const WORDS = {
  zh: {
    title: "信用核验", check: "核验", again: "重新核验", loading: "正在核验…", failed: "核验没有完成", retry: "重试", none: "没有",
    unreachable: "无法连接核验服务，请稍后重试。", status: "登记状态", moved: "所查代码已变更或归并，现由本主体答复：",
    measures: "可考虑的措施", incentives: "可考虑的激励", lists: "名单", facts: "信用信息", basis: "依据", until: "截止", open: "未定期限",
    authority: "机关", decided: "决定日期", marks: "标注", query: "查询编号", at: "核验时间", source: "来源", shared: "政务共享",
    advice: "措施和激励供工作人员依法决定时参考，系统不自动采取。", scope: "未列出的信息资源不在本次核验范围内。", disputed: "异议处理中",
    copied: "本次查询已留痕，主体可以查看。", choose: "选择", adverse: "失信", favourable: "守信", neutral: "基础",
  },
  en: {
    title: "Credit check", check: "Check", again: "Check again", loading: "Checking…", failed: "The check was not completed", retry: "Try again", none: "None",
    unreachable: "The service cannot be reached; try again later.", status: "Registration", moved: "The number asked has changed or was merged; this entity answers to it:",
    measures: "Measures to consider", incentives: "Incentives to consider", lists: "Lists", facts: "Records", basis: "Basis", until: "Until", open: "no fixed end",
    authority: "Authority", decided: "Decided", marks: "Marks", query: "Query", at: "Checked", source: "Source", shared: "shared between organs",
    advice: "Measures and incentives are advice for the officer who decides; nothing is applied by itself.", scope: "Nothing is said of datasets outside this item.", disputed: "under objection",
    copied: "This query is logged; the entity can see it.", choose: "Choose", adverse: "adverse", favourable: "favourable", neutral: "neutral",
  },
};

const STYLE = `
:host { display: block; font: inherit; line-height: 1.6; color: var(--xinyong-ink, #1d2733); }
:host([hidden]) { display: none; }
section { border: 1px solid var(--xinyong-line, #c5ced8); border-radius: 6px; padding: 12px 16px; background: var(--xinyong-ground, #fff); }
h2 { font-size: 1.05em; margin: 0; } h3 { font-size: 1em; margin: 12px 0 4px; } p { margin: 4px 0; }
header { display: flex; gap: 12px; align-items: center; justify-content: space-between; flex-wrap: wrap; }
ul { list-style: none; margin: 0; padding: 0; } li { border-inline-start: 3px solid var(--xinyong-line, #c5ced8); padding: 4px 0 4px 10px; margin: 6px 0; }
li.adverse { border-color: #b42318; } li.favourable, li.incentive { border-color: #0b6b3a; } li.measure { border-color: #93590a; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: 0 10px; margin: 2px 0; font-size: .92em; } dt { color: var(--xinyong-soft, #4b5968); } dd { margin: 0; overflow-wrap: anywhere; }
button { font: inherit; min-height: 32px; padding: 2px 12px; border: 1px solid #1f5fa8; border-radius: 4px; background: #fff; color: #174b86; cursor: pointer; }
button:focus-visible { outline: 3px solid #1f5fa8; outline-offset: 2px; } button[disabled] { color: #5d6a77; border-color: #8b97a3; cursor: default; }
.problem { color: #9c1c11; } .soft { color: var(--xinyong-soft, #4b5968); font-size: .92em; } .tag { border: 1px solid currentColor; border-radius: 3px; padding: 0 4px; font-size: .85em; margin-inline-start: 6px; }
@media (max-width: 480px) { dl { grid-template-columns: 1fr; } }
@media (forced-colors: active) { li, section { border-color: CanvasText; } }
`;

let sheet;
/** An element with text or children; nothing of an answer is ever read as HTML. */
const make = (name, { text, kind, ...more } = {}, ...children) => {
  const made = document.createElement(name);
  if (text !== undefined) made.textContent = text;
  if (kind) made.className = kind;
  for (const [key, value] of Object.entries(more)) if (value !== undefined) made.setAttribute(key, value);
  made.append(...children.filter(Boolean));
  return made;
};

export class XinyongCheck extends HTMLElement {
  static observedAttributes = ["code", "item", "case", "src", "lang"];
  #root = this.attachShadow({ mode: "open" });
  #turn = 0;
  #state = { name: "idle" };
  #due = false;

  /** The last answer, null before there is one. */
  get answer() {
    return this.#state.answer ?? null;
  }

  connectedCallback() {
    if (!sheet) {
      sheet = new CSSStyleSheet();
      sheet.replaceSync(STYLE);
    }
    this.#root.adoptedStyleSheets = [sheet];
    this.#soon();
  }

  disconnectedCallback() {
    this.#turn += 1;
  }

  attributeChangedCallback(name, before, after) {
    if (before === after || !this.isConnected) return;
    if (name === "lang") this.#draw();
    else this.#soon();
  }

  get #words() {
    const said = this.lang || this.closest("[lang]")?.lang || document.documentElement.lang || "zh";
    return WORDS[said.toLowerCase().startsWith("en") ? "en" : "zh"];
  }

  #soon() {
    this.#turn += 1;
    this.#state = { name: "idle" };
    if (this.#due) return;
    this.#due = true;
    queueMicrotask(() => {
      this.#due = false;
      if (!this.isConnected) return;
      this.#draw();
      if (this.getAttribute("code") && !this.hasAttribute("manual")) this.check();
    });
  }

  /** Ask now; the answer, or null when it failed or another question came meanwhile. */
  async check() {
    const turn = (this.#turn += 1);
    const address = new URL(this.getAttribute("src") || "/credit/check", document.baseURI);
    for (const name of ["code", "item", "case"]) if (this.getAttribute(name)) address.searchParams.set(name, this.getAttribute(name));
    this.#set({ name: "loading" });
    let answer = null, problem = null;
    try {
      if (address.origin !== location.origin) throw new Error("src has to be of this page's own origin");
      const found = await fetch(address, { headers: { Accept: "application/json" }, credentials: "same-origin", cache: "no-store" });
      const said = await found.json();
      if (found.ok && said.entity) answer = said;
      else problem = said;
    } catch (error) {
      problem = { error };
    }
    if (turn !== this.#turn) return null;
    this.#set(answer ? { name: "answered", answer } : { name: "failed", problem });
    const detail = answer ?? problem;
    this.dispatchEvent(new CustomEvent(answer ? "xinyong-answer" : "xinyong-problem", { detail, bubbles: true, composed: true }));
    return answer;
  }

  #set(state) {
    const held = this.#root.activeElement !== null;
    this.#state = state;
    this.#draw();
    if (held) (this.#root.querySelector("button:not([disabled])") ?? this.#root.querySelector("section"))?.focus();
  }

  #draw() {
    const words = this.#words, { name } = this.#state;
    const button = make("button", {
      type: "button", text: name === "failed" ? words.retry : name === "idle" ? words.check : words.again, "aria-disabled": name === "loading" ? "true" : undefined,
    });
    button.addEventListener("click", () => this.#state.name !== "loading" && this.check());
    const status = make("p", { role: "status", kind: name === "failed" ? "problem" : "soft", text: this.#says() });
    const section = make("section", { "aria-label": words.title, "aria-busy": String(name === "loading"), tabindex: "-1" },
      make("header", {}, make("h2", { text: words.title }), this.getAttribute("code") ? button : null), status);
    if (name === "answered") section.append(...this.#answered(words));
    // The live region has to be in the page before its text changes, or nothing is read out.
    const old = this.#root.querySelector("section");
    if (!old) this.#root.append(section);
    else {
      const live = old.querySelector("[role=status]");
      live.className = status.className;
      live.textContent = status.textContent;
      status.replaceWith(live);
      old.replaceWith(section);
    }
  }

  #says() {
    const words = this.#words, { name, problem, answer } = this.#state;
    if (name === "loading") return words.loading;
    if (name === "failed") {
      const told = words === WORDS.en ? problem.message_en : problem.message_zh;
      return `${words.failed}${words === WORDS.en ? ": " : "："}${told ?? problem.detail ?? words.unreachable}`;
    }
    if (name !== "answered") return "";
    const count = (rows) => (rows.length ? String(rows.length) : words.none);
    const [measures, incentives] = this.#split(answer);
    const parts = [[words.lists, answer.lists], [words.facts, answer.facts], [words.measures, measures], [words.incentives, incentives]];
    return parts.map(([label, rows]) => `${label} ${count(rows)}`).join(" · ");
  }

  #split(answer) {
    return ["measure", "incentive"].map((kind) => (answer.measures ?? []).filter((row) => row.kind === kind));
  }

  #answered(words) {
    const { answer } = this.#state, { entity } = answer;
    const [measures, incentives] = this.#split(answer);
    const lines = (pairs) => make("dl", {}, ...pairs.flatMap(([label, value]) => (value ? [make("dt", { text: label }), make("dd", { text: value })] : [])));
    const basis = (rows) => (rows ?? []).map((row) => row.title + row.article).join("；");
    const record = (row) => make("li", { kind: row.nature },
      make("strong", { text: `${row.dataset_name}${row.number ? ` ${row.number}` : ""}` }), make("span", { kind: "tag", text: words[row.nature] ?? row.nature }),
      row.audience === "shared" ? make("span", { kind: "tag", text: words.shared }) : null,
      row.content ? make("p", { text: row.content }) : null,
      lines([[words.authority, row.authority], [words.decided, row.decided_on], [words.until, row.ends_on ?? words.open], [words.marks, row.states.join("、")],
        [words.basis, basis(row.basis)], [words.source, row.source.department]]));
    const measure = (row) => {
      const choose = this.hasAttribute("choose") ? make("button", { type: "button", text: words.choose, "aria-label": `${words.choose} ${row.name}` }) : null;
      choose?.addEventListener("click", () =>
        this.dispatchEvent(new CustomEvent("xinyong-choose", { detail: { measure: row, answer }, bubbles: true, composed: true })));
      return make("li", { kind: row.kind }, make("strong", { text: row.name }), row.object.disputed ? make("span", { kind: "tag", text: words.disputed }) : null,
        make("p", { text: row.means }), lines([[words.source, [row.object.document, row.object.authority].filter(Boolean).join(" ")],
          [words.until, row.ends_on ?? words.open], [words.basis, basis(row.basis)]]), choose);
    };
    const group = (title, rows, draw) => (rows.length ? [make("h3", { text: title }), make("ul", {}, ...rows.map(draw))] : []);
    return [
      answer.moved ? make("p", { text: `${words.moved}${answer.moved.from}` }) : null,
      make("p", {}, make("strong", { text: entity.name }), ` ${entity.key}`),
      lines([[words.status, entity.status]]),
      ...group(words.lists, answer.lists, record), ...group(words.facts, answer.facts, record),
      ...group(words.measures, measures, measure), ...group(words.incentives, incentives, measure),
      measures.length + incentives.length ? make("p", { kind: "soft", text: words.advice }) : null,
      make("p", { kind: "soft", text: `${words.scope}${words.copied}` }),
      lines([[words.query, answer.query], [words.at, String(answer.answered_at).slice(0, 19).replace("T", " ")]]),
    ].filter(Boolean);
  }
}

if (!customElements.get("xinyong-check")) customElements.define("xinyong-check", XinyongCheck);
