/**
 * Version 2 of the header of the PROXY protocol (section 2.2): binary, its length told in advance.
 *
 * Easy to break: of LOCAL, and of what cannot be used here, everything behind the length is to be
 * skipped unseen; of the rest all lengths have to fit into each other.
 */
import { ipText } from "../base/ip-address.ts";
import { textOf, uint16At } from "./proxy-bytes.ts";
import {
  invalid,
  MORE,
  type ProxyEndpoint,
  type ProxyFurther,
  type ProxyHeader,
  type ProxyReading,
} from "./proxy-reading.ts";
import { readTlvs } from "./proxy-tlvs.ts";

/** Signature, version and command, family, length. */
const FIXED_BYTES = 16;

/**
 * A header that is longer is refused before it has come. What balancers send takes some hundred
 * bytes; with a long certificate name, an AWS endpoint and padding, less than half of this.
 */
const V2_BYTES_MAX = 4_096;

/** Addresses and ports of both sides; 108 is `sun_path` of Linux. */
const ADDRESS_BYTES = { ipv4: 12, ipv6: 36, unix: 216 } as const;

type Family = keyof typeof ADDRESS_BYTES | "unspecified";

/** @param head Begins with the whole signature. */
export function readProxyV2(head: Uint8Array): ProxyReading {
  const versionAndCommand = head[12];
  if (versionAndCommand === undefined) return MORE;
  if (versionAndCommand !== LOCAL && versionAndCommand !== PROXY) {
    const came = `0x${versionAndCommand.toString(16).padStart(2, "0")}`;
    return invalid(`got ${came} where 0x20 (LOCAL) or 0x21 (PROXY) has to stand`);
  }
  const familyByte = head[13];
  if (familyByte === undefined) return MORE;
  const family = versionAndCommand === LOCAL ? "unspecified" : FAMILIES.get(familyByte);
  if (family === undefined) {
    const came = `0x${familyByte.toString(16).padStart(2, "0")}`;
    return invalid(`got the family ${came}, which version 2 does not know`);
  }
  if (head.length < FIXED_BYTES) return MORE;
  const length = FIXED_BYTES + uint16At(head, 14);
  if (length > V2_BYTES_MAX) {
    return invalid(`got one of ${length} bytes; at most ${V2_BYTES_MAX} are taken`);
  }
  if (family !== "unspecified" && length < FIXED_BYTES + ADDRESS_BYTES[family]) {
    const room = length - FIXED_BYTES;
    return invalid(`got ${room} bytes for addresses that take ${ADDRESS_BYTES[family]}`);
  }
  if (head.length < length) return MORE;
  return readWhole(head.subarray(0, length), family);
}

const LOCAL = 0x20;
const PROXY = 0x21;

/** Datagrams do not come by a stream, so their addresses are of no use (2.2, UNSPEC). */
const FAMILIES: ReadonlyMap<number, Family> = new Map([
  [0x00, "unspecified"],
  [0x11, "ipv4"],
  [0x12, "unspecified"],
  [0x21, "ipv6"],
  [0x22, "unspecified"],
  [0x31, "unix"],
  [0x32, "unspecified"],
]);

function readWhole(bytes: Uint8Array, family: Family): ProxyReading {
  if (family === "unspecified") return done(bytes, undefined, undefined, {});
  const addressEnd = FIXED_BYTES + ADDRESS_BYTES[family];
  const further = readTlvs(bytes, addressEnd);
  if (typeof further === "string") return invalid(`got ${further}`);
  const addresses = bytes.subarray(FIXED_BYTES, addressEnd);
  return done(bytes, endpoint(addresses, family, 0), endpoint(addresses, family, 1), further);
}

function done(
  { length }: Uint8Array,
  source: ProxyEndpoint | undefined,
  destination: ProxyEndpoint | undefined,
  further: ProxyFurther,
): ProxyReading {
  const header: ProxyHeader = { version: 2, source, destination, further };
  return { kind: "header", header, length };
}

/** `side`: 0 is the source, 1 the destination. Both addresses come first, then both ports. */
function endpoint(
  addresses: Uint8Array,
  family: Exclude<Family, "unspecified">,
  side: 0 | 1,
): ProxyEndpoint {
  if (family === "unix") {
    const path = addresses.subarray(side * 108, (side + 1) * 108);
    // A zero in front is that of an abstract name, if there is one.
    const end = path.indexOf(0, path[1] === 0 ? 0 : 1);
    return { kind: "unix", path: textOf(end < 0 ? path : path.subarray(0, end)) };
  }
  const size = family === "ipv4" ? 4 : 16;
  const address = ipText(addresses.subarray(side * size, (side + 1) * size));
  return { kind: "ip", address, port: uint16At(addresses, 2 * size + 2 * side) };
}
