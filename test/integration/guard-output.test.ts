/** What a peer takes, or does not, is evidence, too: slow is not dead, and stuck is not alive. */
import { spawn } from "node:child_process";
import type { Socket } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { ROOT } from "../../scripts/house.ts";
import {
  netServer,
  peerOf,
  reads,
  sleep,
  tlsPeerOf,
  tlsServer,
  until,
  Watched,
  webSocketPeer,
  webSocketServer,
} from "../support/guard-world.ts";

const MEGABYTE = 1024 * 1024;
const CHUNK = Buffer.alloc(64 * 1024, 1);

/** Takes `bytesPerSecond` and says nothing. */
function readSlowly(peer: Socket, bytesPerSecond: number): void {
  let allowed = 0;
  const timer = setInterval(() => {
    allowed += bytesPerSecond / 20;
    const chunk: Buffer | null = allowed < 1 ? null : (peer.read() as Buffer | null);
    if (chunk !== null) allowed -= chunk.length;
  }, 50);
  onTestFinished(() => clearInterval(timer));
}

/** Writes without end, as fast as the kernel takes it. */
function pour(socket: Socket): void {
  const more = (): void => {
    while (!socket.destroyed && socket.write(CHUNK));
  };
  socket.on("drain", more);
  more();
}

test("a reader of 256 KiB a second that never speaks is slow, and not dead", async () => {
  const server = await netServer((socket) => {
    reads(socket);
    pour(socket);
  });
  const watched = new Watched(server, { timeoutMs: 3_000, drainTimeoutMs: 3_000 });
  const peer = await peerOf(server);
  readSlowly(peer, 256 * 1024);
  await until("it is slow", () => watched.guard.connections()[0]?.verdict === "slow");
  await sleep(4_000);
  expect(watched.records).toEqual([]);
  peer.destroy();
});

test.each([
  { kind: "tcp", serve: netServer, dial: peerOf },
  { kind: "tls", serve: tlsServer, dial: tlsPeerOf },
])(
  "$kind: one that speaks but takes nothing is ended, and only if that was not turned off",
  async ({ kind, serve, dial }) => {
    const server = await serve((socket) => {
      reads(socket);
      socket.write(Buffer.alloc(32 * MEGABYTE, 1));
    });
    const options = { timeoutMs: 5_000, drainTimeoutMs: 500 };
    const watched = new Watched(server, options);
    const peer = await dial(server);
    const beats = setInterval(() => peer.write("beat"), 50);
    onTestFinished(() => clearInterval(beats));
    const record = await watched.end();
    expect(record).toMatchObject({ code: "PEER_TAKES_NOTHING", by: "fault", kind, reset: true });
    expect(record.sentence).toMatch(
      /^ended: the peer spoke 0\.\d s ago but took nothing of the \d+ /,
    );
    expect(record.evidence.queuedBytes).toBeGreaterThan(MEGABYTE);
    expect(record.livedMs).toBeGreaterThanOrEqual(500);
    watched.guard.stop();
    const patient = new Watched(server, { ...options, drainTimeoutMs: false });
    const other = await dial(server);
    const otherBeats = setInterval(() => other.write("beat"), 50);
    onTestFinished(() => clearInterval(otherBeats));
    await patient.guards(1);
    await sleep(1_200);
    expect(patient.records).toEqual([]);
  },
);

test("a WebSocket that takes its megabytes slowly is asked, answers late, and lives", async () => {
  const { server, url } = await webSocketServer((webSocket) => {
    for (let count = 0; count < 8; count++) webSocket.send(Buffer.alloc(MEGABYTE, 1));
  });
  const watched = new Watched(server, { timeoutMs: 1_500, intervalMs: 500, answerWithinMs: 500 });
  const peer = await webSocketPeer(url);
  let received = 0;
  peer.on("message", (data: Buffer) => {
    received += data.length;
  });
  // A megabyte from time to time: its answers wait behind what it has not read.
  const turns = setInterval(() => {
    peer.resume();
    setTimeout(() => peer.pause(), 5);
  }, 300);
  onTestFinished(() => clearInterval(turns));
  peer.pause();
  await sleep(4_000);
  expect(watched.records).toEqual([]);
  clearInterval(turns);
  await sleep(10);
  peer.resume();
  await until("all is received", () => received === 8 * MEGABYTE);
  expect(watched.guard.stats()).toMatchObject({ open: 1, ended: {} });
});

test("a process that is frozen is found within the bound", async () => {
  const { server, url } = await webSocketServer();
  const watched = new Watched(server, { timeoutMs: 1_000, intervalMs: 300, answerWithinMs: 500 });
  const program = `
    import { WebSocket } from "ws";
    new WebSocket(${JSON.stringify(url)});`;
  const args = ["--input-type=module", "--eval", program];
  const child = spawn(process.execPath, args, { cwd: ROOT, stdio: "ignore" });
  onTestFinished(() => void child.kill("SIGKILL"));
  await watched.guards(1);
  await sleep(1_500);
  expect(watched.records).toEqual([]);
  child.kill("SIGSTOP");
  const frozenAt = performance.now();
  expect(await watched.end()).toMatchObject({ code: "PEER_SILENT", reset: true });
  expect(performance.now() - frozenAt).toBeLessThan(1_000 * 1.125 + 25 + 500);
});
