/**
 * A program that knows a dialect, and nothing of liveness: it reads one long message slowly, from
 * its socket and not from a buffer before it, and sends a ping now and then.
 *
 * It says "listening" with the port (server), "message" when the message is whole, "done" when a
 * ping sent after the message was answered, and "closed" when the other side ended it.
 */
import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { argument, say } from "./orders.ts";
import { FrameEar, LineEar, type PeerConfig, type SlowEar } from "./slow-ears.ts";

const config = argument<PeerConfig>();

/** Reading may be behind the pace by so much and catch up: timers are not exact. */
const CATCH_UP_MS = 250;

async function socketOf({ role, port }: PeerConfig): Promise<Socket> {
  // A mark of 1 keeps Node from reading ahead: what is not asked for stays in the kernel.
  const options = { allowHalfOpen: false, highWaterMark: 1 };
  if (role === "client") {
    const socket = connect({ ...options, host: "127.0.0.1", port, readableHighWaterMark: 1 } as {
      host: string;
      port: number;
    });
    await once(socket, "connect");
    return socket;
  }
  const server = createServer(options).listen(port, "127.0.0.1");
  await once(server, "listening");
  say("listening", { port: (server.address() as AddressInfo).port });
  const [socket] = (await once(server, "connection")) as [Socket];
  return socket;
}

function readSlowly(
  socket: Socket,
  bytesPerSecond: number,
  onBytes: (bytes: Buffer) => void,
): void {
  let dueAt = performance.now();
  socket.on("data", (bytes: Buffer) => {
    const now = performance.now();
    dueAt = Math.max(dueAt, now - CATCH_UP_MS) + (bytes.length / bytesPerSecond) * 1_000;
    onBytes(bytes);
    if (dueAt <= now) return;
    socket.pause();
    setTimeout(() => socket.resume(), dueAt - now);
  });
}

const socket = await socketOf(config);
let hasClosed = false;
const write = (bytes: Uint8Array | string): void => {
  if (!hasClosed) socket.write(bytes);
};
const ear: SlowEar =
  config.dialect === "line" ? new LineEar(config, write) : new FrameEar(config, write);
socket.on("error", () => {}); // The close that follows is what is told.
socket.on("close", () => {
  hasClosed = true;
  say("closed", { bytes: ear.messageBytes });
  process.exit();
});
ear.greet();
readSlowly(socket, config.bytesPerSecond, (bytes) => ear.hear(bytes));
if (config.pingEveryMs > 0) setInterval(() => ear.ping(), config.pingEveryMs);
process.stdin.on("end", () => process.exit()).resume();
