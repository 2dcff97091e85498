// A file is sent as soon as it is chosen, with a bar that shows how far it has come. The form works without this file.
const show = (html, address) => {
  const page = new DOMParser().parseFromString(html, "text/html");
  const main = page.getElementById("main");
  if (!main) {
    location.assign(address);
    return;
  }
  document.title = page.title;
  document.getElementById("main").replaceWith(main);
  (document.getElementById("summary") ?? document.getElementById("file-name") ?? main).focus();
};

const tell = (form, sentence) => {
  const field = form.querySelector(".field");
  let error = document.getElementById("document-err");
  if (!error) {
    error = document.createElement("p");
    error.className = "err";
    error.id = "document-err";
    error.setAttribute("role", "alert");
    field.querySelector(".up").before(error);
  }
  error.textContent = sentence;
  field.classList.add("bad");
  const input = form.elements.namedItem("document");
  input.setAttribute("aria-invalid", "true");
  input.setAttribute("aria-describedby", "document-hint document-err");
  input.value = "";
  form.querySelector(".sending").hidden = true;
  delete form.dataset.sent;
};

const BUSY = 503;
const TRIES = 5;
const PAUSE_MS = 3000;

const send = (form, tries = 1) => {
  const file = form.elements.namedItem("document").files[0];
  if (file.size > Number(form.dataset.most)) {
    tell(form, form.dataset.tooLarge);
    return;
  }
  const body = new FormData(form);
  body.set("do", "upload");
  const bar = form.querySelector("progress");
  const request = new XMLHttpRequest();
  form.querySelector(".sending").hidden = false;
  request.upload.addEventListener("progress", (event) => {
    // What has been sent is still to be looked at: a bar without a value says so.
    if (event.lengthComputable && event.loaded < event.total) bar.value = (100 * event.loaded) / event.total;
    else bar.removeAttribute("value");
  });
  request.addEventListener("load", () => {
    // Many upload at this moment: it is tried again before its person is told.
    if (request.status === BUSY && tries < TRIES) setTimeout(() => send(form, tries + 1), PAUSE_MS);
    else show(request.responseText, form.action);
  });
  request.addEventListener("error", () => tell(form, form.dataset.cutOff));
  request.open("POST", form.action);
  request.send(body);
};

document.addEventListener("change", (event) => {
  const form = event.target.closest("form[data-upload]");
  if (form && event.target.type === "file" && event.target.files.length) send(form);
});
document.addEventListener("submit", (event) => {
  const form = event.target.closest("form[data-upload]");
  const leaves = ["remove", "card", "other"].includes(event.submitter?.value);
  if (!form || leaves || !form.elements.namedItem("document").files.length) return;
  event.preventDefault();
  send(form);
});
