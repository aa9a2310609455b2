/**
 * Clients of the programs here, many in one process, none of which knows guard.
 *
 *     node clients.mjs '{"targets": [{"kind": "mqtt", "port": 1883, "count": 9}], …}'
 *
 * Of a kind that nobody asks, each says something every `everyMs`; the others answer when they are
 * asked, and say something now and then.
 */
import { obey, tell } from "../../full/programs/orders.mjs";
import { KINDS } from "./client-kinds.mjs";

const { host, targets, everyMs, keepaliveS } = JSON.parse(process.argv[2]);
const wanted = targets.reduce((sum, { count }) => sum + count, 0);
const clients = [];
const ports = [];
let opened = 0;
let ended = 0;
let answers = 0;
let isTalking = false;
/** The longest time that this process itself was late: more would be our own fault. */
let lateMs = 0;

let tickAt = performance.now();
setInterval(() => {
  const now = performance.now();
  lateMs = Math.max(lateMs, now - tickAt - 50);
  tickAt = now;
}, 50);

for (const { kind, port, count } of targets) await addMore(kind, port, count);

/** A few at a time, so that the server is not met by all at once. */
async function addMore(kind, port, count) {
  for (let index = 0; index < count; index++) {
    add(kind, port, index, count);
    if (index % 25 === 24) await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

function add(kind, port, index, count) {
  const client = KINDS[kind]({
    host,
    port,
    index,
    keepaliveS,
    onOpen(localPort) {
      ports.push(localPort);
      opened += 1;
      speakNowAndThen(client, kind, index, count);
      if (opened === wanted) tell("ready", { ports });
    },
    onAnswer() {
      answers += 1;
      if (isTalking) client.say();
    },
    onEnd() {
      ended += 1;
      clearInterval(client.timer);
    },
  });
  clients.push(client);
}

function speakNowAndThen(client, kind, index, count) {
  // One of a kind after the other, so that a room full of them is not flooded.
  const periodMs = KINDS[kind].isAsked ? everyMs * count : everyMs;
  setTimeout(
    () => {
      if (client.isOver()) return;
      client.say();
      client.timer = setInterval(() => client.say(), periodMs);
    },
    ((index + 1) * periodMs) / count,
  );
}

obey({
  report: () =>
    tell("report", { open: opened - ended, ended, answers, lateMs: Math.round(lateMs) }),
  /** `talkers` of them say something whenever they are answered, until `hush`. */
  talk(talkers) {
    isTalking = true;
    for (const client of clients.slice(0, Number(talkers))) client.say();
  },
  hush() {
    isTalking = false;
    setTimeout(() => tell("hushed", { answers }), 200);
  },
  async add(kind, port, count) {
    const before = opened;
    await addMore(kind, Number(port), Number(count));
    while (opened < before + Number(count)) await new Promise((resolve) => setTimeout(resolve, 20));
    tell("added", { open: opened - ended });
  },
});
