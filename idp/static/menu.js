// The account menu works without this file. Added here: it opens on hover too, Esc closes it and gives the focus
// back, a click outside or a focus that moves on closes it (WCAG 2.2, 1.4.13).
const LEAVE_MS = 300;

for (const menu of document.querySelectorAll("details.pop")) {
  const summary = menu.querySelector("summary");
  let hovered = false;
  let leaving = 0;

  const close = () => {
    hovered = false;
    menu.open = false;
  };

  menu.addEventListener("pointerenter", (event) => {
    clearTimeout(leaving);
    if (event.pointerType === "mouse" && !menu.open) {
      hovered = true;
      menu.open = true;
    }
  });
  menu.addEventListener("pointerleave", () => {
    // The gap below the button belongs to nobody, so leaving counts only after a moment.
    if (hovered) leaving = setTimeout(close, LEAVE_MS);
  });
  summary.addEventListener("click", (event) => {
    // Whoever clicks what the hover has just opened wants it open.
    if (hovered) {
      event.preventDefault();
      hovered = false;
    }
  });
  menu.addEventListener("focusout", (event) => {
    if (menu.open && event.relatedTarget && !menu.contains(event.relatedTarget)) close();
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !menu.open) return;
    const inside = menu.contains(document.activeElement);
    close();
    if (inside) summary.focus();
  });
  document.addEventListener("click", (event) => {
    if (menu.open && !menu.contains(event.target)) close();
  });
}
