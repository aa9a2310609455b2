/**
 * Every transport of ours as a rig, for a runtime that vitest does not run on.
 *
 * Needs no test runner, so that a plain program can hold the promises; see promises-program.ts.
 */
import { randomBytes } from "node:crypto";
import type { TransportRig } from "../../src/testing/transport-rig.ts";
import { bunEngine } from "../../src/transports/tcp/bun-engine.ts";
import { loadNativeSockopt } from "../../src/transports/tcp/native-sockopt.ts";
import { PublicEngine } from "../../src/transports/tcp/public-engine.ts";
import type { TcpEngine, TcpEngineConfig } from "../../src/transports/tcp/tcp-engine.ts";
import { PROC_UNACKED, UnackedReader } from "../../src/transports/tcp/unacked-reader.ts";
import { ServerContexts } from "../../src/transports/tls/server-contexts.ts";
import { readTlsClient } from "../../src/transports/tls/tls-client-options.ts";
import { TlsUpgrade } from "../../src/transports/tls/tls-upgrade.ts";
import { TlsMemory } from "../../src/transports/tls/tls-memory.ts";
import { AUTHORITY, identityOf } from "../certificates/certificates.ts";
import { memoryRig, tcpRig, tlsRig, type TlsTrust, unixRig, upgradeNever } from "./rigs.ts";
import { webSocketRig } from "./websocket-rig.ts";

export interface PromiseRun {
  readonly name: string;
  readonly rig: () => TransportRig | Promise<TransportRig>;
  /** Where what is tried is an engine of TCP: then listener-checks.ts is held, too. */
  readonly engine?: TcpEngine | undefined;
}

/** `directory` is for socket files. The engine of Bun is left out where there is none. */
export async function promiseRuns(directory: string): Promise<readonly PromiseRun[]> {
  const unacked = new UnackedReader(PROC_UNACKED);
  const base: TcpEngineConfig = { native: undefined, unacked, overwriteAfterRead: true };
  const engine = new PublicEngine(base);
  const resuming = memory("TLSv1.3");
  const tls = (choose: () => TlsMemory): TlsTrust => ({ contexts: contexts(), memory: choose });
  const native = await loadNativeSockopt();
  return [
    ...runsOfBun("bun engine", base),
    ...(native === undefined ? [] : runsOfBun("bun engine, native calls", { ...base, native })),
    { name: "public engine", rig: () => tcpRig(engine) },
    { name: "public engine, port for several", rig: () => tcpRig(engine, upgradeNever) },
    { name: "unix", rig: () => unixRig(directory) },
    { name: "memory", rig: () => memoryRig(64 * 1024) },
    {
      name: "tls 1.3",
      rig: () =>
        tlsRig(
          engine,
          tls(() => memory("TLSv1.3")),
        ),
    },
    {
      name: "tls 1.3, resumed",
      rig: () =>
        tlsRig(
          engine,
          tls(() => resuming),
        ),
    },
    {
      name: "tls 1.2",
      rig: () =>
        tlsRig(
          engine,
          tls(() => memory("TLSv1.2")),
        ),
    },
    {
      name: "public engine, TLS on its port",
      rig: () => tcpRig(engine, new TlsUpgrade(contexts, undefined)),
    },
    {
      name: "tls 1.3, plain peers on its port",
      rig: () => tlsRig(engine, { ...tls(() => memory("TLSv1.3")), isForBoth: true }),
    },
    { name: "websocket", rig: () => webSocketRig(engine, true, "binary") },
    { name: "websocket, one port for all", rig: () => webSocketRig(engine, false, "binary") },
    {
      name: "websocket over tls",
      rig: () =>
        webSocketRig(
          engine,
          true,
          "binary",
          tls(() => memory("TLSv1.3")),
        ),
    },
  ];
}

function runsOfBun(name: string, config: TcpEngineConfig): PromiseRun[] {
  const engine = bunEngine(config);
  return engine === undefined ? [] : [{ name, rig: () => tcpRig(engine), engine }];
}

function contexts(): ServerContexts {
  return new ServerContexts({
    standard: { ...identityOf("localhost"), passphrase: undefined },
    hosts: new Map(),
    ca: undefined,
    clientCertificates: "none",
    minVersion: "TLSv1.2",
    ticketKeys: randomBytes(48),
  });
}

function memory(maxVersion: "TLSv1.2" | "TLSv1.3"): TlsMemory {
  return new TlsMemory(readTlsClient("tls", { ca: AUTHORITY }), maxVersion);
}
