import { expect, test } from "vitest";
import { mayConnect } from "./origin.ts";

test.each<[string | undefined, string | undefined, boolean]>([
  [undefined, "app.test", true],
  ["http://app.test", "app.test", true],
  ["https://app.test:8443", "app.test:8080", true],
  ["https://APP.test", "app.TEST", true],
  ["http://[::1]:3000", "[::1]:8080", true],
  ["http://app.test", "app.test.evil.test", false],
  ["http://evil.test", "app.test", false],
  ["http://app.test", undefined, false],
  ["http://app.test", "", false],
  ["null", "app.test", false],
  ["file://", "app.test", false],
  ["file://", "", false],
  ["rubbish", "app.test", false],
])("same host: origin %s at host %s: %s", (origin, host, isLetIn) => {
  expect(mayConnect("same-host", origin, host)).toBe(isLetIn);
});

test("a list names whole origins", () => {
  const origins = ["https://app.test", "http://localhost:3000"];
  expect(mayConnect(origins, "https://app.test", "x")).toBe(true);
  expect(mayConnect(origins, "https://app.test:443", "x")).toBe(true);
  expect(mayConnect(origins, "https://app.test:8443", "x")).toBe(false);
  expect(mayConnect(origins, "http://app.test", "app.test")).toBe(false);
  expect(mayConnect(origins, undefined, "x")).toBe(true);
});
