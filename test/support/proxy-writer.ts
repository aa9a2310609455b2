/** Writes headers of the PROXY protocol, as a balancer would. For tests only. */
import { isIPv6 } from "node:net";
import { crc32c } from "../../src/base/crc32c.ts";
import { parseIp } from "../../src/base/ip-address.ts";

const SIGNATURE = [13, 10, 13, 10, 0, 13, 10, 0x51, 0x55, 0x49, 0x54, 10];

export interface Ends {
  readonly from: string;
  readonly fromPort: number;
  readonly to: string;
  readonly toPort: number;
}

export const ENDS: Ends = { from: "192.0.2.7", fromPort: 4_711, to: "198.51.100.1", toPort: 443 };
export const ENDS6: Ends = { from: "2001:db8::7", fromPort: 4_711, to: "2001:db8::1", toPort: 443 };

export function v1({ from, fromPort, to, toPort }: Ends): Uint8Array {
  const family = isIPv6(from) ? "TCP6" : "TCP4";
  return Buffer.from(`PROXY ${family} ${from} ${to} ${fromPort} ${toPort}\r\n`);
}

/** `further`: type and value of each. With `checksum` a right one is put behind them. */
export interface V2Extras {
  readonly further?: readonly (readonly [type: number, value: Uint8Array])[];
  readonly checksum?: boolean;
}

export function v2(ends: Ends, extras: V2Extras = {}): Uint8Array {
  const addresses = Buffer.concat([ipBytes(ends.from), ipBytes(ends.to), ports(ends)]);
  return whole(0x21, addresses.length === 12 ? 0x11 : 0x21, addresses, extras);
}

export function v2Unix(from: string, to: string): Uint8Array {
  const addresses = Buffer.alloc(216);
  addresses.write(from, 0);
  addresses.write(to, 108);
  return whole(0x21, 0x31, addresses, {});
}

/** The balancer's own check; `body` has to be skipped. */
export function v2Local(body: Uint8Array = Buffer.alloc(0)): Uint8Array {
  return whole(0x20, 0, body, {});
}

export function whole(
  versionAndCommand: number,
  family: number,
  addresses: Uint8Array,
  { further = [], checksum = false }: V2Extras,
): Uint8Array {
  const tlvs = further.map(([type, value]) => tlv(type, value));
  if (checksum) tlvs.push(tlv(0x03, Buffer.alloc(4)));
  const body = Buffer.concat([addresses, ...tlvs]);
  const fixed = Buffer.from([...SIGNATURE, versionAndCommand, family, 0, 0]);
  fixed.writeUInt16BE(body.length, 14);
  const bytes = Buffer.concat([fixed, body]);
  if (checksum) bytes.writeUInt32BE(crc32c(bytes), bytes.length - 4);
  return bytes;
}

export function tlv(type: number, value: Uint8Array): Buffer {
  const head = Buffer.from([type, 0, 0]);
  head.writeUInt16BE(value.length, 1);
  return Buffer.concat([head, value]);
}

function ipBytes(text: string): Uint8Array {
  const bytes = parseIp(text);
  if (bytes === undefined) throw new Error(`${text} is no address`);
  return bytes;
}

function ports({ fromPort, toPort }: Ends): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt16BE(fromPort, 0);
  bytes.writeUInt16BE(toPort, 2);
  return bytes;
}
