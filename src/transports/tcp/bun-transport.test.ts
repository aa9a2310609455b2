import { expect, test } from "vitest";
import { NO_KERNEL_OPTIONS } from "../no-kernel-options.ts";
import type { TransportHandlers } from "../transport.ts";
import { type AcceptedSocket, BunTransport, SOCKET_HANDLERS } from "./bun-transport.ts";
import { PROC_UNACKED, UnackedReader } from "./unacked-reader.ts";

/** A socket of Bun, as far as it was seen to behave: what is worst of it happens at once. */
class PretendedSocket {
  data: BunTransport | undefined;
  fd = 7;
  readonly remoteAddress = "::ffff:192.0.2.7";
  readonly remotePort = 4711;
  readonly localAddress = "192.0.2.1";
  readonly localPort = 80;
  bytesWritten = 0;
  readonly calls: string[] = [];
  /** How many bytes each write takes, one after the other; then all. */
  takes: number[] = [];
  onWrite: () => void = () => {};

  write(bytes: Uint8Array): number {
    this.onWrite();
    const takenBytes = this.takes.shift() ?? bytes.length;
    this.calls.push(`write ${bytes.join()}: ${takenBytes}`);
    return takenBytes;
  }

  shutdown(): void {
    this.calls.push("shutdown");
  }

  close(): void {
    this.#end("close");
  }

  terminate(): void {
    this.#end("terminate");
  }

  pause(): void {
    this.calls.push("pause");
  }

  resume(): void {
    this.calls.push("resume");
  }

  setKeepAlive(): void {}

  #end(call: string): void {
    this.calls.push(call);
    this.fd = -1;
    SOCKET_HANDLERS.close(asSocket(this), undefined);
  }
}

function asSocket(socket: PretendedSocket): AcceptedSocket {
  return socket as unknown as AcceptedSocket;
}

interface Scene {
  readonly socket: PretendedSocket;
  readonly transport: BunTransport;
  /** What the handlers were told. */
  readonly told: string[];
  readonly goneCount: () => number;
}

function scene(overwriteAfterRead = true): Scene {
  const socket = new PretendedSocket();
  const unacked = new UnackedReader(PROC_UNACKED);
  let goneCount = 0;
  const home = {
    engine: { native: undefined, unacked, overwriteAfterRead },
    effective: NO_KERNEL_OPTIONS,
    onGone: () => void (goneCount += 1),
  };
  const transport = new BunTransport(asSocket(socket), home, socket.remoteAddress, 4711);
  socket.data = transport;
  const told: string[] = [];
  const handlers: TransportHandlers = {
    onBytes: (bytes) => void told.push(`bytes ${bytes.join()}`),
    onDrained: (moved) => void told.push(`drained ${moved}`),
    onFinished: () => void told.push("finished"),
    onClosed: (fault) => void told.push(`closed ${(fault as NodeJS.ErrnoException)?.code}`),
  };
  transport.attach(handlers);
  return { socket, transport, told, goneCount: () => goneCount };
}

test("a close inside reset is told after it, once, and is no fault", async () => {
  const { transport, told, socket, goneCount } = scene();
  expect(transport.reset()).toBe(true);
  expect(transport.reset()).toBe(true);
  transport.close();
  expect(told).toEqual([]);
  await Promise.resolve();
  expect(told).toEqual(["closed undefined"]);
  expect(socket.calls).toEqual(["terminate"]);
  expect(goneCount()).toBe(1);
  expect(transport.write(Uint8Array.of(1))).toBe(false);
});

test("what comes inside a write is told after it, in order", async () => {
  const { transport, told, socket } = scene();
  socket.onWrite = () => {
    SOCKET_HANDLERS.data(asSocket(socket), Uint8Array.of(5));
    SOCKET_HANDLERS.end(asSocket(socket));
    SOCKET_HANDLERS.close(asSocket(socket), Object.assign(new Error("x"), { code: "EPIPE" }));
  };
  expect(transport.write(Uint8Array.of(1))).toBe(true);
  expect(told).toEqual([]);
  await Promise.resolve();
  expect(told).toEqual(["bytes 5", "finished", "closed EPIPE"]);
});

test("what a write leaves waits for drain, and FIN waits behind it", () => {
  const { transport, told, socket } = scene();
  socket.takes = [1, 0, 1];
  expect(transport.write(Uint8Array.of(1, 2, 3))).toBe(false);
  expect(transport.unsentBytes).toBe(2);
  transport.finish();
  for (let round = 0; round < 4; round++) SOCKET_HANDLERS.drain(asSocket(socket));
  expect(socket.calls).toEqual([
    "write 1,2,3: 1",
    "write 2,3: 0",
    "write 2,3: 1",
    "write 3: 1",
    "shutdown",
  ]);
  expect(told).toEqual(["drained true"]);
  expect(transport.unsentBytes).toBe(0);
});

test("a drain without a write that waits is nothing", () => {
  const { told, socket } = scene();
  SOCKET_HANDLERS.drain(asSocket(socket));
  expect([told, socket.calls]).toEqual([[], []]);
});

test("a socket that takes nothing any more refuses, and its end follows", () => {
  const { transport, told, socket } = scene();
  socket.takes = [-1];
  expect(transport.write(Uint8Array.of(1, 2))).toBe(false);
  expect(transport.unsentBytes).toBe(2);
  SOCKET_HANDLERS.close(asSocket(socket), Object.assign(new Error("x"), { code: "ECONNRESET" }));
  expect(told).toEqual(["closed ECONNRESET"]);
  expect(transport.unsentBytes).toBe(0);
});

test("after our FIN the peer's is told by a close alone, and is onFinished all the same", () => {
  const { transport, told, socket } = scene();
  transport.finish();
  SOCKET_HANDLERS.close(asSocket(socket), undefined);
  expect(told).toEqual(["finished", "closed undefined"]);
});

test("a close that nobody asked for, and that says nothing, is a fault", () => {
  const { told, socket } = scene();
  SOCKET_HANDLERS.close(asSocket(socket), undefined);
  expect(told).toEqual(["closed ECONNABORTED"]);
});

test("an owner that resets when it is told of FIN is told of the end, once", async () => {
  const { transport, socket, goneCount } = scene();
  const told: string[] = [];
  transport.attach({
    onBytes: () => {},
    onDrained: () => {},
    onFinished: () => void transport.reset(),
    onClosed: () => void told.push("closed"),
  });
  SOCKET_HANDLERS.end(asSocket(socket));
  await Promise.resolve();
  expect(told).toEqual(["closed"]);
  expect(goneCount()).toBe(1);
});

test("lent bytes are overwritten under test, and only there", () => {
  for (const [isTest, left] of [
    [true, [0xdd, 0xdd]],
    [false, [1, 2]],
  ] as const) {
    const { socket } = scene(isTest);
    const bytes = Uint8Array.of(1, 2);
    SOCKET_HANDLERS.data(asSocket(socket), bytes);
    expect([...bytes]).toEqual(left);
  }
});

test("it is its own address, without the prefix of a mapped one", () => {
  const { transport } = scene();
  expect([transport.remote.text, transport.remote.ip]).toEqual(["192.0.2.7:4711", "192.0.2.7"]);
});

test("of a closed socket no unacknowledged bytes are known", async () => {
  const { transport } = scene();
  transport.reset();
  const answer = await new Promise((resolve) => transport.readUnacked(resolve));
  expect(answer).toBeUndefined();
});
