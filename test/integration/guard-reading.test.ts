/** Whoever does not read cannot hold silence against anybody: paused, unread, or our own stall. */
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { Writable } from "node:stream";
import { expect, onTestFinished, test } from "vitest";
import {
  block,
  halfOpenServer,
  netServer,
  peerOf,
  portOf,
  reads,
  sleep,
  until,
  Watched,
  webSocketPeer,
  webSocketServer,
} from "../support/guard-world.ts";

const TIMEOUT_MS = 200;
const OPTIONS = { timeoutMs: TIMEOUT_MS } as const;
const LONG_MS = 3 * TIMEOUT_MS;

async function oneSocket(own: (socket: Socket) => void): Promise<{
  readonly watched: Watched;
  readonly peer: Socket;
  readonly socket: Socket;
}> {
  let socket: Socket | undefined;
  const server = await netServer((one) => {
    socket = one;
    own(one);
  });
  const watched = new Watched(server, OPTIONS);
  const peer = await peerOf(server);
  await watched.guards(1);
  return { watched, peer, socket: socket as Socket };
}

test("a paused socket is not judged; its silence counts from when reading goes on", async () => {
  const { watched, peer, socket } = await oneSocket(reads);
  peer.write("a last word");
  socket.pause();
  await sleep(LONG_MS);
  expect(watched.told).toEqual([]);
  expect(watched.guard.stats()).toMatchObject({ open: 1, judged: 0, notJudged: 1 });
  expect(watched.guard.connections()).toMatchObject([{ isJudged: false, verdict: "alive" }]);
  socket.resume();
  const resumedAt = performance.now();
  expect(await watched.end()).toMatchObject({ code: "PEER_SILENT" });
  expect(performance.now() - resumedAt).toBeGreaterThanOrEqual(TIMEOUT_MS - 5);
});

test("a socket that nobody began to read is not judged, and no byte of it is taken", async () => {
  const { watched, peer, socket } = await oneSocket(() => {});
  peer.write("first");
  await sleep(LONG_MS);
  expect(watched.guard.stats()).toMatchObject({ open: 1, notJudged: 1 });
  expect(socket.readableFlowing).toBe(null);
  peer.write(", second");
  await until("both are here", () => socket.readableLength === 13);
  let text = "";
  socket.setEncoding("utf8").on("data", (chunk: string) => {
    text += chunk;
  });
  await until("the owner got all of it", () => text === "first, second");
  expect(await watched.end()).toMatchObject({ code: "PEER_SILENT" });
});

test("a push server that never hears of its peer and never reads is left alone", async () => {
  const { watched, socket } = await oneSocket((one) => void one.write("tick"));
  await sleep(LONG_MS);
  expect(watched.records).toEqual([]);
  expect(socket.destroyed).toBe(false);
});

test('read by "readable": judged when all is read, and not while bytes are left', async () => {
  let takes = false;
  const { watched, peer, socket } = await oneSocket((one) => {
    one.on("readable", () => {
      if (takes) one.read();
    });
  });
  peer.write("wait for me");
  await sleep(LONG_MS);
  expect(watched.guard.stats()).toMatchObject({ open: 1, notJudged: 1 });
  takes = true;
  socket.read();
  await until("it is judged", () => watched.guard.stats().judged === 1);
  expect(await watched.end()).toMatchObject({ code: "PEER_SILENT" });
});

test("read by async iteration: a slow loop is ours, a silent peer is not", async () => {
  let release = (): void => {};
  const chunks: unknown[] = [];
  const { watched, peer } = await oneSocket((one) => {
    void (async () => {
      for await (const chunk of one) {
        chunks.push(chunk);
        await new Promise<void>((resolve) => {
          release = resolve;
        });
      }
    })();
  });
  peer.write("one");
  await until("the loop runs", () => chunks.length === 1);
  peer.write("two"); // It waits while the loop does.
  await sleep(LONG_MS);
  expect(watched.records).toEqual([]);
  release();
  await until("the loop went on", () => chunks.length === 2);
  expect(await watched.end()).toMatchObject({ code: "PEER_SILENT" });
});

test("read by `onread`: judged while that reads, and not while it asks for a break", async () => {
  let goesOn = true;
  const heard: string[] = [];
  const server = await netServer((one) => void one.write("one"));
  const onread = {
    buffer: new Uint8Array(1_024),
    callback: (count: number, buffer: Uint8Array) => {
      heard.push(String(Buffer.from(buffer.subarray(0, count))));
      return goesOn;
    },
  };
  const socket = connect({ host: "127.0.0.1", port: portOf(server), onread });
  onTestFinished(() => void socket.destroy());
  socket.on("error", () => {});
  goesOn = false;
  const watched = new Watched(socket, OPTIONS);
  await until("it is heard", () => heard.length === 1);
  await sleep(LONG_MS);
  expect(watched.guard.stats()).toMatchObject({ open: 1, notJudged: 1 });
  goesOn = true;
  socket.resume();
  await until("it is judged", () => watched.guard.stats().judged === 1);
  expect(heard).toEqual(["one"]);
  expect(await watched.end()).toMatchObject({ code: "PEER_SILENT" });
});

test("a pipe into a slow sink: while the sink is full nobody is judged", async () => {
  let empty = (): void => {};
  const sink = new Writable({
    highWaterMark: 1,
    write: (_chunk, _encoding, done) => {
      empty = done;
    },
  });
  const { watched, peer } = await oneSocket((one) => void one.pipe(sink));
  peer.write("one");
  await until("the sink is full", () => sink.writableLength > 0);
  await sleep(LONG_MS);
  expect(watched.guard.stats()).toMatchObject({ open: 1, notJudged: 1 });
  empty();
  await until("the pipe goes on", () => watched.guard.stats().judged === 1);
  expect(await watched.end()).toMatchObject({ code: "PEER_SILENT" });
});

test("a WebSocket that its owner paused is neither judged nor asked", async () => {
  const { server, url } = await webSocketServer((one) => one.pause());
  const watched = new Watched(server, OPTIONS);
  const peer = await webSocketPeer(url);
  await watched.guards(1);
  await sleep(LONG_MS);
  expect(watched.guard.stats()).toMatchObject({ open: 1, notJudged: 1, pingsSent: 0 });
  for (const one of server.clients) one.resume();
  await sleep(LONG_MS);
  expect(watched.guard.stats()).toMatchObject({ open: 1, judged: 1 });
  expect(watched.guard.stats().pingsAnswered).toBeGreaterThan(0);
  peer.terminate();
});

test("an event loop blocked for three timeouts, while bytes wait, ends nobody", async () => {
  const timeoutMs = 400;
  const server = await netServer(reads);
  const watched = new Watched(server, { timeoutMs });
  const peers = await Promise.all(Array.from({ length: 20 }, () => peerOf(server)));
  await watched.guards(20);
  for (let round = 0; round < 3; round++) {
    await sleep(timeoutMs / 2);
    if (round === 1) await new Promise((resolve) => setImmediate(resolve));
    // In the kernel when the block begins, in the same turn, so that nobody reads it before.
    for (const peer of peers) peer.write("still here");
    block(3 * timeoutMs);
  }
  await sleep(timeoutMs / 2);
  expect(watched.records).toEqual([]);
  expect(watched.guard.stats()).toMatchObject({ open: 20 });
  expect(watched.guard.stats().stalls).toBeGreaterThanOrEqual(3);
  // And the silent are found after all that.
  await watched.ends(20);
});

test("half-open: after the peer's FIN there is nothing to wait for", async () => {
  const server = await halfOpenServer(reads);
  const watched = new Watched(server, OPTIONS);
  const peer = await peerOf(server);
  await watched.guards(1);
  const accepted = once(peer, "finish");
  peer.end();
  await accepted;
  await sleep(LONG_MS);
  expect(watched.guard.stats()).toMatchObject({ open: 1, notJudged: 1 });
});
