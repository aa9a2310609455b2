/**
 * Many plain clients in one process: each writes a ping every interval, at a moment of its own, and
 * answers the pings of its server. They share out the ways to it (pipe.mjs) among themselves.
 *
 *     node plain-clients.mjs '{"ways": [{"over": "tcp", "port": 8080}], "count": 300,
 *       "intervalMs": 1000}'
 */
import { openPipe } from "../../support/pipe.mjs";
import { obey, tell } from "./orders.mjs";

const { ways, count, intervalMs } = JSON.parse(process.argv[2]);
let open = 0;
let ended = 0;
let answers = 0;
/** The longest time from one ping to the next: more than the timeout would be our own fault. */
let gapMs = 0;

for (let index = 0; index < count; index++) {
  setTimeout(start, (index * intervalMs) / count, ways[index % ways.length]);
}

function start(way) {
  let spokeAt = performance.now();
  const ping = () => {
    const now = performance.now();
    gapMs = Math.max(gapMs, now - spokeAt);
    spokeAt = now;
    pipe.write("ping\n");
  };
  const pipe = openPipe(way, "line", {
    onOpen: () => {
      ping();
      open += 1;
      if (open === count) tell("ready", { open });
    },
    onBytes: (bytes) => {
      answers += 1;
      if (bytes.includes("ping")) pipe.write("pong\n");
    },
    onClosed: () => {
      clearInterval(timer);
      ended += 1;
    },
  });
  const timer = setInterval(() => pipe.isOpen && ping(), intervalMs);
}

obey({
  report: () => tell("report", { open: open - ended, ended, answers, gapMs }),
});
