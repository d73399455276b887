// Computes the hash of a chosen report in the browser, so that the file need not be sent. Without this, the form sends it.
for (const form of document.querySelectorAll("form[data-verify-file]")) {
  if (!globalThis.crypto?.subtle) break; // only where the connection is secure
  form.addEventListener("submit", async (event) => {
    const file = form.querySelector("input[type=file]")?.files?.[0];
    if (!file || file.size === 0) return;
    event.preventDefault();
    const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", await file.arrayBuffer()));
    const hex = Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
    location.assign(`${form.dataset.verifyFile}?sha256=${hex}`);
  });
}
