/**
 * Dead is not slow: a peer that takes nothing, ever, is ended when its time is over. And our own
 * reader may stop for a while: the silence is then ours, and nobody is blamed for it.
 *
 * Over every route, in both dialects, side by side: all of it is waiting.
 */
import { describe, expect, test } from "vitest";
import { connect, type EndRecord, listen, type Server } from "../../src/index.ts";
import { encodeFrame, encodePing } from "../../src/wire/frame-codec.ts";
import { encodePreface } from "../../src/wire/preface.ts";
import { openPipe } from "../support/pipe.mjs";
import { DIALECTS, EACH_ROUTE, listenOn } from "../support/routes.ts";
import type { Dialect, Way } from "../support/way.ts";

const MIB = 1024 * 1024;
const TIMEOUT_MS = 2_000;
const DRAIN_MS = 3_000;

const CASES = EACH_ROUTE.flatMap((route) =>
  DIALECTS.map((dialect) => ({ title: `${route.name}, ${dialect}`, route, dialect })),
);

describe.concurrent("dead is not slow", () => {
  test.each(CASES)(
    "$title: who pings each second and never reads is ended in time, and its memory is free",
    async ({ title, route, dialect }) => {
      const server = await listen({
        ...listenOn([route]),
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
      const deaf = deafPeer(route.wayTo(urlOf(server)), dialect);
      try {
        const { code, sentence, evidence, reset } = await end;
        const tookMs = performance.now() - sentAt;
        const { bufferedBytes, bufferedBytesPeak, open } = server.stats();
        console.log(
          `${title}, never reads: bound ${DRAIN_MS} ms, ended after ${Math.round(tookMs)} ms, ` +
            `${bufferedBytesPeak} bytes buffered at the peak, ${bufferedBytes} now; ${code}: ` +
            sentence,
        );
        const expected = { code: "PEER_TAKES_NOTHING", reset: route.canReset, open: 0 };
        expect({ code, reset, open }).toEqual(expected);
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

/** Speaks each second, and reads not a byte once it has come in. */
function deafPeer(way: Way, dialect: Dialect): { stop(): void } {
  let seq = 0;
  const ping = (): void => {
    seq += 1;
    pipe.write(dialect === "line" ? "ping\n" : encodePing(seq, TIMEOUT_MS));
  };
  const pipe = openPipe(way, dialect, {
    onOpen: () => {
      // What has to be read to come in has been; the kernel's buffers fill up from here on.
      pipe.socket.pause();
      if (dialect === "line") return ping();
      const range = { intervalMsMin: 1_000, intervalMsMax: 1_000 };
      const hello = { ...range, agent: "deaf", nextMs: TIMEOUT_MS, messageBytesMax: MIB };
      pipe.write(Buffer.concat([encodePreface(), encodeFrame({ kind: "hello", hello })]));
    },
  });
  const timer = setInterval(() => {
    if (pipe.isOpen) ping();
  }, 1_000);
  return {
    stop: () => {
      clearInterval(timer);
      pipe.socket.destroy();
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
  test.each(CASES)(
    "$title: no verdict, and READER_TOO_SLOW at the limit",
    async ({ title, route, dialect }) => {
      const server = await listen({ ...listenOn([route]), pauseMsMax: PAUSE_MS_MAX, ...SHORT });
      const end = new Promise<EndRecord>((resolve) => server.on("end", (_, one) => resolve(one)));
      const states = new Set<string>();
      server.on("verdict", (_, verdict) => states.add(verdict));
      let pausedAt = 0;
      server.on("message", (connection) => {
        pausedAt = performance.now();
        connection.pause();
      });
      // Its answers wait behind the pause; this peer is patient, and goes on pinging.
      const link = connect(route.linkUrl(urlOf(server), dialect), {
        heartbeat: { intervalMs: 300, answerWithinMs: 2 * PAUSE_MS_MAX },
        ...route.connectOptions,
      });
      const told = new Promise<EndRecord>((resolve) => link.on("connectionEnd", resolve));
      link.send("go on");
      try {
        const record = await end;
        const pausedForMs = performance.now() - pausedAt;
        expectPaused(`server, ${title}`, { record, pausedForMs, states });
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
  test.each(CASES)(
    "$title: no verdict, and READER_TOO_SLOW at the limit",
    async ({ title, route, dialect }) => {
      const server = await listen({ ...listenOn([route]), timeoutMs: TIMEOUT_MS });
      const theirs = new Set<string>();
      server.on("verdict", (_, verdict) => theirs.add(verdict));
      const told = new Promise<EndRecord>((resolve) => server.on("end", (_, one) => resolve(one)));
      server.on("connection", (connection) => {
        for (let count = 0; count < 20; count++) connection.send("x".repeat(60_000));
      });
      const link = connect(route.linkUrl(urlOf(server), dialect), {
        heartbeat: { intervalMs: 300, answerWithinMs: 500 },
        timeoutMs: TIMEOUT_MS,
        pauseMsMax: PAUSE_MS_MAX,
        inboxBytesMax: 100_000,
        redial: { baseMs: 60_000, capMs: 60_000 },
        ...route.connectOptions,
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
        expectPaused(`client, ${title}`, { record, pausedForMs, states });
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

function urlOf(server: Server): string {
  return server.urls[0] ?? "";
}
