// Signed requests (RFC 9421) as the platform takes them.
const text = new TextEncoder();

const bytesOf = (base64) => Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
const base64Of = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer)));

/** A key the platform's operator registered for this system. */
export class SigningKey {
  constructor(keyid, algorithm, sign) {
    this.keyid = keyid;
    this.algorithm = algorithm;
    this.sign = sign;
  }

  /** A shared secret, base64 as it was shown once. */
  static async hmac(keyid, secret) {
    const way = { name: "HMAC", hash: "SHA-256" };
    const key = await crypto.subtle.importKey("raw", bytesOf(secret), way, false, ["sign"]);
    return new SigningKey(keyid, "hmac-sha256", (base) => crypto.subtle.sign("HMAC", key, base));
  }

  /** The system's own private key (PKCS 8, PEM). */
  static async ed25519(keyid, pem) {
    const body = pem.replace(/-----[^-]+-----/g, "").replace(/\s/g, "");
    const key = await crypto.subtle.importKey("pkcs8", bytesOf(body), { name: "Ed25519" }, false, ["sign"]);
    return new SigningKey(keyid, "ed25519", (base) => crypto.subtle.sign({ name: "Ed25519" }, key, base));
  }

  /** The header fields that sign a request, with a fresh nonce. `body`: bytes, or null. */
  async headers(method, authority, path, query, body) {
    const covered = `("@method" "@authority" "@path" "@query"${body === null ? "" : ' "content-digest"'})`;
    const nonce = Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
    const parameters =
      `${covered};created=${Math.floor(Date.now() / 1000)};nonce="${nonce}";keyid="${this.keyid}";alg="${this.algorithm}"`;
    const lines = [`"@method": ${method}`, `"@authority": ${authority.toLowerCase()}`, `"@path": ${path}`, `"@query": ?${query}`];
    const found = {};
    if (body !== null) {
      found["Content-Digest"] = `sha-256=:${base64Of(await crypto.subtle.digest("SHA-256", body))}:`;
      lines.push(`"content-digest": ${found["Content-Digest"]}`);
    }
    lines.push(`"@signature-params": ${parameters}`);
    const made = base64Of(await this.sign(text.encode(lines.join("\n"))));
    return { ...found, "Signature-Input": `sig1=${parameters}`, Signature: `sig1=:${made}:` };
  }
}
