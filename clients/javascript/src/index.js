// Client of the Xinyong API. No dependency: fetch and Web Crypto. For servers: no key belongs into a browser.
export { Client } from "./core.js";
export { Problem, NotReached } from "./errors.js";
export { SigningKey } from "./signing.js";
export { readWebhook, WebhookInvalid } from "./webhook.js";
