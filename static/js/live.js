/* The page's websocket. A message only names what changed; the fragment that shows it is requested again.

   <section data-live="instance.7" data-version="12" hx-get="…" hx-trigger="changed-instance-7 from:body">

   On every connect the server sends the current version of each topic, so that missed changes are caught up. */
const POLL = 15000;
const MIN_BACKOFF = 400;
const MAX_BACKOFF = 20000;
const BATCH_DELAY = 120;
const REFUSED = { 4401: "You are signed out.", 4403: "You no longer have access.", 4413: "The page asks for too much." };

const known = new Map();
const waiting = new Set();
let socket = null;
let attempts = 0;
let timer = null;
let listening = "";

function topics() {
  const found = new Set();
  for (const element of document.querySelectorAll("[data-live]")) {
    for (const topic of element.dataset.live.split(/\s+/)) if (topic) found.add(topic);
    if (element.dataset.version && !element.dataset.live.includes(" ") && !known.has(element.dataset.live)) {
      known.set(element.dataset.live, element.dataset.version);
    }
  }
  return [...found].sort();
}

function show(state) {
  const labels = { live: "Live", reconnecting: "Reconnecting", offline: "Offline" };
  document.body.dataset.liveState = state;
  const stale = state === "live" && document.querySelector("#notices [data-stale]");
  for (const label of document.querySelectorAll("[data-live-label]")) {
    label.dataset.liveState = stale ? "reconnecting" : state;
    label.textContent = stale ? "Outdated" : labels[state];
    label.title = stale ? "The page is connected, but the cluster is unreachable." : "";
  }
}

// Changes in quick succession are batched, so that a rollout does not request a fragment a hundred times.
function announce(topic) {
  if (waiting.has(topic)) return;
  waiting.add(topic);
  setTimeout(() => {
    waiting.delete(topic);
    window.htmx.trigger(document.body, `changed-${topic.replaceAll(".", "-")}`);
    document.body.dispatchEvent(new CustomEvent(`slipway:changed:${topic}`, { bubbles: true }));
  }, BATCH_DELAY);
}

function receive(event) {
  const { topic, version } = JSON.parse(event.data);
  if (known.get(topic) === version) return;
  const first = !known.has(topic);
  known.set(topic, version);
  // A list rendered without a version is current at the first connect, and may be outdated at the next.
  if (!(first && attempts === 0 && !socket.caughtUp)) announce(topic);
}

function connect() {
  const wanted = topics();
  listening = wanted.join(",");
  if (!wanted.length) return;
  const url = new URL("/ws/live/", location.href);
  url.protocol = url.protocol.replace("http", "ws");
  url.searchParams.set("topics", listening);
  const mine = new WebSocket(url);
  socket = mine;
  mine.addEventListener("open", () => {
    show("live");
    setTimeout(() => {
      mine.caughtUp = true;
      attempts = 0;
    }, 1000);
  });
  mine.addEventListener("message", (event) => mine === socket && receive(event));
  mine.addEventListener("close", (event) => mine === socket && closed(event.code));
}

function closed(code) {
  if (REFUSED[code]) {
    show("offline");
    document.dispatchEvent(
      new CustomEvent("toast", { detail: { state: "error", text: `${REFUSED[code]} Reload the page.` } }),
    );
    return;
  }
  show(navigator.onLine ? "reconnecting" : "offline");
  const most = Math.min(MAX_BACKOFF, MIN_BACKOFF * 2 ** attempts);
  attempts += 1;
  clearTimeout(timer);
  timer = setTimeout(connect, most / 2 + (Math.random() * most) / 2);
}

function reconnect() {
  const old = socket;
  socket = null;
  old?.close(1000);
  clearTimeout(timer);
  connect();
}

// Without a connection, every fragment is polled, so that the page is never older than this.
setInterval(() => {
  if (document.hidden || !listening || socket?.readyState === WebSocket.OPEN) return;
  for (const topic of topics()) announce(topic);
}, POLL);

addEventListener("online", () => listening && reconnect());
addEventListener("offline", () => listening && show("offline"));

// A swap may have added or removed topics, the label, or a notice about outdated data.
document.addEventListener("htmx:afterSettle", () => {
  if (document.body.dataset.liveState) show(document.body.dataset.liveState);
  if (topics().join(",") !== listening) reconnect();
});

connect();
