/** WebSockets whose other side is slow, or far behind: nothing piles up, and nothing is lost. */
import { afterEach, expect, test } from "vitest";
import { connect, type Message } from "../../src/index.ts";
import {
  closeFrame,
  eventually,
  frame,
  PING,
  PONG,
  TEXT,
  upgradedPeer,
} from "../support/websocket-peer.ts";
import { serveWebSockets, type World } from "./websocket-world.ts";

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const clean of cleanups.splice(0).toReversed()) await clean();
});

async function serve(...given: Parameters<typeof serveWebSockets>): Promise<World> {
  const world = await serveWebSockets(...given);
  cleanups.push(() => world.server.destroy());
  return world;
}

const MIB = 1024 * 1024;

test("a message of 48 MiB goes to a reader that pauses all the time, and back", async () => {
  const limits = { messageBytesMax: 64 * MIB, outboxBytesMax: 256 * MIB };
  const { port, server } = await serve({ ...limits, bufferBytesTotalMax: 1024 * MIB });
  server.on("connection", (connection) => {
    const beat = setInterval(() => {
      connection.pause();
      setTimeout(() => connection.resume(), 5);
    }, 10);
    connection.on("end", () => clearInterval(beat));
  });
  const link = connect(`ws://127.0.0.1:${port}`, limits);
  cleanups.push(() => link.close());
  await eventually("it is online", () => link.status.name === "online");
  const came: Message[] = [];
  link.on("message", (data) => void came.push(data));
  const sent = Buffer.alloc(48 * MIB);
  for (let at = 0; at < sent.length; at += 4_099) sent[at] = at % 251;
  link.send(sent);
  await eventually("the echo", () => came.length === 1);
  expect(Buffer.compare(sent, Buffer.from(came[0] as Uint8Array))).toBe(0);
  expect(server.connections()).toHaveLength(1);
}, 60_000);

test("of pings that come while output waits only the latest is answered", async () => {
  const { port, server } = await serve({ timeoutMs: 60_000, pingIntervalMsMin: false });
  const peer = await upgradedPeer(port);
  peer.write(frame(TEXT, "x"));
  await peer.until("the echo", () => peer.texts().length === 1);
  const [row] = server.connections();
  const connection = server.connection(row?.id ?? "");
  peer.socket.pause();
  const line = "y".repeat(60_000);
  let count = 0;
  // More than both kernels hold.
  for (; count < 200; count++) connection?.send(line);
  await eventually("output waits", () => (connection?.info().queuedBytes ?? 0) > MIB);
  for (let at = 0; at < 100; at++) peer.write(frame(PING, `ping ${at}`));
  await eventually(
    "all are heard",
    () => (connection?.driven.connection.input.pingsIn ?? 0) === 100,
  );
  peer.socket.resume();
  await peer.until("all lines", () => peer.texts().length === count + 1);
  await peer.until("the pong", () => peer.frames.some(({ opcode }) => opcode === PONG));
  const pongs = peer.frames.filter(({ opcode }) => opcode === PONG);
  expect(pongs.map(({ payload }) => String(payload))).toEqual(["ping 99"]);
});

test("messages that were read before a pause wait for its end, and so does a close", async () => {
  const { port, server, nextEnd } = await serve();
  const heard: Message[] = [];
  server.on("message", (connection, data) => {
    heard.push(data);
    if (data === "first") connection.pause();
  });
  const peer = await upgradedPeer(port);
  peer.write(Buffer.concat([frame(TEXT, "first"), frame(TEXT, "second"), closeFrame(1000, "bye")]));
  await eventually("the first is heard", () => heard.length === 1);
  await eventually("the close is answered", () => peer.close !== undefined);
  peer.socket.end();
  await eventually("FIN", () => peer.hasEnded);
  expect(heard).toEqual(["first"]);
  const [row] = server.connections();
  server.connection(row?.id ?? "")?.resume();
  expect(await nextEnd()).toMatchObject({ peerSaid: { code: "1000", reason: "bye" } });
  expect(heard).toEqual(["first", "second"]);
});
