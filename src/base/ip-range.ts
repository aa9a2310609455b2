/** Ranges of IP addresses, such as `10.0.0.0/8`: which addresses lie in one. */
import { ipText, parseIp, unmappedBytes } from "./ip-address.ts";

export interface IpRange {
  /** 4 or 16 bytes; those behind the prefix are 0. */
  readonly network: Uint8Array;
  readonly prefixBits: number;
}

/**
 * Reads one address, or an address and the length of a prefix. A text says what is wrong with it,
 * completing "expected …": an address whose bits behind the prefix are set is more often a slip
 * than meant.
 */
export function parseIpRange(text: string): IpRange | string {
  const [address = "", length, ...rest] = text.split("/");
  const given = parseIp(address);
  if (given === undefined || rest.length > 0) return EXPECTED;
  const bits = length === undefined ? given.length * 8 : Number(length);
  if (length !== undefined && (!/^\d{1,3}$/.test(length) || bits > given.length * 8)) {
    return `a prefix of at most ${given.length * 8} bits`;
  }
  const network = given.map((byte, at) => byte & maskAt(at, bits));
  if (network.some((byte, at) => byte !== given[at])) {
    return `no bits behind the prefix, such as in ${ipText(network)}/${bits}`;
  }
  const short = bits >= 96 ? unmappedBytes(network) : network;
  return { network: short, prefixBits: short === network ? bits : bits - 96 };
}

const EXPECTED = "an IP address, or a range of them such as 10.0.0.0/8 or 2001:db8::/32";

/** `address`: 4 or 16 bytes, IPv4-mapped ones as 4. */
export function isInRange({ network, prefixBits }: IpRange, address: Uint8Array): boolean {
  if (address.length !== network.length) return false;
  return network.every((byte, at) => ((address[at] ?? 0) & maskAt(at, prefixBits)) === byte);
}

/** Which bits of the byte at `at` belong to the prefix. */
function maskAt(at: number, prefixBits: number): number {
  const bits = Math.min(8, Math.max(0, prefixBits - at * 8));
  return (0xff00 >> bits) & 0xff;
}
