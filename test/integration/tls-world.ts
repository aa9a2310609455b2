/** Servers and links over TLS on loopback, for tests: short waits, everything closed at the end. */
import { onTestFinished } from "vitest";
import type { Observation } from "../../src/base/observation.ts";
import type { Link } from "../../src/client/link.ts";
import type { ConnectOptions } from "../../src/client/options.ts";
import type { LinkEndRecord, LinkStatus } from "../../src/client/status.ts";
import type { EndRecord } from "../../src/connection/end-record.ts";
import { connect } from "../../src/ops/connect.ts";
import { listen } from "../../src/server/listen.ts";
import type { ListenOptions } from "../../src/server/options.ts";
import type { Server } from "../../src/server/server.ts";
import type { TlsServerOptions } from "../../src/transports/tls/tls-server-options.ts";
import { AUTHORITY, identityOf } from "../certificates/certificates.ts";

export interface Served {
  readonly server: Server;
  readonly observed: readonly Observation[];
  /** The port, in each of these schemes. */
  readonly url: (scheme?: string) => string;
  readonly ended: () => Promise<EndRecord>;
}

type MoreOptions = Omit<ListenOptions, "listen" | "port" | "host" | "tls" | "observe">;

/** Listens with the certificate of localhost, or as `tls` says. */
export async function serve(
  tls: Partial<TlsServerOptions> = {},
  more: MoreOptions = {},
): Promise<Served> {
  const observed: Observation[] = [];
  const hasOwn = tls.certFile !== undefined || tls.cert !== undefined;
  const server = await listen({
    ...more,
    listen: "tls://127.0.0.1:0",
    tls: { ...(hasOwn ? {} : identityOf("localhost")), ...tls },
    observe: (observation) => void observed.push(observation),
  });
  onTestFinished(async () => await server.destroy());
  const port = /:(\d+)$/.exec(server.urls[0] ?? "")?.[1] ?? "";
  return {
    server,
    observed,
    url: (scheme = "tls") => `${scheme}://localhost:${port}`,
    ended: () => new Promise((resolve) => server.on("end", (_, record) => resolve(record))),
  };
}

/** A link that trusts the authority of the tests, and comes back soon. */
export function dial(url: string, options: ConnectOptions = {}): Link {
  const link = connect(url, {
    redial: { baseMs: 20, capMs: 50 },
    ...options,
    tls: { ca: AUTHORITY, ...options.tls },
  });
  onTestFinished(async () => void (await link.close()));
  return link;
}

/** Resolves with the next status of that name. Rejects when the link ends instead. */
export function reaches<Name extends LinkStatus["name"]>(
  link: Link,
  name: Name,
): Promise<LinkStatus & { readonly name: Name }> {
  return new Promise((resolve, reject) => {
    const cancel = link.on("status", (status) => {
      if (status.name === name) resolve(status as LinkStatus & { readonly name: Name });
      else if (status.name === "ended") reject(new Error(status.record.sentence));
      else return;
      cancel();
    });
  });
}

/** Dials where nothing can come of it, and returns how that is told. */
export async function fails(url: string, options: ConnectOptions = {}): Promise<LinkEndRecord> {
  return await dial(url, options).ended;
}

/** Resolves once `holds` does; looks at it every few milliseconds, for so long at most. */
export async function until(what: string, holds: () => boolean, limitMs = 8_000): Promise<void> {
  const endAt = performance.now() + limitMs;
  while (!holds()) {
    if (performance.now() > endAt) throw new Error(`did not happen in ${limitMs} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
