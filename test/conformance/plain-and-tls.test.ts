/** Every promise of a transport where the first bytes tell whether a peer speaks TLS. */
import { randomBytes } from "node:crypto";
import { test } from "vitest";
import { TRANSPORT_PROMISES } from "../../src/testing/transport-promises.ts";
import { findHandleInternals } from "../../src/transports/tcp/handle-internals.ts";
import { leanEngine } from "../../src/transports/tcp/lean-engine.ts";
import { PublicEngine } from "../../src/transports/tcp/public-engine.ts";
import { SharedBufferEngine } from "../../src/transports/tcp/shared-buffer-engine.ts";
import { PROC_UNACKED, UnackedReader } from "../../src/transports/tcp/unacked-reader.ts";
import { ServerContexts } from "../../src/transports/tls/server-contexts.ts";
import { readTlsClient } from "../../src/transports/tls/tls-client-options.ts";
import { TlsMemory } from "../../src/transports/tls/tls-memory.ts";
import { TlsUpgrade } from "../../src/transports/tls/tls-upgrade.ts";
import { AUTHORITY, identityOf } from "../certificates/certificates.ts";
import { tcpRig, tlsRig } from "./rigs.ts";

const unacked = new UnackedReader(PROC_UNACKED);
const base = { native: undefined, unacked, overwriteAfterRead: true };
const internals = findHandleInternals();
if (typeof internals === "string") throw new Error(internals);
const lean = leanEngine(new SharedBufferEngine(base));
if (typeof lean === "string") throw new Error(lean);

const contexts = new ServerContexts({
  standard: { ...identityOf("localhost"), passphrase: undefined },
  hosts: new Map(),
  ca: undefined,
  clientCertificates: "none",
  minVersion: "TLSv1.2",
  ticketKeys: randomBytes(48),
});
const resuming = new TlsMemory(readTlsClient("tls", { ca: AUTHORITY }), "TLSv1.3");

for (const [name, engine] of [
  ["public engine", new PublicEngine(base)],
  ["shared buffer", new SharedBufferEngine(base)],
  ["shared buffer, past streams", new SharedBufferEngine(base, internals)],
  ["lean", lean],
] as const) {
  const plain = tcpRig(engine, new TlsUpgrade(() => contexts, undefined));
  const secured = tlsRig(engine, { contexts, memory: () => resuming, isForBoth: true });
  for (const { promise, check } of TRANSPORT_PROMISES) {
    test(`${name}, plain where TLS may come: ${promise}`, () => check(plain), 30_000);
    test(`${name}, TLS where plain peers come: ${promise}`, () => check(secured), 30_000);
  }
}
