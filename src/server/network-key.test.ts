import { expect, test } from "vitest";
import { networkKeyOf } from "./network-key.ts";

test("addresses of one site have one name, and other sites another", () => {
  const key = networkKeyOf("192.0.2.7");
  expect(key).toMatch(/^[0-9a-f]{16}$/);
  expect(networkKeyOf("192.0.2.250")).toBe(key);
  expect(networkKeyOf("192.0.3.7")).not.toBe(key);
});

test("an IPv6 site is its first 48 bits, however the address is written", () => {
  const key = networkKeyOf("2001:db8:7:1::1");
  expect(networkKeyOf("2001:0db8:7:ffff:1:2:3:4")).toBe(key);
  expect(networkKeyOf("2001:db8:8:1::1")).not.toBe(key);
  expect(networkKeyOf("2001:db8::1")).toBe(networkKeyOf("2001:db8:0:5::9"));
  expect(networkKeyOf("::1")).toBe(networkKeyOf("0:0:0:0::2"));
});

test("where there is no address there is no name", () => {
  expect(networkKeyOf("")).toBeUndefined();
});
