// Counts the seconds of "in 48 seconds" down. The server holds to the pause in any case.
const note = document.querySelector("[data-seconds]");

if (note) {
  const button = document.querySelector(`[aria-describedby~="${note.id}"]`);
  const words = note.textContent;
  const end = Date.now() + Number(note.dataset.seconds) * 1000;
  const timer = setInterval(() => {
    const left = Math.max(0, Math.ceil((end - Date.now()) / 1000));
    note.textContent = left ? words.replace(/\d+/, String(left)) : note.dataset.after;
    if (left) return;
    clearInterval(timer);
    button?.removeAttribute("aria-disabled");
  }, 1000);
}
