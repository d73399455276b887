/** The platform could not be reached, or gave no readable answer, also after the repeats. */
export class NotReached extends Error {
  name = "NotReached";
}

/** An error answer (RFC 9457). `code` is of the platform's closed list. */
export class Problem extends Error {
  name = "Problem";

  constructor(status, body, headers) {
    const code = String(body.code ?? body.error ?? "");
    super(`${status} ${code}: ${body.message_en ?? body.detail ?? body.title ?? ""}`);
    this.status = status;
    this.code = code;
    this.title = body.title ?? "";
    this.detail = body.detail ?? "";
    this.messageZh = body.message_zh ?? "";
    this.messageEn = body.message_en ?? "";
    this.data = body.data ?? {};
    this.findings = body.findings ?? [];
    this.body = body;
    const said = headers.get("retry-after") ?? "";
    this.retryAfter = /^\d+$/.test(said) ? Number(said) : null;
  }
}
