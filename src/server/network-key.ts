/**
 * A name for the network that a peer comes from, told in WELCOME, so that a client can remember
 * what it learnt of each network. A program cannot ask its machine which network that is on, but
 * the server sees the public side of it.
 *
 * The name is no secret and proves nothing: its owner knows its own address. Devices of one
 * household or office share a prefix: /24 of IPv4, /48 of IPv6 (what a site is usually given).
 */
import { textHash } from "../base/text-hash.ts";

const SECOND_BASIS = 0x01234567;

export function networkKeyOf(ip: string): string | undefined {
  if (ip === "") return undefined;
  const prefix = ip.includes(":") ? ipv6Site(ip) : ip.split(".").slice(0, 3).join(".");
  return hex(textHash(prefix)) + hex(textHash(prefix, SECOND_BASIS));
}

/** The first three groups. */
function ipv6Site(ip: string): string {
  const [head = "", tail] = ip.split("::");
  const groups = head === "" ? [] : head.split(":");
  if (tail !== undefined) while (groups.length < 3) groups.push("0");
  return groups
    .slice(0, 3)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(":");
}

function hex(hash: number): string {
  return hash.toString(16).padStart(8, "0");
}
