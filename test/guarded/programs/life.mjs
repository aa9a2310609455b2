/**
 * What the programs here have in common: their settings, guard put on and taken off, stalls by
 * order, and what they tell. The programs themselves are such as people write without Holdfast.
 *
 * How a program finds the dead is its mode: "bare" does nothing about them, "control" is what is
 * usual for such a program, and "guard" is guard. Ends are told as the server's own sockets see
 * them, so that guard does not judge itself.
 */
import { obey, tell } from "../../full/programs/orders.mjs";

export const settings = JSON.parse(process.argv[2]);
export const { mode, intervalMs, timeoutMs } = settings;

const { guard } = settings.dist === undefined ? {} : await import(settings.dist);
/** A stall waits for this moment: the program asks its clients, whose answers it will meet. */
let atAsking;
/** A stall waits for this moment: bytes of a client are being read. */
let atReading;
let guarding;
let messages = 0;
let open = 0;

/** The program calls it in the callback that brings it something of a client. */
export function heard() {
  messages += 1;
  const stall = atReading;
  atReading = undefined;
  stall?.();
}

/** The program calls it in the timer in which it asks its clients whether they are there. */
export function asking() {
  const arm = atAsking;
  atAsking = undefined;
  arm?.();
}

/** Listens with `server`, and puts guard on `target`. With `asks` the program calls `asking`. */
export function serve(server, target, { asks = false } = {}) {
  server.on("connection", (socket) => {
    open += 1;
    const { remotePort: port } = socket;
    socket.once("close", () => {
      open -= 1;
      tell("closed", { port, atWallMs: Date.now() });
    });
  });
  if (mode === "guard") putOn(target);
  server.listen({ port: 0, host: settings.host, backlog: 4_096 }, () =>
    tell("listening", { port: server.address().port }),
  );
  obey({
    guard: (word) => (word === "on" ? putOn(target) : takeOff()),
    stall(where, ms) {
      const arm = () => armStall(where, Number(ms));
      if (asks) atAsking = arm;
      else arm();
    },
    report: () => tell("report", { open, messages, ...guarding?.stats() }),
    cpu: () => tell("cpu", { messages, ...process.cpuUsage() }),
    memory: async () => tell("memory", await memory()),
  });
}

function putOn(target) {
  guarding = guard(target, settings.guard);
  guarding.on("end", (_, record) => {
    const { cause, ...rest } = record;
    tell("end", { ...rest, cause: cause?.message });
  });
  tell("guarded");
}

function takeOff() {
  guarding.stop();
  guarding = undefined;
  tell("unguarded");
}

/** It waits and does not spin, so that many programs may stall side by side on few cores. */
function armStall(where, ms) {
  const stall = () => {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
    tell("stalled", { where });
  };
  if (where === "timer")
    setTimeout(stall, 1); // Not at once: the order may have come in an I/O callback.
  else if (where === "immediate") setImmediate(stall);
  else atReading = stall;
}

/** Finalisers run between collections, and free what only the next one can take. */
async function memory() {
  for (let round = 0; round < 6; round++) {
    globalThis.gc();
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  const { rss, heapUsed } = process.memoryUsage();
  return { rss, heapUsed };
}
