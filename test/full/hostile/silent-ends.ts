/** A client and a server that say their first words, and nothing more. */
import { once } from "node:events";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { onTestFinished } from "vitest";
import { concatBytes } from "../../../src/base/bytes.ts";
import { encodeFrame } from "../../../src/wire/frame-codec.ts";
import { encodePreface } from "../../../src/wire/preface.ts";
import { openPipe } from "../../support/pipe.mjs";
import type { Dialect, Way } from "../../support/way.ts";

const HELLO = {
  agent: "silent",
  intervalMsMin: 10,
  intervalMsMax: 60_000,
  nextMs: 2_000,
  messageBytesMax: 65_536,
} as const;

const WELCOME = {
  id: "0123",
  secret: "4567",
  epoch: "e",
  leaseMsMin: 10,
  leaseMsMax: 60_000,
  timeoutMs: 60_000,
  pingIntervalMsMin: 1,
  messageBytesMax: 65_536,
  nextMs: 0,
  reconnectWindowMs: 0,
} as const;

/** Comes in and falls silent. */
export function plainClient(way: Way, dialect: Dialect): Socket {
  const pipe = openPipe(way, dialect);
  const hello = encodeFrame({ kind: "hello", hello: HELLO });
  pipe.write(dialect === "line" ? "hello\n" : concatBytes([encodePreface(1), hello]));
  onTestFinished(() => void pipe.socket.destroy());
  return pipe.socket;
}

/** Resolves when the socket is closed, by a reset, too. */
export function closed(socket: Socket): Promise<void> {
  return new Promise((resolve) => socket.once("close", () => resolve()));
}

/** Lets everybody in and answers no ping. Returns its port. */
export async function muteServer(dialect: Dialect): Promise<number> {
  const welcome = encodeFrame({ kind: "welcome", welcome: WELCOME });
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => {}).resume();
    if (dialect === "line") return;
    socket.once("data", () => socket.write(concatBytes([encodePreface(1), welcome])));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  return (server.address() as AddressInfo).port;
}
