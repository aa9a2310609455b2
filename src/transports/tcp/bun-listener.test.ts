import { afterEach, expect, test } from "vitest";
import { NO_KERNEL_CONFIG } from "../no-kernel-options.ts";
import type { AcceptHandlers, Acceptor, Attach, TransportHandlers } from "../transport.ts";
import { listenByBun } from "./bun-listener.ts";
import type { BunHandlers, BunListenOptions, BunRuntime } from "./bun-runtime.ts";
import type { BunTransport } from "./bun-transport.ts";
import { PublicEngine } from "./public-engine.ts";
import type { ListenTcpConfig } from "./tcp-engine.ts";
import { PROC_UNACKED, UnackedReader } from "./unacked-reader.ts";

const NOBODY: TransportHandlers = {
  onBytes() {},
  onDrained() {},
  onFinished() {},
  onClosed() {},
};

/** Bun's listener, as far as it is looked at; sockets come when the test says so. */
class PretendedBun implements BunRuntime {
  options: BunListenOptions<BunTransport> | undefined;
  stopped: boolean[] = [];
  fault: Error | undefined;

  listen<T>(options: BunListenOptions<T>): ReturnType<BunRuntime["listen"]> {
    if (this.fault !== undefined) throw this.fault;
    this.options = options as unknown as BunListenOptions<BunTransport>;
    const stop = (closesAccepted: boolean): void => void this.stopped.push(closesAccepted);
    return { port: 4_000, hostname: options.hostname, fd: 9, stop };
  }

  /** Somebody connects. Returns what was done to the socket. */
  connect(isStillThere: boolean = true): Newcomer {
    const handlers = this.options?.socket as BunHandlers<BunTransport>;
    const calls: string[] = [];
    const call = (name: string) => (): void => void calls.push(name);
    const socket = {
      data: undefined as unknown as BunTransport,
      fd: 10,
      remoteAddress: isStillThere ? "192.0.2.7" : undefined,
      remotePort: isStillThere ? 4711 : undefined,
      localAddress: "192.0.2.1",
      localPort: 4_000,
      bytesWritten: 0,
      write: (bytes: Uint8Array) => bytes.length,
      shutdown: call("shutdown"),
      close: call("close"),
      terminate: call("terminate"),
      pause: call("pause"),
      resume: call("resume"),
      setKeepAlive: (on: boolean, idleMs: number) => void calls.push(`keepalive ${on} ${idleMs}`),
    };
    const open = (): void => handlers.open(socket);
    return { calls, open, gone: () => handlers.close(socket, undefined) };
  }
}

interface Newcomer {
  readonly calls: readonly string[];
  readonly open: () => void;
  readonly gone: () => void;
}

function configOf(given: Partial<ListenTcpConfig> = {}): ListenTcpConfig {
  const unacked = new UnackedReader(PROC_UNACKED);
  return {
    kind: "tcp",
    host: "127.0.0.1",
    port: 0,
    backlog: 511,
    ipv6Only: false,
    kernel: NO_KERNEL_CONFIG,
    engine: new PublicEngine({ native: undefined, unacked, overwriteAfterRead: true }),
    upgrade: undefined,
    webSocketPath: undefined,
    warn: () => {},
    ...given,
  };
}

async function listening(
  bun: PretendedBun,
  onIncoming: AcceptHandlers["onIncoming"],
  given: Partial<ListenTcpConfig> = {},
): Promise<{ readonly acceptor: Acceptor; readonly failures: Error[] }> {
  const config = configOf(given);
  const failures: Error[] = [];
  const onAcceptFailed = (error: Error): void => void failures.push(error);
  const acceptor = await listenByBun(bun, config.engine, config)({ onIncoming, onAcceptFailed });
  return { acceptor, failures };
}

const uncaught: unknown[] = [];
const onUncaught = (error: unknown): void => void uncaught.push(error);

afterEach(() => {
  process.off("uncaughtException", onUncaught);
  uncaught.length = 0;
});

test("it is asked for alone, half-open, and tells the address in force", async () => {
  const bun = new PretendedBun();
  const { acceptor } = await listening(bun, () => {});
  expect(bun.options).toMatchObject({
    hostname: "127.0.0.1",
    port: 0,
    exclusive: true,
    ipv6Only: false,
    allowHalfOpen: true,
  });
  expect([acceptor.url, acceptor.kind]).toEqual(["tcp://127.0.0.1:4000", "tcp"]);
});

test("it counts who is open, and closes when the last one is gone", async () => {
  const bun = new PretendedBun();
  const { acceptor } = await listening(bun, ({ attach }) => void attach(NOBODY));
  const [one, other] = [bun.connect(), bun.connect()];
  one.open();
  other.open();
  expect(await acceptor.connectionCount()).toBe(2);
  const closed = acceptor.close();
  let isClosed = false;
  void closed.then(() => (isClosed = true));
  one.gone();
  one.gone();
  await Promise.resolve();
  expect([isClosed, await acceptor.connectionCount(), bun.stopped]).toEqual([false, 1, [false]]);
  other.gone();
  await closed;
  expect(acceptor.close()).toBe(closed);
});

test("a listener that nobody came to closes at once", async () => {
  const { acceptor } = await listening(new PretendedBun(), () => {});
  await acceptor.close();
  expect(await acceptor.connectionCount()).toBe(0);
});

test("a pipe that nobody attaches to is reset, and stays counted until it is gone", async () => {
  const bun = new PretendedBun();
  let kept: Attach | undefined;
  const { acceptor } = await listening(bun, ({ attach }) => void (kept = attach));
  const newcomer = bun.connect();
  newcomer.open();
  expect(newcomer.calls).toEqual(["terminate"]);
  expect(() => kept?.(NOBODY)).toThrow("an incoming pipe is attached once, at once");
  expect(await acceptor.connectionCount()).toBe(1);
  newcomer.gone();
  expect(await acceptor.connectionCount()).toBe(0);
});

test("an owner that throws leaves no pipe open", async () => {
  const bun = new PretendedBun();
  await listening(bun, () => {
    throw new Error("no more");
  });
  const newcomer = bun.connect();
  expect(() => newcomer.open()).toThrow("no more");
  expect(newcomer.calls).toEqual(["terminate"]);
});

test("what a handler throws is uncaught, as in an event of node:net", async () => {
  const bun = new PretendedBun();
  await listening(bun, () => {});
  process.on("uncaughtException", onUncaught);
  const thrown = new Error("thrown by a handler");
  bun.options?.socket.error(undefined as never, thrown);
  await new Promise((resolve) => setImmediate(resolve));
  expect(uncaught).toEqual([thrown]);
});

test("a peer that was gone before it could be looked at counts as an error of accept", async () => {
  const bun = new PretendedBun();
  let incoming = 0;
  const { failures } = await listening(bun, () => void (incoming += 1));
  const newcomer = bun.connect(false);
  newcomer.open();
  expect(failures).toMatchObject([{ code: "ECONNABORTED" }]);
  expect([newcomer.calls, incoming]).toEqual([["terminate"], 0]);
});

test("without native calls each newcomer gets its keepalive", async () => {
  const bun = new PretendedBun();
  const keepalive = { idleMs: 20_000, intervalMs: 7_000, count: 3 };
  const kernel = { ...NO_KERNEL_CONFIG, keepalive };
  const { acceptor } = await listening(bun, ({ attach }) => void attach(NOBODY), { kernel });
  const newcomer = bun.connect();
  newcomer.open();
  expect(newcomer.calls).toEqual(["keepalive true 20000"]);
  expect(acceptor.kernelOptions().keepaliveIdleMs).toEqual({ value: 20_000, source: "set" });
});

test("with native calls the listener hands options down, and gets its backlog", async () => {
  const bun = new PretendedBun();
  const backlogs: unknown[] = [];
  const native = {
    set: () => true,
    get: () => 1,
    resetOnClose: () => true,
    unackedBytes: () => 0,
    windowIsShut: () => false,
    setBacklog: (fd: number, count: number) => backlogs.push([fd, count]) > 0,
  };
  const unacked = new UnackedReader(PROC_UNACKED);
  const engine = new PublicEngine({ native, unacked, overwriteAfterRead: true });
  await listening(bun, ({ attach }) => void attach(NOBODY), { engine, backlog: 4_096 });
  const newcomer = bun.connect();
  newcomer.open();
  expect([newcomer.calls, backlogs]).toEqual([[], [[9, 4_096]]]);
});

test("a host without IPv6 is listened on by IPv4, and other faults are told", async () => {
  const bun = new PretendedBun();
  bun.fault = Object.assign(new Error("no"), { code: "EADDRINUSE" });
  await expect(listening(bun, () => {}, { host: "::" })).rejects.toMatchObject({
    code: "LISTEN_FAILED",
    cause: bun.fault,
  });
  const noIpv6 = new PretendedBun();
  const listen = noIpv6.listen.bind(noIpv6);
  noIpv6.listen = (options) => {
    if (options.hostname !== "::") return listen(options);
    throw Object.assign(new Error("no IPv6"), { code: "EAFNOSUPPORT" });
  };
  const { acceptor } = await listening(noIpv6, () => {}, { host: "::" });
  expect(acceptor.url).toBe("tcp://0.0.0.0:4000");
});
