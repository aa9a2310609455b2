/**
 * Slow is not dead, and dead is not slow: a long message to a reader of 256 KiB/s outlives a
 * timeout of 2 s, and a peer that takes nothing, ever, is ended when its time is over.
 *
 * The product runs in this process, each slow peer in one of its own. All of it at the same time:
 * 64 MiB at 256 KiB/s take four minutes and a quarter.
 */
import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import { connect as dial } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  connect,
  type EndRecord,
  type LinkStatus,
  listen,
  type Server,
  type Verdict,
} from "../../src/index.ts";
import { encodeFrame, encodePing } from "../../src/wire/frame-codec.ts";
import { encodePreface } from "../../src/wire/preface.ts";
import { type Program, Programs, type Said } from "./peers/programs.ts";
import type { PeerConfig, SlowFacts } from "./peers/slow-ears.ts";

const MIB = 1024 * 1024;
const MESSAGE_BYTES = 64 * MIB;
const TIMEOUT_MS = 2_000;
const PING_EVERY_MS = 500;
/** 64 MiB at 256 KiB/s are 256 s; the rest is for the start and a loaded machine. */
const SLOW_LIMIT_MS = 295_000;
const SIZES = {
  messageBytesMax: 2 * MESSAGE_BYTES,
  outboxBytesMax: 2 * MESSAGE_BYTES,
  line: { lineBytesMax: 2 * MESSAGE_BYTES },
};

/** Without line breaks, so that both dialects can carry it, and without any repetition. */
const MESSAGE = randomBytes((MESSAGE_BYTES / 4) * 3).toString("base64");
const SHA256 = createHash("sha256").update(MESSAGE).digest("hex");

const programs = new Programs(true);
// Before anything is timed: compiling blocks this process.
beforeAll(() => void programs.folder);
afterAll(() => programs.remove());

const DIALECTS = ["line", "frame"] as const;
const RATES = [
  { rate: "1 MiB/s", bytesPerSecond: MIB },
  { rate: "256 KiB/s", bytesPerSecond: MIB / 4 },
];

interface SlowCase {
  readonly dialect: "line" | "frame";
  readonly rate: string;
  readonly bytesPerSecond: number;
}

/** What came of one long message. */
interface Run {
  readonly facts: SlowFacts;
  /** What the product thought of the peer meanwhile. */
  readonly states: ReadonlySet<string>;
}

async function serverToReader({ dialect, bytesPerSecond }: SlowCase): Promise<Run> {
  const server = await listen({ port: 0, host: "127.0.0.1", timeoutMs: TIMEOUT_MS, ...SIZES });
  const end = new Promise<EndRecord>((resolve) => server.on("end", (_, one) => resolve(one)));
  const states = new Set<Verdict>();
  server.on("verdict", (_, verdict) => states.add(verdict));
  server.on("connection", (connection) => connection.send(MESSAGE));
  const port = portOf(server);
  const peer = programs.start("slow-peer", slowPeer("client", dialect, bytesPerSecond, port));
  try {
    const facts = await doneUnless(end, peer);
    expect(server.connections()).toHaveLength(1);
    return { facts, states };
  } finally {
    await peer.stop();
    await server.destroy();
  }
}

/**
 * A plain server of the line dialect says nothing while it reads: only output that moves speaks for
 * it.
 */
async function clientToServer({ dialect, bytesPerSecond }: SlowCase): Promise<Run> {
  const config = slowPeer("server", dialect, bytesPerSecond, 0);
  const pingEveryMs = dialect === "line" ? 0 : PING_EVERY_MS;
  const peer = programs.start("slow-peer", { ...config, pingEveryMs });
  const port = await peer.says("listening", 30_000, (said) =>
    said.event === "listening" ? (said as Said & { port: number }).port : undefined,
  );
  const link = connect(`${schemeOf(dialect)}://127.0.0.1:${port}`, {
    heartbeat: { intervalMs: PING_EVERY_MS, answerWithinMs: TIMEOUT_MS - PING_EVERY_MS },
    timeoutMs: TIMEOUT_MS,
    ...SIZES,
  });
  const end = new Promise<EndRecord>((resolve) => link.on("connectionEnd", resolve));
  const states = new Set<LinkStatus["name"]>();
  link.on("status", ({ name }) => states.add(name));
  link.send(MESSAGE);
  try {
    const facts = await doneUnless(end, peer);
    await link.delivered();
    return { facts, states };
  } finally {
    await link.close();
    await peer.stop();
  }
}

const DIRECTIONS = [
  { direction: "server to reader", run: serverToReader },
  { direction: "client to server", run: clientToServer },
];
const CASES = DIRECTIONS.flatMap(({ direction, run }) =>
  DIALECTS.flatMap((dialect) =>
    RATES.map(({ rate, bytesPerSecond }) => {
      const one = { dialect, rate, bytesPerSecond };
      return { ...one, title: `${direction}, ${dialect}, ${rate}`, run: () => run(one) };
    }),
  ),
);

let runs: ReadonlyMap<string, Promise<Run>> | undefined;

/** All of them begin with the first that is asked for: the runner would run a few at a time. */
function runOf(title: string): Promise<Run> {
  runs ??= new Map(
    CASES.map((one) => {
      const result = one.run();
      result.catch(() => {}); // Whoever asks for it is told.
      return [one.title, result];
    }),
  );
  return runs.get(title) as Promise<Run>;
}

describe.concurrent("slow is not dead: 64 MiB arrive whole", () => {
  test.each(CASES)(
    "$title",
    async ({ title, dialect, bytesPerSecond }) => {
      const { facts, states } = await runOf(title);
      print(title, facts, states);
      expectWhole(facts, dialect, bytesPerSecond);
    },
    SLOW_LIMIT_MS,
  );
});

function slowPeer(
  role: "client" | "server",
  dialect: "line" | "frame",
  bytesPerSecond: number,
  port: number,
): PeerConfig {
  const messageBytes = MESSAGE_BYTES;
  return { role, dialect, port, bytesPerSecond, pingEveryMs: PING_EVERY_MS, messageBytes };
}

function portOf(server: Server): number {
  return Number(new URL(server.urls[0] ?? "").port);
}

/** What the peer says when it is done; or why the connection ended before. */
function doneUnless(end: Promise<EndRecord>, peer: Program): Promise<SlowFacts> {
  const done = peer.says("done", SLOW_LIMIT_MS, (said) =>
    said.event === "done" ? (said as Said & SlowFacts) : undefined,
  );
  done.catch(() => {}); // If the end came first, that is what is told.
  const ended = end.then((record): never => {
    throw new Error(`ended: ${record.sentence}; ${JSON.stringify(record.evidence)}`);
  });
  return Promise.race([done, ended]);
}

function schemeOf(dialect: "line" | "frame"): string {
  return dialect === "line" ? "line" : "tcp";
}

function print(title: string, facts: SlowFacts, states: ReadonlySet<string>): void {
  const { bytes, tookMs, pingsSent, pongsInside, pongsAfter, answerMsMax, pingsHeard } = facts;
  const seconds = tookMs / 1_000;
  const longest =
    answerMsMax === undefined ? "" : `, the longest took ${Math.round(answerMsMax)} ms`;
  console.log(
    `${title}: ${bytes} bytes in ${seconds.toFixed(1)} s (${Math.round(bytes / 1024 / seconds)} ` +
      `KiB/s); of ${pingsSent} pings ${pongsInside} answered inside the message, ${pongsAfter} ` +
      `after it${longest}; ${pingsHeard} pings heard; states: ${[...states].join(", ") || "alive"}`,
  );
}

function expectWhole(facts: SlowFacts, dialect: "line" | "frame", bytesPerSecond: number): void {
  expect(facts).toMatchObject({ bytes: MESSAGE_BYTES, sha256: SHA256 });
  // It was read slowly indeed; the buffers of the kernel hide a little of it.
  expect(facts.tookMs).toBeGreaterThan((MESSAGE_BYTES / bytesPerSecond) * 900);
  if (facts.pingsSent === 0) return;
  if (dialect === "line") {
    // A line that was begun cannot be interrupted, so the answers follow it.
    expect(facts.pongsInside).toBe(0);
    expect(facts.pongsAfter).toBeGreaterThan(0);
  } else expect(facts.pongsInside).toBeGreaterThan(10);
}

describe.concurrent("dead is not slow", () => {
  test.each(DIALECTS)(
    "%s: who pings each second and never reads is ended in time, and its memory is free",
    async (dialect) => {
      const server = await listen({
        port: 0,
        host: "127.0.0.1",
        timeoutMs: TIMEOUT_MS,
        drainTimeoutMs: DRAIN_MS,
        outboxBytesMax: 16 * MIB,
      });
      const end = new Promise<EndRecord>((resolve) => server.on("end", (_, one) => resolve(one)));
      let sentAt = 0;
      server.on("connection", (connection) => {
        sentAt = performance.now();
        // More than the kernels of both sides hold, so that it piles up here.
        const text = "x".repeat(MIB / 2);
        while (connection.info().queuedBytes < 15 * MIB) connection.send(text);
      });
      const deaf = await deafPeer(portOf(server), dialect);
      try {
        const { code, sentence, evidence, reset } = await end;
        const tookMs = performance.now() - sentAt;
        const { bufferedBytes, bufferedBytesPeak, open } = server.stats();
        console.log(
          `${dialect}, never reads: bound ${DRAIN_MS} ms, ended after ${Math.round(tookMs)} ms, ` +
            `${bufferedBytesPeak} bytes buffered at the peak, ${bufferedBytes} now; ${code}: ` +
            sentence,
        );
        expect({ code, reset, open }).toEqual({ code: "PEER_TAKES_NOTHING", reset: true, open: 0 });
        expect(evidence.heardMsAgo).toBeLessThan(TIMEOUT_MS);
        expect(evidence.queuedBytes).toBeGreaterThan(MIB);
        // A step counts from its beginning, before its listeners run: here, before the send.
        expect(tookMs).toBeGreaterThan(DRAIN_MS - 100);
        // The kernel may go on taking for a moment: its buffers grow while they are filled.
        // That the kernel's buffers have filled up is seen by readings, eight in that time.
        expect(tookMs).toBeLessThan(DRAIN_MS + 1_500);
        expect(bufferedBytesPeak).toBeGreaterThan(10 * MIB);
        expect(bufferedBytes).toBe(0);
      } finally {
        deaf.stop();
        await server.destroy();
      }
    },
    60_000,
  );
});

const DRAIN_MS = 3_000;

/** Speaks each second and never reads a byte. */
async function deafPeer(port: number, dialect: "line" | "frame"): Promise<{ stop(): void }> {
  const socket = dial({ port, host: "127.0.0.1" });
  socket.on("error", () => {}); // A reset is what is waited for.
  await once(socket, "connect");
  let seq = 0;
  const ping = (): void => {
    seq += 1;
    if (!socket.destroyed)
      socket.write(dialect === "line" ? "ping\n" : encodePing(seq, TIMEOUT_MS));
  };
  if (dialect === "frame") {
    const range = { intervalMsMin: 1_000, intervalMsMax: 1_000 };
    const hello = { ...range, agent: "deaf", nextMs: TIMEOUT_MS, messageBytesMax: MIB };
    socket.write(encodePreface());
    socket.write(encodeFrame({ kind: "hello", hello }));
  } else ping();
  const timer = setInterval(ping, 1_000);
  return {
    stop: () => {
      clearInterval(timer);
      socket.destroy();
    },
  };
}

const PAUSE_MS_MAX = 4_000;
/** Far below the pause: without the rule that our silence is ours a verdict would fall in it. */
const SHORT = { timeoutMs: 1_000, answerWithinMs: 500 };

interface Paused {
  readonly record: EndRecord;
  readonly pausedForMs: number;
  /** Of the side that paused. */
  readonly states: ReadonlySet<string>;
}

function expectPaused(title: string, { record, pausedForMs, states }: Paused): void {
  const { code, sentence } = record;
  console.log(
    `${title}: limit ${PAUSE_MS_MAX} ms, ended after ${Math.round(pausedForMs)} ms, states: ` +
      `${[...states].join(", ") || "alive"}; ${code}: ${sentence}`,
  );
  expect(code).toBe("READER_TOO_SLOW");
  expect(pausedForMs).toBeGreaterThanOrEqual(PAUSE_MS_MAX - 1);
  expect(pausedForMs).toBeLessThan(PAUSE_MS_MAX + 1_000);
  expect(states.has("suspect")).toBe(false);
  expect(states.has("dead")).toBe(false);
}

describe.concurrent("our own paused reader, server", () => {
  test.each(DIALECTS)(
    "%s: no verdict, and READER_TOO_SLOW at the limit",
    async (dialect) => {
      const common = { port: 0, host: "127.0.0.1", pauseMsMax: PAUSE_MS_MAX };
      const server = await listen({ ...common, ...SHORT });
      const end = new Promise<EndRecord>((resolve) => server.on("end", (_, one) => resolve(one)));
      const states = new Set<string>();
      server.on("verdict", (_, verdict) => states.add(verdict));
      let pausedAt = 0;
      server.on("message", (connection) => {
        pausedAt = performance.now();
        connection.pause();
      });
      // Its answers wait behind the pause; this peer is patient, and goes on pinging.
      const link = connect(`${schemeOf(dialect)}://127.0.0.1:${portOf(server)}`, {
        heartbeat: { intervalMs: 300, answerWithinMs: 2 * PAUSE_MS_MAX },
      });
      const told = new Promise<EndRecord>((resolve) => link.on("connectionEnd", resolve));
      link.send("go on");
      try {
        const record = await end;
        expectPaused(`server, ${dialect}`, {
          record,
          pausedForMs: performance.now() - pausedAt,
          states,
        });
        // A frame peer is told why; a line peer just sees the stream end.
        const { code, evidence } = await told;
        expect(code).toBe(dialect === "frame" ? "READER_TOO_SLOW" : "CLOSED_BY_PEER");
        // A side that pauses speaks instead, where the peer knows its pings.
        if (dialect === "frame") expect(evidence.pingsIn).toBeGreaterThanOrEqual(2);
      } finally {
        await link.close();
        await server.destroy();
      }
    },
    60_000,
  );
});

describe.concurrent("our own paused reader, client", () => {
  test.each(DIALECTS)(
    "%s: no verdict, and READER_TOO_SLOW at the limit",
    async (dialect) => {
      const server = await listen({ port: 0, host: "127.0.0.1", timeoutMs: TIMEOUT_MS });
      const theirs = new Set<string>();
      server.on("verdict", (_, verdict) => theirs.add(verdict));
      const told = new Promise<EndRecord>((resolve) => server.on("end", (_, one) => resolve(one)));
      server.on("connection", (connection) => {
        for (let count = 0; count < 20; count++) connection.send("x".repeat(60_000));
      });
      const link = connect(`${schemeOf(dialect)}://127.0.0.1:${portOf(server)}`, {
        heartbeat: { intervalMs: 300, answerWithinMs: 500 },
        timeoutMs: TIMEOUT_MS,
        pauseMsMax: PAUSE_MS_MAX,
        inboxBytesMax: 100_000,
        redial: { baseMs: 60_000, capMs: 60_000 },
      });
      const states = new Set<string>();
      link.on("status", ({ name }) => states.add(name));
      const end = new Promise<EndRecord>((resolve) => link.on("connectionEnd", resolve));
      const reader = link[Symbol.asyncIterator]();
      await reader.next();
      const pausedAt = performance.now();
      try {
        const record = await end;
        const pausedForMs = performance.now() - pausedAt;
        expectPaused(`client, ${dialect}`, { record, pausedForMs, states });
        // The pauser spoke, so the server had no reason to give it up.
        const { code, evidence } = await told;
        expect(code).toBe(dialect === "frame" ? "READER_TOO_SLOW" : "CLOSED_BY_PEER");
        expect([...theirs].filter((verdict) => verdict === "suspect")).toEqual([]);
        expect(evidence.pingsIn).toBeGreaterThanOrEqual(2);
      } finally {
        await link.close();
        await server.destroy();
      }
    },
    60_000,
  );
});
