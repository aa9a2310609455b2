import type { IncomingMessage } from "node:http";
import { expect, test } from "vitest";
import { RequestReader } from "./request-facts.ts";

function asked(url: string, headers: IncomingMessage["headers"]): IncomingMessage {
  return { url, headers } as IncomingMessage;
}

test("path, query and headers are read as they came", () => {
  const headers = { host: "a", "sec-websocket-key": "k", via: "1, 2", "set-cookie": ["x", "y"] };
  const request = new RequestReader().read(asked("/p?q=1?2", headers));
  expect(request.path).toBe("/p");
  expect(request.query).toBe("q=1?2");
  expect(request.headers).toEqual({ ...headers, "set-cookie": "x, y" });
});

test("a request without a query has an empty one, and an empty header is one", () => {
  const request = new RequestReader().read(asked("/", { host: "" }));
  expect(request).toMatchObject({ path: "/", query: "", headers: { host: "" } });
});

test("newcomers of one reader keep what is their own", () => {
  const reader = new RequestReader();
  const first = reader.read(asked("/a", { host: "h", "sec-websocket-key": "1" }));
  const second = reader.read(asked("/a", { host: "h", "sec-websocket-key": "2" }));
  const third = reader.read(asked("/b", { host: "i", "sec-websocket-key": "3" }));
  expect(first.headers).toEqual({ host: "h", "sec-websocket-key": "1" });
  expect(second.headers).toEqual({ host: "h", "sec-websocket-key": "2" });
  expect(third).toMatchObject({ path: "/b", headers: { host: "i", "sec-websocket-key": "3" } });
});
