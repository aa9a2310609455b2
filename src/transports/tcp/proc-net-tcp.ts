/**
 * The text of `/proc/net/tcp` and `tcp6`: one line per socket of this network namespace.
 *
 * Addresses are hexadecimal 32-bit words in the byte order of the machine, ports in network order.
 * "tx_queue" is what was written and not acknowledged. Source: proc(5); tcp4_seq_show and
 * tcp6_seq_show in the kernel.
 */
import { isIPv4, isIPv6 } from "node:net";
import { unmapped, withoutZone } from "../address.ts";

export interface SocketEnds {
  readonly localAddress: string;
  readonly localPort: number;
  readonly remoteAddress: string;
  readonly remotePort: number;
}

export type ByteOrder = "LE" | "BE";

/** One text for a connection however it is listed; undefined for what is no pair of addresses. */
export function connectionKey(ends: SocketEnds, order: ByteOrder): string | undefined {
  const local = hexAddress(ends.localAddress, order);
  const remote = hexAddress(ends.remoteAddress, order);
  if (local === undefined || remote === undefined) return undefined;
  return `${local}:${hexPort(ends.localPort)} ${remote}:${hexPort(ends.remotePort)}`;
}

export interface ListedSocket {
  readonly key: string;
  readonly unackedBytes: number;
  /** The window is probed (timer 4), and the last probe but one at the least was answered. */
  readonly windowIsShut: boolean;
}

/** What one line says; undefined for the heading and anything malformed. */
export function parseLine(line: string, order: ByteOrder): ListedSocket | undefined {
  const found = LINE.exec(line);
  if (found === null) return undefined;
  const [, local, localPort, remote, remotePort, queue, timer, probes] = found as string[];
  const near = `${unmappedHex(local as string, order)}:${localPort}`;
  const far = `${unmappedHex(remote as string, order)}:${remotePort}`;
  const windowIsShut = timer === "04" && Number(probes) <= 1;
  return {
    key: `${near} ${far}`,
    unackedBytes: Number.parseInt(queue as string, 16),
    windowIsShut,
  };
}

const ADDRESS = "([0-9A-F]{8}|[0-9A-F]{32}):([0-9A-F]{4})";
const TIMER = "[0-9A-F]{8} ([0-9A-F]{2}):[0-9A-F]{8}";
/** "retrnsmt", "uid", and "timeout", which counts the probes that were not answered. */
const COUNTS = "[0-9A-F]{8} +\\d+ +(\\d+)";
const LINE = new RegExp(
  `^\\s*\\d+: ${ADDRESS} ${ADDRESS} [0-9A-F]{2} ([0-9A-F]{8}):(?:${TIMER} ${COUNTS})?`,
);

/** An IPv4 connection of an IPv6 socket is listed in "tcp6", with mapped addresses. */
function unmappedHex(hex: string, order: ByteOrder): string {
  const prefix = order === "LE" ? "0000000000000000FFFF0000" : "00000000000000000000FFFF";
  return hex.startsWith(prefix) ? hex.slice(prefix.length) : hex;
}

function hexPort(port: number): string {
  return port.toString(16).toUpperCase().padStart(4, "0");
}

function hexAddress(address: string, order: ByteOrder): string | undefined {
  const plain = unmapped(withoutZone(address));
  if (isIPv4(plain)) return hexWords(plain.split(".").map(Number), order);
  if (isIPv6(plain)) return hexWords(ipv6Bytes(plain), order);
  return undefined;
}

function hexWords(bytes: readonly number[], order: ByteOrder): string {
  let text = "";
  for (let at = 0; at < bytes.length; at += 4) {
    const word = bytes.slice(at, at + 4);
    if (order === "LE") word.reverse();
    for (const byte of word) text += byte.toString(16).toUpperCase().padStart(2, "0");
  }
  return text;
}

/** `address` is valid. A dotted tail (`::1.2.3.4`) counts as two groups. */
function ipv6Bytes(address: string): number[] {
  const [head = "", tail] = address.split("::");
  const before = groupBytes(head);
  const after = groupBytes(tail ?? "");
  const gap = new Array<number>(16 - before.length - after.length).fill(0);
  return [...before, ...gap, ...after];
}

function groupBytes(groups: string): number[] {
  if (groups === "") return [];
  return groups.split(":").flatMap((group) => {
    if (group.includes(".")) return group.split(".").map(Number);
    const value = Number.parseInt(group, 16);
    return [value >> 8, value & 0xff];
  });
}
