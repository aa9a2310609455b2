import { expect, test } from "vitest";
import {
  ENDS,
  ENDS6,
  tlv,
  v1,
  v2,
  v2Local,
  v2Unix,
  whole,
} from "../../test/support/proxy-writer.ts";
import { readProxyHeader } from "./proxy-header.ts";
import type { ProxyHeader, ProxyReading } from "./proxy-reading.ts";

const BOTH = [1, 2] as const;

function read(bytes: Uint8Array | string): ProxyReading {
  return readProxyHeader(typeof bytes === "string" ? Buffer.from(bytes) : bytes, BOTH);
}

function headerOf(bytes: Uint8Array | string): ProxyHeader {
  const reading = read(bytes);
  if (reading.kind !== "header") throw new Error(`expected a header: ${JSON.stringify(reading)}`);
  return reading.header;
}

function whyNot(bytes: Uint8Array | string): string {
  const reading = read(bytes);
  return reading.kind === "invalid" ? reading.why : `no fault: ${reading.kind}`;
}

const SOURCE = { kind: "ip", address: "192.0.2.7", port: 4_711 };
const DESTINATION = { kind: "ip", address: "198.51.100.1", port: 443 };
const text = (words: string): Uint8Array => Buffer.from(words);

test("version 1 tells both ends, and where it stops", () => {
  const bytes = Buffer.concat([v1(ENDS), text("ping\n")]);
  const reading = read(bytes);
  expect(reading).toMatchObject({ kind: "header", length: bytes.length - 5 });
  expect(headerOf(bytes)).toEqual({
    version: 1,
    source: SOURCE,
    destination: DESTINATION,
    further: {},
  });
  expect(headerOf(v1(ENDS6)).source).toEqual({ kind: "ip", address: "2001:db8::7", port: 4_711 });
  expect(headerOf("PROXY TCP6 ::ffff:192.0.2.7 ::1 0 65535\r\n").source).toEqual({
    ...SOURCE,
    port: 0,
  });
});

test("UNKNOWN is taken with whatever stands behind it", () => {
  const unknown = { version: 1, source: undefined, destination: undefined, further: {} };
  expect(headerOf("PROXY UNKNOWN\r\n")).toEqual(unknown);
  const worst = `PROXY UNKNOWN ${"f".repeat(39)} ${"f".repeat(39)} 65535 65535\r\n`;
  expect(worst).toHaveLength(107);
  expect(headerOf(worst)).toEqual(unknown);
});

test("version 1 is taken as it is written, and not otherwise", () => {
  const wrong = [
    "PROXY TCP4 192.0.2.7 198.51.100.1 4711 443\n",
    "PROXY TCP4 192.0.2.7  198.51.100.1 4711 443\r\n",
    "PROXY TCP4 192.0.2.7 198.51.100.1 4711 443 \r\n",
    "PROXY TCP4 192.0.2.7 198.51.100.1 4711\r\n",
    "PROXY TCP4 192.0.2.7 198.51.100.1 04711 443\r\n",
    "PROXY TCP4 192.0.2.7 198.51.100.1 65536 443\r\n",
    "PROXY TCP4 192.0.2.7 198.51.100.1 -1 443\r\n",
    "PROXY TCP4 192.0.2.007 198.51.100.1 4711 443\r\n",
    "PROXY TCP4 ::1 ::1 4711 443\r\n",
    "PROXY TCP6 192.0.2.7 198.51.100.1 4711 443\r\n",
    "PROXY TCP5 192.0.2.7 198.51.100.1 4711 443\r\n",
    "PROXY tcp4 192.0.2.7 198.51.100.1 4711 443\r\n",
    "PROXY UNKNOWNS\r\n",
    "PROXY \r\n",
    "PROXY\r\n",
    "proxy TCP4",
    "GET / HTTP/1.1\r\n",
    "\n",
  ];
  for (const bytes of wrong) expect(read(bytes).kind, bytes).toBe("invalid");
  expect(whyNot("GET / HTTP/1.1\r\n")).toBe('got bytes that begin with "GET / HTTP/1.1\\r\\n"');
  expect(whyNot("PROXY TCP4 1\r\n")).toContain('got "PROXY TCP4 1\\r" as version 1');
  expect(whyNot(Buffer.from([0x16, 3, 1, 0]))).toContain("the bytes 16 03 01 00");
});

test("version 1 ends within 107 bytes or is none", () => {
  const endless = `PROXY UNKNOWN ${"x".repeat(93)}`;
  expect(read(endless.slice(0, 106)).kind).toBe("more");
  expect(whyNot(endless.slice(0, 107))).toContain("no end within 107 bytes");
  expect(whyNot(`${endless}\r\n`)).toContain("no end within 107 bytes");
});

test("version 2 tells both ends, IPv4 and IPv6", () => {
  expect(headerOf(v2(ENDS))).toEqual({
    version: 2,
    source: SOURCE,
    destination: DESTINATION,
    further: {},
  });
  expect(headerOf(v2(ENDS6))).toMatchObject({
    source: { address: "2001:db8::7", port: 4_711 },
    destination: { address: "2001:db8::1", port: 443 },
  });
  const behind = Buffer.concat([v2(ENDS), text("GET ")]);
  expect(read(behind)).toMatchObject({ kind: "header", length: 28 });
});

test("Unix sockets have paths, abstract ones too, and mostly none", () => {
  expect(headerOf(v2Unix("/run/a", "\0b")).source).toEqual({ kind: "unix", path: "/run/a" });
  expect(headerOf(v2Unix("/run/a", "\0b")).destination).toEqual({ kind: "unix", path: "\0b" });
  expect(headerOf(v2Unix("", "")).source).toEqual({ kind: "unix", path: "" });
});

test("LOCAL, UNSPEC and datagrams say nothing of anybody, whatever they hold", () => {
  const nobody = { version: 2, source: undefined, destination: undefined, further: {} };
  expect(headerOf(v2Local())).toEqual(nobody);
  expect(headerOf(v2Local(Buffer.alloc(100, 0xff)))).toEqual(nobody);
  expect(headerOf(whole(0x20, 0xff, Buffer.alloc(0), {}))).toEqual(nobody);
  expect(headerOf(whole(0x21, 0x00, Buffer.alloc(3), {}))).toEqual(nobody);
  expect(headerOf(whole(0x21, 0x12, Buffer.alloc(12), {}))).toEqual(nobody);
});

test("what version 2 does not know is refused as soon as it shows", () => {
  const head = v2(ENDS);
  const changed = (at: number, byte: number): Uint8Array => {
    const bytes = Uint8Array.from(head.subarray(0, at + 1));
    bytes[at] = byte;
    return bytes;
  };
  expect(whyNot(changed(12, 0x11))).toContain("got 0x11 where 0x20 (LOCAL) or 0x21 (PROXY)");
  expect(whyNot(changed(12, 0x22))).toContain("got 0x22");
  expect(whyNot(changed(13, 0x13))).toContain("got the family 0x13");
  expect(whyNot(changed(11, 0x0b))).toContain("got bytes that begin with");
  expect(whyNot(whole(0x21, 0x11, Buffer.alloc(11), {}))).toContain("got 11 bytes for addresses");
  expect(whyNot(whole(0x21, 0x11, Buffer.alloc(4_081), {}))).toContain("at most 4096 are taken");
  expect(read(whole(0x21, 0x11, Buffer.alloc(4_080), {})).kind).toBe("header");
});

test("further fields: what is of use is told, what is not is skipped", () => {
  const ssl = Buffer.concat([
    Buffer.from([0x07, 0, 0, 0, 0]),
    tlv(0x21, text("TLSv1.3")),
    tlv(0x22, text("device-7")),
    tlv(0x23, text("TLS_AES_256_GCM_SHA384")),
  ]);
  const bytes = v2(ENDS, {
    further: [
      [0x01, text("holdfast/1")],
      [0x02, text("chat.example.org")],
      [0x04, Buffer.alloc(9)],
      [0xea, Buffer.from([1, 2, 3])],
      [0x20, ssl],
    ],
    checksum: true,
  });
  expect(headerOf(bytes).further).toEqual({
    alpn: "holdfast/1",
    authority: "chat.example.org",
    tls: {
      protocol: "TLSv1.3",
      cipher: "TLS_AES_256_GCM_SHA384",
      commonName: "device-7",
      isAuthorized: true,
    },
  });
});

test("a certificate that was not verified, or not shown, authorizes nobody", () => {
  const withSsl = (...ssl: number[]): unknown =>
    headerOf(v2(ENDS, { further: [[0x20, Buffer.from(ssl)]] })).further.tls?.isAuthorized;
  expect(withSsl(0x01, 0, 0, 0, 0)).toBe(false);
  expect(withSsl(0x03, 0, 0, 0, 1)).toBe(false);
  expect(withSsl(0x05, 0, 0, 0, 0)).toBe(true);
  expect(withSsl(0x00, 0, 0, 0, 0)).toBeUndefined();
});

test("lengths that do not fit, and wrong checksums, are refused", () => {
  const fields = (bytes: number[]): Uint8Array => {
    const { buffer } = Buffer.from(v2(ENDS));
    const addresses = new Uint8Array(buffer).subarray(-12);
    return whole(0x21, 0x11, Buffer.concat([addresses, Buffer.from(bytes)]), {});
  };
  expect(whyNot(fields([0x02]))).toContain("(type 0x02) that does not end within its header");
  expect(whyNot(fields([0x02, 0, 4, 1, 2, 3]))).toContain("does not end within its header");
  expect(whyNot(fields([0x20, 0, 4, 1, 0, 0, 0]))).toContain("TLS facts of 4 bytes");
  expect(whyNot(fields([0x20, 0, 7, 1, 0, 0, 0, 0, 0x21, 0]))).toContain("does not end within");
  expect(whyNot(fields([0x03, 0, 3, 1, 2, 3]))).toContain("a checksum of 3 bytes");
  const bytes = Buffer.from(v2(ENDS, { checksum: true }));
  bytes[20] = (bytes[20] ?? 0) ^ 1;
  expect(whyNot(bytes)).toContain("checksum (CRC-32C) is wrong");
});

test("only the versions that are wanted are taken", () => {
  expect(readProxyHeader(v1(ENDS), [2]).kind).toBe("invalid");
  expect(readProxyHeader(v2(ENDS), [1]).kind).toBe("invalid");
  expect(readProxyHeader(v2(ENDS).subarray(0, 1), [1]).kind).toBe("invalid");
  expect(readProxyHeader(v1(ENDS).subarray(0, 1), [2]).kind).toBe("invalid");
});
