/**
 * The door for operators: finds out how long a path lets connections be silent, over real sockets.
 *
 * Nothing here prints; the command line shows the events and the report.
 */
import { HoldfastError } from "../../base/errors.ts";
import { systemClock } from "../../driver/system.ts";
import { isLocal, otherDialectLabel, parseTarget, type TcpTarget } from "../../client/target.ts";
import { chooseEngine } from "../../transports/tcp/choose-engine.ts";
import { openTcp } from "../../transports/tcp/open-tcp.ts";
import type { TcpEngine } from "../../transports/tcp/tcp-engine.ts";
import { ALPN_HOLDFAST, openTls } from "../../transports/tls/open-tls.ts";
import type { TlsClientConfig } from "../../transports/tls/tls-client-options.ts";
import { TlsMemory } from "../../transports/tls/tls-memory.ts";
import type { ObserveProbe } from "./events.ts";
import { type ProbeOptions, resolveProbe } from "./options.ts";
import { ProbeRun, type ProbeRunSurroundings } from "./probe-run.ts";
import type { ProbeReport } from "./report.ts";

/** RFC 8305 section 5. */
const ADDRESS_TIMEOUT_MS = 250;

/**
 * Measures the path to a server: `tcp://host:port` or `tls://host:port` for another Holdfast,
 * `line://host:port` or `line+tls://host:port` for a program that answers lines, each with
 * `expect: "none"` for any server over TCP or TLS.
 *
 * @throws HoldfastError (rejects) `URL_INVALID`, `OPTION_INVALID`, and whatever kept the first
 * connection from being made, such as `DIAL_FAILED`, `WRONG_DIALECT` or `UNAUTHORIZED`.
 */
export async function probe(
  url: string,
  options: ProbeOptions,
  surroundings: ProbeSurroundings,
): Promise<ProbeReport> {
  const config = resolveProbe(options);
  const target = parseTarget(url);
  if (target.over !== "tcp") {
    const why =
      target.over === "unix"
        ? "there is no path between two processes of one machine; expected tcp:// or line://"
        : `the path below a WebSocket is measured by ${target.secure ? "tls" : "tcp"}://host:port`;
    throw new HoldfastError("URL_INVALID", `cannot probe ${target.label}: ${why}`);
  }
  const around =
    surroundings.run ?? (await realSurroundings(target, config.tls, surroundings.observe));
  const { label } = target;
  const otherLabel = otherDialectLabel(target);
  const speaks = config.expect === "none" ? "none" : target.dialect;
  if (config.token !== undefined && speaks === "frame" && !target.secure && !isLocal(target)) {
    const text = `the token travels to ${label} as plain text: whoever is on the path can read it`;
    surroundings.observe({ event: "warning", text });
  }
  const run = new ProbeRun(config, { label, otherLabel, speaks }, around);
  const { signal } = options;
  const stop = (): void => run.stop();
  if (signal?.aborted === true) queueMicrotask(stop);
  signal?.addEventListener("abort", stop, { once: true });
  try {
    return await run.run();
  } finally {
    signal?.removeEventListener("abort", stop);
  }
}

export interface ProbeSurroundings {
  readonly observe: ObserveProbe;
  /** Another world than the real one, for tests. */
  readonly run?: ProbeRunSurroundings | undefined;
}

async function realSurroundings(
  { host, port, secure, dialect, label }: TcpTarget,
  tls: TlsClientConfig,
  observe: ObserveProbe,
): Promise<ProbeRunSurroundings> {
  // A hundred quiet connections gain nothing from an engine that needs a self-test.
  const { engine }: { readonly engine: TcpEngine } = await chooseEngine("public", "at accept");
  const warn = (text: string): void => observe({ event: "warning", text });
  const addressTimeoutMs = ADDRESS_TIMEOUT_MS;
  // The name stands in the url, whichever of its addresses is dialled.
  const memory = new TlsMemory({ ...tls, serverName: tls.serverName ?? host });
  const alpn = dialect === "frame" ? [ALPN_HOLDFAST] : [];
  return {
    clock: systemClock,
    observe,
    open: (kernel, ip) => {
      // A link-local address is nothing without its zone, which only the name as given has.
      const isUsable = ip !== undefined && !ip.startsWith("fe80");
      const to = isUsable ? ip : host;
      const place = { host: to, port, addressTimeoutMs, kernel, engine, warn };
      return secure ? openTls({ ...place, url: label, alpn, memory }) : openTcp(place);
    },
  };
}
