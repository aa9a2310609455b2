/** A server for WebSockets, and peers that speak by hand. */
import { afterEach, expect, test } from "vitest";
import {
  BINARY,
  closeFrame,
  eventually,
  frame,
  PING,
  PONG,
  type RawPeer,
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

const ENGINES = ["public", "shared", "lean"] as const;

test.each(ENGINES)(
  "%s: texts are lines: a ping is answered, a message comes back",
  async (engine) => {
    const { port, server } = await serve({ engine });
    const peer = await upgradedPeer(port, "/live?room=7");
    peer.write(frame(TEXT, "ping"), frame(TEXT, "hello\r\n"), frame(TEXT, ""));
    await peer.until("three answers", () => peer.texts().length === 3);
    expect(peer.texts()).toEqual(["pong", "hello", ""]);
    const [row] = server.connections();
    expect(row).toMatchObject({ transport: "websocket", dialect: "line", phase: "open" });
    const request = server.connection(row?.id ?? "")?.request;
    expect(request).toMatchObject({ path: "/live", query: "room=7" });
    expect(request?.headers["upgrade"]).toBe("websocket");
  },
);

test.each(ENGINES)(
  "%s: the first frames may come in the same segment as the request",
  async (engine) => {
    const { port } = await serve({ engine });
    const peer = await rawPeer(port);
    peer.write(Buffer.concat([Buffer.from(upgradeRequest()), frame(TEXT, "at once")]));
    await peer.until("the echo", () => peer.texts().length > 0);
    expect(peer.texts()).toEqual(["at once"]);
  },
);

test.each(ENGINES)("%s: a request byte by byte is a request", async (engine) => {
  const { port } = await serve({ engine });
  const peer = await rawPeer(port);
  peer.socket.setNoDelay(true);
  for (const byte of Buffer.from(upgradeRequest())) {
    peer.write(Uint8Array.of(byte));
    await new Promise((resolve) => setImmediate(resolve));
  }
  peer.write(frame(TEXT, "ping"));
  await peer.until("the answer", () => peer.texts().length > 0);
  expect(peer.texts()).toEqual(["pong"]);
});

const BEGINNINGS = ENGINES.flatMap((engine) =>
  ["G", "GE", "GET", "GETTING\n"].map((begin) => [engine, begin] as const),
);

test.each(BEGINNINGS)("%s: a line peer may begin with %j", async (engine, begin) => {
  const { port, server } = await serve({ engine });
  const peer = await rawPeer(port);
  peer.write(begin);
  if (!begin.endsWith("\n")) {
    await eventually("the server knows of it", () => server.stats().accepted === 1);
    await new Promise((resolve) => setTimeout(resolve, 20));
    peer.write("ood morning\n");
  }
  peer.write("ping\n");
  const said = begin.endsWith("\n") ? begin : `${begin}ood morning\n`;
  const bytes = said.length + "pong\n".length;
  await peer.until("echo and answer", () => peer.head.length >= bytes);
  expect(peer.head.split("\n").sort()).toEqual(["", said.trim(), "pong"].sort());
  expect(server.connections()).toMatchObject([{ transport: "tcp", dialect: "line" }]);
});

test.each(ENGINES)(
  "%s: whoever says G and no more is ended after the time of a handshake",
  async (engine) => {
    const { port, nextEnd } = await serve({ engine, handshakeTimeoutMs: 100 });
    const peer = await rawPeer(port);
    peer.write("G");
    expect(await nextEnd()).toMatchObject({ code: "HANDSHAKE_TIMEOUT" });
    await peer.until("the reset", () => peer.isClosed);
  },
);

test.each(ENGINES)(
  "%s: whoever says GE and FIN has said a line that was not ended",
  async (engine) => {
    const { port, nextEnd } = await serve({ engine });
    const peer = await rawPeer(port);
    peer.socket.end("GE");
    const record = await nextEnd();
    expect(record).toMatchObject({ code: "CLOSED_BY_PEER", dialect: "line" });
    expect(record.evidence.bytesIn).toBe(2);
  },
);

test.each(ENGINES)("%s: half a request is ended after the time of a handshake", async (engine) => {
  const { port, nextEnd } = await serve({ engine, handshakeTimeoutMs: 100 });
  const peer = await rawPeer(port);
  peer.write("GET / HTTP/1.1\r\nHost:");
  expect(await nextEnd()).toMatchObject({ code: "HANDSHAKE_TIMEOUT" });
  await peer.until("the reset", () => peer.isClosed);
});

test("a native ping without a payload is answered by a pong without one", async () => {
  const { port } = await serve();
  const peer = await upgradedPeer(port);
  peer.write(frame(PING, ""), frame(PING, "x"), frame(PING, ""));
  await peer.until("the pongs", () => peer.frames.length === 3);
  const pongs = peer.frames.map(({ opcode, payload }) => [opcode, payload.toString()]);
  expect(pongs).toEqual([
    [PONG, ""],
    [PONG, "x"],
    [PONG, ""],
  ]);
});

test("a peer that resets the socket was the one who did", async () => {
  const { port, nextEnd } = await serve();
  const peer = await upgradedPeer(port);
  peer.write(frame(PING, ""));
  await peer.until("the pong", () => peer.frames.length === 1);
  peer.socket.resetAndDestroy();
  expect(await nextEnd()).toMatchObject({ code: "PEER_RESET" });
});

test("a native ping is answered with its payload, before and after the first message", async () => {
  const { port } = await serve();
  const peer = await upgradedPeer(port);
  peer.write(frame(PING, "one"));
  await peer.until("the first pong", () => peer.frames.length === 1);
  peer.write(frame(TEXT, "x"), frame(PING, ""));
  await peer.until("the second pong", () => peer.frames.length === 3);
  expect(
    peer.frames.filter(({ opcode }) => opcode === PONG).map((one) => String(one.payload)),
  ).toEqual(["one", ""]);
});

test("native pings keep a connection open, and their absence ends it", async () => {
  const { port, server, nextEnd } = await serve({ timeoutMs: 400 });
  const peer = await upgradedPeer(port);
  peer.write(frame(TEXT, "here"));
  await peer.until("the echo", () => peer.texts().length === 1);
  const begin = performance.now();
  while (performance.now() - begin < 900) {
    peer.write(frame(PING, ""));
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  expect(server.connections()).toHaveLength(1);
  expect(await nextEnd()).toMatchObject({ code: "PEER_SILENT", reset: true });
});

test("native pings get no more answers than the budget allows", async () => {
  const { port, nextEnd } = await serve({ pingIntervalMsMin: 1_000, timeoutMs: 60_000 });
  const peer = await upgradedPeer(port);
  peer.write(frame(TEXT, "x"));
  await peer.until("the echo", () => peer.texts().length === 1);
  for (let at = 0; at < 200; at++) peer.write(frame(PING, String(at)));
  peer.write(frame(TEXT, "after"));
  await peer.until("the echo after the flood", () => peer.texts().length === 2);
  const pongs = peer.frames.filter(({ opcode }) => opcode === PONG).length;
  expect(pongs).toBeLessThanOrEqual(51);
  expect(pongs).toBeGreaterThan(0);
  peer.socket.destroy();
  await nextEnd();
});

test("a close frame of the peer stands in the record, and is answered", async () => {
  const { port, nextEnd } = await serve();
  const peer = await upgradedPeer(port);
  peer.write(frame(TEXT, "x"), closeFrame(1001, "the page was closed"));
  await peer.until("the close frame is answered", () => peer.close !== undefined);
  expect(peer.close).toBe("1001 the page was closed");
  await peer.until("FIN", () => peer.hasEnded);
  peer.socket.end();
  expect(await nextEnd()).toMatchObject({
    code: "CLOSED_BY_PEER",
    by: "peer",
    peerSaid: { code: "1001", reason: "the page was closed" },
  });
});

test("a frame peer that leaves by a close frame alone has said so", async () => {
  const { port, server, nextEnd } = await serve();
  const peer = await upgradedPeer(port);
  peer.write(frame(BINARY, hello()));
  await eventually("the dialect is known", () => server.connections()[0]?.dialect === "frame");
  peer.write(closeFrame(1001));
  await peer.until("FIN", () => peer.hasEnded);
  peer.socket.end();
  expect(await nextEnd()).toMatchObject({
    code: "CLOSED_BY_PEER",
    peerSaid: { code: "1001", reason: "" },
  });
});

test("our close says 1000, a drain 1001, each with its reason", async () => {
  const { port, server, nextEnd } = await serve();
  const peer = await upgradedPeer(port);
  peer.write(frame(TEXT, "x"));
  await peer.until("the echo", () => peer.texts().length === 1);
  server.connection(server.connections()[0]?.id ?? "")?.close("enough");
  await peer.until("the close frame", () => peer.close !== undefined);
  expect(peer.close).toBe("1000 enough");
  peer.write(closeFrame(1000));
  peer.socket.end();
  expect(await nextEnd()).toMatchObject({ code: "CLOSED_HERE" });
  const other = await upgradedPeer(port);
  other.write(frame(TEXT, "x"));
  await other.until("the echo", () => other.texts().length === 1);
  const closed = server.close();
  await other.until("the close frame", () => other.close !== undefined);
  expect(other.close).toMatch(/^1001 DRAINED/);
  other.write(closeFrame(1000));
  other.socket.end();
  await closed;
});

test("a stream that ends without a close frame has vanished", async () => {
  const { port, nextEnd } = await serve();
  const peer = await upgradedPeer(port);
  peer.write(frame(TEXT, "x"));
  await peer.until("the echo", () => peer.texts().length === 1);
  peer.socket.end();
  expect(await nextEnd()).toMatchObject({ code: "PEER_VANISHED", peerSaid: undefined });
});

const long = "x".repeat(65_537);
test.each<[string, Buffer[], string, RegExp]>([
  [
    "text after binary",
    [frame(BINARY, hello()), frame(TEXT, "x")],
    "WEBSOCKET_INVALID",
    /^1003 WEB/,
  ],
  [
    "binary after text",
    [frame(TEXT, "x"), frame(BINARY, hello())],
    "WEBSOCKET_INVALID",
    /^1003 WEB/,
  ],
  [
    "a line break in a text",
    [frame(TEXT, "a\nb")],
    "WEBSOCKET_INVALID",
    /^1002 WEBSOCKET_INVALID: a t/,
  ],
  [
    "binary that is no preface",
    [frame(BINARY, "ping\n")],
    "WRONG_DIALECT",
    /^1003 WRONG_DIALECT: the f/,
  ],
  ["a line that is too long", [frame(TEXT, long)], "LINE_TOO_LONG", /^1009 LINE_TOO_LONG/],
  ["a very long text", [frame(TEXT, long.repeat(3))], "LINE_TOO_LONG", /^1009/],
  ["a long binary", [frame(BINARY, Buffer.alloc(131_073, 0xf8))], "WEBSOCKET_INVALID", /^1009/],
  ["text that is no UTF-8", [frame(TEXT, Uint8Array.of(0xff))], "WEBSOCKET_INVALID", /^1007/],
  ["a frame without a mask", [Buffer.from([0x81, 1, 0x78])], "WEBSOCKET_INVALID", /^1002/],
  ["a reserved bit", [Buffer.from([0xc1, 0x80, 0, 0, 0, 0])], "WEBSOCKET_INVALID", /^1002/],
  ["an opcode that is none", [frame(5, "")], "WEBSOCKET_INVALID", /^1002/],
  ["a ping in fragments", [frame(PING, "", false)], "WEBSOCKET_INVALID", /^1002/],
])("%s ends, and the close frame says why", async (_, frames, code, close) => {
  const { port, nextEnd } = await serve();
  const peer = await upgradedPeer(port);
  peer.write(...frames);
  await peer.until("the close frame", () => peer.close !== undefined);
  expect(peer.close).toMatch(close);
  peer.write(closeFrame(1000));
  peer.socket.end();
  expect(await nextEnd()).toMatchObject({ code, by: "fault" });
});

/** The preface and the beginning of a HELLO. */
function hello(): Buffer {
  return Buffer.from([0xf8, 0x48, 0x46, 1]);
}

test("half a message counts against the budget of all buffers, and has to go on", async () => {
  const { port, server, nextEnd } = await serve({ drainTimeoutMs: 300, timeoutMs: 60_000 });
  const peer = await upgradedPeer(port);
  peer.write(frame(TEXT, "x"), frame(TEXT, "y".repeat(30_000), false));
  peer.write(frame(TEXT, "z".repeat(30_000), false).fill(0x00, 0, 1)); // A fragment that goes on.
  await eventually("the server holds it", () => server.stats().bufferedBytes > 60_000);
  const begin = performance.now();
  const pings = setInterval(() => peer.write(frame(PING, "")), 50);
  const record = await nextEnd();
  clearInterval(pings);
  expect(record).toMatchObject({ code: "UNFINISHED_TOO_LONG" });
  expect(performance.now() - begin).toBeGreaterThan(200);
  expect(server.stats().bufferedBytes).toBe(0);
});

// The fault of views: of each read one byte was part of a message, and all of it stayed in memory.
test("a message in pieces between pongs counts with all it keeps, and has a limit", async () => {
  const { port, server, nextEnd } = await serve();
  const peer = await upgradedPeer(port);
  const pongs = Array.from({ length: 400 }, () => frame(PONG, "x".repeat(125)));
  const part = Buffer.concat([...pongs, frame(0, "x", false)]);
  peer.write(frame(TEXT, "x", false), part);
  await eventually("the reads count", () => server.stats().bufferedBytes > part.length);
  for (let count = 0; count < 40; count++) peer.write(part);
  const record = await nextEnd();
  expect(record.code).toBe("WEBSOCKET_INVALID");
  expect(record.sentence).toMatch(/\d bytes of a message came in pieces that take 1\d{6}\)/);
  await peer.until("the end", () => peer.isClosed || peer.hasEnded);
  expect(peer.close ?? "1008").toMatch(/^1008/);
  expect(server.stats()).toMatchObject({ bufferedBytes: 0, open: 0, silent: 0, greeting: 0 });
});

test("a thousand rounds of upgrade and reset leave nothing behind", async () => {
  const { port, server } = await serve();
  const before = process.getActiveResourcesInfo().length;
  for (let round = 0; round < 1_000; round++) {
    const peer = await upgradedPeer(port);
    if (round % 3 === 0) peer.write(frame(TEXT, "ping"), frame(TEXT, "half", false));
    if (round % 2 === 0) peer.socket.resetAndDestroy();
    else server.connection(server.connections()[0]?.id ?? "")?.destroy();
    // With bytes unread, libuv before 1.52 may tell of a FIN where a reset came.
    await peer.until("it is gone", () => peer.isClosed || peer.hasEnded);
    peer.socket.destroy();
    while (server.connections().length > 0) await new Promise((resolve) => setImmediate(resolve));
  }
  expect(server.stats()).toMatchObject({ open: 0, bufferedBytes: 0, greeting: 0, silent: 0 });
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect(process.getActiveResourcesInfo().length).toBeLessThanOrEqual(before + 2);
});

// Ours: peers that only sent pings of WebSocket counted as silent, and made room for newcomers.
test("who only sends native pings is not taken for silent, and keeps its place", async () => {
  const { port, server } = await serve({ maxConnections: 4 });
  const peers: RawPeer[] = [];
  for (let count = 0; count < 4; count += 1) {
    const peer = await upgradedPeer(port);
    peer.write(frame(PING, ""));
    await peer.until("the pong", () => peer.frames.some(({ opcode }) => opcode === PONG));
    peers.push(peer);
  }
  expect(server.stats()).toMatchObject({ open: 4, silent: 0, ended: {} });
  peers[0]?.write(frame(TEXT, "hello"));
  await peers[0]?.until("the echo", () => peers[0]?.texts()[0] === "hello");
  expect(server.stats()).toMatchObject({ open: 4, silent: 0, ended: {} });
});
