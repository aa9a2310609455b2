/**
 * Peaceful clients, to be watched while others attack the same server: each sends a numbered
 * message now and then, which the server echoes. They share out the targets, urls with the options
 * that belong to them, among themselves.
 *
 * Usage: live-peers.mjs <built door> '[{"url": "tcp://…", "options": {}}]' <count>
 */
import { monitorEventLoopDelay } from "node:perf_hooks";
import { serveCommands } from "./commands.mjs";

const [door, targetsJson, count] = process.argv.slice(2);
const targets = JSON.parse(targetsJson);
const { connect } = await import(door);

const SEND_EVERY_MS = 200;
const ECHOES_MS_MAX = 5_000;

const delay = monitorEventLoopDelay({ resolution: 10 });
delay.enable();

const links = [];
const tally = {
  online: 0,
  statuses: {},
  ends: {},
  sent: 0,
  echoed: 0,
  outOfOrder: 0,
  undelivered: 0,
};
let echoMs = [];
let beatMs = [];

for (let index = 0; index < Number(count); index++) {
  const { url, options } = targets[index % targets.length];
  const link = connect(url, { heartbeat: { intervalMs: 1_000 }, ...options });
  const sentAt = new Map();
  let lastSent = 0;
  let lastEchoed = 0;
  link.on("status", ({ name }) => {
    tally.statuses[name] = (tally.statuses[name] ?? 0) + 1;
  });
  link.on("connectionEnd", ({ code }) => {
    tally.ends[code] = (tally.ends[code] ?? 0) + 1;
  });
  link.on("undelivered", ({ messages }) => {
    tally.undelivered += messages.length;
  });
  link.on("beat", ({ of, rttMs }) => {
    if (of === "ours") beatMs.push(rttMs);
  });
  link.on("message", (text) => {
    const number = Number(text.split(" ")[1]);
    if (number !== lastEchoed + 1) tally.outOfOrder += 1;
    lastEchoed = number;
    tally.echoed += 1;
    echoMs.push(performance.now() - sentAt.get(number));
    sentAt.delete(number);
  });
  const send = () => {
    lastSent += 1;
    tally.sent += 1;
    sentAt.set(lastSent, performance.now());
    link.send(`live-${index} ${lastSent}`);
  };
  links.push({ link, send });
}

let timer = setInterval(() => {
  for (const { link, send } of links) if (isOnline(link)) send();
}, SEND_EVERY_MS);

function isOnline({ status }) {
  return status.name === "online" || status.name === "suspect";
}

function spread(values) {
  const sorted = values.toSorted((one, other) => one - other);
  const at = (share) =>
    Math.round((sorted[Math.floor(share * (sorted.length - 1))] ?? 0) * 10) / 10;
  return { count: sorted.length, p50: at(0.5), p99: at(0.99), max: at(1) };
}

serveCommands({
  /** What was seen since the last report, and while as many echoes more came as there are links. */
  report: async () => {
    const aim = tally.echoed + links.length;
    const until = performance.now() + ECHOES_MS_MAX;
    while (timer !== undefined && tally.echoed < aim && performance.now() < until) {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    const online = links.filter(({ link }) => isOnline(link)).length;
    const result = {
      ...tally,
      online,
      echoMs: spread(echoMs),
      beatMs: spread(beatMs),
      ownDelayMsMax: Math.round(delay.max / 1e6),
    };
    echoMs = [];
    beatMs = [];
    delay.reset();
    return result;
  },

  /** No more messages; those on their way may still arrive. */
  stopSending: () => {
    clearInterval(timer);
    timer = undefined;
  },
});
