// A tick works once its text was read to the end, or fits without scrolling. Without this file each works at once.
const NEARLY = 2; // zoomed pages end at fractions of a pixel

const watch = (text) => {
  const tick = document.getElementById(text.dataset.tick);
  const { parentElement: line } = tick.parentElement;
  const unread = line.querySelector("[data-unread]");
  const read = line.querySelector("[data-read]");
  const atEnd = () => text.scrollTop + text.clientHeight >= text.scrollHeight - NEARLY;
  let hasRead = tick.checked; // sent before, and kept while another was missing

  const look = () => {
    hasRead ||= atEnd();
    tick.disabled = !hasRead;
    unread.hidden = hasRead;
    read.hidden = !hasRead;
  };
  look();
  text.addEventListener("scroll", look, { passive: true });
  // A window or letters of another size may show all of it; so may fonts that come late.
  new ResizeObserver(look).observe(text);
};

for (const text of document.querySelectorAll("[data-tick]")) watch(text);
