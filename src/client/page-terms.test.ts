import { expect, test } from "vitest";
import { isHoldfastError } from "../base/errors.ts";
import { resolveLink } from "./config.ts";
import { paceOf } from "./link-pace.ts";
import { type BrowserConnectOptions, pageTerms } from "./page-terms.ts";
import { parseWebTarget } from "./target.ts";

/** What is said to these options, whatever their types would say before. */
function refusal(options: object): string {
  try {
    resolveLink(options, pageTerms(undefined));
    return "taken";
  } catch (error) {
    if (isHoldfastError(error)) return error.message;
    throw error;
  }
}

test("a page may open WebSockets and nothing else, and is told so", () => {
  expect(parseWebTarget("wss://A.example/live?x")).toMatchObject({
    over: "websocket",
    host: "a.example",
    port: 443,
    path: "/live?x",
    dialect: "frame",
    secure: true,
  });
  expect(parseWebTarget("line+ws://a")).toMatchObject({ dialect: "line", secure: false, port: 80 });
  for (const url of ["tcp://a:1", "tls://a:1", "unix:/x", "line://a:1", "https://a", "ws", ""]) {
    expect(() => parseWebTarget(url), url).toThrow("expected one of wss://host/path, ws://host/pa");
  }
  expect(() => parseWebTarget("wss://u:p@a")).toThrow("hand them over as `token`");
});

test("what the browser keeps to itself is no option", () => {
  for (const name of ["tls", "keepalive", "userTimeoutMs"]) {
    expect(refusal({ [name]: {} })).toContain(`\`${name}\` is not an option`);
  }
  for (const name of ["headers", "origin"]) {
    expect(refusal({ websocket: { [name]: {} } })).toContain(`\`${name}\` is not an option`);
  }
  expect(refusal({ websocket: { protocols: ["a b"] } })).toContain("`protocols` must be a list");
  expect(refusal({ websocket: { protocols: ["a"] } })).toBe("taken");
});

test("what is promised while hidden has a range, a default, and can be off", () => {
  const of = (options: BrowserConnectOptions): number | false =>
    resolveLink(options, pageTerms(undefined)).hiddenLeaseMs;
  expect(of({})).toBe(120_000);
  expect(of({ hiddenLeaseMs: 5_000 })).toBe(5_000);
  expect(of({ hiddenLeaseMs: false })).toBe(false);
  expect(refusal({ hiddenLeaseMs: 999 })).toContain("from 1000 to 86400000, or false, got 999");
});

test("where nothing adapts the interval, the function that does is named", () => {
  const heartbeat = { adaptive: {} };
  expect(refusal({ heartbeat })).toBe(
    "connect: `heartbeat.adaptive` is for `connectAdaptive`; here use `intervalMs`",
  );
  expect(resolveLink({ heartbeat }, pageTerms(paceOf)).adaptive).not.toBe(false);
});
