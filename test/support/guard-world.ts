/**
 * Real servers and peers on loopback for tests of `guard`, gone after the test. Every wait has a
 * limit.
 */
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer, type Server as HttpServer } from "node:http";
import {
  type AddressInfo,
  connect,
  createServer as createNetServer,
  type Server,
  type Socket,
} from "node:net";
import { join } from "node:path";
import { connect as connectTls, createServer as createTlsServer, type TLSSocket } from "node:tls";
import { expect, onTestFinished } from "vitest";
import { WebSocket, WebSocketServer } from "ws";
import { ROOT } from "../../scripts/house.ts";
import type { GuardRecord } from "../../src/guard/guard-record.ts";
import { type Guard, guard } from "../../src/guard/guard.ts";
import type { GuardTarget } from "../../src/guard/guard-target.ts";
import type { GuardOptions } from "../../src/guard/options.ts";
import { tempFolder } from "./temp-folder.ts";

const LIMIT_MS = 10_000;
const HOST = "127.0.0.1";

function certificate(name: string): Buffer {
  return readFileSync(join(ROOT, "test/certificates", name));
}

const TLS = {
  get key(): Buffer {
    return certificate("localhost.key.pem");
  },
  get cert(): Buffer {
    return certificate("localhost.cert.pem");
  },
};

/** Waits until `look` is true, looking every few milliseconds; fails when the limit is over. */
export async function until(what: string, look: () => boolean): Promise<void> {
  const from = performance.now();
  while (!look()) {
    if (performance.now() - from > LIMIT_MS) throw new Error(`not within ${LIMIT_MS} ms: ${what}`);
    await sleep(5);
  }
}

export function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** A guard, and all that it told. */
export class Watched {
  readonly guard: Guard;
  readonly records: GuardRecord[] = [];
  /** `suspect 1`, `alive 1`, `end 1 CODE`. */
  readonly told: string[] = [];

  constructor(target: GuardTarget, options: GuardOptions) {
    this.guard = guard(target, options);
    onTestFinished(() => this.guard.stop());
    this.guard.on("suspect", ({ id }) => void this.told.push(`suspect ${id}`));
    this.guard.on("alive", ({ id }) => void this.told.push(`alive ${id}`));
    this.guard.on("end", ({ id }, record) => {
      this.told.push(`end ${id} ${record.code}`);
      this.records.push(record);
    });
  }

  async ends(count: number): Promise<GuardRecord[]> {
    await until(`${count} ends`, () => this.records.length >= count);
    expect(this.records.length, "one end for each connection").toBe(count);
    return this.records;
  }

  async end(): Promise<GuardRecord> {
    const [record] = await this.ends(1);
    return record as GuardRecord;
  }

  async guards(count: number): Promise<void> {
    await until(`${count} guarded`, () => this.guard.stats().open === count);
  }
}

/** A server whose owner takes each socket by `own`; errors are survived, as owners do. */
export async function netServer(own: (socket: Socket) => void): Promise<Server> {
  const server = createNetServer((socket) => survive(socket, own));
  return await listening(server, { host: HOST, port: 0 });
}

export async function halfOpenServer(own: (socket: Socket) => void): Promise<Server> {
  const server = createNetServer({ allowHalfOpen: true }, (socket) => survive(socket, own));
  return await listening(server, { host: HOST, port: 0 });
}

export async function tlsServer(own: (socket: Socket) => void): Promise<Server> {
  const server = createTlsServer(TLS, (socket) => survive(socket, own));
  return await listening(server, { host: HOST, port: 0 });
}

export async function unixServer(own: (socket: Socket) => void): Promise<Server> {
  const path = join(tempFolder(), "socket");
  const server = createNetServer((socket) => survive(socket, own));
  return await listening(server, { path });
}

export async function httpServer(): Promise<HttpServer> {
  return await listening(createServer(), { host: HOST, port: 0 });
}

async function listening<T extends Server>(server: T, where: object): Promise<T> {
  const sockets = new Set<Socket>();
  server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
  });
  server.listen(where);
  await once(server, "listening");
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return server;
}

function survive(socket: Socket, own: (socket: Socket) => void): void {
  socket.on("error", () => {});
  own(socket);
}

export function portOf(server: { address(): AddressInfo | string | null }): number {
  return (server.address() as AddressInfo).port;
}

/** A peer of such a server, by whichever way it listens. */
export async function peerOf(server: Server): Promise<Socket> {
  const address = server.address();
  const socket =
    typeof address === "string" ? connect(address) : connect({ host: HOST, port: portOf(server) });
  return await owned(socket, "connect");
}

export async function tlsPeerOf(server: Server): Promise<TLSSocket> {
  const options = { host: HOST, port: portOf(server), rejectUnauthorized: false };
  return await owned(connectTls(options), "secureConnect");
}

async function owned<T extends Socket>(socket: T, event: string): Promise<T> {
  socket.on("error", () => {});
  onTestFinished(() => void socket.destroy());
  await once(socket, event);
  return socket;
}

export async function webSocketServer(own: (webSocket: WebSocket) => void = () => {}): Promise<{
  readonly server: WebSocketServer;
  readonly url: string;
}> {
  const server = new WebSocketServer({ host: HOST, port: 0 });
  server.on("connection", (webSocket) => {
    webSocket.on("error", () => {});
    own(webSocket);
  });
  await once(server, "listening");
  onTestFinished(() => {
    for (const webSocket of server.clients) webSocket.terminate();
    server.close();
  });
  return { server, url: `ws://${HOST}:${portOf(server)}` };
}

export async function webSocketPeer(url: string, answers = true): Promise<WebSocket> {
  const webSocket = new WebSocket(url, { autoPong: answers });
  webSocket.on("error", () => {});
  onTestFinished(() => webSocket.terminate());
  await once(webSocket, "open");
  return webSocket;
}

/** Reads whatever comes, as most owners do. */
export function reads(socket: Socket): void {
  socket.on("data", () => {});
}

/** Blocks the event loop of this process. */
export function block(ms: number): void {
  const from = performance.now();
  while (performance.now() - from < ms);
}
