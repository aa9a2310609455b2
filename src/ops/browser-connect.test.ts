/** The door for browsers, over the WebSocket class of `ws` in the place of a browser's own. */
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { WebSocket, WebSocketServer } from "ws";
import { serveWebSockets, textOf, type World } from "../../test/integration/websocket-world.ts";
import type { LinkStatus } from "../client/status.ts";
import type { Link } from "../page/page-link.ts";
import type { BrowserConnectOptions } from "../page/page-options.ts";
import { within } from "../testing/transport-recorder.ts";
import { connect, connectAdaptive, connectLines } from "./browser-connect.ts";

const cleanups: (() => unknown)[] = [];

beforeEach(() => {
  vi.stubGlobal("WebSocket", WebSocket);
});

afterEach(async () => {
  for (const clean of cleanups.splice(0).toReversed()) await clean();
  vi.unstubAllGlobals();
});

async function serve(...given: Parameters<typeof serveWebSockets>): Promise<World> {
  const world = await serveWebSockets(...given);
  cleanups.push(() => world.server.destroy());
  return world;
}

function open(door: typeof connect, url: string, options: BrowserConnectOptions = {}): Link {
  const redial = { baseMs: 20, capMs: 50, ...options.redial };
  const link = door(url, { closeTimeoutMs: 500, ...options, redial });
  cleanups.push(() => link.close());
  return link;
}

function nextMessage(link: Link): Promise<unknown> {
  const came = new Promise((resolve) => {
    const undo = link.on("message", (data) => {
      undo();
      resolve(data);
    });
  });
  return within(came, "a message arrives");
}

function until(link: Link, name: LinkStatus["name"]): Promise<void> {
  const reached = new Promise<void>((resolve) => {
    link.on("status", (status) => {
      if (status.name === name) resolve();
    });
  });
  return within(reached, `the link is ${name}`);
}

test("where there is no WebSocket, as where pages are rendered, connect says so", () => {
  vi.stubGlobal("WebSocket", undefined);
  expect(() => connect("ws://localhost:1/")).toThrow("this platform has no WebSocket of its own");
});

test("a server that is not there is dialled until the link gives up", async () => {
  const redial = { attemptsMax: 2, baseMs: 10, capMs: 10 };
  for (const door of [connect, connectLines, connectAdaptive]) {
    const { code, lastCause } = await open(door, "ws://127.0.0.1:1/", { redial }).ended;
    expect([code, lastCause?.code]).toEqual(["REDIAL_EXHAUSTED", "DIAL_FAILED"]);
    expect(lastCause?.sentence).toContain("cannot reach ws://127.0.0.1:1/");
  }
});

test("connect knows nothing of lines and adaptive intervals, and names who does", () => {
  expect(() => connect("line+ws://localhost:1/")).toThrow("with `connectLines` line+wss://");
  expect(() => connect("ws://localhost:1/", { heartbeat: { adaptive: {} } })).toThrow(
    "`adaptive` is not an option",
  );
  expect(() => connectLines("ws://localhost:1/", { heartbeat: { adaptive: {} } })).toThrow(
    "`adaptive` is not an option",
  );
  expect(() => connect("ws://localhost:1/", { line: {} })).toThrow("`line` is not an option");
  expect(() => connect([])).toThrow("at least one url");
});

for (const [door, scheme] of [
  [connect, "ws"],
  [connectLines, "ws"],
  [connectLines, "line+ws"],
  [connectAdaptive, "ws"],
  [connectAdaptive, "line+ws"],
] as const) {
  test(`${door.name}, ${scheme}: messages go there and back, then an orderly close`, async () => {
    const { port, server, nextEnd } = await serve();
    const link = open(door, `${scheme}://127.0.0.1:${port}/a?b=c`);
    const echo = nextMessage(link);
    link.send("hello");
    expect(await echo).toBe("hello");
    await within(link.delivered(), "all is delivered");
    const dialect = scheme === "ws" ? "frame" : "line";
    expect(server.connections()).toMatchObject([{ transport: "websocket", dialect }]);
    expect((await link.close("done")).code).toBe("CLOSED_HERE");
    expect(await nextEnd()).toMatchObject({ code: "CLOSED_BY_PEER", dialect });
  });
}

test("a link comes back when its server is killed and stands again", async () => {
  const { port, server } = await serve();
  const link = open(connect, `ws://127.0.0.1:${port}`, { redial: { attemptsMax: false } });
  await until(link, "online");
  const waits = until(link, "waiting");
  await server.destroy();
  await waits;
  link.send("meanwhile");
  const echo = nextMessage(link);
  await serve({}, `tcp://127.0.0.1:${port}`);
  link.wake();
  expect(await echo).toBe("meanwhile");
});

test("a MiB of bytes, and half a MiB in one line, go there and back as they were", async () => {
  const { port } = await serve({ line: { lineBytesMax: 1024 * 1024 } });
  const bytes = Uint8Array.from({ length: 1024 * 1024 }, (_, at) => at % 251);
  const link = open(connect, `ws://127.0.0.1:${port}`);
  const echo = nextMessage(link);
  link.send(bytes);
  expect(Buffer.compare(Buffer.from((await echo) as Uint8Array), Buffer.from(bytes))).toBe(0);
  const lines = open(connectLines, `line+ws://127.0.0.1:${port}`);
  const text = "äöü".repeat(100_000);
  const line = nextMessage(lines);
  lines.send(text);
  expect(await line).toBe(text);
});

test("a drain moves a link away, and what was sent before has arrived", async () => {
  const { port, server } = await serve();
  const link = open(connect, `ws://127.0.0.1:${port}`, { redial: { attemptsMax: 1 } });
  await until(link, "online");
  const echo = nextMessage(link);
  link.send("before");
  const ended = new Promise<string>((resolve) =>
    link.on("connectionEnd", ({ code }) => resolve(code)),
  );
  await server.close({ graceMs: 2_000 });
  expect(await within(ended, "the connection ends")).toBe("DRAINED");
  expect(await echo).toBe("before");
});

/** Another's server of WebSockets. */
async function elsewhere(): Promise<{ readonly server: WebSocketServer; readonly port: number }> {
  const server = new WebSocketServer({ host: "127.0.0.1", port: 0, handleProtocols: () => "chat" });
  cleanups.push(() => {
    for (const client of server.clients) client.terminate();
    server.close();
  });
  await once(server, "listening");
  return { server, port: (server.address() as AddressInfo).port };
}

test("lines are for any WebSocket server, which is pinged and picks its subprotocol", async () => {
  const { server, port } = await elsewhere();
  server.on("connection", (socket) => {
    socket.on("message", (data, isBinary) => {
      const text = textOf(data);
      socket.send(text === "ping" ? "pong" : `${text}${isBinary ? " in bytes" : ""}`);
    });
  });
  const link = open(connectLines, `line+ws://127.0.0.1:${port}/`, {
    websocket: { protocols: ["chat"] },
    heartbeat: { intervalMs: 50 },
  });
  const beat = new Promise((resolve) => link.on("beat", resolve));
  const echo = nextMessage(link);
  link.send("hello");
  expect(await echo).toBe("hello");
  await within(beat, "a ping is answered");
  const [socket] = server.clients;
  expect(socket?.protocol).toBe("chat");
});

test("frames are for another Holdfast: a server that answers by text is told apart", async () => {
  const { server, port } = await elsewhere();
  server.on("connection", (socket) => socket.on("message", () => socket.send("what?")));
  const protocols = { websocket: { protocols: ["chat"] } };
  const link = open(connect, `ws://127.0.0.1:${port}/`, protocols);
  const record = await within(link.ended, "the link ends");
  expect(record.code).toBe("WRONG_DIALECT");
  expect(record.sentence).toContain("what the server speaks, frames or lines?");
});

test("an adaptive link begins with its shortest interval, and tells it", async () => {
  const { port } = await serve();
  const adaptive = { intervalMsMin: 1_000, intervalMsMax: 60_000 };
  const link = open(connectAdaptive, `ws://127.0.0.1:${port}/`, { heartbeat: { adaptive } });
  await until(link, "online");
  expect(link.intervalMs).toBe(1_000);
  expect(open(connectAdaptive, `ws://127.0.0.1:${port}/`).intervalMs).toBeUndefined();
});
