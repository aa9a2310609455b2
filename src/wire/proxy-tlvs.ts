/**
 * What version 2 of the PROXY protocol may say behind the addresses (2.2): type, length, value.
 *
 * What is not of use here is skipped, but every length is checked, and a checksum that is there has
 * to be right (2.2.3).
 */
import { crc32c } from "../base/crc32c.ts";
import { textOf, uint16At, uint32At } from "./proxy-bytes.ts";
import type { ProxyFurther, ProxyTls } from "./proxy-reading.ts";

const ALPN = 0x01;
const AUTHORITY = 0x02;
const CRC32C = 0x03;
const SSL = 0x20;
const SSL_VERSION = 0x21;
const SSL_COMMON_NAME = 0x22;
const SSL_CIPHER = 0x23;

/** 2.2.6: the client connected over TLS, and showed a certificate, on this connection or before. */
const CLIENT_SSL = 0x01;
const CLIENT_CERTIFICATE = 0x02 | 0x04;

interface Tlv {
  readonly type: number;
  readonly value: Uint8Array;
  /** Where the value begins in the whole. */
  readonly at: number;
}

/** @param bytes The whole header. A text says what came instead: completes "got …". */
export function readTlvs(bytes: Uint8Array, from: number): ProxyFurther | string {
  const tlvs = split(bytes, from);
  if (typeof tlvs === "string") return tlvs;
  let further: ProxyFurther = {};
  for (const { type, value, at } of tlvs) {
    switch (type) {
      case ALPN:
        further = { ...further, alpn: textOf(value) };
        break;
      case AUTHORITY:
        further = { ...further, authority: textOf(value) };
        break;
      case CRC32C: {
        const fault = checksumFault(bytes, value, at);
        if (fault !== undefined) return fault;
        break;
      }
      case SSL: {
        const tls = readSsl(value);
        if (typeof tls === "string") return tls;
        if (tls !== undefined) further = { ...further, tls };
        break;
      }
      default: // To be skipped.
    }
  }
  return further;
}

function split(bytes: Uint8Array, from: number): Tlv[] | string {
  const tlvs: Tlv[] = [];
  let at = from;
  while (at < bytes.length) {
    const end = at + 3 + uint16At(bytes, at + 1);
    if (at + 3 > bytes.length || end > bytes.length) {
      const type = `0x${(bytes[at] ?? 0).toString(16).padStart(2, "0")}`;
      return `a further field (type ${type}) that does not end within its header`;
    }
    tlvs.push({ type: bytes[at] ?? 0, value: bytes.subarray(at + 3, end), at: at + 3 });
    at = end;
  }
  return tlvs;
}

/** Over the whole header, with its own four bytes as zeros. */
function checksumFault(bytes: Uint8Array, value: Uint8Array, at: number): string | undefined {
  if (value.length !== 4) return `a checksum of ${value.length} bytes; CRC-32C has 4`;
  const blank = Uint8Array.from(bytes); // A `slice` of what Node reads would not copy.
  blank.fill(0, at, at + 4);
  if (crc32c(blank) === uint32At(value, 0)) return undefined;
  return "a header whose checksum (CRC-32C) is wrong";
}

function readSsl(value: Uint8Array): ProxyTls | undefined | string {
  if (value.length < 5) return `TLS facts of ${value.length} bytes; they have at least 5`;
  const inner = split(value, 5);
  if (typeof inner === "string") return inner;
  const client = value[0] ?? 0;
  if ((client & CLIENT_SSL) === 0) return undefined;
  const text = (type: number): string => {
    const found = inner.find((tlv) => tlv.type === type);
    return found === undefined ? "" : textOf(found.value);
  };
  return {
    protocol: text(SSL_VERSION),
    cipher: text(SSL_CIPHER),
    commonName: text(SSL_COMMON_NAME),
    isAuthorized: (client & CLIENT_CERTIFICATE) !== 0 && uint32At(value, 1) === 0,
  };
}
