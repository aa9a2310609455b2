import { isIPv4, isIPv6 } from "node:net";
import fc from "fast-check";
import { expect, test } from "vitest";
import { ipText, parseIp, parseIpv6, unmappedBytes } from "./ip-address.ts";
import { isInRange, parseIpRange } from "./ip-range.ts";
import { crc32c } from "./crc32c.ts";

function same(text: string): string | undefined {
  const bytes = parseIp(text);
  return bytes === undefined ? undefined : ipText(bytes);
}

test("one address has one text", () => {
  expect(same("192.0.2.7")).toBe("192.0.2.7");
  expect(same("2001:DB8:0:0:0:0:0:07")).toBe("2001:db8::7");
  expect(same("::")).toBe("::");
  expect(same("::1")).toBe("::1");
  expect(same("1::")).toBe("1::");
  expect(same("1:0:2:0:0:3:0:0")).toBe("1:0:2::3:0:0");
  expect(same("1:2:3:4:5:6:7:0")).toBe("1:2:3:4:5:6:7:0");
  expect(same("::ffff:192.0.2.7")).toBe("192.0.2.7");
  expect(same("64:ff9b::192.0.2.33")).toBe("64:ff9b::c000:221");
});

test("what is no address is none", () => {
  const wrong = [
    "",
    "1.2.3",
    "1.2.3.4.5",
    "1.2.3.256",
    "01.2.3.4",
    " 1.2.3.4",
    "1.2.3.4 ",
    "1.2.3.-4",
    "1.2.3.4x",
    ":",
    ":::",
    "1::2::3",
    "1:2:3:4:5:6:7",
    "1:2:3:4:5:6:7:8:9",
    "1:2:3:4:5:6:7::8:9",
    "12345::",
    "fe80::1%eth0",
    "1.2.3.4::",
    "::1.2.3.4:5",
    "::1.2.3",
    "[::1]",
    "::g",
  ];
  for (const text of wrong) expect(parseIp(text), text).toBeUndefined();
});

test("node:net agrees on every text that may be an address", () => {
  const character = fc.constantFrom(...Array.from("0123456789abcdefF:.:: "));
  const texts = fc.oneof(fc.ipV4(), fc.ipV6(), fc.string({ unit: character, maxLength: 20 }));
  fc.assert(
    fc.property(texts, (text) => {
      const isAddress = isIPv4(text) || isIPv6(text);
      expect(parseIp(text) !== undefined, text).toBe(isAddress);
    }),
    { numRuns: 2_000 },
  );
});

test("the text of any bytes is an address again, and the same one", () => {
  const bytes = fc.oneof(
    fc.uint8Array({ minLength: 4, maxLength: 4 }),
    fc.uint8Array({ minLength: 16, maxLength: 16 }),
    fc.uint8Array({ minLength: 16, maxLength: 16, max: 1 }),
  );
  fc.assert(
    fc.property(bytes, (address) => {
      const text = ipText(address);
      expect(isIPv4(text) || isIPv6(text)).toBe(true);
      expect(parseIp(text)).toEqual(new Uint8Array(unmappedBytes(address)));
    }),
  );
});

function isWithin(address: string, range: string): boolean {
  const parsed = parseIpRange(range);
  if (typeof parsed === "string") throw new Error(`${range}: ${parsed}`);
  return isInRange(parsed, unmappedBytes(parseIp(address) ?? new Uint8Array(0)));
}

test("a range holds what shares its prefix, and nothing else", () => {
  expect(isWithin("10.255.0.1", "10.0.0.0/8")).toBe(true);
  expect(isWithin("11.0.0.1", "10.0.0.0/8")).toBe(false);
  expect(isWithin("10.0.0.127", "10.0.0.64/26")).toBe(true);
  expect(isWithin("10.0.0.128", "10.0.0.64/26")).toBe(false);
  expect(isWithin("10.0.0.5", "10.0.0.5")).toBe(true);
  expect(isWithin("10.0.0.6", "10.0.0.5")).toBe(false);
  expect(isWithin("255.1.2.3", "0.0.0.0/0")).toBe(true);
  expect(isWithin("::1", "0.0.0.0/0")).toBe(false);
  expect(isWithin("2001:db8:ffff::1", "2001:db8::/32")).toBe(true);
  expect(isWithin("2001:db9::1", "2001:db8::/32")).toBe(false);
  // IPv4-mapped ranges mean IPv4, as addresses do.
  expect(isWithin("10.1.2.3", "::ffff:10.0.0.0/104")).toBe(true);
  expect(isWithin("11.1.2.3", "::ffff:10.0.0.0/104")).toBe(false);
});

test("a range that cannot be meant says what was expected", () => {
  expect(parseIpRange("10.0.0.1/8")).toContain("such as in 10.0.0.0/8");
  expect(parseIpRange("2001:db8::1/32")).toContain("such as in 2001:db8::/32");
  expect(parseIpRange("10.0.0.0/33")).toBe("a prefix of at most 32 bits");
  expect(parseIpRange("10.0.0.0/")).toBe("a prefix of at most 32 bits");
  for (const text of ["", "ten", "10.0.0.0/8/8", "localhost", "/8"]) {
    expect(parseIpRange(text), text).toContain("an IP address, or a range of them");
  }
});

test("the checksum is that of RFC 3720", () => {
  expect(crc32c(new TextEncoder().encode("123456789"))).toBe(0xe3069283);
  expect(crc32c(new Uint8Array(32))).toBe(0x8a9136aa);
  expect(crc32c(new Uint8Array(32).fill(0xff))).toBe(0x62a8ab43);
  expect(parseIpv6("1.2.3.4")).toBeUndefined();
});
