// Uploading with progress, drag and drop, and a warning before a known file travels. The form works without this file.

const form = document.querySelector("[data-upload]");

if (form instanceof HTMLFormElement) {
  const field = form.querySelector("input[type=file]");
  const drop = form.querySelector("[data-drop]");
  const chosen = form.querySelector("[data-chosen]");
  const box = form.querySelector("[data-progress]");
  const bar = box.querySelector("progress");
  const text = box.querySelector("[data-progress-text]");
  const cancel = form.querySelector("[data-cancel]");
  const submit = form.querySelector("button[type=submit]");
  // Hashing reads the whole file into memory; beyond this size only the server looks.
  const HASHED = 128 * 1024 * 1024;
  let request = null;

  form.querySelector("[data-drop-hint]").hidden = false;

  const size = (bytes) => (bytes < 1048576 ? `${Math.ceil(bytes / 1024)} KB` : `${(bytes / 1048576).toFixed(1)} MB`);

  const fault = (file) => {
    if (!file) return form.dataset.none;
    if (file.size === 0) return form.dataset.empty;
    if (file.size > Number(form.dataset.limit) * 1048576) return form.dataset.tooLarge;
    return "";
  };

  const hash = async (file) => {
    if (!window.crypto?.subtle || file.size > HASHED) return "";
    const digest = await crypto.subtle.digest("SHA-256", await file.arrayBuffer());
    return [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  };

  const look = async () => {
    const file = field.files[0];
    const wrong = fault(file);
    field.setCustomValidity("");
    chosen.textContent = file ? `${file.name} · ${size(file.size)}` : "";
    chosen.classList.toggle("is-wrong", Boolean(file && wrong));
    if (file && wrong) {
      field.setCustomValidity(wrong);
      chosen.textContent = `${file.name} · ${size(file.size)} · ${wrong}`;
      return;
    }
    if (!file) return;
    const sha256 = await hash(file);
    if (!sha256 || field.files[0] !== file) return;
    const answer = await fetch(`${form.dataset.known}&sha256=${sha256}`, { headers: { Accept: "application/json" } });
    const found = answer.ok ? await answer.json() : { known: false };
    if (!found.known || field.files[0] !== file) return;
    const link = document.createElement("a");
    link.href = found.url;
    link.textContent = found.number;
    chosen.replaceChildren(`${found.text} `, link);
    chosen.classList.add("is-warning");
  };
  field.addEventListener("change", () => {
    chosen.classList.remove("is-warning");
    look();
  });

  for (const name of ["dragenter", "dragover"]) {
    drop.addEventListener(name, (event) => {
      event.preventDefault();
      drop.classList.add("is-over");
    });
  }
  for (const name of ["dragleave", "drop"]) drop.addEventListener(name, () => drop.classList.remove("is-over"));
  drop.addEventListener("drop", (event) => {
    event.preventDefault();
    if (!event.dataTransfer?.files.length) return;
    field.files = event.dataTransfer.files;
    field.dispatchEvent(new Event("change"));
  });

  const ready = () => {
    request = null;
    box.hidden = true;
    cancel.hidden = true;
    submit.disabled = false;
  };

  const show = (html, address) => {
    const page = new DOMParser().parseFromString(html, "text/html");
    const main = page.querySelector("#main");
    if (!main) {
      window.location.assign(address);
      return;
    }
    document.querySelector("#main").replaceWith(main);
    main.querySelector("[data-focus-first]")?.focus();
  };

  cancel.addEventListener("click", () => {
    request?.abort();
    ready();
    submit.focus();
  });

  form.addEventListener("submit", (event) => {
    if (fault(field.files[0])) return; // the browser, or the server, says so
    event.preventDefault();
    request = new XMLHttpRequest();
    request.open("POST", form.action);
    request.setRequestHeader("Accept", "text/html");
    request.upload.addEventListener("progress", (now) => {
      if (!now.lengthComputable) return;
      const percent = Math.floor((100 * now.loaded) / now.total);
      bar.value = percent;
      text.textContent = percent < 100 ? `${form.dataset.sending} ${percent}%` : form.dataset.kept;
    });
    request.addEventListener("load", () => {
      const done = request;
      if (done.status < 400) {
        window.location.assign(done.responseURL);
        return;
      }
      ready();
      // The page with the error is the answer itself; a reload shows it with working scripts when the file is chosen anew.
      show(done.responseText, form.action);
    });
    request.addEventListener("error", () => {
      ready();
      chosen.textContent = form.dataset.broken;
      chosen.classList.add("is-wrong");
    });
    box.hidden = false;
    cancel.hidden = false;
    submit.disabled = true;
    text.textContent = form.dataset.sending;
    request.send(new FormData(form));
  });
}
