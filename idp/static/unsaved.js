// Who acts for a company is asked before she leaves a form that she has begun to fill in: by switching, by signing out,
// by closing the page. What the form was sent with is no longer unsaved. Without this file nobody is asked.
const begun = new Set();

document.addEventListener("input", ({ target }) => {
  // A field may be called "method": the attribute is asked for.
  if (target.form?.getAttribute("method") === "post") begun.add(target.form);
});
document.addEventListener("reset", ({ target }) => begun.delete(target));
document.addEventListener("submit", (event) => {
  if (!event.defaultPrevented) begun.delete(event.target);
});
addEventListener("beforeunload", (event) => {
  if (begun.size) event.preventDefault();
});
