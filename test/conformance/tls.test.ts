/**
 * TLS keeps every promise of a transport, in both versions that are spoken, and when resumed. What
 * is only weaker than over TCP is in the checks themselves: a write may be refused for a turn
 * although there is room, since encryption is done with one before it begins the next.
 */
import { randomBytes } from "node:crypto";
import { test } from "vitest";
import { TRANSPORT_PROMISES } from "../../src/testing/transport-promises.ts";
import { PublicEngine } from "../../src/transports/tcp/public-engine.ts";
import { PROC_UNACKED, UnackedReader } from "../../src/transports/tcp/unacked-reader.ts";
import { ServerContexts } from "../../src/transports/tls/server-contexts.ts";
import { readTlsClient } from "../../src/transports/tls/tls-client-options.ts";
import { TlsMemory } from "../../src/transports/tls/tls-memory.ts";
import { AUTHORITY, identityOf } from "../certificates/certificates.ts";
import { tlsRig } from "./rigs.ts";

const unacked = new UnackedReader(PROC_UNACKED);
const engine = new PublicEngine({ native: undefined, unacked, overwriteAfterRead: true });

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

const resuming = memory("TLSv1.3");

for (const [name, choose] of [
  ["1.3", () => memory("TLSv1.3")],
  ["1.3, resumed", () => resuming],
  ["1.2", () => memory("TLSv1.2")],
] as const) {
  const rig = tlsRig(engine, { contexts: contexts(), memory: choose });
  for (const { promise, check } of TRANSPORT_PROMISES) {
    test(`tls ${name}: ${promise}`, () => check(rig), 30_000);
  }
}
