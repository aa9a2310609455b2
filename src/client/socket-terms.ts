/**
 * What links over real sockets are asked for with: every scheme, and the options of TCP, TLS and
 * WebSocket. A page opens WebSockets only, by a client of its own, and carries none of this.
 */
import type { OptionReader } from "../base/options.ts";
import { DURATION_MS_MAX } from "../liveness/lease.ts";
import type { ClientLivenessConfig } from "../liveness/options.ts";
import { readKeepalive } from "../transports/keepalive-options.ts";
import { readTlsClient } from "../transports/tls/tls-client-options.ts";
import type { KernelConfig } from "../transports/transport.ts";
import { readWebSocketClient } from "../transports/websocket/websocket-client-options.ts";
import { type LinkConfig, resolveLink } from "./config.ts";
import { paceOf } from "./link-pace.ts";
import type { ConnectOptions } from "./options.ts";
import type { DialOptions, LinkTerms } from "./platform.ts";
import { parseTarget } from "./target.ts";

export const SOCKET_TERMS: LinkTerms = { parse: parseTarget, readDial, paceOf };

/** @throws HoldfastError `OPTION_INVALID`, naming the option, its range and what came. */
export function resolveConnect(options: ConnectOptions | undefined): LinkConfig {
  return resolveLink(options, SOCKET_TERMS);
}

function readDial(read: OptionReader, liveness: ClientLivenessConfig): DialOptions {
  return {
    kernel: readKernel(read, liveness),
    tls: readTlsClient("tls", read.value("tls")),
    websocket: readWebSocketClient("websocket", read.value("websocket")),
  };
}

function readKernel(read: OptionReader, liveness: ClientLivenessConfig): KernelConfig {
  const { drainTimeoutMs } = liveness;
  const userTimeoutMs = read.integerOrFalse("userTimeoutMs", {
    default: liveness.userTimeoutMs,
    min: 1,
    max: 2 * DURATION_MS_MAX,
  });
  if (userTimeoutMs !== false && userTimeoutMs <= drainTimeoutMs) {
    throw read.refuse(
      `\`userTimeoutMs\` ${userTimeoutMs} must exceed \`drainTimeoutMs\` ${drainTimeoutMs}, ` +
        "or the kernel ends connections that are only slow",
    );
  }
  const keepalive = read.value("keepalive");
  const quietMs = liveness.adaptive === false ? 0 : liveness.adaptive.intervalMsMax;
  return {
    keepalive: readKeepalive("keepalive", keepalive, read.value("deadWithinMs"), quietMs),
    keepaliveAsked: keepalive !== undefined,
    userTimeoutMs,
    userTimeoutAsked: read.value("userTimeoutMs") !== undefined,
  };
}
