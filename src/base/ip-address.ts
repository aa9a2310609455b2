/**
 * IP addresses as bytes and as text, for what must be compared, counted or matched by ranges.
 *
 * One address has one text here: IPv6 as RFC 5952 writes it, IPv4-mapped IPv6 as IPv4. Easy to
 * break: an octet with a leading zero is refused, since some programs read it as octal.
 */

const OCTET = /^(?:0|[1-9]\d{0,2})$/;
const GROUP = /^[0-9a-f]{1,4}$/i;

/** 4 or 16 bytes; undefined for what is no address. A zone (`%eth0`) is none. */
export function parseIp(text: string): Uint8Array | undefined {
  return text.includes(":") ? parseIpv6(text) : parseIpv4(text);
}

export function parseIpv4(text: string): Uint8Array | undefined {
  const octets = text.split(".", 5);
  if (octets.length !== 4 || !octets.every((octet) => OCTET.test(octet))) return undefined;
  const numbers = octets.map(Number);
  return numbers.every((number) => number < 256) ? Uint8Array.from(numbers) : undefined;
}

/** IPv4-mapped addresses stay 16 bytes long. */
export function parseIpv6(text: string): Uint8Array | undefined {
  const halves = text.split("::", 3);
  if (halves.length > 2 || text.length > IPV6_LENGTH_MAX) return undefined;
  const [head, tail] = halves.map((half, at) => groupsOf(half, at === halves.length - 1));
  if (head === undefined) return undefined;
  if (halves.length === 1) return head.length === 16 ? Uint8Array.from(head) : undefined;
  // Two colons stand for one group at the least (RFC 4291 section 2.2).
  if (tail === undefined || head.length + tail.length > 14) return undefined;
  const bytes = new Uint8Array(16);
  bytes.set(head);
  bytes.set(tail, 16 - tail.length);
  return bytes;
}

/** `ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255` */
const IPV6_LENGTH_MAX = 45;

/** Of one side of the two colons. Only behind all others may a group be an IPv4 address. */
function groupsOf(text: string, isLast: boolean): number[] | undefined {
  if (text === "") return [];
  const groups = text.split(":", 9);
  const bytes: number[] = [];
  for (const [at, group] of groups.entries()) {
    if (GROUP.test(group)) {
      const number = Number.parseInt(group, 16);
      bytes.push(number >> 8, number & 0xff);
      continue;
    }
    const octets = isLast && at === groups.length - 1 ? parseIpv4(group) : undefined;
    if (octets === undefined) return undefined;
    bytes.push(...octets);
  }
  return bytes.length <= 16 ? bytes : undefined;
}

/** @param bytes 4 or 16 of them. */
export function ipText(bytes: Uint8Array): string {
  const short = unmappedBytes(bytes);
  if (short.length === 4) return short.join(".");
  const groups = Array.from({ length: 8 }, (_, at) =>
    (((short[2 * at] ?? 0) << 8) | (short[2 * at + 1] ?? 0)).toString(16),
  );
  const { at, length } = longestZeros(groups);
  if (length < 2) return groups.join(":");
  return `${groups.slice(0, at).join(":")}::${groups.slice(at + length).join(":")}`;
}

/** The first of the longest, as RFC 5952 section 4.2.3 wants it. */
function longestZeros(groups: readonly string[]): { readonly at: number; readonly length: number } {
  let best = { at: 0, length: 0 };
  for (let at = 0; at < groups.length; at++) {
    let end = at;
    while (groups[end] === "0") end += 1;
    if (end - at > best.length) best = { at, length: end - at };
  }
  return best;
}

/** The 4 bytes of an IPv4-mapped address (RFC 4291 section 2.5.5.2); any other as it is. */
export function unmappedBytes(bytes: Uint8Array): Uint8Array {
  if (bytes.length !== 16 || bytes[10] !== 0xff || bytes[11] !== 0xff) return bytes;
  return bytes.subarray(0, 10).every((byte) => byte === 0) ? bytes.subarray(12) : bytes;
}
