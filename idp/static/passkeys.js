// Passkeys (sign_in/passkey_button.html): fetches what is to be asked, has the browser ask its authenticator, and sends
// the answer by the panel's own form. No sentence stands in this file; the states are templates of the panel.

// A challenge lasts five minutes: the browser's own list of passkeys is given a new one before.
const RENEW_MS = 4 * 60_000;
const MOST_RENEWALS = 15;
const ANSWERS = ["credential_id", "client_data", "attestation", "authenticator_data", "signature", "user_handle", "transports"];

const panel = document.getElementById("passkey-panel");
const form = document.getElementById("passkey-form");
const status = document.getElementById("passkey-status");
const go = panel.querySelector("[data-act=go]");
const isToMake = panel.dataset.purpose === "enrol";
const canPasskeys = Boolean(window.PublicKeyCredential && navigator.credentials);
let isAsking = false;
let listing = null; // what takes the browser's own list back

class Trouble extends Error {
  constructor(state, said = "") {
    super(state);
    this.said = said;
  }
}

// What is shown.

function show(state, said) {
  const copy = panel.querySelector(`template[data-state="${state}"]`).content.cloneNode(true);
  for (const node of copy.querySelectorAll("[data-said]")) node.textContent = said;
  status.replaceChildren(copy);
}

function showTrouble(error) {
  const states = { AbortError: "cancelled", NotAllowedError: "cancelled", InvalidStateError: "there", SecurityError: "unsupported" };
  if (error instanceof Trouble) show(error.message, error.said);
  else show(states[error.name] ?? (error.name === "NotSupportedError" || error.name === "ConstraintError" ? "unsupported" : "failed"));
}

// Bytes as base64url, as WebAuthn's JSON has them.

function bytesOf(text) {
  return Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (letter) => letter.charCodeAt(0));
}

function textOf(buffer) {
  if (!buffer) return "";
  const letters = Array.from(new Uint8Array(buffer), (byte) => String.fromCharCode(byte)).join("");
  return btoa(letters).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

// What is asked, and what comes of it.

function field(name) {
  return form.elements.namedItem(name);
}

async function question() {
  const asked = { purpose: panel.dataset.purpose };
  for (const name of ["csrf_token", "account", "other"]) asked[name] = field(name)?.value ?? "";
  const sent = { method: "POST", body: new URLSearchParams(asked), headers: { Accept: "application/json" } };
  const answer = await fetch(panel.dataset.challenge, sent).catch(() => {
    throw new Trouble("offline");
  });
  const told = await answer.json().catch(() => {
    throw new Trouble("stale");
  });
  if (!answer.ok) throw told.error ? new Trouble("refused", told.error) : new Trouble("stale");
  for (const one of [...(told.allowCredentials ?? []), ...(told.excludeCredentials ?? [])]) one.id = bytesOf(one.id);
  told.challenge = bytesOf(told.challenge);
  if (told.user) told.user.id = bytesOf(told.user.id);
  return told;
}

function send(credential) {
  const { response } = credential;
  const answers = {
    credential_id: textOf(credential.rawId),
    client_data: textOf(response.clientDataJSON),
    attestation: textOf(response.attestationObject),
    authenticator_data: isToMake ? "" : textOf(response.authenticatorData),
    signature: textOf(response.signature),
    user_handle: textOf(response.userHandle),
    transports: response.getTransports?.().join(" ") ?? "",
  };
  for (const name of ANSWERS) field(name).value = answers[name];
  show("verifying");
  HTMLFormElement.prototype.requestSubmit.call(form);
}

async function ask() {
  if (isAsking) return;
  isAsking = true;
  listing?.abort();
  go.setAttribute("aria-disabled", "true");
  show("asking");
  try {
    const publicKey = await question();
    const credential = await (isToMake ? navigator.credentials.create({ publicKey }) : navigator.credentials.get({ publicKey }));
    send(credential);
  } catch (error) {
    showTrouble(error);
  } finally {
    isAsking = false;
    go.removeAttribute("aria-disabled");
  }
}

// The browser's own list of passkeys, in the field for the account's name ("autofill").

async function list(rounds = MOST_RENEWALS) {
  if (!(await PublicKeyCredential.isConditionalMediationAvailable?.())) return;
  try {
    const publicKey = await question();
    if (isAsking) return;
    listing = new AbortController();
    const { signal } = listing;
    const renewal = setTimeout(() => {
      listing.abort();
      if (rounds > 0) list(rounds - 1);
    }, RENEW_MS);
    signal.addEventListener("abort", () => clearTimeout(renewal));
    send(await navigator.credentials.get({ publicKey, mediation: "conditional", signal }));
  } catch {
    // Nobody has asked for anything yet, so nobody is told; the button stays.
  }
}

if (canPasskeys) {
  go.addEventListener("click", (event) => {
    event.preventDefault();
    ask();
  });
  if ("autofill" in panel.dataset) list();
} else if (go.id === "passkey-go") show("unsupported");

// A page that comes back from the browser's memory starts afresh.
addEventListener("pageshow", (event) => {
  if (!event.persisted) return;
  for (const name of ANSWERS) field(name).value = "";
  status.replaceChildren();
});
