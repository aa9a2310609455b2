/**
 * The header of the PROXY protocol, by which a balancer says for whom it speaks. Pure.
 *
 * "The PROXY protocol, versions 1 & 2" of HAProxy; section numbers below are its. The reader is
 * given all that came so far, and keeps nothing. Easy to break: a header, or a fault, that it finds
 * in some bytes it finds in these bytes with anything behind them, too, so that it does not matter
 * how they were cut; and it throws for nothing.
 */
import { ipText, parseIpv4, parseIpv6 } from "../base/ip-address.ts";
import { beginsWith, shownBytes, textOf } from "./proxy-bytes.ts";
import { readProxyV2 } from "./proxy-header-v2.ts";
import {
  invalid,
  MORE,
  type ProxyEndpoint,
  type ProxyHeader,
  type ProxyReading,
  type ProxyVersion,
} from "./proxy-reading.ts";

const V1_BEGIN: Uint8Array = new TextEncoder().encode("PROXY ");
/** 2.2: twelve bytes that no protocol of text begins with. */
const V2_BEGIN: Uint8Array = Uint8Array.of(13, 10, 13, 10, 0, 13, 10, 0x51, 0x55, 0x49, 0x54, 10);

/** 2.1: with the line end, in the worst case. */
const V1_BYTES_MAX = 107;

/** @param head All that came so far. */
export function readProxyHeader(head: Uint8Array, versions: readonly ProxyVersion[]): ProxyReading {
  const begun = versions.find((version) => beginsWith(head, version === 1 ? V1_BEGIN : V2_BEGIN));
  if (begun === undefined) return invalid(`got bytes that begin with ${shownBytes(head)}`);
  if (begun === 2) return head.length < V2_BEGIN.length ? MORE : readProxyV2(head);
  return head.length < V1_BEGIN.length ? MORE : readV1(head);
}

function readV1(head: Uint8Array): ProxyReading {
  const first = head.subarray(0, V1_BYTES_MAX);
  const end = first.indexOf(10);
  if (end < 0) {
    if (head.length < V1_BYTES_MAX) return MORE;
    return invalid(`got one of version 1 that has no end within ${V1_BYTES_MAX} bytes`);
  }
  const wrong = invalid(`got ${shownBytes(first.subarray(0, end))} as version 1`);
  if (first[end - 1] !== 13) return wrong;
  const header = v1Header(textOf(first.subarray(V1_BEGIN.length, end - 1)));
  return header === undefined ? wrong : { kind: "header", header, length: end + 1 };
}

/** 2.1: one space between two words, and nothing is left out. */
function v1Header(text: string): ProxyHeader | undefined {
  const words = text.split(" ");
  const [family, from, to, fromPort, toPort] = words;
  // Whatever a balancer says behind this word is to be ignored.
  if (family === "UNKNOWN") return v1(undefined, undefined);
  if ((family !== "TCP4" && family !== "TCP6") || words.length !== 5) return undefined;
  const source = v1Endpoint(family, from, fromPort);
  const destination = v1Endpoint(family, to, toPort);
  if (source === undefined || destination === undefined) return undefined;
  return v1(source, destination);
}

function v1(
  source: ProxyEndpoint | undefined,
  destination: ProxyEndpoint | undefined,
): ProxyHeader {
  return { version: 1, source, destination, further: {} };
}

function v1Endpoint(
  family: "TCP4" | "TCP6",
  address = "",
  portText = "",
): ProxyEndpoint | undefined {
  const bytes = family === "TCP4" ? parseIpv4(address) : parseIpv6(address);
  const port = Number(portText);
  if (bytes === undefined || !/^(?:0|[1-9]\d{0,4})$/.test(portText) || port > 65_535) {
    return undefined;
  }
  return { kind: "ip", address: ipText(bytes), port };
}
