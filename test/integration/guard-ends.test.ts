/** Every end of a guarded connection has one record, which says whose doing it was. */
import { once } from "node:events";
import { connect, type Server, type Socket } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import type { WebSocket } from "ws";
import {
  halfOpenServer,
  netServer,
  peerOf,
  portOf,
  reads,
  sleep,
  tlsPeerOf,
  tlsServer,
  until,
  Watched,
  webSocketPeer,
  webSocketServer,
} from "../support/guard-world.ts";

interface Met {
  readonly watched: Watched;
  readonly socket: Socket;
  readonly peer: Socket;
}

async function meet(
  serve: typeof netServer,
  dial: (server: never) => Promise<Socket>,
): Promise<Met> {
  const sockets: Socket[] = [];
  const server = await serve((one) => {
    reads(one);
    sockets.push(one);
  });
  const watched = new Watched(server, {});
  const peer = await dial(server as never);
  reads(peer);
  await watched.guards(1);
  return { watched, socket: sockets[0] as Socket, peer };
}

const STREAM_ENDS: readonly {
  readonly what: string;
  readonly act: (met: Met) => void;
  readonly record: object;
}[] = [
  {
    what: "the peer ended first",
    act: ({ peer }) => void peer.end(),
    record: { code: "CLOSED_BY_PEER", by: "peer", sentence: "closed by the peer" },
  },
  {
    what: "we ended first",
    act: ({ socket }) => void socket.end(),
    record: { code: "CLOSED_HERE", by: "here", sentence: "closed by this side" },
  },
  {
    what: "we destroyed it",
    act: ({ socket }) => void socket.destroy(),
    record: { code: "CLOSED_HERE", by: "here", cause: undefined },
  },
  {
    what: "we destroyed it with an error",
    act: ({ socket }) => void socket.destroy(new Error("a rule of ours")),
    record: { code: "CLOSED_HERE", by: "here", sentence: "closed by this side: a rule of ours" },
  },
];

for (const { what, act, record } of STREAM_ENDS) {
  test.each([
    { kind: "tcp", serve: netServer, dial: peerOf },
    { kind: "tls", serve: tlsServer, dial: tlsPeerOf },
  ])(`$kind: ${what}`, async ({ kind, serve, dial }) => {
    const met = await meet(serve, dial);
    act(met);
    const { livedMs, openedAtWallMs, ...whole } = await met.watched.end();
    expect(whole).toMatchObject({ ...record, kind, reset: false, id: "1" });
    expect(Math.abs(Date.now() - openedAtWallMs)).toBeLessThan(60_000);
    expect(livedMs).toBeLessThan(10_000);
    await sleep(20);
    expect(met.watched.records.length).toBe(1);
    expect(met.watched.guard.records()).toEqual(met.watched.records);
  });
}

test("an owner that answers an end with an end of his own did not begin it", async () => {
  const server = await halfOpenServer((one) => {
    reads(one);
    one.on("end", () => one.end());
  });
  const watched = new Watched(server, {});
  const peer = await peerOf(server);
  reads(peer);
  await watched.guards(1);
  peer.end();
  expect(await watched.end()).toMatchObject({ code: "CLOSED_BY_PEER", by: "peer" });
});

test("a reset is the path's or the peer's", async () => {
  const { watched, peer } = await meet(netServer, peerOf);
  peer.resetAndDestroy();
  expect(await watched.end()).toMatchObject({
    code: "PEER_RESET",
    by: "fault",
    cause: { code: "ECONNRESET" },
    sentence: "ended: the connection was reset by the peer or by the path: ECONNRESET",
  });
});

async function meetWebSocket(): Promise<{ watched: Watched; near: WebSocket; far: WebSocket }> {
  const accepted: WebSocket[] = [];
  const { server, url } = await webSocketServer((one) => void accepted.push(one));
  const watched = new Watched(server, {});
  const far = await webSocketPeer(url);
  await watched.guards(1);
  return { watched, near: accepted[0] as WebSocket, far };
}

function below(webSocket: WebSocket): Socket {
  return (webSocket as unknown as { _socket: Socket })._socket;
}

test("WebSocket: the side that began to close is named, with what the peer said", async () => {
  const byPeer = await meetWebSocket();
  byPeer.far.close(4_000, "tired");
  expect(await byPeer.watched.end()).toMatchObject({
    code: "CLOSED_BY_PEER",
    peerSaid: { code: 4_000, reason: "tired" },
  });
  const here = await meetWebSocket();
  here.near.close(1_000, "enough");
  expect(await here.watched.end()).toMatchObject({ code: "CLOSED_HERE", peerSaid: undefined });
  const wordless = await meetWebSocket();
  wordless.far.close();
  expect(await wordless.watched.end()).toMatchObject({
    code: "CLOSED_BY_PEER",
    peerSaid: undefined,
  });
});

test("WebSocket: an end without a close frame", async () => {
  const gone = await meetWebSocket();
  below(gone.far).end();
  expect(await gone.watched.end()).toMatchObject({ code: "PEER_VANISHED", by: "fault" });
  const reset = await meetWebSocket();
  below(reset.far).resetAndDestroy();
  expect(await reset.watched.end()).toMatchObject({ code: "PEER_RESET" });
  const here = await meetWebSocket();
  here.near.terminate();
  expect(await here.watched.end()).toMatchObject({ code: "CLOSED_HERE", by: "here" });
  const broken = await meetWebSocket();
  below(broken.far).write(Buffer.from([0xff, 0xff, 0xff]));
  const record = await broken.watched.end();
  expect(record).toMatchObject({ by: "here", cause: { code: /^WS_ERR_/ } });
});

test("`records` keeps the newest, and an `end` listener that throws harms nobody", async () => {
  const server = await netServer(reads);
  const watched = new Watched(server, { recordsMax: 2 });
  const undo = watched.guard.on("end", (connection) => {
    const { target } = connection;
    expect(connection.info().id).toBe(String(watched.records.length));
    expect("destroyed" in target && target.destroyed).toBe(true);
  });
  for (let count = 1; count <= 3; count++) {
    const peer = await peerOf(server);
    await watched.guards(1);
    peer.destroy();
    await watched.ends(count);
  }
  undo();
  expect(watched.guard.records().map(({ id }) => id)).toEqual(["2", "3"]);
});

test("drain: all are asked, whoever stays is reset, newcomers come in", async () => {
  const server = await netServer(reads);
  const watched = new Watched(server, {});
  const leaving = await peerOf(server);
  reads(leaving); // Ends its side when it is told to, as node:net does.
  await watched.guards(1);
  await stubbornPeerOf(server);
  await watched.guards(2);
  const askedAt = performance.now();
  const drained = watched.guard.drain({ graceMs: 300 });
  await watched.ends(1);
  const late = await peerOf(server);
  await drained;
  expect(performance.now() - askedAt).toBeGreaterThanOrEqual(299);
  expect(watched.records).toMatchObject([
    { id: "1", code: "DRAINED", by: "here", reset: false, sentence: "closed in a drain" },
    { id: "2", code: "DRAINED", by: "here", sentence: /^closed in a drain: it had not left/ },
  ]);
  expect(watched.guard.stats()).toMatchObject({ open: 1, ended: { DRAINED: 2 } });
  expect(late.destroyed).toBe(false);
  await watched.guard.drain({ graceMs: 0, spreadMs: 50 });
  expect(watched.guard.stats().open).toBe(0);
  await watched.guard.drain(); // Nobody is here.
  await expect(watched.guard.drain({ graceMs: -1 })).rejects.toThrow("drain: `graceMs` must be");
});

/** Hears that it is to leave, and does not. */
async function stubbornPeerOf(server: Server): Promise<void> {
  const options = { host: "127.0.0.1", port: portOf(server), allowHalfOpen: true };
  const peer = connect(options).on("error", () => {});
  onTestFinished(() => void peer.destroy());
  reads(peer);
  await once(peer, "connect");
}

test("drain: WebSockets hear 1001, and `stop` ends the wait", async () => {
  const { watched, far } = await meetWebSocket();
  const closed = once(far, "close");
  await watched.guard.drain();
  expect((await closed)[0]).toBe(1_001);
  expect(watched.records).toMatchObject([{ code: "DRAINED", kind: "websocket" }]);
  const other = await meetWebSocket();
  other.far.pause();
  const drained = other.watched.guard.drain({ graceMs: 60_000 });
  await until("it was asked", () => other.near.readyState === other.near.CLOSING);
  other.watched.guard.stop();
  await drained;
  expect(other.watched.records).toEqual([]);
});
