/** WebSockets of ws: asked by native pings, on either side, by server and one by one. */
import { once } from "node:events";
import { createServer } from "node:http";
import { expect, onTestFinished, test } from "vitest";
import { WebSocket, WebSocketServer } from "ws";
import { guard } from "../../src/guard/guard.ts";
import {
  httpServer,
  portOf,
  sleep,
  until,
  Watched,
  webSocketPeer,
  webSocketServer,
} from "../support/guard-world.ts";

const OPTIONS = { timeoutMs: 600, intervalMs: 200, answerWithinMs: 300 } as const;

test("a peer that answers lives, however quiet; one that does not is found and reset", async () => {
  const { server, url } = await webSocketServer();
  const watched = new Watched(server, OPTIONS);
  const quiet = await webSocketPeer(url);
  const mute = await webSocketPeer(url, false);
  const openedAt = performance.now();
  const record = await watched.end();
  expect(performance.now() - openedAt).toBeLessThan(600 * 1.125 + 25 + 500);
  expect(record).toMatchObject({ id: "2", code: "PEER_SILENT", kind: "websocket", reset: true });
  expect(record.sentence).toMatch(/0\.6 s to say a byte and did not answer the ping sent 0\.\d s/);
  expect(server.clients.size).toBe(1);
  await sleep(1_000);
  expect(quiet.readyState).toBe(WebSocket.OPEN);
  await until("the mute one noticed", () => mute.readyState === WebSocket.CLOSED);
  expect(watched.guard.connections()).toMatchObject([
    { id: "1", kind: "websocket", isJudged: true, rttMs: expect.any(Number) },
  ]);
  const { pingsSent, pingsAnswered } = watched.guard.stats();
  expect(pingsAnswered).toBeGreaterThan(3);
  expect(pingsSent).toBeGreaterThan(pingsAnswered); // Those to the mute one.
});

test("one that speaks but answers no ping lives, too: every byte counts", async () => {
  const { server, url } = await webSocketServer();
  const watched = new Watched(server, OPTIONS);
  const mute = await webSocketPeer(url, false);
  const talk = setInterval(() => mute.send("still here"), 150);
  await sleep(1_500);
  clearInterval(talk);
  expect(watched.records).toEqual([]);
  expect(await watched.end()).toMatchObject({ code: "PEER_SILENT" });
});

test("both sides of one connection, each with a guard of its own", async () => {
  const { server, url } = await webSocketServer();
  const near = new Watched(server, OPTIONS);
  const webSocket = new WebSocket(url);
  onTestFinished(() => webSocket.terminate());
  const far = new Watched(webSocket, OPTIONS); // Still connecting.
  expect(far.guard.stats()).toMatchObject({ open: 1, notJudged: 1 });
  await once(webSocket, "open");
  await sleep(1_000);
  for (const { guard: one, told } of [near, far]) {
    expect(told.filter((line) => line.startsWith("end"))).toEqual([]);
    expect(one.stats()).toMatchObject({ open: 1, judged: 1 });
  }
  // Whoever asks first spares the other side the asking.
  const answered = near.guard.stats().pingsAnswered + far.guard.stats().pingsAnswered;
  expect(answered).toBeGreaterThan(2);
  webSocket.close(4_001, "done\u001b[2J");
  expect(await near.end()).toMatchObject({
    code: "CLOSED_BY_PEER",
    by: "peer",
    peerSaid: { code: 4_001, reason: "done\u001b[2J" },
    sentence: 'closed by the peer; the peer said 4001 "done\\x1b[2J"',
  });
  expect(await far.end()).toMatchObject({ code: "CLOSED_HERE", by: "here", peerSaid: undefined });
});

test("those who are there already are taken in, and each newcomer", async () => {
  const { server, url } = await webSocketServer();
  await webSocketPeer(url);
  await webSocketPeer(url);
  const watched = new Watched(server, OPTIONS);
  expect(watched.guard.stats().open).toBe(2);
  await webSocketPeer(url);
  await watched.guards(3);
});

test("`noServer`, with neither tracking nor event: newcomers are found all the same", async () => {
  const server = new WebSocketServer({ noServer: true, clientTracking: false });
  const watched = new Watched(server, OPTIONS);
  const http = await httpServer();
  http.on("upgrade", (request, socket, head) => {
    server.handleUpgrade(request, socket, head, () => {});
  });
  await webSocketPeer(`ws://127.0.0.1:${portOf(http)}`, false);
  await watched.guards(1);
  expect(await watched.end()).toMatchObject({ code: "PEER_SILENT", reset: true });
});

test("a WebSocket that cannot be dialled ends once, with the system's words", async () => {
  const free = createServer();
  free.listen(0, "127.0.0.1");
  await once(free, "listening");
  const port = portOf(free);
  free.close();
  const webSocket = new WebSocket(`ws://127.0.0.1:${port}`);
  webSocket.on("error", () => {});
  const watched = new Watched(webSocket, OPTIONS);
  const record = await watched.end();
  expect(record).toMatchObject({ code: "TRANSPORT_FAILED", remote: "unknown", reset: false });
  expect(record.sentence).toContain("ECONNREFUSED");
});

test("with `intervalMs: false` a peer is asked only before a verdict", async () => {
  const { server, url } = await webSocketServer();
  const watched = new Watched(server, { timeoutMs: 800, intervalMs: false, answerWithinMs: 300 });
  await webSocketPeer(url);
  await webSocketPeer(url, false);
  await sleep(400);
  expect(watched.guard.stats().pingsSent).toBe(0);
  await watched.end();
  await sleep(300);
  expect(watched.guard.stats()).toMatchObject({ open: 1, ended: { PEER_SILENT: 1 } });
  expect(watched.guard.stats().pingsAnswered).toBeGreaterThan(0);
});

test("one that is closing is not asked, and has its timeout", async () => {
  const { server, url } = await webSocketServer((webSocket) => {
    webSocket.on("message", () => webSocket.close());
  });
  const watched = new Watched(server, OPTIONS);
  const peer = await webSocketPeer(url);
  await watched.guards(1);
  // The peer says one thing and then nothing, not even a close frame.
  peer.send("close, please");
  peer.pause();
  const before = watched.guard.stats().pingsSent;
  expect(await watched.end()).toMatchObject({ code: "PEER_SILENT" });
  expect(watched.guard.stats().pingsSent - before).toBeLessThanOrEqual(1);
});

test("`ping` is for raw sockets", async () => {
  const { server } = await webSocketServer();
  const ping = { bytes: "ping\n", isAnswer: () => true };
  expect(() => guard(server, { ping })).toThrow("`ping` is for raw sockets");
});
