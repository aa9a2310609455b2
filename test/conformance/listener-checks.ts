/**
 * What a TCP listener promises beyond the promises of all transports, for engines that vitest
 * cannot run: faults of listening, addresses, options of the kernel, bytes not acknowledged.
 */
import { connect, type Socket } from "node:net";
import { assert } from "../../src/base/assert.ts";
import { isHoldfastError } from "../../src/base/errors.ts";
import { Recorder, within } from "../../src/testing/transport-recorder.ts";
import { listenTcp } from "../../src/transports/tcp/listen-tcp.ts";
import type { ListenTcpConfig, TcpEngine } from "../../src/transports/tcp/tcp-engine.ts";
import type { Acceptor } from "../../src/transports/transport.ts";

const KIB = 1024;
/** More than two kernels hold for a connection on loopback. */
const FILL_BYTES_MAX = 64 * KIB * KIB;

export interface ListenerCheck {
  readonly promise: string;
  readonly check: (engine: TcpEngine) => Promise<void>;
}

export const LISTENER_CHECKS: readonly ListenerCheck[] = [
  { promise: "a port in use is LISTEN_FAILED, with its cause", check: portInUse },
  { promise: "a name that does not resolve is LISTEN_FAILED, with its cause", check: noSuchName },
  { promise: "a name is listened on, and the url has its address", check: listensOnName },
  { promise: "on :: a peer of IPv4 has its own address", check: mappedPeer },
  { promise: "what the kernel was asked to keep is in force, and told", check: kernelOptions },
  { promise: "what a peer does not read is counted, until it does", check: unackedBytes },
];

function configOf(engine: TcpEngine, given: Partial<ListenTcpConfig>): ListenTcpConfig {
  return {
    kind: "tcp",
    host: "127.0.0.1",
    port: 0,
    backlog: 511,
    ipv6Only: false,
    kernel: {
      keepalive: { idleMs: 20_000, intervalMs: 7_000, count: 3 },
      userTimeoutMs: false,
      userTimeoutAsked: false,
      keepaliveAsked: false,
    },
    engine,
    upgrade: undefined,
    webSocketPath: undefined,
    warn: () => {},
    ...given,
  };
}

interface Served {
  readonly acceptor: Acceptor;
  readonly side: Recorder;
  readonly peer: Socket;
  readonly ip: string;
}

/** One listener and one peer of node:net, which reads nothing by itself. */
async function withPeer(
  engine: TcpEngine,
  given: Partial<ListenTcpConfig>,
  check: (served: Served) => Promise<void>,
): Promise<void> {
  const side = new Recorder();
  let accepted: (ip: string) => void;
  const isAccepted = new Promise<string>((resolve) => {
    accepted = resolve;
  });
  const acceptor = await listenTcp(configOf(engine, given))({
    onIncoming({ remote, attach }) {
      side.attach(attach);
      accepted(remote.ip);
    },
    onAcceptFailed(error) {
      throw error;
    },
  });
  const peer = connect(Number(new URL(acceptor.url).port), "127.0.0.1").pause();
  peer.on("error", () => {});
  try {
    await check({ acceptor, side, peer, ip: await within(isAccepted, "a peer is accepted") });
  } finally {
    side.reset();
    peer.destroy();
    await within(acceptor.close(), "the listener closes");
  }
}

async function failsWith(config: ListenTcpConfig, causeCode: string): Promise<void> {
  const fault = await listenTcp(config)({ onIncoming: () => {}, onAcceptFailed: () => {} }).then(
    () => undefined,
    (error: unknown) => error,
  );
  assert(isHoldfastError(fault) && fault.code === "LISTEN_FAILED", "listening fails in our words");
  const { code } = fault.cause as NodeJS.ErrnoException;
  assert(code === causeCode, `its cause is ${causeCode}, and was ${code}`);
}

async function portInUse(engine: TcpEngine): Promise<void> {
  await withPeer(engine, {}, async ({ acceptor }) => {
    const port = Number(new URL(acceptor.url).port);
    await failsWith(configOf(engine, { port }), "EADDRINUSE");
  });
}

async function noSuchName(engine: TcpEngine): Promise<void> {
  // Without a name server it is not known whether there is such a name, which is another code.
  const host = "no-such-host.invalid";
  await failsWith(configOf(engine, { host }), "ENOTFOUND").catch(async () => {
    await failsWith(configOf(engine, { host }), "EAI_AGAIN");
  });
}

async function listensOnName(engine: TcpEngine): Promise<void> {
  const listen = listenTcp(configOf(engine, { host: "localhost" }));
  const acceptor = await listen({ onIncoming: () => {}, onAcceptFailed: () => {} });
  assert(/^tcp:\/\/(127\.0\.0\.1|\[::1\]):[1-9]\d*$/.test(acceptor.url), "a url has an address");
  await within(acceptor.close(), "the listener closes");
}

async function mappedPeer(engine: TcpEngine): Promise<void> {
  await withPeer(engine, { host: "::" }, async ({ ip, side }) => {
    assert(ip === "127.0.0.1", `the peer is 127.0.0.1, and was ${ip}`);
    const { remote } = side.transport;
    assert(remote.ip === ip && remote.text.startsWith("127.0.0.1:"), "and its transport says so");
    side.reset();
    await side.closed();
    assert(remote.text.startsWith("127.0.0.1:"), "also after the end");
  });
}

async function kernelOptions(engine: TcpEngine): Promise<void> {
  await withPeer(engine, {}, async ({ acceptor, side }) => {
    for (const told of [acceptor.kernelOptions(), side.transport.kernelOptions()]) {
      const { keepaliveIdleMs, keepaliveIntervalMs } = told;
      const source = engine.native === undefined ? "set" : "read";
      assert(keepaliveIdleMs.value === 20_000, "the idle time is in force");
      assert(keepaliveIdleMs.source === source, `it is ${source}`);
      const intervalMs = engine.native === undefined ? 1_000 : 7_000;
      assert(keepaliveIntervalMs.value === intervalMs, "so is the interval, where it can be");
    }
  });
}

async function unackedBytes(engine: TcpEngine): Promise<void> {
  await withPeer(engine, {}, async ({ side, peer }) => {
    let writtenBytes = 0;
    let isTaken = true;
    while (isTaken && writtenBytes < FILL_BYTES_MAX) {
      isTaken = side.write(new Uint8Array(64 * KIB));
      writtenBytes += 64 * KIB;
    }
    const before = (await unackedOf(side)) ?? 0;
    assert(before > 200_000 && before <= writtenBytes, `most of it is unread, and ${before} is it`);
    const isRead = new Promise<void>((resolve) => {
      let leftBytes = writtenBytes;
      peer.on("data", ({ length }) => {
        leftBytes -= length;
        if (leftBytes === 0) resolve();
      });
    });
    peer.resume();
    await within(isRead, "the peer reads all");
    assert((await unackedOf(side)) === 0, "then nothing is left");
  });
}

function unackedOf(side: Recorder): Promise<number | undefined> {
  return new Promise((resolve) => {
    side.call(() => side.transport.readUnacked(resolve));
  });
}
