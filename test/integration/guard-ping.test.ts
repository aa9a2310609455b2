/** Raw sockets that are asked in the words of their own protocol. */
import { createServer, type Socket } from "node:net";
import { expect, test } from "vitest";
import { guard } from "../../src/guard/guard.ts";
import { netServer, peerOf, reads, sleep, until, Watched } from "../support/guard-world.ts";

const PING = {
  bytes: "ping\n",
  isAnswer: (chunk: Uint8Array) => Buffer.from(chunk).includes("pong"),
};
const OPTIONS = { timeoutMs: 600, intervalMs: 200, answerWithinMs: 300, ping: PING } as const;

/** Answers each ping. */
function answers(peer: Socket): void {
  peer.on("data", (bytes: Buffer) => {
    if (bytes.includes("ping")) peer.write("pong\n");
  });
}

test("a peer that answers lives and has a round trip; one that does not is found", async () => {
  const heard: string[] = [];
  const server = await netServer((socket) => {
    socket.on("data", (bytes: Buffer) => void heard.push(String(bytes)));
  });
  const watched = new Watched(server, OPTIONS);
  answers(await peerOf(server));
  await watched.guards(1);
  const mute = await peerOf(server);
  reads(mute);
  const record = await watched.end();
  expect(record).toMatchObject({ id: "2", code: "PEER_SILENT" });
  expect(record.sentence).toContain("and did not answer the ping sent 0.");
  await sleep(600);
  expect(watched.guard.stats()).toMatchObject({ open: 1 });
  expect(watched.guard.stats().pingsAnswered).toBeGreaterThan(2);
  expect(watched.guard.connections()[0]?.rttMs).toBeGreaterThan(0);
  // The owner hears every answer, too.
  expect(heard.join("").match(/pong/g)?.length).toBe(watched.guard.stats().pingsAnswered);
});

test('an owner that reads text, or by "readable", is asked for as well', async () => {
  const server = await netServer((socket) => {
    socket.setEncoding("utf8").on("data", () => {});
  });
  const watched = new Watched(server, OPTIONS);
  answers(await peerOf(server));
  await sleep(800);
  expect(watched.records).toEqual([]);
  expect(watched.guard.stats().pingsAnswered).toBeGreaterThan(1);
  const pulling = await netServer((socket) => {
    socket.on("readable", () => void socket.read());
  });
  const other = new Watched(pulling, OPTIONS);
  answers(await peerOf(pulling));
  await sleep(1_500);
  // What cannot be looked at is not known to be an answer; that bytes came is enough to live.
  expect(other.guard.stats()).toMatchObject({ open: 1, pingsAnswered: 0, ended: {} });
  expect(other.guard.stats().pingsSent).toBeGreaterThan(2);
});

test("no ping is written to a socket that its owner has ended, or does not read", async () => {
  const sockets: Socket[] = [];
  const server = await netServer((socket) => void sockets.push(socket));
  const watched = new Watched(server, { ...OPTIONS, timeoutMs: 500 });
  let received = "";
  const peer = await peerOf(server);
  peer.on("data", (bytes: Buffer) => {
    received += String(bytes);
  });
  await watched.guards(1);
  await sleep(500);
  expect(received).toBe("");
  const [socket] = sockets;
  reads(socket as Socket);
  socket?.end("bye");
  await until("it is read", () => received === "bye");
  await sleep(200);
  expect(received).toBe("bye");
});

test("`isAnswer` that throws is told as uncaught, and changes nothing", async () => {
  const thrown: unknown[] = [];
  const keep = process.listeners("uncaughtException");
  process.removeAllListeners("uncaughtException");
  process.on("uncaughtException", (error) => void thrown.push(error));
  try {
    const server = await netServer(reads);
    const isAnswer = (): boolean => {
      throw new Error("a bug of the application");
    };
    const watched = new Watched(server, { ...OPTIONS, ping: { bytes: PING.bytes, isAnswer } });
    answers(await peerOf(server));
    await until("it is told", () => thrown.length > 1);
    expect(thrown[0]).toMatchObject({ message: "a bug of the application" });
    expect(watched.guard.stats()).toMatchObject({ open: 1, ended: {} });
  } finally {
    process.removeAllListeners("uncaughtException");
    for (const listener of keep) process.on("uncaughtException", listener);
  }
});

test("`ping` needs both of its parts", () => {
  const server = createServer();
  const isAnswer = (): boolean => true;
  const wrong: [object, string][] = [
    [{ bytes: "ping" }, "guard.ping: `isAnswer` must be a function that knows an answer"],
    [{ bytes: "", isAnswer }, "guard.ping: `bytes` must be a text or an array of 1 to 65536 bytes"],
    [{ bytes: "ping", isAnswer, every: 5 }, "guard.ping: `every` is not an option"],
  ];
  for (const [ping, said] of wrong) {
    expect(() => guard(server, { ping } as Parameters<typeof guard>[1])).toThrow(said);
  }
});
