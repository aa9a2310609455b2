import { readdirSync } from "node:fs";
import { type AddressInfo, connect, type Server, Socket } from "node:net";
import { constants } from "node:os";
import { expect, onTestFinished, test } from "vitest";
import { skipUnless } from "../../../test/support/requires.ts";
import { NO_KERNEL_CONFIG } from "../no-kernel-options.ts";
import type { Upgrade } from "../stream-facts.ts";
import { StreamTransport } from "../stream-transport.ts";
import type { Acceptor, KernelConfig, RemoteAddress, Transport } from "../transport.ts";
import { chooseEngine } from "./choose-engine.ts";
import { leanEngine } from "./lean-engine.ts";
import { listenTcp } from "./listen-tcp.ts";
import { loadNativeSockopt, SO_KEEPALIVE, TCP_KEEPIDLE } from "./native-sockopt.ts";
import { SharedBufferEngine } from "./shared-buffer-engine.ts";
import type { TcpEngine, TcpEngineConfig } from "./tcp-engine.ts";
import { PROC_UNACKED, UnackedReader } from "./unacked-reader.ts";

const native = await loadNativeSockopt();
const isLinux = process.platform === "linux";
const readsProc: TcpEngineConfig = {
  native: undefined,
  unacked: new UnackedReader({ ...PROC_UNACKED, pauseMs: 50 }),
  overwriteAfterRead: true,
};

function lean(config: Partial<TcpEngineConfig> = {}): TcpEngine {
  const engine = leanEngine(new SharedBufferEngine({ ...readsProc, ...config }));
  if (typeof engine === "string") throw new Error(engine);
  return engine;
}

/** What is served, and what is told of it. */
class World {
  readonly transports: Transport[] = [];
  readonly remotes: RemoteAddress[] = [];
  readonly failures: Error[] = [];
  readonly faults: (Error | undefined)[] = [];
  drained = 0;
  acceptor: Acceptor | undefined;

  static async open(
    engine: TcpEngine,
    given: { host?: string; kernel?: KernelConfig; upgrade?: Upgrade } = {},
  ): Promise<World> {
    const world = new World();
    const { host = "127.0.0.1", kernel = NO_KERNEL_CONFIG, upgrade } = given;
    const place = { kind: "tcp" as const, host, port: 0, backlog: 511, ipv6Only: false };
    const rest = { kernel, engine, upgrade, webSocketPath: undefined, warn: () => {} };
    world.acceptor = await listenTcp({ ...place, ...rest })({
      onIncoming: ({ remote, attach }) => {
        world.remotes.push(remote);
        const onClosed = (fault: Error | undefined): void => void world.faults.push(fault);
        const at = world.transports.length;
        const onSwitched = (to: Transport): void => void (world.transports[at] = to);
        const onReady = (): void => {};
        const onDrained = (): void => void (world.drained += 1);
        const nothing = { onBytes() {}, onDrained, onFinished() {} };
        world.transports.push(attach({ ...nothing, onSwitched, onReady, onClosed }));
      },
      onAcceptFailed: (error) => void world.failures.push(error),
    });
    onTestFinished(() => {
      for (const transport of world.transports) transport.reset();
      void world.acceptor?.close();
    });
    return world;
  }

  /** A plain program that reads nothing. */
  async peer(): Promise<Socket> {
    const before = this.transports.length;
    const socket = connect(Number(new URL(this.acceptor?.url ?? "").port), "127.0.0.1");
    socket.on("error", () => {}).pause();
    await new Promise((resolve) => socket.once("connect", resolve));
    await this.until(() => this.transports.length > before);
    return socket;
  }

  async until(holds: () => boolean): Promise<void> {
    await expect.poll(holds, { timeout: 10_000, interval: 1 }).toBe(true);
  }

  get first(): Transport {
    return this.transports[0] as Transport;
  }
}

test("it is what one gets who asks for it, and nobody is warned of anything", async () => {
  const warnings: Error[] = [];
  const onWarning = (warning: Error): void => void warnings.push(warning);
  process.on("warning", onWarning);
  onTestFinished(() => void process.off("warning", onWarning));
  const { engine, why } = await chooseEngine("lean", "after the first bytes");
  await new Promise(setImmediate); // Warnings are told in a tick of their own.
  expect([engine.name, why]).toEqual([
    "lean",
    "serving without net.Socket passed its self-test here",
  ]);
  expect(warnings).toEqual([]);
});

test("where the binding is denied the ordinary engine is taken, and why is said", async () => {
  const { binding } = process as unknown as { binding: unknown };
  onTestFinished(() => void Object.assign(process, { binding }));
  const denied = (): never => {
    throw Object.assign(new Error("process.binding"), { code: "ERR_ACCESS_DENIED" });
  };
  Object.assign(process, { binding: denied });
  const { engine, why } = await chooseEngine("lean", "at accept");
  expect(engine.name).toBe("shared");
  expect(why).toContain("process.binding: ERR_ACCESS_DENIED");
  Object.assign(process, { binding: () => ({ streamBaseState: [] }) });
  expect((await chooseEngine("lean", "at accept")).why).toContain("stream_wrap is another one");
});

test("a reset of the peer is the error that node:net tells, and its address is known", async () => {
  const world = await World.open(lean());
  const peer = await world.peer();
  const { port } = peer.address() as AddressInfo;
  peer.resetAndDestroy();
  await world.until(() => world.faults.length === 1);
  const told = { code: "ECONNRESET", syscall: "read", errno: -constants.errno.ECONNRESET };
  expect(world.faults).toMatchObject([{ ...told, message: "read ECONNRESET" }]);
  expect(world.first.remote.text).toBe(`127.0.0.1:${port}`);
  expect(await world.acceptor?.connectionCount()).toBe(0);
});

test("a dual-stack listener tells IPv4 peers by their IPv4 address", async () => {
  const world = await World.open(lean(), { host: "::" });
  const peer = await world.peer();
  const { port } = peer.address() as AddressInfo;
  for (const { ip, text } of [world.remotes[0] as RemoteAddress, world.first.remote]) {
    expect([ip, text]).toEqual(["127.0.0.1", `127.0.0.1:${port}`]);
  }
});

test("peers that reset at once neither harm nor stay counted", async () => {
  const world = await World.open(lean());
  await Promise.all(
    Array.from({ length: 100 }, async () => {
      const socket = await world.peer();
      socket.resetAndDestroy();
    }),
  );
  await world.until(() => world.transports.length + world.failures.length === 100);
  await world.acceptor?.close();
  expect(world.faults.length + world.failures.length).toBe(100);
  expect(await world.acceptor?.connectionCount()).toBe(0);
});

interface Accepting {
  readonly _handle: { onconnection(code: number, handle: object | undefined): void };
}

/** The server of node:net under the only listener of this process. */
function serverUnder(world: World): Accepting & Server {
  const handles = (process as unknown as { _getActiveHandles(): object[] })._getActiveHandles();
  const port = Number(new URL(world.acceptor?.url ?? "").port);
  const isOurs = (one: object): boolean =>
    "address" in one && ((one as Server).address() as AddressInfo | null)?.port === port;
  return handles.find((one) => !(one instanceof Socket) && isOurs(one)) as Accepting & Server;
}

test("an error of accept is told, and the listener stays", async () => {
  const world = await World.open(lean());
  serverUnder(world)._handle.onconnection(-constants.errno.EMFILE, undefined);
  expect(world.failures).toMatchObject([{ code: "EMFILE", syscall: "accept" }]);
  await world.peer();
});

test("a peer that was gone before it was looked at counts as an error of accept", async () => {
  const world = await World.open(lean());
  let resets = 0;
  const gone = {
    getpeername: () => -constants.errno.ENOTCONN,
    reset: () => {
      resets += 1;
      return 0;
    },
  };
  serverUnder(world)._handle.onconnection(0, gone);
  expect(world.failures).toMatchObject([{ code: "ECONNABORTED" }]);
  expect([resets, await world.acceptor?.connectionCount()]).toEqual([1, 0]);
});

/** Writes until the kernel refuses; returns how much that was. */
function fill(transport: Transport): number {
  let written = 0;
  do written += 64 * 1024;
  while (transport.write(new Uint8Array(64 * 1024)));
  return written;
}

test("who finishes sends what was refused, shows it going, and then says FIN", async () => {
  const world = await World.open(lean());
  const peer = await world.peer();
  const written = 16 * 1024 * 1024;
  expect(world.first.write(new Uint8Array(written))).toBe(false);
  const unsent = new Set([world.first.unsentBytes]);
  world.first.finish();
  world.first.finish();
  expect(() => world.first.write(Uint8Array.of(1))).toThrow("nothing is written after finish");
  let read = 0;
  const ended = new Promise((resolve) => peer.once("end", resolve));
  peer.on("data", (bytes) => {
    read += bytes.length;
    unsent.add(world.first.unsentBytes);
  });
  peer.resume();
  await ended;
  expect(read).toBe(written);
  expect(unsent.size).toBeGreaterThan(3);
  expect([world.drained, world.first.unsentBytes]).toEqual([1, 0]);
  peer.end();
  await world.until(() => world.faults.length === 1);
  expect(world.faults).toEqual([undefined]);
});

test("nothing may be written while a refused write waits", async () => {
  const world = await World.open(lean());
  await world.peer();
  fill(world.first);
  const words = "nothing is written between a refused write and onDrained";
  expect(() => world.first.write(Uint8Array.of(1))).toThrow(words);
  world.first.reset();
  expect(world.first.write(Uint8Array.of(1))).toBe(false);
  await world.until(() => world.faults.length === 1);
  expect(world.drained).toBe(0);
});

const TCP_NODELAY = { level: 6, name: 1 };

function openDescriptors(): Set<number> {
  return new Set(readdirSync("/proc/self/fd").map(Number));
}

skipUnless(isLinux && native !== undefined, "it takes Linux and koffi to read options back")(
  "accepted sockets inherit what is set on the listener, without native code, too",
  async () => {
    const keepalive = { idleMs: 20_000, intervalMs: 7_000, count: 3 };
    const world = await World.open(lean(), { kernel: { ...NO_KERNEL_CONFIG, keepalive } });
    const before = openDescriptors();
    const peer = await world.peer();
    const { fd } = (peer as unknown as { _handle: { fd: number } })._handle;
    const [accepted] = [...openDescriptors()].filter((one) => {
      return !before.has(one) && one !== fd && native?.get(one, TCP_NODELAY) !== undefined;
    });
    if (native === undefined || accepted === undefined) throw new Error("nobody was accepted");
    const options = [TCP_NODELAY, SO_KEEPALIVE, TCP_KEEPIDLE];
    expect(options.map((option) => native.get(accepted, option))).toEqual([1, 1, 20]);
    expect(native.get(fd, TCP_NODELAY)).toBe(0); // Not what every socket has.
  },
);

const SOURCES = [
  ["/proc", undefined, isLinux],
  ["the native call", native, native !== undefined],
] as const;

for (const [name, sockopt, isHere] of SOURCES) {
  skipUnless(isHere, `${name} is not here`)(`${name} tells what a peer did not read`, async () => {
    const world = await World.open(lean({ native: sockopt }));
    const peer = await world.peer();
    let written = 0;
    do written += 64 * 1024;
    while (world.first.write(new Uint8Array(64 * 1024)));
    const unacked = (): Promise<number | undefined> =>
      new Promise((resolve) => world.first.readUnacked(resolve));
    // Bytes beyond the peer's receive buffer stay unacknowledged: most of a megabyte at least.
    expect(await unacked()).toBeGreaterThan(200_000);
    let left = written;
    peer.on("data", (bytes) => void (left -= bytes.length)).resume();
    await world.until(() => left === 0);
    expect(await unacked()).toBe(0);
    world.first.reset();
    expect(await unacked()).toBeUndefined();
  });
}

test("what an upgrade took over is counted until its socket closes", async () => {
  const sockets: Socket[] = [];
  const upgrade: Upgrade = {
    isOnly: false,
    recognise: (head) => (head[0] === 1 ? "yes" : "no"),
    take({ socket, facts, remote, handlers }) {
      sockets.push(socket);
      return new StreamTransport(socket, facts, remote, handlers);
    },
  };
  const world = await World.open(lean(), { upgrade });
  const peer = await world.peer();
  peer.write(Uint8Array.of(1, 2));
  await world.until(() => sockets.length === 1);
  expect(await world.acceptor?.connectionCount()).toBe(1);
  const [taken] = sockets;
  expect([taken?.remoteAddress, taken?.remotePort]).toEqual([
    "127.0.0.1",
    (peer.address() as AddressInfo).port,
  ]);
  world.first.reset();
  await world.until(() => world.faults.length === 1);
  expect(await world.acceptor?.connectionCount()).toBe(0);
});
