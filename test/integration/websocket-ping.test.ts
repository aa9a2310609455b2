/** A ping that says nothing is answered beside `ws`: it must be one, whole, and nothing else. */
import { once } from "node:events";
import { afterEach, expect, test } from "vitest";
import { WebSocketServer } from "ws";
import { takeFeed } from "../../src/transports/websocket/websocket-feed.ts";
import {
  closeFrame,
  frame,
  PING,
  PONG,
  type RawPeer,
  TEXT,
  upgradedPeer,
} from "../support/websocket-peer.ts";
import { serveWebSockets, type World } from "./websocket-world.ts";

const CONTINUATION = 0;

const worlds: World[] = [];
afterEach(async () => {
  for (const { server } of worlds.splice(0)) await server.destroy();
});

async function serve(): Promise<World> {
  const world = await serveWebSockets();
  worlds.push(world);
  return world;
}

/** What was said before has been read: somebody else was answered since. */
async function othersTurn(port: number): Promise<void> {
  const other = await upgradedPeer(port);
  other.write(frame(TEXT, "turn"));
  await other.until("an answer", () => other.frames.length === 1);
}

function heard({ frames }: RawPeer): string[] {
  return frames.map(
    ({ opcode, payload }) => `${opcode === PONG ? "pong" : "text"} ${String(payload)}`,
  );
}

test("pings are answered one by one, and messages between them come whole", async () => {
  const { port } = await serve();
  const peer = await upgradedPeer(port);
  for (let count = 1; count <= 6; count += 2) {
    peer.write(frame(PING, ""));
    await peer.until("a pong", () => peer.frames.length === count);
    peer.write(frame(TEXT, `message ${count}`));
    await peer.until("the message", () => peer.frames.length === count + 1);
  }
  expect(heard(peer)).toEqual([
    "pong ",
    "text message 1",
    "pong ",
    "text message 3",
    "pong ",
    "text message 5",
  ]);
});

test("a ping between the pieces of a message is answered at once", async () => {
  const { port } = await serve();
  const peer = await upgradedPeer(port);
  peer.write(frame(TEXT, "he", false));
  await othersTurn(port);
  peer.write(frame(PING, ""));
  await peer.until("the pong", () => peer.frames.length === 1);
  peer.write(frame(CONTINUATION, "llo"));
  await peer.until("the message", () => peer.frames.length === 2);
  expect(heard(peer)).toEqual(["pong ", "text hello"]);
});

test("half of a ping is none, and its rest makes it one", async () => {
  const { port } = await serve();
  const peer = await upgradedPeer(port);
  const ping = frame(PING, "");
  peer.write(ping.subarray(0, 3));
  await othersTurn(port);
  expect(peer.frames).toEqual([]);
  peer.write(ping.subarray(3));
  await peer.until("the pong", () => peer.frames.length === 1);
  peer.write(frame(TEXT, "on"));
  await peer.until("the message", () => peer.frames.length === 2);
  expect(heard(peer)).toEqual(["pong ", "text on"]);
});

test("the payload of a message that looks like a ping is none", async () => {
  const { port } = await serve();
  const peer = await upgradedPeer(port);
  const text = Buffer.from("hello!");
  const looks = [0x89, 0x80];
  const mask = looks.map((byte, at) => byte ^ (text[at] ?? 0)).concat(1, 2);
  const masked = text.map((byte, at) => byte ^ (mask[at % 4] ?? 0));
  expect([...masked.subarray(0, 2)]).toEqual(looks);
  peer.write(Buffer.from([0x81, 0x80 | text.length, ...mask]));
  await othersTurn(port);
  peer.write(masked);
  await peer.until("the message", () => peer.frames.length === 1);
  expect(heard(peer)).toEqual(["text hello!"]);
});

test("after a close frame of the peer no ping is answered", async () => {
  const { port, nextEnd } = await serve();
  const peer = await upgradedPeer(port);
  peer.write(closeFrame(1000));
  await peer.until("the answer", () => peer.close !== undefined);
  peer.write(frame(PING, ""));
  peer.socket.end();
  expect((await nextEnd()).evidence.pingsIn).toBe(0);
  expect(heard(peer).filter((one) => one.startsWith("pong"))).toEqual([]);
});

test("the one listener of `ws` is taken; of two none is", async () => {
  const server = new WebSocketServer({ port: 0, host: "127.0.0.1" });
  const taken = new Promise<readonly unknown[]>((resolve) => {
    server.on("connection", (_, { socket }) => {
      const feed = takeFeed(socket);
      const left = socket.listenerCount("data");
      socket.on("data", () => {}).on("data", () => {});
      resolve([typeof feed, left, takeFeed(socket), socket.listenerCount("data")]);
    });
  });
  await once(server, "listening");
  const peer = await upgradedPeer((server.address() as { port: number }).port);
  expect(await taken).toEqual(["function", 0, undefined, 2]);
  peer.socket.destroy();
  server.close();
});
