/** What HTTP clients hear that want no WebSocket, or must not have one. */
import { get, request } from "node:http";
import { afterEach, expect, test } from "vitest";
import { within } from "../../src/testing/transport-recorder.ts";
import {
  eventually,
  frame,
  rawPeer,
  TEXT,
  upgradedPeer,
  upgradeRequest,
} from "../support/websocket-peer.ts";
import { serveWebSockets, type World } from "./websocket-world.ts";

const worlds: World[] = [];
afterEach(async () => {
  for (const { server } of worlds.splice(0)) await server.destroy();
});

async function serve(...given: Parameters<typeof serveWebSockets>): Promise<World> {
  const world = await serveWebSockets(...given);
  worlds.push(world);
  return world;
}

interface Answer {
  readonly status: number | undefined;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: string;
}

function ask(port: number, path: string, method = "GET"): Promise<Answer> {
  const answered = new Promise<Answer>((resolve, reject) => {
    const asked = (method === "GET" ? get : request)({ port, path, method, host: "127.0.0.1" });
    asked.once("error", reject);
    asked.once("response", (response) => {
      let body = "";
      response.setEncoding("utf8").on("data", (text: string) => (body += text));
      response.once("end", () =>
        resolve({ status: response.statusCode, headers: response.headers, body }),
      );
    });
    asked.end();
  });
  return within(answered, "an answer comes");
}

test("a browser that only looks gets a short page, and the record says what it was", async () => {
  const { port, nextEnd, server } = await serve();
  const { status, headers, body } = await ask(port, "/");
  expect(status).toBe(200);
  expect(headers).toMatchObject({
    "content-type": "text/html; charset=utf-8",
    "x-content-type-options": "nosniff",
    connection: "close",
  });
  expect(body).toContain("holdfast connect ws://");
  expect(body).not.toContain("<script");
  const record = await nextEnd();
  expect(record).toMatchObject({ code: "WRONG_DIALECT", wasOpen: false });
  expect(record.sentence).toContain("an HTTP request without an upgrade came (GET /: 200)");
  expect(server.stats().open).toBe(0);
});

test("HEAD and other methods are heard on a port that is for WebSockets only", async () => {
  const { port } = await serve({}, "ws://127.0.0.1:0/live");
  expect(await ask(port, "/live", "HEAD")).toMatchObject({ status: 200, body: "" });
  expect(await ask(port, "/live", "POST")).toMatchObject({ status: 405 });
  expect(await ask(port, "/", "GET")).toMatchObject({ status: 200 });
  expect(await ask(port, "/else", "GET")).toMatchObject({ status: 404 });
});

test.each<[string, string, RegExp, string]>([
  ["another path", upgradeRequest("/else"), /^HTTP\/1\.1 404 /, "WRONG_DIALECT"],
  [
    "another upgrade",
    upgradeRequest("/live", { Upgrade: "h2c" }),
    /^HTTP\/1\.1 426 /,
    "WRONG_DIALECT",
  ],
  [
    "a stranger's page",
    upgradeRequest("/live", { Origin: "https://evil.test" }),
    /^HTTP\/1\.1 403 [^]*websocket\.origins/,
    "UNAUTHORIZED",
  ],
  [
    "a page without origin",
    upgradeRequest("/live", { Origin: "null" }),
    /^HTTP\/1\.1 403 /,
    "UNAUTHORIZED",
  ],
  [
    "no key",
    upgradeRequest("/live", { "Sec-WebSocket-Key": "no" }),
    /^HTTP\/1\.1 400 /,
    "WEBSOCKET_INVALID",
  ],
  [
    "a version of old",
    upgradeRequest("/live", { "Sec-WebSocket-Version": "7" }),
    /^HTTP\/1\.1 400 /,
    "WEBSOCKET_INVALID",
  ],
  [
    "headers without end",
    `GET / HTTP/1.1\r\nHost: x\r\nA: ${"a".repeat(20_000)}\r\n\r\n`,
    /^HTTP\/1\.1 431 /,
    "WRONG_DIALECT",
  ],
  ["no host", "GET /live HTTP/1.1\r\n\r\n", /^HTTP\/1\.1 400 /, "WRONG_DIALECT"],
  [
    "an upgrade without a host",
    upgradeRequest("/live").replace(/Host: [^\r]*\r\n/, ""),
    /^HTTP\/1\.1 400 /,
    "WRONG_DIALECT",
  ],
  [
    "an expectation that nobody knows",
    "GET /live HTTP/1.1\r\nHost: x\r\nExpect: miracles\r\n\r\n",
    /^HTTP\/1\.1 417 /,
    "WRONG_DIALECT",
  ],
  ["no HTTP", "GET \u0000\r\n\r\n", /^HTTP\/1\.1 400 /, "WRONG_DIALECT"],
  [
    "two requests in one",
    `GET / HTTP/1.1\r\nHost: x\r\n\r\n${upgradeRequest("/live")}rubbish`,
    /^HTTP\/1\.1 200 [^]*<\/html>\n$/,
    "WRONG_DIALECT",
  ],
])("%s is answered, and the pipe ends", async (_, text, answer, code) => {
  const { port, nextEnd } = await serve({ websocket: { path: "/live" } });
  const peer = await rawPeer(port);
  peer.write(text);
  await peer.until("the end", () => peer.hasEnded || peer.isClosed);
  expect(peer.head).toMatch(answer);
  peer.socket.end();
  expect(await nextEnd()).toMatchObject({ code, wasOpen: false });
});

test.each<[string, Record<string, string>, "same-host" | "any" | string[], boolean]>([
  ["a page of this host", { Host: "app.test:8080", Origin: "http://app.test" }, "same-host", true],
  ["a page of a listed origin", { Origin: "https://app.test" }, ["https://app.test"], true],
  ["a listed host in plain", { Origin: "http://app.test" }, ["https://app.test"], false],
  ["any page", { Origin: "https://evil.test" }, "any", true],
  ["no page at all", {}, ["https://app.test"], true],
])("%s", async (_, headers, origins, isLetIn) => {
  const { port } = await serve({ websocket: { origins } });
  const peer = await rawPeer(port);
  peer.write(upgradeRequest("/", headers));
  await peer.until("the answer", () => peer.head.length > 0);
  expect(peer.head).toMatch(isLetIn ? /^HTTP\/1\.1 101 / : /^HTTP\/1\.1 403 /);
});

test("our subprotocol is granted first, then those that are listed, else none", async () => {
  const { port } = await serve({ websocket: { protocols: ["second", "first"] } });
  const granted = async (offer: string): Promise<string | undefined> => {
    const peer = await rawPeer(port);
    peer.write(upgradeRequest("/", { "Sec-WebSocket-Protocol": offer }));
    await peer.until("the answer", () => peer.head.length > 0);
    return /sec-websocket-protocol: (\S+)/i.exec(peer.head)?.[1];
  };
  expect(await granted("first, holdfast.1")).toBe("holdfast.1");
  expect(await granted("first, second")).toBe("second");
  expect(await granted("other")).toBeUndefined();
});

test("plain bytes on a port for WebSockets only are answered by a short 400", async () => {
  const { port, nextEnd, server } = await serve({}, "ws://127.0.0.1:0/live");
  expect(server.urls[0]).toMatch(/^ws:\/\/127\.0\.0\.1:\d+\/live$/);
  const peer = await rawPeer(port);
  peer.write("ping\n");
  await peer.until("the end", () => peer.hasEnded || peer.isClosed);
  expect(peer.head).toMatch(/^HTTP\/1\.1 400 /);
  expect(await nextEnd()).toMatchObject({ code: "WRONG_DIALECT" });
});

test("on a port for WebSockets only the time of a handshake runs from the beginning", async () => {
  const { port, nextEnd } = await serve({ handshakeTimeoutMs: 100 }, "ws://127.0.0.1:0/");
  await rawPeer(port);
  expect(await nextEnd()).toMatchObject({ code: "HANDSHAKE_TIMEOUT" });
});

test("upgrades count as handshakes until they are granted", async () => {
  const { port, server, nextEnd } = await serve({ handshakesMax: 2 });
  const half = [await rawPeer(port), await rawPeer(port)];
  for (const peer of half) peer.write("GET / HTTP/1.1\r\n");
  await eventually("both are counted", () => server.stats().greeting === 2);
  const third = await rawPeer(port);
  third.write("G");
  await eventually("it is counted once", () => server.stats().rejected["HANDSHAKES_MAX"] === 1);
  third.write("ET / HTTP/1.1\r\n");
  await third.until("it is turned away", () => third.hasEnded || third.isClosed);
  expect(await nextEnd()).toMatchObject({ code: "HANDSHAKES_MAX" });
  expect(server.stats().rejected).toEqual({ HANDSHAKES_MAX: 1 });
  for (const peer of half) peer.write("Host: x\r\n\r\n");
});

test("whoever is one too many is told so in the words of its dialect", async () => {
  const { port, server } = await serve({ maxConnections: 1 });
  const first = await upgradedPeer(port);
  first.write(frame(TEXT, "here"));
  await first.until("the echo", () => first.texts().length === 1);
  const second = await upgradedPeer(port);
  second.write(frame(TEXT, "me too"));
  await second.until("the close frame", () => second.close !== undefined);
  expect(second.close).toMatch(/^1013 CONNECTIONS_MAX: /);
  expect(server.stats().rejected).toEqual({ CONNECTIONS_MAX: 1 });
});
