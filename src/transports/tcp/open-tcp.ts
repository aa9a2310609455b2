/** Dials over TCP. Names are resolved and families raced by node:net (RFC 8305). */
import type { Socket, TcpNetConnectOpts } from "node:net";
import { ipAddress, urlHost } from "../address.ts";
import { offerOpened } from "../offer-opened.ts";
import { HIGH_WATER_MARK } from "../stream-transport.ts";
import type { KernelConfig, Open, RemoteAddress } from "../transport.ts";
import { applyToSocket } from "./kernel-options.ts";
import type { TcpEngine } from "./tcp-engine.ts";
import { tcpFacts } from "./tcp-facts.ts";

export interface OpenTcpConfig {
  readonly host: string;
  readonly port: number;
  /** How long one address of several may take before the next is tried as well. */
  readonly addressTimeoutMs: number;
  readonly kernel: KernelConfig;
  readonly engine: TcpEngine;
  /** Told about each value that the user asked for and that cannot be set. */
  readonly warn: (text: string) => void;
}

export function openTcp(config: OpenTcpConfig): Open {
  const { host, port, engine } = config;
  return (handlers) => {
    const socket = engine.dial({
      host,
      port,
      allowHalfOpen: true,
      noDelay: true,
      autoSelectFamily: true,
      autoSelectFamilyAttemptTimeout: config.addressTimeoutMs,
      readableHighWaterMark: HIGH_WATER_MARK,
      writableHighWaterMark: HIGH_WATER_MARK,
    } as TcpNetConnectOpts);
    return offerOpened(socket, true, `tcp://${urlHost(host)}:${port}`, handlers, (to) => {
      const applied = applyToSocket(socket, config.kernel, engine.native);
      for (const text of applied.warnings) config.warn(text);
      const facts = tcpFacts(engine, applied.effective, undefined);
      return engine.adoptDialed(socket, facts, remoteOf(socket, config), to);
    });
  };
}

export function remoteOf(socket: Socket, config: OpenTcpConfig): RemoteAddress {
  const { remoteAddress, remotePort } = socket;
  // Gone already: what was dialled is then the best name. The close event follows.
  if (remoteAddress === undefined || remotePort === undefined) {
    return { text: `${urlHost(config.host)}:${config.port}`, ip: "" };
  }
  return ipAddress(remoteAddress, remotePort);
}
