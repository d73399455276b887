// Sends requests: key or signature, the quota's headers, repeats, errors.
import { NotReached, Problem } from "./errors.js";
import { Operations } from "./operations.js";

const AGAIN = new Set([429, 502, 503, 504]);
const text = new TextEncoder();
const sleep = (seconds) => new Promise((done) => setTimeout(done, seconds * 1000));
const pauseOf = (attempt) => Math.min(30, 0.25 * 2 ** attempt) * (0.5 + Math.random() / 2);
const given = (values) => Object.entries(values ?? {}).filter(([, value]) => value !== undefined && value !== null);

/**
 * One system's way to the platform. `key` or `signing` says who asks. A request that was not answered (reads, and writes under
 * an idempotency key) or was refused for now is repeated `retries` times; between two tries it waits as the platform says,
 * never longer than `longestWait` seconds: then the error is thrown instead.
 */
export class Client extends Operations {
  constructor(base, { key = "", signing = null, retries = 3, longestWait = 60, timeout = 15, language = "zh", fetch = globalThis.fetch } = {}) {
    super();
    if (Boolean(key) === Boolean(signing)) throw new TypeError("give either a key or a signing key");
    const address = new URL(base);
    this.origin = address.origin;
    this.authority = address.host;
    this.root = address.pathname.replace(/\/$/, "");
    Object.assign(this, { key, signing, retries, longestWait, timeout, language, fetch });
    /** The request quota that ends first, as the last answer told it. */
    this.limit = null;
  }

  async request(method, path, { query, body, headers, contentType } = {}) {
    const asked = new URLSearchParams(given(query)).toString();
    const content =
      body === undefined ? null : body instanceof Uint8Array ? body : text.encode(typeof body === "string" ? body : JSON.stringify(body));
    const fields = Object.fromEntries(given(headers));
    if (content !== null && headers && "Idempotency-Key" in headers) fields["Idempotency-Key"] ??= crypto.randomUUID();
    const safe = method === "GET" || "Idempotency-Key" in fields;
    for (let attempt = 0; ; attempt += 1) {
      const last = attempt >= this.retries;
      let answer, told;
      try {
        answer = await this.send(method, this.root + path, asked, content, { ...fields }, contentType ?? "application/json");
        told = await answer.text();
      } catch (error) {
        if (last || !safe) throw new NotReached(`${method} ${path}: ${error.message}`, { cause: error });
        await sleep(pauseOf(attempt));
        continue;
      }
      if (answer.ok) {
        try {
          return JSON.parse(told);
        } catch (error) {
          throw new NotReached(`${method} ${path}: the answer is no JSON`, { cause: error });
        }
      }
      let told_ = {};
      try {
        told_ = JSON.parse(told);
      } catch {
        // an answer of something between: the status says what there is to say
      }
      const found = new Problem(answer.status, told_, answer.headers);
      if (!AGAIN.has(answer.status) || last || !(safe || answer.status === 429)) throw found;
      const reset = answer.status === 429 ? answer.headers.get("ratelimit-reset") : null;
      const wait = found.retryAfter ?? (/^\d+$/.test(reset ?? "") ? Number(reset) : pauseOf(attempt));
      if (wait > this.longestWait) throw found;
      await sleep(wait);
    }
  }

  async send(method, path, query, body, fields, contentType) {
    Object.assign(fields, { Accept: "application/json", "Accept-Language": this.language });
    if (body !== null) fields["Content-Type"] = contentType;
    if (this.signing) Object.assign(fields, await this.signing.headers(method, this.authority, path, query, body));
    else fields.Authorization = `Bearer ${this.key}`;
    const answer = await this.fetch.call(globalThis, `${this.origin}${path}${query ? `?${query}` : ""}`, {
      method,
      headers: fields,
      body,
      redirect: "error",
      signal: AbortSignal.timeout(this.timeout * 1000),
    });
    const [limit, remaining, reset] = ["limit", "remaining", "reset"].map((name) => answer.headers.get(`ratelimit-${name}`));
    if (limit !== null && remaining !== null && reset !== null) {
      this.limit = { limit: Number(limit), remaining: Number(remaining), reset: Number(reset) };
    }
    return answer;
  }
}
