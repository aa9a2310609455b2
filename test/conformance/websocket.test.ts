import { randomBytes } from "node:crypto";
import { test } from "vitest";
import { TRANSPORT_PROMISES } from "../../src/testing/transport-promises.ts";
import { findHandleInternals } from "../../src/transports/tcp/handle-internals.ts";
import { PublicEngine } from "../../src/transports/tcp/public-engine.ts";
import { SharedBufferEngine } from "../../src/transports/tcp/shared-buffer-engine.ts";
import { PROC_UNACKED, UnackedReader } from "../../src/transports/tcp/unacked-reader.ts";
import { ServerContexts } from "../../src/transports/tls/server-contexts.ts";
import { readTlsClient } from "../../src/transports/tls/tls-client-options.ts";
import { TlsMemory } from "../../src/transports/tls/tls-memory.ts";
import { AUTHORITY, identityOf } from "../certificates/certificates.ts";
import type { TlsTrust } from "./rigs.ts";
import { webSocketRig } from "./websocket-rig.ts";

const unacked = new UnackedReader(PROC_UNACKED);
const base = { native: undefined, unacked, overwriteAfterRead: true };

const internals = findHandleInternals();
if (typeof internals === "string") throw new Error(internals);

const contexts = new ServerContexts({
  standard: { ...identityOf("localhost"), passphrase: undefined },
  hosts: new Map(),
  ca: undefined,
  clientCertificates: "none",
  minVersion: "TLSv1.2",
  ticketKeys: randomBytes(48),
});
const trust: TlsTrust = {
  contexts,
  memory: () => new TlsMemory(readTlsClient("tls", { ca: AUTHORITY })),
};

const besidePlain: TlsTrust = { ...trust, isForBoth: true };

const RIGS = [
  ["public engine, a port of its own", new PublicEngine(base), true, undefined],
  ["public engine, one port for all", new PublicEngine(base), false, undefined],
  ["shared buffer, one port for all", new SharedBufferEngine(base), false, undefined],
  ["past streams, one port for all", new SharedBufferEngine(base, internals), false, undefined],
  ["TLS, a port of its own", new PublicEngine(base), true, trust],
  ["TLS, one port for all", new PublicEngine(base), false, trust],
  ["TLS, plain peers on its port", new PublicEngine(base), false, besidePlain],
  ["TLS, plain WebSockets on its port", new PublicEngine(base), true, besidePlain],
] as const;

for (const [name, engine, isOnly, secured] of RIGS) {
  const rig = await webSocketRig(engine, isOnly, "binary", secured);
  for (const { promise, check } of TRANSPORT_PROMISES) {
    test(`websocket, ${name}: ${promise}`, () => check(rig), 30_000);
  }
}
