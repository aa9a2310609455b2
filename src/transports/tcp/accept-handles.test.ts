import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { once } from "node:events";
import { connect, type Server, Socket } from "node:net";
import { constants } from "node:os";
import { expect, onTestFinished, test } from "vitest";
import { NO_KERNEL_CONFIG } from "../no-kernel-options.ts";
import { HIGH_WATER_MARK, StreamTransport } from "../stream-transport.ts";
import type { Acceptor, AcceptHandlers, Incoming, TransportHandlers } from "../transport.ts";
import { acceptHandles } from "./accept-handles.ts";
import { listenerHandleOf, type TcpHandle } from "./handle-internals.ts";
import { listenBySockets } from "./listen-tcp.ts";
import { PublicEngine } from "./public-engine.ts";
import { PROC_UNACKED, UnackedReader } from "./unacked-reader.ts";

/** What was accepted, and how. */
class Door {
  readonly wrapped: Socket[] = [];
  readonly adopted: Socket[] = [];
  readonly withoutDelay: boolean[] = [];
  readonly failures: Error[] = [];
  server: Server | undefined;
  acceptor: Acceptor | undefined;

  static async open(onIncoming: (incoming: Incoming) => void): Promise<Door> {
    const door = new Door();
    const unacked = new UnackedReader(PROC_UNACKED);
    const engine = new PublicEngine({ native: undefined, unacked, overwriteAfterRead: false });
    const place = { kind: "tcp" as const, host: "127.0.0.1", port: 0, backlog: 9, ipv6Only: false };
    const none = { upgrade: undefined, webSocketPath: undefined, warn: () => {} };
    const config = { ...place, ...none, kernel: NO_KERNEL_CONFIG, engine };
    const handlers: AcceptHandlers = {
      onIncoming,
      onAcceptFailed: (error) => void door.failures.push(error),
    };
    const listen = listenBySockets(config, (listening, to) => {
      door.server = listening.server;
      return acceptHandles(listening, to, {
        wrap: (handle) => door.#wrap(handle),
        adopt(socket, facts, remote, toTransport) {
          door.adopted.push(socket);
          return new StreamTransport(socket, facts, remote, toTransport);
        },
      });
    });
    const acceptor = await listen("127.0.0.1", handlers);
    door.acceptor = acceptor;
    onTestFinished(async () => await acceptor.close());
    return door;
  }

  #wrap(handle: TcpHandle): Socket {
    const setNoDelay = handle.setNoDelay.bind(handle);
    handle.setNoDelay = (on) => {
      this.withoutDelay.push(on);
      return setNoDelay(on);
    };
    const highWater = { readableHighWaterMark: HIGH_WATER_MARK };
    const socket = new Socket({ handle, allowHalfOpen: true, ...highWater } as object);
    this.wrapped.push(socket);
    return socket;
  }

  dial(): Socket {
    return connect(Number(new URL(this.acceptor?.url ?? "").port), "127.0.0.1");
  }

  async peer(): Promise<Socket> {
    const socket = this.dial();
    await once(socket, "connect");
    return socket;
  }
}

const NOBODY: TransportHandlers = { onBytes() {}, onDrained() {}, onFinished() {}, onClosed() {} };

test("each is wrapped once, counted while it is open, and sends without delay", async () => {
  const door = await Door.open(({ attach }) => void attach(NOBODY));
  const peers = [await door.peer(), await door.peer()];
  await expect.poll(() => door.adopted.length).toBe(2);
  expect(door.adopted).toEqual(door.wrapped);
  expect(door.withoutDelay).toEqual([true, true]);
  expect(await door.acceptor?.connectionCount()).toBe(2);
  for (const peer of peers) peer.on("error", () => {}).resetAndDestroy();
  await expect.poll(() => door.acceptor?.connectionCount()).toBe(0);
});

test("who watches the sockets of servers is told of each", async () => {
  const told: unknown[] = [];
  const onAccepted = (message: unknown): void => void told.push(message);
  subscribe("net.server.socket", onAccepted);
  onTestFinished(() => void unsubscribe("net.server.socket", onAccepted));
  const door = await Door.open(({ attach }) => void attach(NOBODY));
  const peer = await door.peer();
  await expect.poll(() => told).toEqual([{ socket: door.wrapped[0] }]);
  peer.on("error", () => {}).resetAndDestroy();
});

test("whom nobody takes is reset, and counted no more", async () => {
  const door = await Door.open(() => {});
  expect(await once(door.dial(), "error")).toMatchObject([{ code: "ECONNRESET" }]);
  expect(door.adopted).toEqual([]);
  await expect.poll(() => door.acceptor?.connectionCount()).toBe(0);
});

test("a listener closes when its last connection has gone", async () => {
  const door = await Door.open(({ attach }) => void attach(NOBODY));
  const peer = await door.peer();
  await expect.poll(() => door.adopted.length).toBe(1);
  let isClosed = false;
  const closed = door.acceptor?.close().then(() => (isClosed = true));
  await new Promise(setImmediate);
  expect(isClosed).toBe(false);
  peer.on("error", () => {}).resetAndDestroy();
  expect(await closed).toBe(true);
});

test("an error of accept is told as the system's, and survived", async () => {
  const door = await Door.open(({ attach }) => void attach(NOBODY));
  const listener = listenerHandleOf(door.server as Server);
  listener?.onconnection(-constants.errno.EMFILE, undefined);
  expect(door.failures).toMatchObject([{ code: "EMFILE", syscall: "accept" }]);
  (await door.peer()).on("error", () => {}).resetAndDestroy();
  await expect.poll(() => door.adopted.length).toBe(1);
});
