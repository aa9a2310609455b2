/** Addresses as people write them, and as limits per address compare them. */
import { isIPv6 } from "node:net";
import type { RemoteAddress } from "./transport.ts";

const MAPPED = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i;

/** Where a pipe leads that has no address of its own. */
export const UNIX_ADDRESS: RemoteAddress = { text: "unix", ip: "" };

/** `address` may be IPv4-mapped (`::ffff:192.0.2.7`) and may carry a zone (`fe80::1%eth0`). */
export function ipAddress(address: string, port: number): RemoteAddress {
  return new IpAddress(unmapped(address), port);
}

/** Kept as long as its connection lives, so its text is made when it is read, which is seldom. */
class IpAddress implements RemoteAddress {
  readonly #host: string;
  readonly #port: number;

  constructor(host: string, port: number) {
    this.#host = host;
    this.#port = port;
  }

  get text(): string {
    return `${urlHost(this.#host)}:${this.#port}`;
  }

  get ip(): string {
    return withoutZone(this.#host);
  }
}

/** The host as a url writes it: IPv6 in brackets. */
export function urlHost(host: string): string {
  // Only IPv6 has a colon, and without one there is nothing to parse.
  return host.includes(":") && isIPv6(host) ? `[${host}]` : host;
}

/** IPv4-mapped IPv6 as IPv4; anything else unchanged. */
export function unmapped(address: string): string {
  return address.startsWith("::") ? (MAPPED.exec(address)?.[1] ?? address) : address;
}

/** A zone (`%eth0`) names an interface of this host, not the peer. */
export function withoutZone(address: string): string {
  const at = address.indexOf("%");
  return at < 0 ? address : address.slice(0, at);
}
