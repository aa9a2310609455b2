/**
 * A plain server that takes a long line at 10 KB a second: its window is shut most of the time, and
 * opens in steps further apart than the time for an answer. It lives, and must not be ended.
 */
import { createServer, type Socket } from "node:net";
import { expect, test } from "vitest";
import { connect } from "../../src/index.ts";

const READ_BYTES = 1_000;
const READ_EVERY_MS = 100;
const WATCHED_MS = 25_000;

test("a server that reads 10 KB a second outlives many answer times", {
  timeout: 60_000,
}, async () => {
  let readBytes = 0;
  const sockets: Socket[] = [];
  const server = createServer({ highWaterMark: READ_BYTES }, (socket) => {
    sockets.push(socket);
    socket.on("error", () => {});
    socket.pause();
    const timer = setInterval(() => {
      readBytes += (socket.read(READ_BYTES) as Buffer | null)?.length ?? 0;
    }, READ_EVERY_MS);
    socket.on("close", () => clearInterval(timer));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  const link = connect(`line://127.0.0.1:${port}`, {
    heartbeat: { intervalMs: 500, answerWithinMs: 1_000 },
    messageBytesMax: 8_000_000,
    outboxBytesMax: 20_000_000,
  });
  const ends: string[] = [];
  const verdicts: string[] = [];
  link.on("connectionEnd", (record) => ends.push(`${record.code}: ${record.sentence}`));
  link.on("status", ({ name }) => verdicts.push(name));
  link.send("x".repeat(6_000_000));
  const isOver = Promise.race([
    link.ended.then(() => "ended"),
    new Promise<string>((resolve) => link.on("connectionEnd", () => resolve("a connection ended"))),
    new Promise<string>((resolve) => setTimeout(() => resolve("it lives"), WATCHED_MS)),
  ]);
  const outcome = await isOver;
  console.log(`shut window: ${outcome} after reading ${readBytes} bytes; ${verdicts.join(", ")}`);
  expect(ends).toEqual([]);
  expect(readBytes).toBeGreaterThan(100_000);
  for (const socket of sockets) socket.destroy();
  server.close();
  await link.close();
});
