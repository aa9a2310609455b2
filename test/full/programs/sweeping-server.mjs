/**
 * The control: a server of plain TCP that finds the dead as many programs do. Each second it asks
 * everybody, and ends whoever has not answered since it asked the last time.
 *
 * An order to stall is carried out at the next sweep, when all have just been asked.
 */
import { createServer } from "node:net";
import { obey, tell } from "./orders.mjs";
import { Staller } from "./stall.mjs";

const SWEEP_MS = 1_000;
const staller = new Staller();
const hasAnswered = new Map();
let sweeps = 0;
let ended = 0;
let order;

const server = createServer((socket) => {
  hasAnswered.set(socket, true);
  socket.on("error", () => {});
  socket.on("close", () => hasAnswered.delete(socket));
  socket.on("data", (bytes) => {
    if (!bytes.includes("pong")) return;
    hasAnswered.set(socket, true);
    staller.enterIo();
  });
});

setInterval(() => {
  for (const [socket, answered] of hasAnswered) {
    if (!answered) {
      ended += 1;
      socket.destroy();
      continue;
    }
    hasAnswered.set(socket, false);
    socket.write("ping\n");
  }
  sweeps += 1;
  if (order === undefined) return;
  const { where, ms } = order;
  order = undefined;
  staller.arm(where, ms, () => tell("stalled", { where }));
}, SWEEP_MS);

server.listen(0, "127.0.0.1", () => tell("listening", { port: server.address().port }));

obey({
  stall(where, ms) {
    order = { where, ms: Number(ms) };
  },
  report() {
    tell("report", { open: hasAnswered.size, ended, sweeps });
  },
});
