/**
 * Owners who do with their sockets what few do: hand them away, take every listener off, connect
 * them later, put TLS above something that is no TCP. The guard was at fault in each of these.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { connect, createServer, Socket } from "node:net";
import { join } from "node:path";
import { Duplex } from "node:stream";
import { connect as connectTls, createServer as createTlsServer } from "node:tls";
import { expect, onTestFinished, test } from "vitest";
import { ROOT } from "../../scripts/house.ts";
import {
  block,
  netServer,
  peerOf,
  portOf,
  reads,
  sleep,
  tlsServer,
  until,
  Watched,
  webSocketPeer,
  webSocketServer,
} from "../support/guard-world.ts";
import { tempFolder } from "../support/temp-folder.ts";

const TIMEOUT_MS = 300;

test("TLS above a Unix socket cannot be reset, and is ended all the same", async () => {
  const read = (name: string): Buffer => readFileSync(join(ROOT, "test/certificates", name));
  const keys = { key: read("localhost.key.pem"), cert: read("localhost.cert.pem") };
  const server = createTlsServer(keys, (socket) => reads(socket.on("error", () => {})));
  const path = join(tempFolder(), "socket");
  server.listen(path);
  await once(server, "listening");
  onTestFinished(() => void server.close());
  const watched = new Watched(server, { timeoutMs: TIMEOUT_MS });
  const dialled = connectTls({ path, rejectUnauthorized: false });
  onTestFinished(() => void dialled.destroy());
  reads(dialled.on("error", () => {}));
  await once(dialled, "secureConnect");
  const ofDialled = new Watched(dialled, { timeoutMs: 86_400_000 });
  expect(ofDialled.guard.connections()).toMatchObject([{ kind: "tls", address: "unix" }]);
  expect(await watched.end()).toMatchObject({ code: "PEER_SILENT", kind: "tls", reset: false });
  await ofDialled.end();
});

test("TLS above a stream that is no socket is ended, and the others go on", async () => {
  const server = await tlsServer(reads);
  const wire = connect(portOf(server), "127.0.0.1").on("error", () => {});
  onTestFinished(() => void wire.destroy());
  const tunnel = new Duplex({
    read: () => {},
    write: (chunk, _encoding, done) => void wire.write(chunk, done),
  });
  wire.on("data", (chunk) => void tunnel.push(chunk));
  const socket = connectTls({ socket: tunnel, rejectUnauthorized: false });
  reads(socket.on("error", () => {}));
  await once(socket, "secureConnect");
  const watched = new Watched(socket, { timeoutMs: TIMEOUT_MS });
  expect(await watched.end()).toMatchObject({ code: "PEER_SILENT", kind: "tls", reset: false });
  expect(socket.destroyed).toBe(true);
});

test("one that is connected later is not judged before, and has its address then", async () => {
  const server = await netServer(reads);
  const socket = new Socket().on("error", () => {});
  onTestFinished(() => void socket.destroy());
  reads(socket);
  const watched = new Watched(socket, { timeoutMs: TIMEOUT_MS });
  const info = (): unknown => watched.guard.connections()[0];
  await sleep(2 * TIMEOUT_MS);
  expect(info()).toMatchObject({ kind: "tcp", address: "unknown", isJudged: false });
  socket.connect(portOf(server), "127.0.0.1");
  await once(socket, "connect");
  expect(info()).toMatchObject({ address: `127.0.0.1:${portOf(server)}`, isJudged: true });
  expect(await watched.end()).toMatchObject({ code: "PEER_SILENT", reset: true });
});

test.each(["before", "after"])(
  "a socket that its owner hands to another process, told %s the guard, is let go of",
  async (order) => {
    const program = "process.on('message', (_, socket) => socket?.on('error', () => {}).resume())";
    const child = spawn(process.execPath, ["--eval", program], {
      stdio: ["ignore", "ignore", "inherit", "ipc"],
    });
    onTestFinished(() => void child.kill());
    const server = createServer({ pauseOnConnect: true });
    onTestFinished(() => void server.close());
    const handOver = (socket: Socket): void => void child.send("take it", socket);
    if (order === "before") server.on("connection", handOver);
    const watched = new Watched(server, { timeoutMs: TIMEOUT_MS });
    if (order === "after") server.on("connection", handOver);
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const arrives = once(server, "connection");
    const peer = await peerOf(server);
    await arrives;
    await until("it is let go of", () => watched.guard.stats().open === 0);
    expect(watched.guard.stats().accepted).toBe(order === "before" ? 0 : 1);
    const text = "closed by this side: the socket was handed over to another process";
    expect(watched.records.map(({ sentence }) => sentence)).toEqual(
      order === "before" ? [] : [text],
    );
    expect(peer.destroyed).toBe(false);
  },
);

test("an owner who takes every listener off still ends in a record", async () => {
  const bare = (socket: { removeAllListeners(): { on(name: "error", to: () => void): void } }) =>
    socket.removeAllListeners().on("error", () => {});
  const server = await netServer((socket) => {
    setTimeout(() => {
      bare(socket);
      socket.destroy();
    }, 50);
  });
  const sockets = new Watched(server, { timeoutMs: TIMEOUT_MS });
  await peerOf(server);
  const { server: webSockets, url } = await webSocketServer((webSocket) => {
    setTimeout(() => {
      bare(webSocket);
      webSocket.close(4_000, "enough");
    }, 50);
  });
  const watched = new Watched(webSockets, { timeoutMs: TIMEOUT_MS });
  await webSocketPeer(url);
  expect(await sockets.end()).toMatchObject({ code: "CLOSED_HERE", by: "here" });
  expect(await watched.end()).toMatchObject({ code: "CLOSED_HERE", by: "here" });
  expect(sockets.guard.stats().open).toBe(0);
});

test("an observer that throws is told as uncaught, and blinds nobody", async () => {
  const thrown: unknown[] = [];
  const keep = process.listeners("uncaughtException");
  process.removeAllListeners("uncaughtException");
  process.on("uncaughtException", (error) => void thrown.push(error));
  try {
    const server = await netServer(reads);
    const observe = (): void => {
      throw new Error("a bug of the application");
    };
    const watched = new Watched(server, { timeoutMs: TIMEOUT_MS, stallToleranceMs: 50, observe });
    await peerOf(server);
    await watched.guards(1);
    block(200);
    expect(await watched.end()).toMatchObject({ code: "PEER_SILENT" });
    expect(thrown).toMatchObject([{ message: "a bug of the application" }]);
  } finally {
    process.removeAllListeners("uncaughtException");
    for (const listener of keep) process.on("uncaughtException", listener);
  }
});
