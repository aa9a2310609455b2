import { expect, test } from "vitest";
import { isTrusted, readProxyProtocol, trustsEverybody } from "./proxy-options.ts";

function read(value: unknown) {
  const config = readProxyProtocol("listen.proxyProtocol", value);
  if (config === false) throw new Error("expected it to be on");
  return config;
}

test("off is the default, and on has to say who is trusted", () => {
  expect(readProxyProtocol("listen.proxyProtocol", undefined)).toBe(false);
  expect(readProxyProtocol("listen.proxyProtocol", false)).toBe(false);
  expect(read({ trustedFrom: ["unix", "10.0.0.0/8"] })).toEqual({
    ranges: [{ network: Uint8Array.of(10, 0, 0, 0), prefixBits: 8 }],
    isUnixTrusted: true,
    servesOthers: false,
    versions: [1, 2],
    timeoutMs: 5_000,
  });
});

test.each([
  [true, "listen.proxyProtocol: expected an object of options, got true"],
  [{}, "`trustedFrom` must be a list of 1 to 1000 addresses of balancers"],
  [{ trustedFrom: [] }, "`trustedFrom` must be a list of 1 to 1000"],
  [{ trustedFrom: "10.0.0.0/8" }, "`trustedFrom` must be a list of 1 to 1000"],
  [{ trustedFrom: [10] }, "`trustedFrom` must be a list of 1 to 1000"],
  [{ trustedFrom: ["lb.example"] }, '`trustedFrom` has "lb.example"; expected an IP address, or'],
  [{ trustedFrom: ["10.1.0.0/8"] }, "expected no bits behind the prefix, such as in 10.0.0.0/8"],
  [{ trustedFrom: ["::1"], versions: [] }, "`versions` must be a list of one or both of 1 and 2"],
  [{ trustedFrom: ["::1"], versions: [3] }, "`versions` must be a list of one or both of 1 and 2"],
  [{ trustedFrom: ["::1"], timeoutMs: 9 }, "`timeoutMs` must be a whole number from 10 to 600000"],
  [{ trustedFrom: ["::1"], others: "maybe" }, '`others` must be one of "refuse", "serve"'],
  [{ trustedFrom: ["::1"], trust: 1 }, "`trust` is not an option; known are `trustedFrom`"],
])("%j is refused with what was expected", (value, sentence) => {
  expect(() => readProxyProtocol("listen.proxyProtocol", value)).toThrow(sentence);
});

test("an address is trusted by its own family, and Unix sockets by their word", () => {
  const config = read({ trustedFrom: ["10.0.0.0/8", "2001:db8::/32"] });
  expect(isTrusted(config, "10.1.2.3")).toBe(true);
  expect(isTrusted(config, "11.1.2.3")).toBe(false);
  expect(isTrusted(config, "2001:db8::1")).toBe(true);
  expect(isTrusted(config, "::1")).toBe(false);
  expect(isTrusted(config, "")).toBe(false);
  expect(isTrusted(config, "no address")).toBe(false);
  expect(isTrusted(read({ trustedFrom: ["unix"] }), "")).toBe(true);
  expect(isTrusted(read({ trustedFrom: ["unix"] }), "127.0.0.1")).toBe(false);
});

test("a range of everybody is noticed", () => {
  expect(trustsEverybody(read({ trustedFrom: ["::1", "0.0.0.0/0"] }))).toBe(true);
  expect(trustsEverybody(read({ trustedFrom: ["::/0"] }))).toBe(true);
  expect(trustsEverybody(read({ trustedFrom: ["128.0.0.0/1"] }))).toBe(false);
});
