/** The page of the chat: one link, and what a user wants to know about it. */
import { connect } from "/holdfast/browser.js";

const MESSAGES_MAX = 200;
const at = (id) => document.getElementById(id);
const query = new URLSearchParams(location.search);

/** What the words of a link mean to people. */
const WORDS = {
  connecting: "connecting",
  online: "online",
  suspect: "online, but the server is silent",
  waiting: "no connection",
  ended: "ended",
};

const url = document.querySelector('meta[name="live"]').content;
const link = connect(url, {
  // A page tries for as long as somebody looks at it.
  redial: { attemptsMax: false, capMs: 15_000 },
  heartbeat: { intervalMs: numberIn("interval-ms", 15_000) },
  hiddenLeaseMs: numberIn("hidden-lease-ms", 120_000),
});

/** Of what was said here, by its key: the element that shows it. */
const own = new Map();
let retryAt;
/** Who was there, as the server last said, and when it said so. */
let members = [];
let membersAt = 0;

const name = at("name");
name.value = sessionStorage.getItem("name") ?? `guest ${Math.floor(Math.random() * 1_000)}`;
name.addEventListener("change", () => {
  sessionStorage.setItem("name", name.value);
  introduce();
});
sessionStorage.setItem("name", name.value);

link.on("status", (status) => {
  document.body.dataset.link = status.name;
  at("status").textContent = WORDS[status.name];
  retryAt = status.name === "waiting" ? status.retryAt : undefined;
  at("now").hidden = retryAt === undefined;
  const why = status.name === "waiting" ? status.cause : status.record;
  at("why").hidden = why === undefined;
  at("why").textContent = why?.sentence ?? "";
  countDown();
  showMembers();
  if (status.name === "online") introduce();
});

link.on("message", (data) => {
  const said = JSON.parse(data);
  if (said.kind === "members") {
    members = said.members;
    membersAt = performance.now();
    showMembers();
  }
  if (said.kind === "said") show(said.from, said.text, false);
});

// What was on its way when a connection died may have arrived or not: people decide.
link.on("undelivered", ({ messages }) => {
  for (const message of messages) {
    const { key, text } = JSON.parse(message);
    if (own.has(key)) markLost(key, text);
  }
});

at("now").addEventListener("click", () => link.wake());
at("form").addEventListener("submit", (event) => {
  event.preventDefault();
  const field = at("text");
  if (say(field.value)) field.value = "";
  field.focus();
});

setInterval(countDown, 250);
setInterval(showMembers, 1_000);

function introduce() {
  if (link.status.name === "online" && name.value !== "") {
    link.send(JSON.stringify({ kind: "name", name: name.value }));
  }
}

/** False when there is no room, or no link any more. */
function say(text) {
  const key = crypto.getRandomValues(new Uint32Array(3)).join("-");
  try {
    link.send(JSON.stringify({ kind: "say", text, key }));
  } catch (error) {
    at("why").hidden = false;
    at("why").textContent = error.message;
    return false;
  }
  own.set(key, show("you", text, true));
  mark(key, link.status.name === "online" ? "sent" : "waits for the connection");
  link.delivered().then(
    () => mark(key, "delivered", true),
    () => {}, // The event `undelivered` names what got lost.
  );
  return true;
}

function mark(key, fate, isLast = false) {
  const item = own.get(key);
  if (item === undefined || item.classList.contains("lost")) return;
  item.querySelector(".fate").textContent = fate;
  if (isLast) own.delete(key);
}

function markLost(key, text) {
  const item = own.get(key);
  own.delete(key);
  item.classList.add("lost");
  const fate = item.querySelector(".fate");
  fate.textContent = "not known to have arrived";
  const again = document.createElement("button");
  again.type = "button";
  again.textContent = "Send again";
  again.addEventListener("click", () => {
    if (say(text)) item.remove();
  });
  fate.append(again);
}

function show(from, text, isOwn) {
  const item = document.createElement("li");
  item.className = isOwn ? "own" : "";
  item.append(part("from", from), text, part("fate", ""));
  const list = at("messages");
  list.append(item);
  while (list.childElementCount > MESSAGES_MAX) list.firstElementChild.remove();
  list.scrollTop = list.scrollHeight;
  return item;
}

/** What was last said grows old where nobody says it anew. */
function showMembers() {
  const isOnline = link.status.name === "online";
  at("here").textContent = isOnline ? "Here now" : "Here when last heard of";
  const agoMs = performance.now() - membersAt;
  const items = members.map(({ name: who, heardMsAgo, verdict }) => {
    const item = document.createElement("li");
    const seconds = Math.round(((heardMsAgo ?? 0) + agoMs) / 1_000);
    const heard = seconds < 1 ? "heard just now" : `last heard ${seconds} s ago`;
    item.append(who, part("heard", verdict === "alive" ? heard : `${verdict}, ${heard}`));
    return item;
  });
  at("members").replaceChildren(...items);
}

function part(className, text) {
  const span = document.createElement("span");
  span.className = className;
  span.textContent = text;
  return span;
}

function countDown() {
  const leftS = retryAt === undefined ? 0 : Math.max(0, Math.ceil((retryAt - Date.now()) / 1_000));
  at("countdown").textContent = retryAt === undefined ? "" : `next try in ${leftS} s`;
}

function numberIn(key, fallback) {
  const value = Number(query.get(key));
  return Number.isInteger(value) && value > 0 ? value : fallback;
}
