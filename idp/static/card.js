// The card panel and the self-test (macros/card.html). Both components are reached by a window of their own and
// postMessage (docs/decisions/0020): our agent takes the PIN in its window; HiPKI's takes it from a field made here,
// which belongs to no form and has no name. No sentence and no error number stands in this file.

const READY_MS = 10_000;
const ANSWER_MS = 60_000;
const LOOK_MS = 250;
// What a window says as it closes may arrive after it is seen to be closed.
const LAST_WORDS_MS = 500;
const SOON_DAYS = 60;
const DAY_MS = 86_400_000;
const LONGEST_ANSWER = 200_000;
const PIN = /^[0-9]{6,8}$/;
const FEATURES = "popup,width=520,height=680";

const panel = document.getElementById("card-panel");
const check = document.getElementById("card-check");
const place = panel ?? check;
const { agent, hipki } = place.dataset;
const status = document.getElementById("card-status");
const ways = document.getElementById("card-ways");
const pinPlace = document.getElementById("card-pin-place");
const beginning = [...status.childNodes].map((node) => node.cloneNode(true));
let talk = null; // the one window that is open, if any
let last = null; // what "again" does
let isLastTry = false;

// What is shown.

function made(state, more = {}) {
  const template = place.querySelector(`template[data-state="${state}"]`);
  const copy = template.content.cloneNode(true);
  for (const node of copy.querySelectorAll("p:not(.acts)")) {
    for (const [name, value] of Object.entries(more)) node.textContent = node.textContent.replace(`{${name}}`, () => value);
  }
  return copy;
}

function show(state, more) {
  status.replaceChildren(made(state, more));
}

status.addEventListener("click", (event) => {
  const act = event.target.closest("[data-act]")?.dataset.act;
  if (act === "front") talk?.toFront();
  else if (act === "stop") stop();
  else if (act === "again") last?.();
  else if (act === "pin") askForPin();
  else if (act === "reload") location.replace(location.pathname + location.search);
});

// One window of a component at a time.

class Trouble extends Error {
  constructor(state, more = {}) {
    super(state);
    this.more = more;
  }
}

class Talk {
  constructor(origin, path, { hear, lose, missing }) {
    this.origin = origin;
    this.lose = lose;
    this.isAsked = false;
    this.pin = "";
    this.popup = window.open(origin + path, "_blank", FEATURES);
    this.listen = (event) => {
      // Only that very window, and only while it shows the component.
      if (event.source !== this.popup || event.origin !== origin) return;
      Promise.resolve(hear(event.data, this)).catch((error) => this.fail(error));
    };
    window.addEventListener("message", this.listen);
    this.look = setInterval(() => this.popup?.closed && this.lookOnce(), LOOK_MS);
    this.wait(READY_MS, missing);
  }

  get isOver() {
    return talk !== this;
  }

  lookOnce() {
    clearInterval(this.look);
    this.looking = setTimeout(() => this.fail(new Trouble("closed")), LAST_WORDS_MS);
  }

  wait(milliseconds, state) {
    clearTimeout(this.patience);
    if (milliseconds) this.patience = setTimeout(() => this.fail(new Trouble(state)), milliseconds);
  }

  say(message) {
    this.popup.postMessage(message, this.origin);
  }

  toFront() {
    this.popup.focus();
  }

  end({ leaveOpen = false } = {}) {
    this.pin = "";
    clearInterval(this.look);
    clearTimeout(this.looking);
    clearTimeout(this.patience);
    window.removeEventListener("message", this.listen);
    if (!leaveOpen) this.popup?.close();
    if (talk === this) talk = null;
    release();
  }

  fail(error) {
    if (this.isOver) return;
    this.end();
    if (error instanceof Trouble) this.lose(error.message, error.more);
    else this.lose("answer");
  }
}

// Opens the window: call it in a click, or the browser blocks it.
function begin(origin, path, handlers) {
  talk = new Talk(origin, path, handlers);
  if (talk.popup) {
    show("opening");
    hold();
  } else talk.fail(new Trouble("popup_blocked"));
}

const buttons = () => ways.querySelectorAll("button");

function hold() {
  for (const button of buttons()) button.setAttribute("aria-disabled", "true");
}

function release() {
  for (const button of buttons()) button.removeAttribute("aria-disabled");
}

function stop() {
  talk?.end();
  putPinAway();
  show("cancelled");
}

// A double click, or a click while a window is open, does one act.
function onClick(id, start) {
  document.getElementById(id)?.addEventListener("click", () => {
    if (talk) talk.toFront();
    else start();
  });
}

// HiPKI's answers.

const inHex = (number) => (number >>> 0).toString(16).toUpperCase();

function read(told) {
  if (typeof told !== "string" || told.length > LONGEST_ANSWER) return null;
  try {
    const answer = JSON.parse(told);
    return typeof answer === "object" ? answer : null;
  } catch {
    return null;
  }
}

function troubleOf(answer) {
  const code = Number.isInteger(answer.ret_code) ? inHex(answer.ret_code) : String(answer.ret_code).slice(0, 12);
  const detail = Number.isInteger(answer.last_error) ? inHex(answer.last_error) : "";
  const known = [...place.querySelectorAll("template[data-hipki-codes]")].map((one) => one.dataset);
  const stateOf = (wanted) => known.find((one) => one.hipkiCodes.split(" ").includes(wanted))?.state;
  const state = stateOf(`${code}:${detail}`) ?? stateOf(code) ?? "unknown";
  return new Trouble(state, { code: Number(answer.last_error) ? `${code}-${detail}` : code });
}

// The panel.

async function question() {
  const asked = { csrf_token: field("csrf_token").value, purpose: panel.dataset.purpose, run: panel.dataset.run };
  let answer;
  try {
    const headers = { Accept: "application/json" };
    answer = await fetch(panel.dataset.challenge, { method: "POST", body: new URLSearchParams(asked), headers });
  } catch {
    throw new Trouble("offline");
  }
  const told = await answer.json().catch(() => {
    throw new Trouble("stale");
  });
  if (!answer.ok) throw told.error ? new Trouble("refused", { said: told.error }) : new Trouble("stale");
  return told;
}

function field(name) {
  return document.getElementById("card-form").elements.namedItem(name);
}

function send(answer) {
  talk.end();
  for (const [name, value] of Object.entries(answer)) field(name).value = value;
  show("verifying");
  hold();
  HTMLFormElement.prototype.requestSubmit.call(document.getElementById("card-form"));
}

function askAgent() {
  putPinAway();
  last = askAgent;
  begin(agent, "/card", { hear: hearAgent, lose: show, missing: "component_agent" });
}

async function hearAgent(told, heard) {
  if (told?.from !== "card-agent") return;
  if (told.state === "ready" && !heard.isAsked) {
    heard.isAsked = true;
    heard.wait(0);
    const { nonce, purpose, iat } = await question();
    if (heard.isOver) return;
    heard.nonce = nonce;
    heard.say({ from: "card-page", request: { nonce, purpose, iat } });
    show("agent");
  } else if (told.state === "signed" && heard.nonce) {
    const { certificate, signature, via } = told.answer;
    send({ nonce: heard.nonce, via, certificate, signature });
  } else if (told.state === "cancelled") throw new Trouble("cancelled");
}

function askForPin() {
  if (talk) return;
  const template = document.getElementById("card-pin-template");
  pinPlace.replaceChildren(template.content.cloneNode(true));
  last = askForPin;
  status.replaceChildren();
  ways.hidden = true;
  document.getElementById("card-pin-last").hidden = !isLastTry;
  document.getElementById("card-hipki-go").addEventListener("click", askHipki);
  document.getElementById("card-hipki-stop").addEventListener("click", stop);
  const pin = document.getElementById("card-pin");
  pin.addEventListener("keydown", (event) => event.key === "Enter" && !event.repeat && askHipki());
  pin.focus();
}

function putPinAway() {
  const pin = document.getElementById("card-pin");
  if (pin) pin.value = "";
  pinPlace?.replaceChildren();
  ways.hidden = false;
}

// What can't be a PIN is not sent: a try is not spent on it.
function complain(about) {
  for (const kind of ["form", "last"]) document.getElementById(`card-pin-err-${kind}`).hidden = kind !== about;
  document.getElementById("card-pin-err").hidden = false;
  const pin = document.getElementById("card-pin");
  pin.setAttribute("aria-invalid", "true");
  pin.setAttribute("aria-describedby", "card-pin-hint card-pin-err");
  pin.closest(".field").classList.add("bad");
  pin.focus();
}

function askHipki() {
  if (talk) return;
  if (!PIN.test(document.getElementById("card-pin").value)) {
    document.getElementById("card-pin").value = "";
    complain("form");
  } else if (isLastTry && !document.getElementById("card-pin-agreed").checked) complain("last");
  else {
    let pin = document.getElementById("card-pin").value;
    putPinAway();
    begin(hipki, "/popupForm", { hear: hearSigned, lose: loseHipki, missing: "component_hipki" });
    if (talk) talk.pin = pin;
    pin = "";
  }
}

function loseHipki(state, more) {
  isLastTry = state === "last_try" || (isLastTry && state !== "wrong_pin_2");
  show(state, more);
}

async function hearSigned(told, heard) {
  const answer = read(told);
  if (answer?.func === "getTbs" && !heard.isAsked) {
    heard.isAsked = true;
    heard.wait(0);
    const { nonce, statement } = await question();
    if (heard.isOver) return;
    heard.nonce = nonce;
    heard.say(JSON.stringify({
      func: "MakeSignature",
      signatureType: "PKCS1",
      tbs: statement,
      tbsEncoding: "NONE",
      hashAlgorithm: "SHA256",
      pin: heard.pin,
      nonce: "",
      withCardSN: "false",
    }));
    heard.pin = "";
    heard.wait(ANSWER_MS, "no_answer");
    show("working");
  } else if (answer?.func !== "getTbs" && heard.nonce) {
    if (!answer) throw new Trouble("answer");
    if (answer.ret_code !== 0) throw troubleOf(answer);
    if (typeof answer.signature !== "string" || typeof answer.certb64 !== "string") throw new Trouble("answer");
    send({ nonce: heard.nonce, via: "hipki", certificate: answer.certb64, signature: answer.signature });
  }
}

// The self-test: what there is, without a PIN, told to nobody.

function showLines(results, state, more) {
  const copy = document.getElementById("card-lines-template").content.cloneNode(true);
  for (const line of copy.querySelectorAll("[data-line]")) {
    const result = results[line.dataset.line] ?? "unknown";
    for (const one of line.querySelectorAll("[data-result]")) {
      if (one.dataset.result !== result) one.remove();
      else if (one.localName === "small") one.textContent = one.textContent.replace("{days}", results.days);
    }
  }
  status.replaceChildren(...(state ? [made(state, more)] : []), copy);
}

function certificateResult(days) {
  if (!Number.isInteger(days)) return "undated";
  if (days < 0) return "over";
  return days <= SOON_DAYS ? "soon" : "yes";
}

const word = (isThere) => (isThere ? "yes" : "no");

// Each is looked for only where the one before it is there.
function resultsOf({ reader, card, certificate, days, trouble }) {
  if (trouble === "module") return { component: "no" };
  const results = { component: "yes", reader: word(reader), days };
  if (reader) results.card = word(card);
  if (reader && card) results.certificate = certificate ? certificateResult(days) : "no";
  return results;
}

// Troubles that are a line of their own need no box above the lines.
const TOLD_BY_LINES = ["no_reader", "no_card", "unreadable"];
const has = (state) => Boolean(place.querySelector(`template[data-state="${state}"]`));

function loseCheck(state, more) {
  const isMissing = state.startsWith("component_");
  showLines(isMissing ? { component: "no" } : {}, state, more);
}

function checkAgent() {
  last = checkAgent;
  begin(agent, "/card", { hear: hearChecked, lose: loseCheck, missing: "component_agent" });
}

async function hearChecked(told, heard) {
  if (told?.from !== "card-agent") return;
  if (told.state === "ready" && !heard.isAsked) {
    heard.isAsked = true;
    heard.wait(0);
    heard.say({ from: "card-page", request: { check: true } });
    show("checking");
  } else if (told.state === "checked") {
    const { trouble } = told.report;
    const isSaid = !trouble || TOLD_BY_LINES.includes(trouble);
    showLines(resultsOf(told.report), isSaid ? null : has(trouble) ? trouble : "unreadable");
    // The window stays, for it tells its person more, and what it finds next is heard. Closing it is no trouble.
    heard.lose = () => {};
  } else if (told.state === "cancelled") throw new Trouble("cancelled");
}

function checkHipki() {
  last = checkHipki;
  begin(hipki, "/popupForm", { hear: hearInfo, lose: loseInfo, missing: "component_hipki" });
}

function loseInfo(state, more) {
  const found = { no_reader: { reader: false }, no_card: { reader: true }, unreadable: { reader: true, card: true } }[state];
  if (found) showLines(resultsOf(found));
  else if (state === "module") showLines(resultsOf({ trouble: state }), state, more);
  else loseCheck(state, more);
}

async function hearInfo(told, heard) {
  const answer = read(told);
  if (answer?.func === "getTbs" && !heard.isAsked) {
    heard.isAsked = true;
    heard.say(JSON.stringify({ func: "GetUserCert" }));
    heard.wait(ANSWER_MS, "no_answer");
    show("working");
  } else if (answer?.func !== "getTbs" && heard.isAsked) {
    if (!answer) throw new Trouble("answer");
    if (answer.ret_code !== 0) throw troubleOf(answer);
    heard.end();
    showLines(resultsOf(inSlots(Array.isArray(answer.slots) ? answer.slots : [])));
  }
}

function inSlots(slots) {
  const tokens = slots.map((slot) => slot?.token).filter((token) => token && typeof token === "object");
  const all = tokens.flatMap((token) => (Array.isArray(token.certs) ? token.certs : []));
  const signing = all.find((one) => String(one?.usage).includes("digitalSignature"));
  const end = signing?.notAfterT;
  const days = Number.isInteger(end) ? Math.floor((end * 1000 - Date.now()) / DAY_MS) : null;
  return { reader: slots.length > 0, card: tokens.length > 0, certificate: Boolean(signing), days };
}

// Who leaves takes the window along; a page that comes back from the browser's memory starts afresh.
addEventListener("pagehide", () => {
  talk?.end();
  if (panel) putPinAway();
});
addEventListener("pageshow", (event) => {
  if (!event.persisted) return;
  for (const name of panel ? ["nonce", "via", "certificate", "signature"] : []) field(name).value = "";
  status.replaceChildren(...beginning.map((node) => node.cloneNode(true)));
  release();
});

if (panel) {
  onClick("card-agent", askAgent);
  onClick("card-hipki", askForPin);
} else {
  onClick("card-check-agent", checkAgent);
  onClick("card-check-hipki", checkHipki);
}
ways.hidden = false;
