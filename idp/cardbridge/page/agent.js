// The agent's window. The page that opened it says what it wants by postMessage; who it is, the browser says
// (event.origin). The PIN is typed here, goes to this agent alone, and is wiped from the field at once.

const { token, allowed } = document.body.dataset;
const place = document.getElementById("state");
const PROTOCOL = 1;
const LOOK_AGAIN_MS = 1500;
const SLOW_MS = 500;
// A second click of a double click made on another site must not fall on "Allow".
const NOT_AT_ONCE_MS = 1000;
const texts = await fetch("/texts.json").then((answer) => answer.json());
const language = /^zh\b/i.test(navigator.language) ? "zh-TW" : "en";
const text = texts[language];
let asker = null;
let begun = false;
let waiting = 0;

function make(name, words = "", properties = {}) {
  return Object.assign(document.createElement(name), { textContent: words }, properties);
}

function show(heading, ...parts) {
  clearTimeout(waiting);
  const title = make("h1", heading, { tabIndex: -1 });
  place.replaceChildren(title, ...parts);
  (place.querySelector("input[type=password]") ?? title).focus();
}

function button(words, act, isMain = false) {
  const made = make("button", words, { type: "button", className: isMain ? "go" : "" });
  made.addEventListener("click", act);
  return made;
}

function buttons(...made) {
  const row = make("div", "", { className: "buttons" });
  row.append(...made);
  return row;
}

const complaint = (words) => make("p", words, { className: "err", role: "alert" });
const main = (words, act) => button(words, act, true);
const cancel = () => button(text.cancel, leave);
const close = () => button(text.close, leave);
const step = (question, more) => () => go(question, more);

async function ask(question, more = {}) {
  try {
    const answer = await fetch(`/api/${question}`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ token, ...more }),
    });
    return await answer.json();
  } catch {
    return { state: "gone" };
  }
}

// Real cards take seconds, and longer where another program holds them.
async function go(question, more) {
  const slow = setTimeout(() => show(text.working, buttons(cancel())), SLOW_MS);
  const told = await ask(question, more);
  clearTimeout(slow);
  after(told);
}

function tell(state, more = {}) {
  if (asker) asker.source.postMessage({ from: "card-agent", state, ...more }, asker.origin);
}

async function leave() {
  await ask("cancel");
  tell("cancelled");
  window.close();
}

function facts(state, more = []) {
  const list = make("dl");
  const rows = [
    [text.site, state.origin, "site"],
    [text.purpose, state.report ? text.check : text.purposes[state.purpose]],
    [text.company, state.holder?.name],
    [text.tax_id, state.holder?.number],
    [text.until, state.holder?.until],
    [text.card, state.holder && state.via === "software" ? text.software : ""],
    ...more,
  ];
  for (const [term, value, kind = ""] of rows) {
    if (value || value === 0) list.append(make("dt", term), make("dd", value, { className: kind }));
  }
  return list;
}

function askToAllow(state) {
  const yes = main(text.allow, step("allow"));
  yes.disabled = true;
  setTimeout(() => (yes.disabled = false), NOT_AT_ONCE_MS);
  show(text.first_use, make("p", text.first_use_more), make("p", state.origin, { className: "address", id: "origin" }),
    buttons(yes, cancel()));
}

function refuseOrigin(state) {
  asker = null; // a site that is not allowed is told nothing
  show(text.not_allowed, make("p", state.origin, { className: "address", id: "not-allowed" }),
    make("p", text.not_allowed_more), buttons(close()));
}

function chooseCard(state) {
  const list = make("div", "", { className: "cards" });
  list.append(...state.cards.map((card) => button(card.label, step("choose", { card: card.id }))));
  show(text.cards, list, buttons(cancel()));
}

// The self-test. The page is told which line has passed and nothing of what stands in the lines.
function showFound(state) {
  const { report } = state;
  tell("checked", { report });
  const word = (isThere) => (isThere ? text.found : text.not_found);
  const lines = [
    [text.reader, word(report.reader)],
    [text.card_inside, word(report.card)],
    [text.certificate, word(report.certificate)],
    [text.tries_left, state.tries_left],
  ];
  const complaints = [report.trouble && (text.troubles[report.trouble] ?? text.troubles.unreadable), report.days < 0 && text.expired];
  const told = complaints.filter(Boolean).map(complaint);
  const all = told.length ? [] : [make("p", text.all_well)];
  show(text.checked, ...told, ...all, facts(state, lines), make("p", text.no_pin, { className: "note" }),
    buttons(main(text.check_again, step("look")), close()));
}

function askForPin(state, trouble = null) {
  if (state.tries_left === 0) return tellTrouble({ code: "locked" });
  const field = make("input", "", { type: "password", id: "pin", inputMode: "numeric", autocomplete: "off", maxLength: 8 });
  const isLast = state.tries_left === 1;
  const agreed = make("input", "", { type: "checkbox", id: "agreed" });
  const yes = main(text.confirm, async () => {
    const pin = field.value;
    field.value = "";
    yes.disabled = field.disabled = true;
    note.textContent = text.working;
    const told = await ask("sign", { pin, last_try: isLast });
    const isAboutThePin = told.state === "trouble" && ["wrong_pin", "pin_form", "last_try"].includes(told.code);
    if (isAboutThePin) askForPin({ ...state, tries_left: told.tries_left ?? state.tries_left }, told);
    else after(told);
  });
  const note = make("p", !isLast && state.tries_left ? text.tries.replace("{n}", state.tries_left) : "", { className: "note" });
  field.addEventListener("keydown", (event) => event.key === "Enter" && !event.repeat && yes.click());
  const parts = [facts(state)];
  const codes = [trouble?.code, isLast ? "last_try" : null].filter((code, at, all) => code && all.indexOf(code) === at);
  if (codes.length) parts.push(complaint(codes.map((code) => text.troubles[code]).join(" ")));
  parts.push(make("label", text.pin_label, { htmlFor: "pin" }), field, note);
  if (isLast) {
    const label = make("label", "", { className: "agree" });
    label.append(agreed, make("span", text.last_agree));
    yes.disabled = true;
    agreed.addEventListener("change", () => (yes.disabled = !agreed.checked));
    parts.push(label);
  }
  show(text.pin, ...parts, buttons(yes, cancel()));
}

function tellTrouble(state) {
  const isFinal = ["locked", "module"].includes(state.code);
  const isAwaited = ["no_reader", "no_card"].includes(state.code);
  show(text.troubles[state.code] ?? text.troubles.unreadable, make("p", isAwaited ? text.awaited : "", { className: "note" }),
    isFinal ? buttons(close()) : buttons(main(text.again, step("look")), cancel()));
  if (isAwaited) waiting = setTimeout(() => lookAgain(state.code), LOOK_AGAIN_MS);
}

async function lookAgain(code) {
  const told = await ask("look");
  if (told.state !== "trouble" || told.code !== code) after(told);
  else waiting = setTimeout(() => lookAgain(code), LOOK_AGAIN_MS);
}

function handOver(state) {
  tell("signed", { answer: state.answer });
  show(text.signed);
  window.close();
}

const refuse = (state) => show(text.refusals[state.code] ?? text.refusals.request, buttons(close()));
const SHOWN = {
  first_use: askToAllow,
  not_allowed: refuseOrigin,
  cards: chooseCard,
  pin: (state) => askForPin(state),
  trouble: tellTrouble,
  checked: showFound,
  signed: handOver,
  refused: refuse,
  gone: () => show(text.gone, buttons(close())),
};

function after(state) {
  (SHOWN[state.state] ?? refuse)(state);
}

document.documentElement.lang = language;
document.title = document.getElementById("title").textContent = text.title;

if (window.opener) {
  show(text.waiting);
  window.addEventListener("message", async (event) => {
    if (begun || !window.opener || event.source !== window.opener || event.data?.from !== "card-page") return;
    begun = true;
    asker = { source: event.source, origin: event.origin };
    await go("begin", { origin: event.origin, request: event.data.request });
  });
  // Who closes the window lets the next one begin. The answer is awaited by nobody.
  window.addEventListener("pagehide", () => {
    fetch("/api/cancel", { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ token }), keepalive: true });
  });
  window.opener.postMessage({ from: "card-agent", state: "ready", protocol: PROTOCOL }, "*");
} else {
  const list = allowed ? [make("p", text.idle_allowed), ...allowed.split(" ").map((origin) => make("p", origin, { className: "address" }))] : [];
  show(text.idle, ...list);
}
