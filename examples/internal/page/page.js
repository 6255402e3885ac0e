"use strict";

// How much the time lines show, and how often the page looks at the buckets: at
// once as long as there is something to see, and else now and then, because
// somebody else may use them.
const span = 12_000; // ms
const lookBusy = 100; // ms
const lookIdle = 1_000; // ms

const send = document.getElementById("send");
const form = document.getElementById("settings");
const pace = document.getElementById("pace");
const cards = [...document.querySelectorAll(".card")].map((element) => new Card(element));

// Settings: what is asked, also in the address of the page.

const periods = { s: 1, "2s": 2, "10s": 10, m: 60, h: 3600 }; // seconds

function settings() {
  const { limit, period, burst, cost } = Object.fromEntries(new FormData(form));
  return { quota: `${limit}/${period} burst ${burst}`, cost, period: periods[period] };
}

function restore() {
  for (const [name, value] of new URLSearchParams(location.search)) {
    if (form.elements[name]) form.elements[name].value = value;
  }
}

form.addEventListener("submit", (event) => event.preventDefault());
form.addEventListener("input", () => {
  history.replaceState(null, "", "?" + new URLSearchParams(new FormData(form)));
  for (const card of cards) card.begin();
  look();
});
pace.addEventListener("input", () => {
  pace.parentElement.querySelector("output").value = `${pace.value} a second`;
});

// Asking: a click is one request to each, and a press that is held is many.

const untilHeld = 300; // ms that a press lasts before it is more than a click
let pressed = false;
let repeat = 0; // the timer of the next request
let flying = 0; // requests without an answer yet

function sendToEach() {
  if (flying > 50) return; // the server cannot follow
  for (const card of cards) ask(card);
}

async function ask(card) {
  const { quota, cost } = settings();
  flying++;
  try {
    const response = await fetch(`ask/${card.name}?` + new URLSearchParams({ quota, cost }), { cache: "no-store" });
    const text = await response.text();
    say(response.status === 400 ? text : "");
    if (response.status !== 400) card.answered(response);
  } catch {
    say("The server does not answer.");
  } finally {
    flying--;
  }
  soon();
}

function press() {
  if (pressed) return;
  pressed = true;
  send.classList.add("held");
  sendToEach();
  repeat = setTimeout(hold, untilHeld);
}

function hold() {
  sendToEach();
  repeat = setTimeout(hold, 1000 / pace.value);
}

function release() {
  pressed = false;
  clearTimeout(repeat);
  send.classList.remove("held");
}

const presses = (event) => event.key === " " || event.key === "Enter";
send.addEventListener("pointerdown", (event) => { if (event.button === 0) press(); });
for (const end of ["pointerup", "pointercancel", "pointerleave", "blur"]) send.addEventListener(end, release);
send.addEventListener("keydown", (event) => {
  if (!presses(event)) return;
  event.preventDefault(); // no click besides
  press();
});
send.addEventListener("keyup", (event) => {
  if (!presses(event)) return;
  event.preventDefault();
  release();
});
send.addEventListener("click", (event) => { if (event.detail === 0) sendToEach(); }); // by other means than a pointer
send.addEventListener("contextmenu", (event) => event.preventDefault()); // of a long touch

// Looking at the buckets.

let timer = 0;
let next = 0; // when it goes off
let looking = false;
let again = false; // it was asked for while looking

async function look() {
  if (looking) {
    again = true;
    return;
  }
  clearTimeout(timer);
  looking = true;
  const began = performance.now();
  const { quota } = settings();
  try {
    const response = await fetch("states?" + new URLSearchParams({ quota }), { cache: "no-store" });
    if (!response.ok) throw new Error(await response.text());
    const states = await response.json();
    say("");
    if (quota === settings().quota) for (const card of cards) card.observe(states[card.name], began);
  } catch (error) {
    say(error instanceof TypeError ? "The server does not answer." : error.message);
  }
  looking = false;
  const busy = again || pressed || cards.some((card) => card.remaining < card.limit);
  again = false;
  if (!document.hidden) lookIn(busy ? lookBusy : lookIdle);
}

function lookIn(delay) {
  clearTimeout(timer);
  timer = setTimeout(look, delay);
  next = performance.now() + delay;
}

// soon looks without waiting for the next time, unless that is near.
function soon() {
  if (!looking && next > performance.now() + lookBusy / 2) lookIn(lookBusy / 2);
}

document.addEventListener("visibilitychange", look);

// Words, for those who see and, once a second, for those who listen.

function say(text) {
  const error = document.getElementById("error");
  if (error.textContent !== text) error.textContent = text;
}

setInterval(() => {
  const text = cards.filter((card) => card.news).map((card) => card.spoken()).join(" ");
  if (text) document.getElementById("told").textContent = text;
}, 1000);

// A card is one algorithm: its bucket, its time line and its last answer.

function Card(element) {
  const part = (selector) => element.querySelector(selector);
  const title = part("h2").textContent;
  const pours = element.dataset.algorithm === "leaky_bucket"; // shows what is in it, not what is left
  this.name = element.dataset.algorithm;

  // begin forgets all, for another quota.
  this.begin = () => {
    this.levels = []; // {at, share}
    this.marks = []; // {at, allowed}
    this.allowed = this.denied = 0;
    this.limit = this.remaining = 0;
    this.fullAt = 0;
    this.passesAt = 0;
    this.answeredAt = -1;
    this.news = false;
    delete element.dataset.last;
    delete element.dataset.can;
    part(".status").textContent = "No request yet";
    part(".wait").textContent = "";
    for (const field of element.querySelectorAll("[data-field]")) field.textContent = "–";
    this.count();
  };

  this.count = () => {
    part(".tally .allowed").textContent = this.allowed;
    part(".tally .denied").textContent = this.denied;
  };

  // observe shows what a look at the bucket told that began at an instant. What
  // was answered since then is newer.
  this.observe = (state, began) => {
    this.limit = state.limit;
    this.fullAt = performance.now() + state.reset * 1000;
    part(".limit").textContent = state.limit.toLocaleString("en");
    if (this.answeredAt < began) this.level(state.remaining);
  };

  this.level = (remaining) => {
    if (!this.limit) return;
    this.remaining = remaining;
    const share = remaining / this.limit;
    this.levels.push({ at: performance.now(), share });
    part(".remaining").textContent = remaining.toLocaleString("en");
    part(".level").style.height = `calc(${(pours ? 1 - share : share) * 100}% - 4px)`;
    animate();
  };

  this.answered = (response) => {
    const at = (this.answeredAt = performance.now());
    const allowed = response.status === 200;
    this.marks.push({ at, allowed });
    if (allowed) this.allowed++;
    else this.denied++;
    this.count();
    element.dataset.last = allowed ? "allowed" : "denied";
    part(".status").textContent = `${response.status} ${response.statusText}`;
    for (const field of element.querySelectorAll("[data-field]")) {
      field.textContent = response.headers.get(field.dataset.field) ?? "–";
    }
    const left = /;r=(\d+)/.exec(response.headers.get("RateLimit"));
    if (left) this.level(+left[1]);
    const after = response.headers.get("Retry-After");
    this.passesAt = after === null ? 0 : at + after * 1000;
    element.dataset.can = allowed ? "yes" : "no";
    part(".wait").textContent = allowed || after !== null ? "" : "and never will be allowed";
    this.news = true;
    animate();
  };

  this.spoken = () => {
    this.news = false;
    const after = part('[data-field="Retry-After"]').textContent;
    if (element.dataset.last === "allowed") return `${title}: allowed, ${this.remaining} left.`;
    return `${title}: denied, ${after === "–" ? "for ever" : `retry after ${after} s`}.`;
  };

  // tick writes what changes with time alone.
  this.tick = (now) => {
    const full = Math.max(0, this.fullAt - now) / 1000;
    part(".reset").textContent = this.remaining < this.limit ? `full in ${duration(full)}` : "full";
    if (!this.passesAt) return;
    const left = (this.passesAt - now) / 1000;
    part(".wait").textContent = left > 0 ? `again in ${duration(left)}` : "may try again now";
    if (left <= 0) {
      this.passesAt = 0;
      element.dataset.can = "yes";
    }
  };

  this.draw = (now, colours, period) => drawLine(part(".line"), this, now, colours, period);
  this.begin();
}

function duration(seconds) {
  if (seconds < 100) return `${seconds.toFixed(1)} s`;
  if (seconds < 6000) return `${Math.ceil(seconds / 60)} min`;
  return `${Math.ceil(seconds / 3600)} h`;
}

// Drawing: all time lines in one frame, as long as there is something on them.

let drawing = false;
let colours = {};

function readColours() {
  const style = getComputedStyle(document.documentElement);
  for (const name of ["allow", "deny", "wash", "line", "muted"]) colours[name] = style.getPropertyValue(`--${name}`);
}

function animate() {
  if (drawing) return;
  drawing = true;
  requestAnimationFrame(frame);
}

function frame() {
  const now = performance.now();
  const { period } = settings();
  let moving = false;
  for (const card of cards) {
    for (const list of [card.levels, card.marks]) {
      while (list.length > 1 && list[1].at < now - span) list.shift();
    }
    card.tick(now);
    card.draw(now, colours, period);
    moving ||= card.marks.some((mark) => mark.at > now - span) || card.remaining < card.limit || card.passesAt > 0;
  }
  drawing = moving;
  if (moving) requestAnimationFrame(frame);
}

function drawLine(canvas, card, now, colours, period) {
  const { clientWidth: width, clientHeight: height } = canvas;
  const scale = devicePixelRatio || 1;
  if (canvas.width !== Math.round(width * scale) || canvas.height !== Math.round(height * scale)) {
    canvas.width = Math.round(width * scale);
    canvas.height = Math.round(height * scale);
  }
  const paint = canvas.getContext("2d");
  paint.setTransform(scale, 0, 0, scale, 0, 0);
  paint.clearRect(0, 0, width, height);

  const tick = 13; // how high a mark is
  const axis = height - tick - 2; // marks of who was allowed stand on it, those of who was denied hang from it
  const bottom = axis - tick - 5; // of what is left
  const x = (at) => width - ((now - at) / span) * width;
  const y = (share) => bottom - share * (bottom - 3);

  // The edges of periods, by the clock: there the windows begin.
  const step = Math.max(1, period) * 1000;
  paint.strokeStyle = colours.muted;
  paint.globalAlpha = 0.3;
  paint.lineWidth = 1;
  paint.setLineDash([2, 3]);
  paint.beginPath();
  for (let edge = Date.now() % step; edge < span; edge += step) {
    const at = Math.round(x(now - edge)) + 0.5;
    paint.moveTo(at, 0);
    paint.lineTo(at, height);
  }
  paint.stroke();
  paint.setLineDash([]);
  paint.globalAlpha = 1;

  // What was left.
  if (card.levels.length > 0) {
    const curve = new Path2D();
    let before = card.levels[0].share;
    curve.moveTo(Math.max(0, x(card.levels[0].at)), y(before));
    for (const { at, share } of card.levels) { // in steps, for units are whole
      curve.lineTo(Math.max(0, x(at)), y(before));
      curve.lineTo(Math.max(0, x(at)), y(share));
      before = share;
    }
    curve.lineTo(width, y(before));
    const area = new Path2D(curve);
    area.lineTo(width, bottom);
    area.lineTo(Math.max(0, x(card.levels[0].at)), bottom);
    paint.fillStyle = colours.wash;
    paint.fill(area);
    paint.strokeStyle = colours.allow;
    paint.lineWidth = 2;
    paint.lineJoin = "round";
    paint.stroke(curve);
  }

  // Who was allowed, and who was denied.
  paint.fillStyle = colours.line;
  paint.fillRect(0, axis, width, 1);
  for (const { at, allowed } of card.marks) {
    paint.fillStyle = allowed ? colours.allow : colours.deny;
    paint.fillRect(x(at) - 1.25, allowed ? axis - tick : axis + 1, 2.5, tick);
  }
}

matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
  readColours();
  animate();
});
addEventListener("resize", animate);

restore();
readColours();
look();
