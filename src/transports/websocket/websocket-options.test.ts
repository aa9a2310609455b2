import { expect, test } from "vitest";
import { readWebSocketClient } from "./websocket-client-options.ts";
import { readWebSocketServer } from "./websocket-server-options.ts";

test("what is not given has its default", () => {
  expect(readWebSocketServer("websocket", undefined)).toEqual({
    path: undefined,
    origins: "same-host",
    protocols: [],
  });
  expect(readWebSocketClient("websocket", undefined)).toEqual({
    origin: undefined,
    headers: {},
    protocols: [],
  });
});

test("what is given is taken", () => {
  expect(
    readWebSocketServer("websocket", {
      path: "/live/a-b",
      origins: ["https://App.test", "http://localhost:3000"],
      protocols: ["a", "b"],
    }),
  ).toEqual({
    path: "/live/a-b",
    origins: ["https://app.test", "http://localhost:3000"],
    protocols: ["a", "b"],
  });
  const headers = { authorization: "Bearer x" };
  expect(readWebSocketClient("websocket", { headers, origin: "https://a.test" })).toMatchObject({
    headers,
    origin: "https://a.test",
  });
});

test.each<[object, RegExp]>([
  [{ path: "live" }, /`path` must begin with \//],
  [{ path: "/live?x" }, /no query/],
  [{ path: "/li ve" }, /no space/],
  [{ origins: [] }, /`origins` must be/],
  [{ origins: "all" }, /"same-host", "any" or a list/],
  [{ origins: ["app.test"] }, /such as "https:\/\/example.org"/],
  [{ origins: ["https://app.test/"] }, /such as/],
  [{ protocols: ["a b"] }, /`protocols` must be/],
  [{ protocols: ["a", "a"] }, /different/],
  [{ paths: "/" }, /`paths` is not an option/],
])("a server refuses %o", (options, words) => {
  expect(() => readWebSocketServer("websocket", options)).toThrow(words);
});

test.each<[object, RegExp]>([
  [{ headers: { "Sec-WebSocket-Key": "x" } }, /must not set "Sec-WebSocket-Key"/],
  [{ headers: { host: "x" } }, /must not set "host"/],
  [{ headers: { "a b": "x" } }, /must not set "a b"/],
  [{ headers: [] }, /`headers` must be an object/],
  [{ origin: "a\r\nb" }, /`origin` must be an origin/],
  [{ protocols: "a" }, /`protocols` must be/],
])("a client refuses %o", (options, words) => {
  expect(() => readWebSocketClient("websocket", options)).toThrow(words);
});

test("the value of a header that is refused is not shown", () => {
  const refused = (): unknown =>
    readWebSocketClient("websocket", { headers: { authorization: "secret\r\n" } });
  expect(refused).toThrow(/the value of `authorization` must be text/);
  expect(refused).not.toThrow(/secret/);
});
