/**
 * What links in a browser are asked for with: WebSocket alone, and of its options what a page may
 * set. What the browser keeps to itself (headers, TLS, the kernel) is no option here at all.
 */
import { OptionReader } from "../base/options.ts";
import { NO_KERNEL_CONFIG } from "../transports/no-kernel-options.ts";
import { readProtocols } from "../transports/websocket/subprotocol.ts";
import { DURATION_MS_MAX } from "../liveness/lease.ts";
import type { ConnectOptions } from "./options.ts";
import type { DialOptions, LinkTerms, PaceOf } from "./platform.ts";
import { parseWebTarget } from "./target.ts";

/** The options of `connect` in a browser. */
export interface BrowserConnectOptions
  extends Omit<ConnectOptions, "keepalive" | "tls" | "userTimeoutMs" | "websocket"> {
  readonly websocket?: BrowserWebSocketOptions | undefined;

  /**
   * What the server is promised while the page is hidden: a word within this time. Told before
   * the browser begins to throttle timers, and clamped to what the server allows; half of it is
   * the interval then. `false`: as while it is visible.
   *
   * @unit milliseconds
   * @range 1_000 to 86_400_000, or false
   * @default 120_000: timers of a page that is hidden for long ring once a minute.
   */
  readonly hiddenLeaseMs?: number | false | undefined;
}

export interface BrowserWebSocketOptions {
  /**
   * Subprotocols to offer, the best first. On `ws` and `wss` urls `holdfast.1` is offered before
   * them. A browser leaves a server that grants none of those that were offered.
   *
   * @default none
   */
  readonly protocols?: readonly string[] | undefined;
}

const HIDDEN_LEASE_MS = { default: 120_000, min: 1_000, max: DURATION_MS_MAX };

/** `paceOf`: what adapts the interval, for those who want that and carry it. */
export function pageTerms(paceOf: PaceOf | undefined): LinkTerms {
  return {
    parse: parseWebTarget,
    readDial,
    readHiddenLease: (read) => read.integerOrFalse("hiddenLeaseMs", HIDDEN_LEASE_MS),
    paceOf,
  };
}

function readDial(read: OptionReader): DialOptions {
  const websocket = new OptionReader("websocket", read.value("websocket") as object | undefined);
  const protocols = readProtocols(websocket);
  websocket.done();
  return {
    kernel: NO_KERNEL_CONFIG,
    tls: undefined,
    websocket: { origin: undefined, headers: {}, protocols },
  };
}
