/**
 * A program that knows a dialect, and nothing of liveness: it reads one long message slowly, from
 * its socket and not from a buffer before it, and sends a ping now and then.
 *
 * It says "listening" with the port (server), "message" when the message is whole, "done" when a
 * ping sent after the message was answered, and "closed" when the other side ended it.
 */
import type { Socket } from "node:net";
import { listenPipe, openPipe, type Pipe, type PipeListeners } from "../../support/pipe.mjs";
import { argument, say } from "./orders.ts";
import { FrameEar, LineEar, type PeerConfig, type SlowEar } from "./slow-ears.ts";

const config = argument<PeerConfig>();

/** Reading may be behind the pace by so much and catch up: timers are not exact. */
const CATCH_UP_MS = 250;
/** A mark of 1 keeps Node from reading ahead: what is not asked for stays in the kernel. */
const READING = { highWaterMark: 1, readableHighWaterMark: 1 };

/** The first to come in, or the way in. */
async function open({ role, way, dialect }: PeerConfig, on: PipeListeners): Promise<Pipe> {
  if (role === "client") return openPipe(way, dialect, on, READING);
  return await new Promise((resolve, reject) => {
    const take = (taken: Pipe): PipeListeners => {
      resolve(taken);
      return on;
    };
    listenPipe(way, dialect, take, READING).then(
      ({ port }) => say("listening", { port }),
      (error: unknown) => reject(error as Error),
    );
  });
}

/** Counts what the socket gives, which over TLS is what it decrypted. */
function readSlowly(socket: Socket, bytesPerSecond: number): void {
  let dueAt = performance.now();
  socket.on("data", (bytes: Buffer) => {
    const now = performance.now();
    dueAt = Math.max(dueAt, now - CATCH_UP_MS) + (bytes.length / bytesPerSecond) * 1_000;
    if (dueAt <= now) return;
    socket.pause();
    setTimeout(() => socket.resume(), dueAt - now);
  });
}

const write = (bytes: Uint8Array | string): void => {
  void opening.then((pipe) => pipe.write(bytes));
};
const ear: SlowEar =
  config.dialect === "line" ? new LineEar(config, write) : new FrameEar(config, write);
const opening: Promise<Pipe> = open(config, {
  onOpen: () => ear.greet(),
  onBytes: (bytes) => ear.hear(bytes),
  onClosed: () => {
    say("closed", { bytes: ear.messageBytes });
    process.exit();
  },
});
readSlowly((await opening).socket, config.bytesPerSecond);
if (config.pingEveryMs > 0) setInterval(() => ear.ping(), config.pingEveryMs);
process.stdin.on("end", () => process.exit()).resume();
