import { expect, test } from "vitest";
import { AddressCounts, addressKey } from "./address-counts.ts";

test("IPv6 addresses of one /64 count together, however they are written", () => {
  const key = "2001:db8:0:7::/64";
  expect(addressKey("2001:db8:0:7::1")).toBe(key);
  expect(addressKey("2001:0DB8:0000:0007:ffff:ffff:ffff:ffff")).toBe(key);
  expect(addressKey("2001:db8:0:8::1")).not.toBe(key);
  expect(addressKey("::1")).toBe("0:0:0:0::/64");
  expect(addressKey("fe80::1%eth0")).toBe("fe80:0:0:0::/64");
  expect(addressKey("1:2:3::")).toBe("1:2:3:0::/64");
});

test("IPv4 addresses count one by one", () => {
  expect(addressKey("192.0.2.7")).toBe("192.0.2.7");
});

test("an address without connections takes no memory", () => {
  const counts = new AddressCounts();
  counts.add("2001:db8::1");
  counts.add("2001:db8::2");
  expect(counts.count("2001:db8::3")).toBe(2);
  counts.remove("2001:db8::2");
  counts.remove("2001:db8::1");
  expect(counts.size).toBe(0);
  counts.remove("2001:db8::1");
  expect(counts.count("2001:db8::1")).toBe(0);
});

test("connections without an address are not counted", () => {
  const counts = new AddressCounts();
  counts.add("");
  expect(counts.size).toBe(0);
});
