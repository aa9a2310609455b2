/**
 * A Holdfast server that is told to stall.
 *
 *     node holdfast-server.mjs '{"dist": "file:///…/index.js", "listen": {…}, "sendBytes": 4096}'
 *
 * With `sendBytes` the send buffers of accepted sockets have that size: they inherit it from the
 * listener, and the kernel then does not enlarge them.
 */
import { createRequire } from "node:module";
import { Server } from "node:net";
import { obey, tell } from "./orders.mjs";
import { Staller } from "./stall.mjs";

const { dist, listen: options, sendBytes } = JSON.parse(process.argv[2]);
const { listen } = await import(dist);

if (sendBytes !== undefined) shrinkSendBuffers(sendBytes);
/** After a stall all that waited is read at once; a while later each is heard at its own time. */
const CALM_MS = 1_000;
const staller = new Staller();
const settledAt = new Map();
let pings = 0;

const anywhere = { host: "127.0.0.1", port: 0 };
const server = await listen({ ...(options.listen === undefined ? anywhere : {}), ...options });
server.on("beat", (connection) => {
  pings += 1;
  settledAt.set(connection.id, performance.now());
  staller.enterIo();
});
server.on("message", (connection) => settledAt.set(connection.id, performance.now()));
server.on("end", ({ id }, record) => {
  settledAt.delete(id);
  const { undelivered: _, cause, ...rest } = record;
  tell("end", { ...rest, cause: cause?.message });
});
tell("listening", { port: Number(server.urls[0].split(":").at(-1)), urls: server.urls });

obey({
  stall(where, ms, afterMs) {
    const then = () => {
      const endedAt = performance.now();
      // Whom a timer that compares the last byte heard with the timeout would have ended now.
      const wouldEnd = {};
      for (const { heardMsAgo, transport } of server.connections()) {
        if (heardMsAgo >= options.timeoutMs) wouldEnd[transport] = (wouldEnd[transport] ?? 0) + 1;
      }
      tell("stalled", { where, wouldEnd });
      tellWhenHeard(endedAt + CALM_MS);
    };
    setTimeout(() => staller.arm(where, Number(ms), then), Number(afterMs));
  },
  report() {
    const { open, ended, stalls, massExpiries } = server.stats();
    const rows = server.connections();
    const heard = rows.map(({ heardMsAgo }) => heardMsAgo ?? Number.POSITIVE_INFINITY);
    const sum = (key) => rows.reduce((total, row) => total + row[key], 0);
    const bytes = { bytesIn: sum("bytesIn"), bytesOut: sum("bytesOut") };
    tell("report", {
      open,
      ended,
      stalls,
      massExpiries,
      pings,
      silentMs: Math.max(...heard),
      ...bytes,
    });
  },
});

/** Tells "heard" once every connection that is open has said something after `at`. */
function tellWhenHeard(at) {
  const rows = server.connections();
  const heard = rows.filter(({ id }) => (settledAt.get(id) ?? 0) > at).length;
  if (heard === rows.length) tell("heard", { heard });
  else setTimeout(tellWhenHeard, 50, at);
}

function shrinkSendBuffers(bytes) {
  const [SOL_SOCKET, SO_SNDBUF] = [1, 7];
  const libc = createRequire(dist)("koffi").load(null);
  const setsockopt = libc.func("int setsockopt(int, int, int, const void *, uint32_t)");
  const listenAsEver = Reflect.get(Server.prototype, "listen");
  Server.prototype.listen = function (...args) {
    this.once("listening", () => {
      setsockopt(this._handle.fd, SOL_SOCKET, SO_SNDBUF, new Int32Array([bytes]), 4);
    });
    return listenAsEver.apply(this, args);
  };
}
