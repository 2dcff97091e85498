// A double click sends once. The button stays enabled: a disabled one would not send its own name and value.
const RELEASE_MS = 8000;

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (event.defaultPrevented) return;
  if (form.dataset.sent) {
    event.preventDefault();
    return;
  }
  form.dataset.sent = "true";
  // Whoever stops the page from loading may send again.
  setTimeout(() => delete form.dataset.sent, RELEASE_MS);
});
// A page that comes back from the browser's memory starts afresh.
addEventListener("pageshow", () => {
  for (const form of document.forms) delete form.dataset.sent;
});
