/** How each transport is opened for the conformance suite. */
import { type ChildProcess, spawn } from "node:child_process";
import { join } from "node:path";
import type { TransportRig } from "../../src/testing/transport-rig.ts";
import type { ServerContexts } from "../../src/transports/tls/server-contexts.ts";
import { openTls } from "../../src/transports/tls/open-tls.ts";
import { TlsEngine } from "../../src/transports/tls/tls-engine.ts";
import type { TlsMemory } from "../../src/transports/tls/tls-memory.ts";
import {
  MemoryNetwork,
  listenMemory,
  openMemory,
} from "../../src/transports/memory/memory-network.ts";
import { listenTcp } from "../../src/transports/tcp/listen-tcp.ts";
import { openTcp } from "../../src/transports/tcp/open-tcp.ts";
import type { Upgrade } from "../../src/transports/stream-facts.ts";
import type { ListenTcpConfig, TcpEngine } from "../../src/transports/tcp/tcp-engine.ts";
import { TlsUpgrade } from "../../src/transports/tls/tls-upgrade.ts";
import type { KernelConfig } from "../../src/transports/transport.ts";
import { listenUnix } from "../../src/transports/unix/listen-unix.ts";
import { openUnix } from "../../src/transports/unix/open-unix.ts";

/** Looks at first bytes, of which none is anything but a byte. */
export const upgradeNever: Upgrade = {
  isOnly: false,
  recognise: () => "no",
  take() {
    throw new Error("nothing but bytes was asked for");
  },
};

const KERNEL: KernelConfig = {
  keepalive: { idleMs: 60_000, intervalMs: 10_000, count: 5 },
  userTimeoutMs: false,
  userTimeoutAsked: false,
  keepaliveAsked: false,
};

export function tcpRig(engine: TcpEngine, upgrade?: Upgrade): TransportRig {
  const warn = (): void => {};
  return {
    listen: () =>
      listenTcp({
        kind: "tcp",
        host: "127.0.0.1",
        port: 0,
        backlog: 511,
        ipv6Only: false,
        kernel: KERNEL,
        engine,
        upgrade,
        webSocketPath: undefined,
        warn,
      }),
    open(url) {
      const { hostname, port } = new URL(url);
      const address = { host: hostname, port: Number(port) };
      return openTcp({ ...address, addressTimeoutMs: 500, kernel: KERNEL, engine, warn });
    },
    canReset: true,
    halfCloses: true,
    overwritesAfterRead: engine.overwriteAfterRead,
    dialFromProcess(url) {
      const { hostname, port } = new URL(url);
      return dialFromProcess({ host: hostname, port: Number(port) });
    },
  };
}

/** What both sides of a TLS rig show and trust. */
export interface TlsTrust {
  readonly contexts: ServerContexts;
  /** One for all dials: the later ones resume. Undefined: a new one each time. */
  readonly memory: () => TlsMemory;
  /** Those who do not speak TLS may come to the same port. */
  readonly isForBoth?: boolean;
}

/** How TLS is listened for. */
export function secured(
  engine: TcpEngine,
  { contexts, isForBoth }: TlsTrust,
  upgrade: Upgrade | undefined,
): Pick<ListenTcpConfig, "engine" | "kind" | "upgrade"> {
  const current = (): ServerContexts => contexts;
  if (isForBoth !== true) return { kind: "tls", engine: new TlsEngine(engine, current), upgrade };
  return { kind: "tcp+tls", engine, upgrade: new TlsUpgrade(current, upgrade) };
}

export function tlsRig(engine: TcpEngine, trust: TlsTrust): TransportRig {
  const { memory } = trust;
  const warn = (): void => {};
  const tcp = { host: "127.0.0.1", port: 0, backlog: 511, ipv6Only: false, kernel: KERNEL, warn };
  const tls = secured(engine, trust, undefined);
  return {
    listen: () => listenTcp({ ...tcp, ...tls, webSocketPath: undefined }),
    open: (url) =>
      openTls({
        host: "127.0.0.1",
        port: Number(/:(\d+)$/.exec(url)?.[1]),
        url,
        addressTimeoutMs: 500,
        alpn: ["holdfast/1"],
        kernel: KERNEL,
        engine,
        memory: memory(),
        warn,
      }),
    canReset: true,
    halfCloses: true,
    saysMoreWhenReady: true,
    overwritesAfterRead: engine.overwriteAfterRead,
    dialFromProcess(url) {
      const port = Number(/:(\d+)$/.exec(url)?.[1]);
      const address = { host: "127.0.0.1", port, rejectUnauthorized: false };
      return dialFromProcess(address, "node:tls");
    },
  };
}

/** `directory` is for the socket files, and for the caller to remove. */
export function unixRig(directory: string): TransportRig {
  let count = 0;
  return {
    listen() {
      count += 1;
      const path = join(directory, `${count}.sock`);
      const common = { mode: 0o600, backlog: 511, overwriteAfterRead: true };
      return listenUnix({ ...common, path, upgrade: undefined });
    },
    open: (url) => openUnix({ path: url.slice("unix:".length), overwriteAfterRead: true }),
    canReset: false,
    halfCloses: true,
    overwritesAfterRead: true,
    dialFromProcess: (url) => dialFromProcess({ path: url.slice("unix:".length) }),
  };
}

export function memoryRig(readBytesMax: number): TransportRig {
  const network = new MemoryNetwork({
    capacityBytes: 256 * 1024,
    readBytesMax,
    schedule: (run) => void setImmediate(run),
    overwriteAfterRead: true,
  });
  let count = 0;
  return {
    listen() {
      count += 1;
      return listenMemory({ network, name: `test-${count}` });
    },
    open: (url) => openMemory({ network, name: url.slice("memory:".length) }),
    canReset: true,
    halfCloses: true,
    overwritesAfterRead: true,
    dialFromProcess: undefined,
  };
}

/** A plain program: it writes one byte, then reads nothing. */
function dialFromProcess(address: object, by = "node:net"): Promise<() => void> {
  const program = `
    const socket = require("${by}").connect(${JSON.stringify(address)}, () => {
      socket.write(Uint8Array.of(0), () => process.stdout.write("up"));
    });
    socket.pause();
    setInterval(() => {}, 1000);
  `;
  const child: ChildProcess = spawn(process.execPath, ["-e", program], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.stdout?.once("data", () => resolve(() => void child.kill("SIGKILL")));
  });
}
