// Asks how far a delivery is and reloads its page once it is finished. Without this file a link does the same.

for (const place of document.querySelectorAll("[data-progress-url]")) {
  const ask = async () => {
    try {
      const answer = await fetch(place.dataset.progressUrl, { headers: { Accept: "text/html" } });
      if (answer.ok) {
        if (answer.headers.get("X-Final") === "1") {
          window.location.reload();
          return;
        }
        place.innerHTML = await answer.text();
      }
    } catch {
      // The server is away for a moment: ask again.
    }
    setTimeout(ask, document.hidden ? 5000 : 1000);
  };
  setTimeout(ask, 500);
}
