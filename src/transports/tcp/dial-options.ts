/** How every TCP socket of ours is dialled, whoever reads it afterwards. */
import type { Socket, TcpNetConnectOpts } from "node:net";
import { ipAddress, urlHost } from "../address.ts";
import { HIGH_WATER_MARK } from "../stream-transport.ts";
import type { RemoteAddress } from "../transport.ts";

export interface DialPlace {
  readonly host: string;
  readonly port: number;
  /** How long one address of several may take before the next is tried as well. */
  readonly addressTimeoutMs: number;
}

export function dialOptions({ host, port, addressTimeoutMs }: DialPlace): TcpNetConnectOpts {
  return {
    host,
    port,
    allowHalfOpen: true,
    noDelay: true,
    autoSelectFamily: true,
    autoSelectFamilyAttemptTimeout: addressTimeoutMs,
    readableHighWaterMark: HIGH_WATER_MARK,
    writableHighWaterMark: HIGH_WATER_MARK,
  } as TcpNetConnectOpts;
}

/** Of a socket that has connected. */
export function dialledAddress(socket: Socket, { host, port }: DialPlace): RemoteAddress {
  const { remoteAddress, remotePort } = socket;
  // Gone already: what was dialled is then the best name. The close event follows.
  if (remoteAddress === undefined || remotePort === undefined) {
    return { text: `${urlHost(host)}:${port}`, ip: "" };
  }
  return ipAddress(remoteAddress, remotePort);
}
