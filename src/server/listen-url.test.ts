import { expect, test } from "vitest";
import { isHoldfastError } from "../base/errors.ts";
import { descriptorLimitOf } from "./descriptor-limit.ts";
import { dialUrls, parseListenUrl } from "./listen-url.ts";

test("a url to listen on names a host and a port, or a path and a mode", () => {
  const tcp = { kind: "tcp", tls: "no", webSocketPath: undefined };
  expect(parseListenUrl("tcp://[::]:8080")).toEqual({ ...tcp, host: "::", port: 8080 });
  expect(parseListenUrl("tcp://127.0.0.1:0/")).toEqual({ ...tcp, host: "127.0.0.1", port: 0 });
  expect(parseListenUrl("tcp://localhost:1")).toEqual({ ...tcp, host: "localhost", port: 1 });
  expect(parseListenUrl("tls://a:1")).toEqual({ ...tcp, tls: "only", host: "a", port: 1 });
  expect(parseListenUrl("tcp+tls://[::]:1")).toEqual({ ...tcp, tls: "too", host: "::", port: 1 });
  const ws = { host: "a", port: 1, webSocketPath: "/" };
  expect(parseListenUrl("ws://a:1")).toEqual({ ...tcp, ...ws });
  expect(parseListenUrl("wss://a:1/x/y")).toEqual({
    ...tcp,
    ...ws,
    tls: "only",
    webSocketPath: "/x/y",
  });
  expect(parseListenUrl("unix:/run/x.sock")).toEqual({
    kind: "unix",
    path: "/run/x.sock",
    mode: 0o600,
  });
  expect(parseListenUrl("unix:///run/x.sock")).toEqual({
    kind: "unix",
    path: "/run/x.sock",
    mode: 0o600,
  });
  expect(parseListenUrl("unix:x?mode=0660")).toEqual({ kind: "unix", path: "x", mode: 0o660 });
  expect(parseListenUrl("fd:3")).toEqual({ kind: "fd", fd: 3, tls: "no" });
  expect(parseListenUrl("tls+fd:12")).toEqual({ kind: "fd", fd: 12, tls: "only" });
  expect(parseListenUrl("tcp+tls+fd:3")).toEqual({ kind: "fd", fd: 3, tls: "too" });
});

test("a port for plain peers and TLS is dialled by two urls, any other by its own", () => {
  expect(dialUrls("tcp+tls://[::]:1")).toEqual(["tcp://[::]:1", "tls://[::]:1"]);
  for (const url of ["tcp://a:1", "wss://a:1/x", "unix:tcp+tls://a:1"]) {
    expect(dialUrls(url)).toEqual([url]);
  }
});

test.each([
  "",
  "8080",
  "http://x:1",
  "tcp://",
  "tcp://x",
  "tcp://x:65536",
  "tcp://:8080",
  "tcp://user@x:1",
  "tcp://x:1/path",
  "tls:x:1",
  "ws://x",
  "ws://x:1/a?b",
  "wss://x:1/a#b",
  "wss://x:1/a b",
  "unix:",
  "unix:/x?mode=999",
  "unix:/x?mode=0600&y",
  "unix:/x?owner=me",
  "unix:/x\0y",
  "fd:",
  "fd:2",
  "fd:03",
  "fd://3",
  "fd:3x",
  "ws+fd:3",
  "tcp+tls:x:1",
  "tls+tcp://x:1",
  "tcp+tls://x:1/path",
  "tcp+fd:3",
])("%j is refused with what was expected", (url) => {
  try {
    parseListenUrl(url);
    expect.unreachable();
  } catch (error) {
    expect(isHoldfastError(error) && error.code).toBe("URL_INVALID");
    expect((error as Error).message).toMatch(/(tcp|tls|wss?):\/\/|unix:|fd:N/);
  }
});

test("the descriptor limit is the soft one", () => {
  const limits =
    "Max processes  1  2  processes\nMax open files            20000    40000    files\n";
  expect(descriptorLimitOf(limits)).toBe(20_000);
  expect(descriptorLimitOf("Max open files   unlimited  unlimited  files\n")).toBeUndefined();
});
