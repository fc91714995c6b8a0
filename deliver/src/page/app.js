// Puts what changed into the page, and says so when nothing comes any more. Everything works without it, once.
"use strict";

const SILENT_AFTER_MS = 12_000;
const REFRESH_AT_MOST_EVERY_MS = 8_000;
const URGENT_AT_MOST_EVERY_MS = 300;

const stale = document.getElementById("stale");
const since = document.getElementById("stale-since");
const clock = document.getElementById("clock");
const title = document.title;
const seen = new Map();
let curves = null;
let steps = null;
let refreshedAt = 0;
let urgentAt = -Infinity;
let watchdog = 0;
let source = null;
let heard = false;

function lost() {
  document.body.dataset.link = "lost";
  if (!heard) since.textContent = since.dataset.start;
  stale.hidden = false;
}

function alive(clockText) {
  heard = true;
  document.body.dataset.link = "live";
  stale.hidden = true;
  clock.textContent = since.textContent = clockText;
  clearTimeout(watchdog);
  watchdog = setTimeout(() => { lost(); listen(); }, SILENT_AFTER_MS);
}

function put(id, part) {
  const element = document.getElementById(id);
  if (!element) return;
  if (seen.get(id) !== part.html && !holdsFocus(element)) {
    element.innerHTML = part.html;
    seen.set(id, part.html);
  }
  const tile = part.state && element.closest(".tile");
  if (!tile) return;
  tile.dataset.state = part.state;
  tile.toggleAttribute("data-alert", part.has_alert === true);
}

// Who walks by keyboard is not thrown out of what is exchanged; it is, once the focus has gone on.
function holdsFocus(element) {
  return element.contains(document.activeElement);
}

// What somebody is writing is not taken away.
function isWrittenIn(section) {
  const fields = [...section.querySelectorAll("input:not([type=hidden]), select")];
  return holdsFocus(section)
    || fields.some((field) => field.dataset.keep === undefined && field.value !== initial(field));
}

function initial(field) {
  return field.defaultValue ?? ([...field.options].find((option) => option.defaultSelected) ?? field.options[0]).value;
}

// Who speaks, speaks again: the name is kept in this browser.
function keep() {
  for (const field of document.querySelectorAll("[data-keep]")) {
    if (!field.value) field.value = localStorage.getItem(field.dataset.keep) ?? "";
    field.onchange = () => localStorage.setItem(field.dataset.keep, field.value);
  }
}

// Sections that are too large for events are fetched again with the page and exchanged.
async function refresh(isUrgent) {
  const now = performance.now();
  const isEarly = isUrgent ? now - urgentAt < URGENT_AT_MOST_EVERY_MS : now - refreshedAt < REFRESH_AT_MOST_EVERY_MS;
  if (document.hidden || isEarly) return false;
  refreshedAt = urgentAt = now;
  const answer = await fetch(location.href, { cache: "no-store" });
  if (!answer.ok) return false;
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
  let isWhole = true;
  for (const section of document.querySelectorAll("[data-refresh]")) {
    const next = fresh.querySelector(`[data-refresh="${CSS.escape(section.dataset.refresh)}"]`);
    if (!next || next.innerHTML === section.innerHTML) continue;
    if (isWrittenIn(section)) {
      isWhole = false;
      continue;
    }
    const open = [...section.querySelectorAll("details")].map((details) => details.open);
    section.replaceChildren(...next.childNodes);
    section.querySelectorAll("details").forEach((details, place) => { details.open = open[place] === true; });
  }
  keep();
  return isWhole;
}

async function take(event) {
  const update = JSON.parse(event.data);
  alive(update.clock);
  for (const [id, part] of Object.entries(update.parts)) put(id, part);
  document.title = update.open_alerts > 0 ? `(${update.open_alerts}) ${title}` : title;
  const alerts = document.querySelector("[data-refresh=alerts]");
  if (curves === null) [curves, steps] = [update.curves, Number(alerts?.dataset.steps)];
  const stepped = alerts !== null && update.alert_steps !== steps;
  const due = stepped || update.curves !== curves || performance.now() - refreshedAt > 60_000;
  if (due && (await refresh(stepped).catch(() => false))) [curves, steps] = [update.curves, update.alert_steps];
}

function listen() {
  source?.close();
  source = new EventSource(document.body.dataset.events);
  source.onmessage = take;
  source.onerror = () => {
    lost();
    // a server that answers with an error closes the source for good
    if (source.readyState === EventSource.CLOSED) setTimeout(listen, 5_000);
  };
}

refreshedAt = performance.now();
keep();
listen();
