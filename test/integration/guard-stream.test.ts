/** Raw sockets of every kind, by server and one by one: the dead are found, the live are left. */
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { expect, test } from "vitest";
import {
  netServer,
  peerOf,
  portOf,
  reads,
  sleep,
  tlsPeerOf,
  tlsServer,
  unixServer,
  until,
  Watched,
} from "../support/guard-world.ts";

const TIMEOUT_MS = 400;

const KINDS = [
  { kind: "tcp", serve: netServer, dial: peerOf, resets: true },
  { kind: "tls", serve: tlsServer, dial: tlsPeerOf, resets: true },
  { kind: "unix", serve: unixServer, dial: peerOf, resets: false },
] as const;

test.each(KINDS)(
  "$kind: a silent peer is found, reset and explained; one that talks is left",
  async ({ kind, serve, dial, resets }) => {
    const server = await serve(reads);
    const watched = new Watched(server, { timeoutMs: TIMEOUT_MS });
    const silent = await dial(server);
    const talking = await dial(server);
    const beats = setInterval(() => talking.write("beat"), 100);
    silent.write("a last word");
    const saidAt = performance.now();
    const record = await watched.end();
    const foundMs = performance.now() - saidAt;
    clearInterval(beats);
    expect(record).toMatchObject({
      code: "PEER_SILENT",
      by: "fault",
      kind,
      reset: resets,
      peerSaid: undefined,
      evidence: { verdict: "dead", isJudged: true, timeoutMs: TIMEOUT_MS },
    });
    expect(record.sentence).toMatch(
      /^ended after 0\.\d s of silence: the peer had 0\.4 s to say a /,
    );
    expect(record.remote).toMatch(kind === "unix" ? /^unix$/ : /^127\.0\.0\.1:\d+$/);
    expect(foundMs).toBeGreaterThanOrEqual(TIMEOUT_MS);
    // An eighth and a tick beyond; the rest is for a busy machine.
    expect(foundMs).toBeLessThan(TIMEOUT_MS * 1.125 + 25 + 500);
    expect(watched.told).toEqual(["suspect 1", "end 1 PEER_SILENT"]);
    expect(watched.guard.stats()).toMatchObject({
      open: 1,
      accepted: 2,
      ended: { PEER_SILENT: 1 },
    });
    expect(watched.guard.connections()).toMatchObject([{ id: "2", kind, verdict: "alive" }]);
  },
);

test.each(KINDS)(
  "$kind: one socket alone is guarded, on the side that dialled",
  async ({ kind, serve, dial, resets }) => {
    const faults: string[] = [];
    const accepted: Socket[] = [];
    const server = await serve((socket) => {
      accepted.push(socket);
      reads(socket);
      socket.on("error", (error) => void faults.push((error as NodeJS.ErrnoException).code ?? ""));
    });
    const socket = await dial(server);
    reads(socket);
    const watched = new Watched(socket, { timeoutMs: TIMEOUT_MS });
    const closed = once(socket, "close");
    await until("it is accepted", () => accepted.length === 1);
    // Time for the native code to be loaded, by which a socket with TLS is reset.
    await sleep(TIMEOUT_MS / 2);
    accepted[0]?.write("a last word");
    const record = await watched.end();
    expect(record).toMatchObject({ code: "PEER_SILENT", kind });
    await closed;
    await until("the other side knows", () => accepted[0]?.destroyed === true);
    if (resets && record.reset) expect(faults).toEqual(["ECONNRESET"]);
  },
);

test("half a TLS record is a sign of life", async () => {
  const server = await tlsServer(reads);
  const watched = new Watched(server, { timeoutMs: TIMEOUT_MS });
  let held: Uint8Array | undefined;
  const path = await netServer((near) => {
    const far = connect(portOf(server), "127.0.0.1");
    far.on("error", () => {}).pipe(near);
    near.on("close", () => far.destroy());
    near.on("data", (bytes: Uint8Array) => {
      if (held === undefined) far.write(bytes);
      else held = Buffer.concat([held, bytes]);
    });
    // One byte of a record from time to time, and never the whole of it.
    const trickle = setInterval(() => {
      if (held === undefined || held.length < 2 || isOver) return;
      far.write(held.subarray(0, 1));
      held = held.subarray(1);
    }, 100);
    near.on("close", () => clearInterval(trickle));
  });
  let isOver = false;
  const peer = await tlsPeerOf(path);
  await watched.guards(1);
  await sleep(50);
  held = new Uint8Array();
  peer.write("a".repeat(10_000));
  await sleep(3 * TIMEOUT_MS);
  expect(watched.records).toEqual([]);
  isOver = true;
  expect(await watched.end()).toMatchObject({ code: "PEER_SILENT" });
});
