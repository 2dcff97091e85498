// The chooser works without this file. Added here: arrows move among the companies, typing filters those shown, Esc
// empties the search. What the page left out is found by sending the search.
const rows = [...document.querySelectorAll("#choose button.row")];
const search = document.querySelector("#q");

const shown = () => rows.filter((row) => !row.parentElement.hidden);

const filter = () => {
  const wanted = search.value.trim().toLowerCase();
  for (const row of rows) row.parentElement.hidden = !row.textContent.toLowerCase().includes(wanted);
};

const move = (from, step) => {
  const among = shown();
  const place = among.indexOf(from) + step;
  if (place < 0) search?.focus();
  else among[Math.min(place, among.length - 1)]?.focus();
};

search?.addEventListener("input", filter);
search?.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && search.value) {
    event.preventDefault();
    search.value = "";
    filter();
  }
  if (event.key === "ArrowDown") {
    event.preventDefault();
    shown()[0]?.focus();
  }
});
for (const row of rows) {
  row.addEventListener("keydown", (event) => {
    if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
    event.preventDefault();
    move(row, event.key === "ArrowDown" ? 1 : -1);
  });
}
