import { type AddressInfo, connect, createServer, type Server, Socket } from "node:net";
import { expect, test } from "vitest";
import { skipUnless } from "../../../test/support/requires.ts";
import { isHoldfastError } from "../../base/errors.ts";
import type { Acceptor, KernelConfig, Transport } from "../transport.ts";
import { chooseEngine } from "./choose-engine.ts";
import { listenTcp } from "./listen-tcp.ts";
import { loadNativeSockopt } from "./native-sockopt.ts";
import { openTcp } from "./open-tcp.ts";
import { PublicEngine } from "./public-engine.ts";
import type { ListenTcpConfig, TcpEngine } from "./tcp-engine.ts";
import { PROC_UNACKED, UnackedReader } from "./unacked-reader.ts";

const unacked = new UnackedReader({ ...PROC_UNACKED, pauseMs: 50 });
const plain = new PublicEngine({ native: undefined, unacked, overwriteAfterRead: true });
const KERNEL: KernelConfig = {
  keepalive: false,
  userTimeoutMs: false,
  userTimeoutAsked: false,
  keepaliveAsked: false,
};

function config(changes: Partial<ListenTcpConfig>): ListenTcpConfig {
  return {
    kind: "tcp",
    host: "127.0.0.1",
    port: 0,
    backlog: 511,
    ipv6Only: false,
    kernel: KERNEL,
    engine: plain,
    upgrade: undefined,
    webSocketPath: undefined,
    warn: () => {},
    ...changes,
  };
}

const nobody = { onBytes() {}, onDrained() {}, onFinished() {}, onClosed() {} };

interface Served {
  readonly acceptor: Acceptor;
  readonly port: number;
  readonly transports: Transport[];
  readonly failures: Error[];
}

/** A listener that attaches to everybody and says nothing. */
async function serve(engine: TcpEngine, host: string = "127.0.0.1"): Promise<Served> {
  const transports: Transport[] = [];
  const failures: Error[] = [];
  const acceptor = await listenTcp(config({ engine, host }))({
    onIncoming: ({ attach }) => void transports.push(attach(nobody)),
    onAcceptFailed: (error) => void failures.push(error),
  });
  return { acceptor, port: Number(new URL(acceptor.url).port), transports, failures };
}

const ignoreAll = { onIncoming() {}, onAcceptFailed() {} };

async function refusal(listening: Promise<Acceptor>): Promise<Error> {
  const error: unknown = await listening.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!isHoldfastError(error)) throw new Error("expected a HoldfastError");
  expect(error.code).toBe("LISTEN_FAILED");
  return error;
}

test("a port in use is told with its address and what to do", async () => {
  const other = createServer();
  await new Promise<void>((resolve) => other.listen(0, "127.0.0.1", resolve));
  const { port } = other.address() as AddressInfo;
  const error = await refusal(listenTcp(config({ port }))(ignoreAll));
  expect(error.message).toContain(`cannot listen on tcp://127.0.0.1:${port}: another program`);
  expect(error.message).toContain("EADDRINUSE");
  expect(error.cause).toMatchObject({ code: "EADDRINUSE" });
  other.close();
});

test("an address that no interface has is told as such", async () => {
  const error = await refusal(listenTcp(config({ host: "192.0.2.1" }))(ignoreAll));
  expect(error.message).toContain("tcp://192.0.2.1:0");
  expect(error.message).toContain("no interface of this host has that address");
});

test("a dual-stack listener tells IPv4 peers by their IPv4 address", async () => {
  const incoming: string[] = [];
  const acceptor = await listenTcp(config({ host: "::" }))({
    onIncoming: ({ remote, attach }) => {
      incoming.push(remote.ip, remote.text.replace(/:\d+$/, ""));
      attach(nobody).reset();
    },
    onAcceptFailed: () => {},
  });
  const socket = connect(Number(new URL(acceptor.url).port), "127.0.0.1");
  await new Promise((resolve) => socket.on("error", () => {}).once("close", resolve));
  expect(incoming).toEqual(["127.0.0.1", "127.0.0.1"]);
  await acceptor.close();
});

test("peers that reset at once neither harm nor stay counted", async () => {
  const { acceptor, port, transports, failures } = await serve(plain);
  await Promise.all(
    Array.from({ length: 100 }, async () => {
      const socket = connect(port, "127.0.0.1");
      socket.once("connect", () => socket.resetAndDestroy());
      await new Promise((resolve) => socket.on("error", () => {}).once("close", resolve));
    }),
  );
  while (transports.length + failures.length < 100) await new Promise(setImmediate);
  await acceptor.close();
  expect(await acceptor.connectionCount()).toBe(0);
  for (const failure of failures) expect(failure).toMatchObject({ code: "ECONNABORTED" });
});

/** The server of node:net under a listener, which only its sockets know. */
async function serverUnder(): Promise<{ server: Server; failures: Error[]; acceptor: Acceptor }> {
  const sockets: Socket[] = [];
  const adopt = plain.adoptAccepted.bind(plain);
  const engine: TcpEngine = Object.assign(
    new PublicEngine({ native: undefined, unacked, overwriteAfterRead: true }),
    {
      adoptAccepted(...[socket, facts, remote, handlers]: Parameters<TcpEngine["adoptAccepted"]>) {
        sockets.push(socket);
        return adopt(socket, facts, remote, handlers);
      },
    },
  );
  const { acceptor, port, transports, failures } = await serve(engine);
  const peer = connect(port, "127.0.0.1");
  while (transports.length === 0) await new Promise(setImmediate);
  peer.destroy();
  const { server } = sockets[0] as unknown as { server: Server };
  transports[0]?.reset();
  return { server, failures, acceptor };
}

test("an error of accept is told, and the listener stays", async () => {
  const { server, failures, acceptor } = await serverUnder();
  server.emit("error", Object.assign(new Error("accept EMFILE"), { code: "EMFILE" }));
  expect(failures).toMatchObject([{ code: "EMFILE" }]);
  expect(server.listening).toBe(true);
  await acceptor.close();
});

test("a peer that was gone before it could be looked at counts as an error of accept", async () => {
  const { server, failures, acceptor } = await serverUnder();
  const gone = new Socket(); // A socket whose peer the kernel does not know any more.
  server.emit("connection", gone);
  expect(failures).toMatchObject([{ code: "ECONNABORTED" }]);
  expect(gone.destroyed).toBe(true);
  await acceptor.close();
});

/** Connects a plain program that never reads, and fills the pipe to it until a write is refused. */
async function stuffed(
  served: Served,
): Promise<{ transport: Transport; peer: Socket; written: number }> {
  const peer = connect(served.port, "127.0.0.1");
  peer.on("error", () => {}).pause();
  await new Promise((resolve) => peer.once("connect", resolve));
  while (served.transports.length === 0) await new Promise(setImmediate);
  const transport = served.transports[0] as Transport;
  let written = 0;
  do written += 64 * 1024;
  while (transport.write(new Uint8Array(64 * 1024)));
  return { transport, peer, written };
}

/** Resolves when `peer` has read as many bytes. */
function readAll(peer: Socket, byteCount: number): Promise<void> {
  return new Promise((resolve) => {
    let left = byteCount;
    peer.on("data", (bytes) => {
      left -= bytes.length;
      if (left === 0) resolve();
    });
    peer.resume();
  });
}

function unackedOf(transport: Transport): Promise<number | undefined> {
  return new Promise((resolve) => transport.readUnacked(resolve));
}

const native = await loadNativeSockopt();
const SOURCES = [
  ["/proc", undefined, process.platform === "linux"],
  ["the native call", native, native !== undefined],
] as const;

for (const [name, sockopt, isHere] of SOURCES) {
  for (const host of ["127.0.0.1", "::"]) {
    skipUnless(isHere, `${name} is not here`)(
      `${name} tells what a peer on ${host} did not read`,
      async () => {
        const engine = new PublicEngine({ native: sockopt, unacked, overwriteAfterRead: true });
        const served = await serve(engine, host);
        const { transport, peer, written } = await stuffed(served);
        // Bytes beyond the peer's receive buffer stay unacknowledged: most of a megabyte at least.
        const before = (await unackedOf(transport)) ?? 0;
        expect(before).toBeGreaterThan(200_000);
        expect(before).toBeLessThanOrEqual(written);
        await readAll(peer, written);
        expect(await unackedOf(transport)).toBe(0);
        transport.reset();
        peer.destroy();
        await served.acceptor.close();
        expect(await unackedOf(transport)).toBeUndefined();
      },
    );
  }
}

test("the native count is that of the answer, with what was written since", async () => {
  let unackedBytes = 5;
  const set = (): boolean => true;
  const windowIsShut = (): boolean => false;
  const counting = {
    set,
    get: () => 0,
    resetOnClose: () => false,
    unackedBytes: () => unackedBytes,
    windowIsShut,
    setBacklog: () => false,
  };
  const engine = new PublicEngine({ native: counting, unacked, overwriteAfterRead: true });
  const served = await serve(engine, "127.0.0.1");
  const { transport, peer } = await stuffed(served);
  const answer = unackedOf(transport);
  unackedBytes += 5; // As a ping does that is written in the same step.
  expect(await answer).toBe(10);
  const late = unackedOf(transport);
  transport.reset();
  expect(await late).toBeUndefined();
  peer.destroy();
  await served.acceptor.close();
});

test("a reading of /proc during which something was written is made again, once", async () => {
  type Asker = Parameters<UnackedReader["ask"]>[1];
  const asked: Asker[] = [];
  const reader = new UnackedReader(PROC_UNACKED);
  reader.ask = (_, asker): void => void asked.push(asker);
  const engine = new PublicEngine({ native: undefined, unacked: reader, overwriteAfterRead: true });
  const served = await serve(engine, "127.0.0.1");
  const peer = connect(served.port, "127.0.0.1");
  while (served.transports.length === 0) await new Promise(setImmediate);
  const transport = served.transports[0] as Transport;
  const answer = unackedOf(transport);
  const asker = asked[0] as Asker;
  transport.write(new Uint8Array(5)); // Before the reading begins, so it is counted.
  asker.begun();
  transport.write(new Uint8Array(5)); // Counted or not: nobody knows.
  expect(asker.answer(5, false)).toBe(false);
  asker.begun();
  transport.write(new Uint8Array(5));
  expect(asker.answer(15, false)).toBe(true);
  expect(await answer).toBe(15);
  transport.reset();
  peer.destroy();
  await served.acceptor.close();
});

test("the chosen engine carries kernel options to both ends", async () => {
  const { engine } = await chooseEngine("auto", "at accept", true);
  const keepalive = { idleMs: 20_000, intervalMs: 7_000, count: 3 };
  const kernel: KernelConfig = { ...KERNEL, keepalive };
  const transports: Transport[] = [];
  const acceptor = await listenTcp(config({ engine, kernel }))({
    onIncoming: ({ attach }) => void transports.push(attach(nobody)),
    onAcceptFailed: () => {},
  });
  const port = Number(new URL(acceptor.url).port);
  const open = openTcp({ ...config({ engine, kernel, port }), addressTimeoutMs: 500 });
  await new Promise<void>((resolve, reject) => {
    const onOpened = (attach: (to: typeof nobody) => Transport): void => {
      transports.push(attach(nobody));
      resolve();
    };
    open({ onOpened, onFailed: reject });
  });
  while (transports.length < 2) await new Promise(setImmediate);
  for (const transport of transports) {
    const { keepaliveIdleMs } = transport.kernelOptions();
    expect(keepaliveIdleMs.value).toBe(20_000);
    expect(keepaliveIdleMs.source).toBe(engine.native === undefined ? "set" : "read");
    transport.reset();
  }
  expect(acceptor.kernelOptions().keepaliveIdleMs.value).toBe(20_000);
  await acceptor.close();
});
