// Enhances pages that already work without it: ticking deadlines, saving drafts, the sound of an urgent arrival,
// the warning before a session ends. It never builds markup from text, and keeps nothing of a case in the browser.
import { initAll } from "/static/vendor/govuk-frontend.min.js";

document.body.classList.add("js-enabled", "govuk-frontend-supported");
initAll();

const live = document.getElementById("live");
const words = document.body.dataset;
const announced = new Set();

function duration(seconds) {
  const minutes = Math.floor(Math.abs(seconds) / 60);
  const days = Math.floor(minutes / 1440), hours = Math.floor((minutes % 1440) / 60), rest = minutes % 60;
  const parts = [];
  if (days) parts.push(days + " " + words.day);
  if (days || hours) parts.push(hours + " " + words.hour);
  if (!days) parts.push(rest + " " + words.minute);
  return parts.join(" ");
}

// The live region speaks only when 60 minutes, 15 minutes or nothing is left.
function tick() {
  for (const time of document.querySelectorAll("time[data-due]")) {
    const left = (Date.parse(time.dateTime) - Date.now()) / 1000;
    time.textContent = left < 0 ? words.overdue.replace("%s", duration(left)) : duration(left);
    for (const limit of [3600, 900, 0]) {
      const key = time.dataset.due + limit;
      if (left <= limit && left > limit - 60 && !announced.has(key)) {
        announced.add(key);
        live.textContent = time.dataset.due + ": " + time.textContent;
      }
    }
  }
  for (const clock of document.querySelectorAll("time[data-zone]")) {
    clock.textContent = new Intl.DateTimeFormat("en-GB",
      { hour: "2-digit", minute: "2-digit", timeZone: clock.dataset.zone }).format(new Date());
  }
}
tick();
setInterval(tick, 15000);

// Drafts: the form is posted to its own autosave address every 20 seconds if something changed.
for (const form of document.querySelectorAll("form[data-autosave]")) {
  let dirty = false;
  const state = document.getElementById("draft-state");
  form.addEventListener("input", () => { dirty = true; });
  const save = async () => {
    if (!dirty) return;
    dirty = false;
    try {
      const answer = await fetch(form.dataset.autosave, { method: "POST", body: new URLSearchParams(new FormData(form)), redirect: "error" });
      if (!answer.ok) throw new Error(String(answer.status));
      const said = await answer.json();
      form.elements.revision.value = said.revision;
      state.textContent = said.saved;
    } catch {
      dirty = true;
      state.textContent = form.dataset.unsaved;
    }
  };
  setInterval(save, Number(form.dataset.every ?? 20) * 1000);
  document.addEventListener("visibilitychange", () => { if (document.hidden) save(); });
}

// Fields that do not apply to what was chosen are hidden; without scripts they stand there with their condition.
function conditions() {
  for (const part of document.querySelectorAll("[data-when]")) {
    const chosen = [...document.getElementsByName(part.dataset.when)]
      .filter((input) => input.tagName === "SELECT" || input.checked).map((input) => input.value);
    part.hidden = !chosen.some((value) => part.dataset.values.split(" ").includes(value));
  }
}
conditions();
document.addEventListener("change", conditions);

// Sound: browsers allow it after a gesture, so it is offered by a button, and the alert strip is always there to see.
let audio = null;
let melody = null;
const heard = new Set();
async function enableSound() {
  audio ??= new AudioContext();
  await audio.resume();
  melody ??= await audio.decodeAudioData(await (await fetch("/static/urgent.wav")).arrayBuffer());
}
function sound() {
  if (!audio || audio.state !== "running" || !melody) return false;
  const source = audio.createBufferSource();
  source.buffer = melody;
  source.connect(audio.destination);
  source.start();
  return true;
}
function alarm() {
  const waiting = [...document.querySelectorAll("[data-alarm]")].map((one) => one.dataset.alarm);
  for (const id of waiting) {
    if (!heard.has(id)) { heard.add(id); live.textContent = document.getElementById("alarm-" + id).textContent; }
  }
  if (waiting.length && sound()) document.body.dataset.sounded = String(Number(document.body.dataset.sounded ?? 0) + 1);
}
const wanted = localStorage.getItem("sound") === "on";
for (const button of document.querySelectorAll("[data-sound]")) {
  button.hidden = false;
  button.setAttribute("aria-pressed", String(wanted));
  button.addEventListener("click", async () => {
    const on = button.getAttribute("aria-pressed") !== "true";
    localStorage.setItem("sound", on ? "on" : "off");
    button.setAttribute("aria-pressed", String(on));
    if (on) { await enableSound(); sound(); } else { await audio?.suspend(); }
  });
}
if (wanted) document.addEventListener("pointerdown", () => enableSound().then(alarm), { once: true });
if (wanted) document.addEventListener("keydown", () => enableSound().then(alarm), { once: true });
if (wanted) enableSound().then(alarm, () => undefined);
setInterval(alarm, 8000);
document.addEventListener("htmx:after:swap", () => { tick(); alarm(); });

// Session end: three minutes before, a box that keeps the work and offers to stay.
const box = document.getElementById("session");
if (box) {
  let ends = Number(box.dataset.seconds) * 1000 + performance.now();
  setInterval(() => {
    const soon = ends - performance.now() < 180000;
    if (soon && box.hidden) live.textContent = box.querySelector("p").textContent;
    box.hidden = !soon;
  }, 1000);
  box.querySelector("form").addEventListener("submit", async (event) => {
    event.preventDefault();
    const answer = await fetch(event.target.action, { method: "POST", body: new URLSearchParams(new FormData(event.target)), headers: { Accept: "application/json" } });
    if (!answer.ok) { event.target.submit(); return; }
    ends = (await answer.json()).seconds * 1000 + performance.now();
    box.hidden = true;
  });
}

// Single keys, off until the user turns them on in Help (WCAG 2.1.4).
if (document.body.dataset.keys === "on") {
  const go = { n: "/compose", i: "/inbox", c: "/cases", "/": "/search", "?": "/help" };
  document.addEventListener("keydown", (event) => {
    if (event.target.closest("input,textarea,select") || event.ctrlKey || event.metaKey || event.altKey) return;
    const rows = [...document.querySelectorAll(".grid__title a")];
    const here = rows.indexOf(document.activeElement);
    if (event.key === "j") rows[Math.min(here + 1, rows.length - 1)]?.focus();
    else if (event.key === "k") rows[Math.max(here - 1, 0)]?.focus();
    else if (event.key === "[" || event.key === "]") document.querySelector(`a[data-key="${event.key}"]`)?.click();
    else if (go[event.key]) { event.preventDefault(); location.assign(go[event.key]); }
  });
}

const summary = document.querySelector(".govuk-error-summary");
if (summary) summary.focus();
