/**
 * Slow is not dead: a long message to a reader of 256 KiB/s outlives a timeout of 3 s, over every
 * route and in both directions.
 *
 * The product runs in this process, each slow peer in one of its own. 64 MiB at 256 KiB/s take four
 * minutes and a quarter, and that is for TCP; over the other routes a quarter of it is many
 * timeouts, too. They begin when the quicker readers over TCP are done, still within that time: two
 * dozen processes that start together would be slow for another reason.
 */
import { createHash, randomBytes } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { connect, type EndRecord, type LinkStatus, listen, type Verdict } from "../../src/index.ts";
import { DIALECTS, listenOn, ROUTES, type Route } from "../support/routes.ts";
import type { Dialect } from "../support/way.ts";
import { type Program, Programs, type Said } from "./peers/programs.ts";
import type { PeerConfig, SlowFacts } from "./peers/slow-ears.ts";

const MIB = 1024 * 1024;
const MESSAGE_BYTES_MAX = 64 * MIB;
/**
 * Answers are waited for 2.5 s of it: a kernel acknowledges a reader of 256 KiB/s each 1.25 s, and
 * on a loaded machine a step may be missed.
 */
const TIMEOUT_MS = 3_000;
const PING_EVERY_MS = 500;
/** 64 MiB at 256 KiB/s are 256 s; the rest is for the start and a loaded machine. */
const SLOW_LIMIT_MS = 295_000;
const SIZES = {
  messageBytesMax: 2 * MESSAGE_BYTES_MAX,
  outboxBytesMax: 2 * MESSAGE_BYTES_MAX,
  line: { lineBytesMax: 2 * MESSAGE_BYTES_MAX },
};

/** Without line breaks, so that both dialects can carry it, and without any repetition. */
const TEXT = randomBytes((MESSAGE_BYTES_MAX / 4) * 3).toString("base64");

const programs = new Programs(true);
// Before anything is timed: compiling blocks this process.
beforeAll(() => void programs.folder);
afterAll(() => programs.remove());

interface SlowCase {
  readonly title: string;
  readonly direction: "server to reader" | "client to server";
  readonly route: Route;
  readonly dialect: Dialect;
  readonly bytesPerSecond: number;
  readonly message: string;
}

const LONG = { message: TEXT, size: "64 MiB" };
const SHORTER = { message: TEXT.slice(0, 16 * MIB), size: "16 MiB" };
const SLOW = { bytesPerSecond: MIB / 4, rate: "256 KiB/s" };
const QUICKER = { bytesPerSecond: MIB, rate: "1 MiB/s" };

function casesOf(route: Route): SlowCase[] {
  const isTcp = route.name === "tcp";
  const { message, size } = isTcp ? LONG : SHORTER;
  const directions = ["server to reader", "client to server"] as const;
  return directions.flatMap((direction) =>
    DIALECTS.flatMap((dialect) =>
      (isTcp ? [QUICKER, SLOW] : [SLOW]).map(({ bytesPerSecond, rate }) => {
        const title = `${route.name}: ${size}, ${direction}, ${dialect}, ${rate}`;
        return { title, direction, route, dialect, bytesPerSecond, message };
      }),
    ),
  );
}

const CASES = ROUTES.flatMap(casesOf);

/** What came of one long message. */
interface Run {
  readonly facts: SlowFacts;
  /** What the product thought of the peer meanwhile. */
  readonly states: ReadonlySet<string>;
}

async function serverToReader(one: SlowCase): Promise<Run> {
  const { route, message } = one;
  const server = await listen({ ...listenOn([route]), timeoutMs: TIMEOUT_MS, ...SIZES });
  const end = new Promise<EndRecord>((resolve) => server.on("end", (_, ended) => resolve(ended)));
  const states = new Set<Verdict>();
  server.on("verdict", (_, verdict) => states.add(verdict));
  server.on("connection", (connection) => connection.send(message));
  const way = route.wayTo(server.urls[0] ?? "");
  const peer = programs.start("slow-peer", slowPeer(one, { role: "client", way }));
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
async function clientToServer(one: SlowCase): Promise<Run> {
  const { route, dialect, message } = one;
  const way = route.serverWay();
  const config = slowPeer(one, { role: "server", way });
  const pingEveryMs = dialect === "line" ? 0 : PING_EVERY_MS;
  const peer = programs.start("slow-peer", { ...config, pingEveryMs });
  const port = await peer.says("listening", 30_000, (said) =>
    said.event === "listening" ? (said as Said & { port: number }).port : undefined,
  );
  const link = connect(route.linkUrl(route.urlOf({ ...way, port }), dialect), {
    heartbeat: { intervalMs: PING_EVERY_MS, answerWithinMs: TIMEOUT_MS - PING_EVERY_MS },
    timeoutMs: TIMEOUT_MS,
    ...route.connectOptions,
    ...SIZES,
  });
  const end = new Promise<EndRecord>((resolve) => link.on("connectionEnd", resolve));
  const states = new Set<LinkStatus["name"]>();
  link.on("status", ({ name }) => states.add(name));
  link.send(message);
  try {
    const facts = await doneUnless(end, peer);
    await link.delivered();
    return { facts, states };
  } finally {
    await link.close();
    await peer.stop();
  }
}

let runs: ReadonlyMap<string, Promise<Run>> | undefined;

/** All of them are begun by the first that is asked for: the runner would run a few at a time. */
function runOf(title: string): Promise<Run> {
  runs ??= startAll();
  return runs.get(title) as Promise<Run>;
}

function startAll(): ReadonlyMap<string, Promise<Run>> {
  const [first, later] = [CASES.filter(isOverTcp), CASES.filter((one) => !isOverTcp(one))];
  const started = new Map(first.map((one) => [one.title, start(one)]));
  const quicker = first
    .filter(({ bytesPerSecond }) => bytesPerSecond === QUICKER.bytesPerSecond)
    .map(({ title }) => started.get(title) as Promise<Run>);
  const done = Promise.allSettled(quicker);
  for (const one of later) {
    started.set(
      one.title,
      done.then(() => start(one)),
    );
  }
  for (const result of started.values()) result.catch(() => {}); // Whoever asks for it is told.
  return started;
}

function isOverTcp({ route }: SlowCase): boolean {
  return route.name === "tcp";
}

function start(one: SlowCase): Promise<Run> {
  return one.direction === "server to reader" ? serverToReader(one) : clientToServer(one);
}

describe.concurrent("slow is not dead: the message arrives whole", () => {
  for (const one of CASES) {
    test(
      one.title,
      async () => {
        const { facts, states } = await runOf(one.title);
        print(one.title, facts, states);
        expectWhole(facts, one);
      },
      SLOW_LIMIT_MS,
    );
  }
});

function slowPeer(
  { dialect, bytesPerSecond, message }: SlowCase,
  { role, way }: Pick<PeerConfig, "role" | "way">,
): PeerConfig {
  const pingEveryMs = PING_EVERY_MS;
  return { role, way, dialect, bytesPerSecond, pingEveryMs, messageBytes: message.length };
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

function expectWhole(facts: SlowFacts, { message, dialect, bytesPerSecond }: SlowCase): void {
  const sha256 = createHash("sha256").update(message).digest("hex");
  expect(facts).toMatchObject({ bytes: message.length, sha256 });
  // It was read slowly indeed; the buffers of the kernel hide a little of it.
  expect(facts.tookMs).toBeGreaterThan((message.length / bytesPerSecond) * 900);
  if (facts.pingsSent === 0) return;
  if (dialect === "line") {
    // A line that was begun cannot be interrupted, so the answers follow it.
    expect(facts.pongsInside).toBe(0);
    expect(facts.pongsAfter).toBeGreaterThan(0);
  } else expect(facts.pongsInside).toBeGreaterThan(5);
}
