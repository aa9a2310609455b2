/**
 * Many plain clients in one process: each writes a ping every interval, at a moment of its own, and
 * answers the pings of its server.
 *
 *     node plain-clients.mjs '{"port": 8080, "count": 300, "intervalMs": 1000}'
 */
import { connect } from "node:net";
import { obey, tell } from "./orders.mjs";

const { port, count, intervalMs } = JSON.parse(process.argv[2]);
let open = 0;
let ended = 0;
let answers = 0;
/** The longest time from one ping to the next: more than the timeout would be our own fault. */
let gapMs = 0;

for (let index = 0; index < count; index++) {
  setTimeout(start, (index * intervalMs) / count);
}

function start() {
  let spokeAt = performance.now();
  const ping = () => {
    const now = performance.now();
    gapMs = Math.max(gapMs, now - spokeAt);
    spokeAt = now;
    socket.write("ping\n");
  };
  const socket = connect(port, "127.0.0.1", () => {
    socket.setNoDelay(true);
    ping();
    open += 1;
    if (open === count) tell("ready", { open });
  });
  const timer = setInterval(ping, intervalMs);
  socket.on("data", (bytes) => {
    answers += 1;
    if (bytes.includes("ping")) socket.write("pong\n");
  });
  socket.on("error", () => {});
  socket.on("close", () => {
    clearInterval(timer);
    ended += 1;
  });
}

obey({
  report: () => tell("report", { open: open - ended, ended, answers, gapMs }),
});
