import fc from "fast-check";
import { expect, test } from "vitest";
import { isHoldfastError } from "../base/errors.ts";
import { isLocal, otherDialectLabel, parseTarget, redactedUrl } from "./target.ts";

function refusalOf(url: string): string {
  try {
    parseTarget(url);
  } catch (error) {
    if (isHoldfastError(error) && error.code === "URL_INVALID") return error.message;
    throw error;
  }
  throw new Error(`${url} was taken`);
}

test("each scheme leads to its transport and dialect", () => {
  expect(parseTarget("tcp://Host.Example:80/")).toEqual({
    over: "tcp",
    host: "host.example",
    port: 80,
    label: "tcp://host.example:80",
    dialect: "frame",
    secure: false,
  });
  expect(parseTarget("LINE://[2001:DB8::1]:65535")).toMatchObject({
    host: "2001:db8::1",
    port: 65_535,
    label: "line://[2001:db8::1]:65535",
    dialect: "line",
  });
  expect(parseTarget("unix:/run/x.sock")).toMatchObject({
    over: "unix",
    path: "/run/x.sock",
    dialect: "frame",
  });
  expect(parseTarget("line+unix:///run/my x@y.sock")).toMatchObject({
    path: "/run/my x@y.sock",
    label: "line+unix:/run/my x@y.sock",
    dialect: "line",
  });
});

test("a WebSocket has a path and a port of its own, and its query is shown to nobody", () => {
  expect(parseTarget("WS://Host.Example")).toEqual({
    over: "websocket",
    host: "host.example",
    port: 80,
    path: "/",
    label: "ws://host.example:80/",
    dialect: "frame",
    secure: false,
  });
  expect(parseTarget("wss://[::1]/live?key=secret")).toEqual({
    over: "websocket",
    host: "::1",
    port: 443,
    path: "/live?key=secret",
    label: "wss://[::1]:443/live?…",
    dialect: "frame",
    secure: true,
  });
  expect(parseTarget("line+wss://a:8443?x")).toMatchObject({
    port: 8443,
    path: "/?x",
    dialect: "line",
    label: "line+wss://a:8443/?…",
  });
  expect(parseTarget("tls://a:1")).toMatchObject({ over: "tcp", secure: true, dialect: "frame" });
  expect(parseTarget("line+tls://a:1")).toMatchObject({ secure: true, dialect: "line" });
});

test.each([
  ["tcp://a:1", "line://a:1"],
  ["tcp://[::1]:1", "line://[::1]:1"],
  ["tls://a:1", "line+tls://a:1"],
  ["ws://a:1/x", "line+ws://a:1/x"],
  ["wss://a:1/", "line+wss://a:1/"],
  ["unix:/x", "line+unix:/x"],
])("%s and %s are one place in two dialects", (frame, line) => {
  expect(otherDialectLabel(parseTarget(frame))).toBe(line);
  expect(otherDialectLabel(parseTarget(line))).toBe(frame);
});

test("what is not such a url is refused with what was expected", () => {
  const cases: [string, RegExp][] = [
    ["", /expected one of tcp:\/\/host:port, tls:\/\/host:port, ws:/],
    ["localhost:8080", /expected one of/],
    ["http://a:1", /expected one of/],
    ["tls://a", /expected tls:\/\/host:port; the port is missing/],
    ["tls://a:1/x", /expected tls:\/\/host:port, and nothing behind the port/],
    ["wss:a", /expected wss:\/\/host\/path/],
    ["wss://", /expected wss:\/\/host\/path/],
    ["ws://a/x#y", /expected ws:\/\/host\/path, without a fragment/],
    ["ws://a/\u00e9", /encode other characters/],
    ["ws://a:0/x", /a number from 1 to 65535/],
    ["ws://a b/x", /not a name or an address/],
    ["line+ws://u:p@a/", /hand them over as `token`/],
    ["tcp:a:1", /expected tcp:\/\/host:port/],
    ["tcp://a", /the port is missing/],
    ["tcp://[::1]", /the port is missing/],
    ["tcp://::1:80", /IPv6 address stands in brackets/],
    ["tcp://a:0", /a number from 1 to 65535/],
    ["tcp://a:65536", /a number from 1 to 65535/],
    ["tcp://a:8o", /a number from 1 to 65535/],
    ["tcp://a:1e3", /a number from 1 to 65535/],
    ["tcp://:80", /not a name or an address/],
    ["tcp://[host]:80", /not a name or an address/],
    ["tcp://a b:80", /not a name or an address/],
    ["tcp://a:80/path", /nothing behind the port/],
    ["tcp://a:80?x=1", /nothing behind the port/],
    ["tcp://a:80\n", /control character/],
    ["unix:", /expected unix:\/path/],
    ["unix://host/path", /expected unix:\/path/],
    ["line+unix:/run/x?mode=0600", /nothing behind the path/],
    ["tcp://user:pw@a:80", /hand them over as `token`/],
  ];
  for (const [url, expected] of cases) expect(refusalOf(url), url).toMatch(expected);
  expect(refusalOf(42 as never)).toMatch(/expected a string/);
});

test("no refusal shows user, password or query, wherever they stand", () => {
  const secret = fc.stringMatching(/^[A-Za-z0-9/?#@:]{0,6}HUNTER2[A-Za-z0-9/?#@:]{0,6}$/);
  const urls = fc.oneof(
    secret.map((word) => `tcp://user:${word}@a.example:1`),
    secret.map((word) => `tcp://${word}@a.example`),
    secret.map((word) => `ws://a:1/x?token=${word}#`),
    secret.map((word) => `user:${word}@a.example:1`),
    secret.map((word) => `http://u:${word}@h/`),
  );
  fc.assert(
    fc.property(urls, (url) => {
      expect(refusalOf(url)).not.toContain("HUNTER2");
    }),
  );
});

test("what is shown of a url is safe for a terminal", () => {
  expect(redactedUrl("tcp://a\x1b]52;c;x\x07:1")).toBe("tcp://a\\x1b]52;c;x\\x07:1");
});

test("local is what cannot leave this machine", () => {
  for (const url of ["tcp://LOCALHOST:1", "tcp://x.localhost:1", "tcp://127.1.2.3:1", "unix:/x"]) {
    expect(isLocal(parseTarget(url)), url).toBe(true);
  }
  for (const host of ["[::1]", "[0:0:0:0:0:0:0:1]", "[::ffff:127.0.0.1]"]) {
    expect(isLocal(parseTarget(`tcp://${host}:1`)), host).toBe(true);
  }
  for (const host of [
    "128.0.0.1",
    "127.example",
    "[::2]",
    "[1::1]",
    "[::1:1]",
    "localhost.example",
  ]) {
    expect(isLocal(parseTarget(`tcp://${host}:1`)), host).toBe(false);
  }
});
