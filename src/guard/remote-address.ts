/** Who is at the other end of a socket of somebody else, and over what, as far as it knows. */
import type { Socket } from "node:net";
import { ipAddress, UNIX_ADDRESS } from "../transports/address.ts";
import type { RemoteAddress } from "../transports/transport.ts";
import { isEncrypted } from "./guard-target.ts";

export const UNKNOWN_ADDRESS: RemoteAddress = { text: "unknown", ip: "" };

/** To be asked of a socket that is connected. What has no address is no TCP, and counts as Unix. */
export function remoteOf(socket: Socket): RemoteAddress {
  const { localAddress, remoteAddress, remotePort } = socket;
  if (remoteAddress !== undefined && remotePort !== undefined) {
    return ipAddress(remoteAddress, remotePort);
  }
  // A peer that was gone before the first look has left no address; our own end has one still.
  return localAddress === undefined ? UNIX_ADDRESS : UNKNOWN_ADDRESS;
}

/**
 * Whether the kernel's options and a reset mean anything. TLS may stand above a Unix socket, or
 * above a stream that has no socket at all.
 */
export function isOverTcp(remote: RemoteAddress | undefined): boolean {
  return remote !== UNIX_ADDRESS;
}

export function carrierOf(
  socket: Socket | undefined,
  remote: RemoteAddress | undefined,
): "tcp" | "tls" | "unix" {
  if (socket !== undefined && isEncrypted(socket)) return "tls";
  return isOverTcp(remote) ? "tcp" : "unix";
}
