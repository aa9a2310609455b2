import { expect, test } from "vitest";
import { ipAddress, urlHost } from "./address.ts";
import type { RemoteAddress } from "./transport.ts";

/** What there is to read of an address. */
function read({ text, ip }: RemoteAddress): RemoteAddress {
  return { text, ip };
}

test("an address is text for people and an ip for limits", () => {
  expect(read(ipAddress("192.0.2.7", 4711))).toEqual({ text: "192.0.2.7:4711", ip: "192.0.2.7" });
  expect(read(ipAddress("2001:db8::1", 1))).toEqual({ text: "[2001:db8::1]:1", ip: "2001:db8::1" });
});

test("IPv4 that came in through an IPv6 socket is IPv4", () => {
  expect(read(ipAddress("::ffff:192.0.2.7", 80))).toEqual({
    text: "192.0.2.7:80",
    ip: "192.0.2.7",
  });
  expect(ipAddress("::FFFF:10.0.0.1", 80).ip).toBe("10.0.0.1");
});

test("a zone is shown, and does not count as another address", () => {
  expect(read(ipAddress("fe80::1%eth0", 5))).toEqual({ text: "[fe80::1%eth0]:5", ip: "fe80::1" });
});

test("a url writes IPv6 in brackets and leaves names alone", () => {
  expect(urlHost("::")).toBe("[::]");
  expect(urlHost("localhost")).toBe("localhost");
});
