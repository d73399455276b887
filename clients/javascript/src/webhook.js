const text = new TextEncoder();

/** The message is not from the platform, was changed on the way, or is too old: answer 401 and forget it. */
export class WebhookInvalid extends Error {
  name = "WebhookInvalid";
}

/**
 * The message, once its signature (header Xinyong-Signature) holds. A message may come twice: keep the ids (`delivery`) of
 * the last days and drop what was seen. `body`: the bytes as they came.
 */
export async function readWebhook(body, signature, key, { within = 300, now = Date.now() / 1000 } = {}) {
  const parts = Object.fromEntries(signature.split(",").map((part) => part.split("=", 2)));
  if (!/^\d+$/.test(parts.t ?? "") || !/^[0-9a-f]{64}$/.test(parts.v1 ?? "")) throw new WebhookInvalid("the signature cannot be read");
  const way = { name: "HMAC", hash: "SHA-256" };
  const held = await crypto.subtle.importKey("raw", text.encode(key), way, false, ["verify"]);
  const head = text.encode(`${parts.t}.`);
  const whole = new Uint8Array(head.length + body.length);
  whole.set(head);
  whole.set(body, head.length);
  const mark = Uint8Array.from(parts.v1.match(/../g), (pair) => parseInt(pair, 16));
  if (!(await crypto.subtle.verify("HMAC", held, mark, whole))) throw new WebhookInvalid("the signature does not hold");
  if (Math.abs(now - Number(parts.t)) > within) throw new WebhookInvalid("the message is too old");
  return JSON.parse(new TextDecoder().decode(body));
}
