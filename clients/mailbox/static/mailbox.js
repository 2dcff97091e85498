// Notices a new mail. Without script the page is the same, and is renewed by hand.
const seen = document.body.dataset.newest;
const isList = document.body.dataset.page === "list";

async function look() {
  if (document.hidden) return;
  const response = await fetch("/newest").catch(() => null);
  if (!response || !response.ok || (await response.text()) === seen) return;
  // Never under the hands of someone who is typing or tabbing.
  if (isList && document.activeElement === document.body) location.reload();
  else document.getElementById("arrived").hidden = false;
}

setInterval(look, 2000);
