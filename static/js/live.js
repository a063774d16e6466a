/* The page's websocket. A message only names what changed; the fragment that shows it asks the server again.

   <section data-live="instance.7" data-version="12" hx-get="…" hx-trigger="changed-instance-7 from:body">

   On every connect the server sends the current version of each topic, so what was missed meanwhile is caught up. */
const POLL = 15000;
const FIRST_WAIT = 400;
const LONGEST_WAIT = 20000;
const GATHER = 120;
const REFUSED = { 4401: "You are signed out.", 4403: "You may no longer see this." };

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
  const words = { live: "Live", reconnecting: "Reconnecting", offline: "Offline" };
  document.body.dataset.liveState = state;
  const stale = state === "live" && document.querySelector("#banners [data-stale]");
  for (const label of document.querySelectorAll("[data-live-label]")) {
    label.dataset.liveState = stale ? "reconnecting" : state;
    label.textContent = stale ? "Last seen" : words[state];
    label.title = stale ? "The page is connected, but the cluster cannot be seen." : "";
  }
}

// Several changes within a moment are one: a rollout must not ask for the same fragment a hundred times.
function announce(topic) {
  if (waiting.has(topic)) return;
  waiting.add(topic);
  setTimeout(() => {
    waiting.delete(topic);
    window.htmx.trigger(document.body, `changed-${topic.replaceAll(".", "-")}`);
    document.body.dispatchEvent(new CustomEvent(`slipway:changed:${topic}`, { bubbles: true }));
  }, GATHER);
}

function receive(event) {
  const { topic, version } = JSON.parse(event.data);
  if (known.get(topic) === version) return;
  const first = !known.has(topic);
  known.set(topic, version);
  // A list that was rendered without a version is fresh at the first connect, and may be stale at the next.
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
  const most = Math.min(LONGEST_WAIT, FIRST_WAIT * 2 ** attempts);
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

// While there is no connection, every fragment is asked for by GET, so that the page is never older than this.
setInterval(() => {
  if (document.hidden || !listening || socket?.readyState === WebSocket.OPEN) return;
  for (const topic of topics()) announce(topic);
}, POLL);

addEventListener("online", () => listening && reconnect());
addEventListener("offline", () => listening && show("offline"));

// A swap may have brought in or taken away topics, the label, or a banner that says what cannot be seen.
document.addEventListener("htmx:afterSettle", () => {
  if (document.body.dataset.liveState) show(document.body.dataset.liveState);
  if (topics().join(",") !== listening) reconnect();
});

connect();
