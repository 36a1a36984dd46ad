// What the desk's pages do beyond HTML: drafts, keys, sound, and a word when the line is down.
// Every listener is on the document, since htmx replaces what is inside.

import { directionOf } from "./direction.js";

const find = (selector, root = document) => root.querySelector(selector);

// Drafts: kept for this tab of the browser, so that looking at another conversation loses nothing. The composer's key
// is kept beside it: a draft may have been sent though no answer came, and under the same key it is not sent twice. Its
// kind is kept too: words of an internal note must never come back as a reply to the contact. A chosen file cannot be
// stored: it is kept as long as the page.
const draftOf = (textarea) => `hamyar-${textarea.id}`;
const keyOf = (textarea) => `${draftOf(textarea)}-key`;
const kindOf = (textarea) => `${draftOf(textarea)}-kind`;
const chosen = new Map();
const sent = new Map();
let shown;

function keepDraft(textarea) {
  const { key, kind } = textarea.form.elements;
  sessionStorage.setItem(draftOf(textarea), textarea.value);
  sessionStorage.setItem(keyOf(textarea), key.value);
  sessionStorage.setItem(kindOf(textarea), kind.value);
}

function showDraft() {
  const textarea = find(".composer textarea");
  const nameOf = () => `${textarea.id} ${textarea.form.elements.key.value}`;
  if (!textarea || nameOf() === shown) return;
  const { key, kind } = textarea.form.elements;
  const draft = sessionStorage.getItem(draftOf(textarea)) ?? "";
  kind.value = sessionStorage.getItem(kindOf(textarea)) ?? kind.value;
  const isAnswered = textarea.form.hasAttribute("data-sent");
  if (isAnswered && draft.trim() === (sent.get(textarea.id)?.text ?? draft).trim()) {
    sessionStorage.removeItem(draftOf(textarea));
    sessionStorage.removeItem(keyOf(textarea));
  } else if (draft) {
    textarea.value = draft;
    // What was typed while an answer was on its way, or has been refused, goes out under the new key.
    if (!isAnswered && !textarea.defaultValue) key.value = sessionStorage.getItem(keyOf(textarea)) ?? key.value;
    keepDraft(textarea);
  }
  showChosenFile(textarea);
  shown = nameOf();
}

// One that was chosen while another was on its way, or sent in vain, goes with the next words.
function showChosenFile(textarea) {
  const files = chosen.get(textarea.id);
  const input = textarea.form.elements.file;
  if (textarea.form.hasAttribute("data-sent") && files?.[0] === sent.get(textarea.id)?.file) {
    chosen.delete(textarea.id);
  } else if (files && input) {
    input.files = files;
    showFile(input);
  }
}

document.addEventListener("input", ({ target }) => target.matches(".composer textarea") && keepDraft(target));
document.addEventListener("htmx:before:request", ({ detail: { ctx } }) => {
  const textarea = ctx.sourceElement.matches(".composer") && find("textarea", ctx.sourceElement);
  if (textarea) sent.set(textarea.id, { text: String(ctx.request.body.get("text")), file: chosen.get(textarea.id)?.[0] });
});
// Fields that may hold either language follow what is typed.
function follow(field) {
  field.dataset.follows = "";
  field.dir = directionOf(field.value);
}
document.addEventListener("input", ({ target }) => target.matches('[dir="auto"], [data-follows]') && follow(target));

// The empty field says who will read what is written in it, and a draft stands the way it reads.
function suitField() {
  const textarea = find(".composer textarea");
  if (!textarea) return;
  textarea.placeholder = textarea.dataset[textarea.form.elements.kind.value] ?? "";
  follow(textarea);
}

function showComposer() {
  showDraft();
  suitField();
}
document.addEventListener("htmx:after:swap", showComposer);
showComposer();

// Links of suggested articles, and filters that need no button.
document.addEventListener("click", ({ target }) => {
  const words = target.closest("[data-insert]")?.dataset.insert;
  const textarea = words && find(".composer textarea");
  if (!textarea) return;
  // Links are for the contact, unless a note is being written.
  if (!textarea.value) find('.composer [value="reply"]').checked = true;
  const before = textarea.value && !textarea.value.endsWith("\n") ? `${textarea.value}\n` : textarea.value;
  textarea.value = `${before}${words}\n`;
  textarea.dispatchEvent(new Event("input", { bubbles: true }));
  const details = find("#details");
  if (details.matches(":popover-open")) details.hidePopover();
  textarea.focus();
});
document.addEventListener("change", ({ target }) => {
  if (target.matches("[data-submit-on-change]")) target.form.requestSubmit();
  if (target.matches("[data-max-bytes]")) checkSize(target);
  if (target.matches(".file input")) showFile(target);
  if (target.matches('.composer [type="file"]')) chosen.set(find("textarea", target.form).id, target.files);
  if (target.matches('.composer [name="kind"]')) {
    keepDraft(find("textarea", target.form));
    suitField();
  }
});

function showFile(input) {
  const name = find("[data-none]", input.parentElement);
  name.textContent = [...input.files].map((file) => file.name).join(", ") || name.dataset.none;
  find("[data-clear]", input.form)?.toggleAttribute("hidden", !input.files.length);
}

// A file chosen by mistake is taken away again.
document.addEventListener("click", ({ target }) => {
  const input = target.closest("[data-clear]")?.form.elements.file;
  if (!input) return;
  input.value = "";
  input.dispatchEvent(new Event("change", { bubbles: true }));
});

// A file that is too large is refused before it travels.
function checkSize(input) {
  const isTooLarge = [...input.files].some((file) => file.size > Number(input.dataset.maxBytes));
  input.setCustomValidity(isTooLarge ? input.dataset.tooLarge : "");
  input.reportValidity();
}

// A dialog whose form was refused is before the person again, with what they typed.
find("[popover][data-opened]")?.showPopover();

document.addEventListener("click", ({ target }) => target.closest('#notices [name="dismiss"]')?.closest(".notice").remove());

// Keys, by their place where they give no Latin letters, as on a Persian keyboard. To resolve takes a second key: the
// contact is told at once, and who types a word beside the field has pressed "e" soon.
const letterOf = ({ key, code, shiftKey }) => {
  const letter = /^[a-z]$/i.test(key) ? key.toLowerCase() : code.replace("Key", "").toLowerCase();
  return shiftKey ? letter.toUpperCase() : letter;
};
const pressed = { j: () => move(1), k: () => move(-1), r: () => find(".composer textarea")?.focus(), E: () => find('[data-action="resolve"]')?.requestSubmit(), slash: () => find('[type="search"]')?.focus() };

function move(step) {
  const lines = [...document.querySelectorAll(".rows .line")];
  const current = lines.findIndex((line) => line.hasAttribute("aria-current"));
  const next = lines[current < 0 ? 0 : current + step];
  next?.click();
  next?.scrollIntoView({ block: "nearest" });
}

document.addEventListener("keydown", (event) => {
  const typing = event.target.closest("input, textarea, select, [contenteditable], [popover]:popover-open");
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && event.target.matches(".composer textarea")) {
    event.preventDefault();
    event.target.form.requestSubmit();
  } else if (event.key === "Escape" && event.target.matches(".composer textarea")) {
    event.target.blur();
  } else if (!typing && !event.ctrlKey && !event.metaKey && !event.altKey && pressed[letterOf(event)]) {
    event.preventDefault();
    pressed[letterOf(event)]();
  }
});

// The contact sees that somebody writes, and what has been read; both only of a page that is before somebody's eyes.
let typedAt = 0;
let lastSeen = "";
const tell = (address) => fetch(address, { method: "POST" }).catch(() => {});

document.addEventListener("input", ({ target }) => {
  const composer = target.closest(".composer");
  const isReply = target.matches("textarea") && composer?.matches(':has([name="kind"][value="reply"]:checked)');
  if (!isReply || !target.value || Date.now() - typedAt < 3000) return;
  typedAt = Date.now();
  tell(composer.getAttribute("action").replace(/messages$/, "typing"));
});

function see() {
  const composer = find(".composer");
  const last = [...document.querySelectorAll(".entries .message.contact")].at(-1);
  const address = composer?.getAttribute("action").replace(/messages$/, "seen");
  const seen = `${address} ${last?.id}`;
  if (!last || document.visibilityState !== "visible" || seen === lastSeen) return;
  lastSeen = seen;
  tell(address);
}
for (const event of ["htmx:ws:after:message:incoming", "htmx:after:swap", "visibilitychange"])
  document.addEventListener(event, () => setTimeout(see));
see();

// Sound: off until asked for.
const SOUND = "hamyar-sound";
const soundButton = find("#sound");
const isSoundOn = () => localStorage.getItem(SOUND) === "on";
const showSound = () => soundButton?.setAttribute("aria-pressed", String(isSoundOn()));

soundButton?.addEventListener("click", () => {
  localStorage.setItem(SOUND, isSoundOn() ? "off" : "on");
  showSound();
  if (isSoundOn()) chime();
});
showSound();

let audio;
function chime() {
  audio ??= new AudioContext();
  for (const [place, frequency] of [587, 880].entries()) {
    const start = audio.currentTime + place * 0.14;
    const tone = new OscillatorNode(audio, { frequency });
    const volume = new GainNode(audio, { gain: 0 });
    volume.gain.linearRampToValueAtTime(0.08, start + 0.02);
    volume.gain.exponentialRampToValueAtTime(0.0001, start + 0.5);
    tone.connect(volume).connect(audio.destination);
    tone.start(start);
    tone.stop(start + 0.5);
  }
}

document.addEventListener("htmx:ws:after:message:incoming", ({ detail }) => {
  if (isSoundOn() && detail.message.data.startsWith('{"chime"')) chime();
});

// The line to the server: nothing is lost while it is down, but the agent should know.
const offline = find("#offline");
document.addEventListener("htmx:ws:close", ({ detail }) => {
  // Signed out, or allowed less than before: what is shown is for others now. A form of another page is left to be read.
  if (find("#desk") && (detail.code === 4401 || detail.code === 4403)) location.reload();
  if (offline && detail.reason === "closed") offline.hidden = false;
});
document.addEventListener("htmx:ws:after:connection", () => {
  if (offline) offline.hidden = true;
});
document.addEventListener("htmx:error", () => {
  if (offline && !navigator.onLine) offline.hidden = false;
});

// A line can be dead without knowing it: it is asked for a sign of life, and given up without one.
const HEARTBEAT_MS = 10_000;
const PATIENCE_MS = 2500;
let line;
let deadline;
document.addEventListener("htmx:ws:before:connection", ({ detail }) => (line = detail.connection));
document.addEventListener("htmx:ws:before:message:incoming", () => clearTimeout(deadline));

function renew() {
  if (!line?.socket) return;
  clearTimeout(deadline);
  clearTimeout(line.timer);
  line.attempt = 0;
  // hx-ws comes back at the end of a socket; a dead one would take a minute to tell of its end by itself.
  line.socket.dispatchEvent(new CloseEvent("close", { code: 1006 }));
}

function probe() {
  if (line?.socket?.readyState !== WebSocket.OPEN) return;
  line.socket.send('{"ping": true}');
  clearTimeout(deadline);
  deadline = setTimeout(renew, PATIENCE_MS);
}

setInterval(probe, HEARTBEAT_MS);
window.addEventListener("online", renew);
document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && probe());

// Chrome holds back who tries many sockets in vain, so hx-ws tries ever more seldom; meanwhile we look whether anybody is there.
const KNOCK_MS = 800;
let knocking;
async function knock() {
  if (document.hidden) return;
  const signal = AbortSignal.timeout(PATIENCE_MS);
  const answer = await fetch("/health/live", { cache: "no-store", signal }).catch(() => null);
  if (answer?.status < 500 && line?.socket?.readyState === WebSocket.CLOSED) renew();
}
document.addEventListener("htmx:ws:close", ({ detail }) => {
  // Sent away for good: hx-ws does not come back either.
  if (detail.code > 4000) line = undefined;
  else knocking ??= setInterval(knock, KNOCK_MS);
});
document.addEventListener("htmx:ws:after:connection", () => {
  clearInterval(knocking);
  knocking = undefined;
});
