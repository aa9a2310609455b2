/**
 * A partition that nobody is told of is found by both ends, within the documented bound, in every
 * state that a connection can be in; and when it heals, the links come back by themselves.
 */
import { afterAll, expect } from "vitest";
import { hasTool, skipUnless } from "../support/requires.ts";
import { canHaveLab, LAB_NEEDS, type Lab, withLab } from "../lab/lab.ts";
import { listenOn, NETWORK_ROUTES, type Route, routeNamed } from "../support/routes.ts";
import type { Dialect } from "../support/way.ts";
import type { LinkOrder } from "./peers/link-peer.ts";
import { type Program, Programs, type Said } from "./peers/programs.ts";
import type { Ended, RecordFacts } from "./peers/reports.ts";

const INTERVAL_MS = 1_000;
const ANSWER_MS = 2_000;
/** Of its last quarter a peer that cannot be asked is suspect: long enough to read the count. */
const TIMEOUT_MS = 5_000;
const GRACE_MS = 2_000;
/** One tick of the alarms, and lateness that is too small to be counted as a stall. */
const SLACK_MS = 25 + 250;
const REDIAL = { attemptsMax: false, baseMs: 200, capMs: 1_000, attemptTimeoutMs: 1_500 } as const;
const WINDOW_MS = 1_000;
/** Of each case: they differ in where in their interval the partition meets them. */
const COPIES = 4;
/** Over other routes than TCP, where the whole difference is what lies between two layers. */
const COPIES_ELSEWHERE = 2;
const BURST_BYTES = 20_000;
const BULK_BYTES = 2 * 1024 * 1024;
const START_LIMIT_MS = 30_000;
const TEST_LIMIT_MS = 120_000;
const MIB = 1024 * 1024;

/** How the kernel's unacknowledged bytes are counted, which some verdicts rest on. */
const SOURCES = { koffi: new Programs(true), "/proc": new Programs(false) };
type Source = keyof typeof SOURCES;
const sources = Object.keys(SOURCES) as Source[];
afterAll(() => {
  for (const source of sources) SOURCES[source].remove();
});

const inLab = skipUnless(canHaveLab, LAB_NEEDS);
const behindNat = skipUnless(canHaveLab && hasTool("nft"), `${LAB_NEEDS}, and \`nft\``);

interface Case {
  /** Of several connections, each with its number behind this. */
  readonly name: string;
  readonly route: Route;
  readonly dialect: Dialect;
  /** The server never answers, and the client does not expect it to. */
  readonly mute?: boolean;
}

interface Finding {
  readonly side: "client" | "server";
  readonly name: string;
  readonly boundMs: number;
  /** From the moment after which no packet passed. */
  readonly measuredMs: number;
  readonly record: RecordFacts;
}

const STATES = ["idle", "in flight", "bulk in flight", "pushing"];
const CASES: readonly Case[] = NETWORK_ROUTES.flatMap((route) =>
  STATES.flatMap((state) => [
    { name: `${route.name}: frame, ${state}`, route, dialect: "frame" as const },
    { name: `${route.name}: line, ${state}`, route, dialect: "line" as const },
    { name: `${route.name}: mute, ${state}`, route, dialect: "line" as const, mute: true },
  ]),
);

function copiesOf({ route }: Case): number {
  return route.name === "tcp" ? COPIES : COPIES_ELSEWHERE;
}

const CONNECTIONS = CASES.flatMap((one) =>
  Array.from({ length: copiesOf(one) }, (_, index) => ({
    ...one,
    name: `${one.name}, ${index + 1}`,
  })),
);

interface Times {
  readonly intervalMs: number;
  readonly timeoutMs: number;
}

/** A server on the far host, links on the near one, all of them online. */
async function startBoth(
  lab: Lab,
  cases: readonly Case[],
  times: Times,
): Promise<{ readonly server: Program; readonly client: Program }> {
  const { intervalMs, timeoutMs } = times;
  const common = { timeoutMs, answerWithinMs: ANSWER_MS, reconnectWindowMs: WINDOW_MS };
  const sizes = { messageBytesMax: 4 * MIB, line: { lineBytesMax: 4 * MIB } };
  const mute = { ...common, ...sizes, line: { ...sizes.line, pong: false } };
  // Two servers for each route; the second one never answers.
  const servers = NETWORK_ROUTES.flatMap((route) =>
    [{ ...common, ...sizes }, mute].map((options) => ({
      ...listenOn([route], lab.far.address),
      ...options,
    })),
  );
  const server = lab.start(lab.far, "server-peer", servers);
  const urls = await server.says("listening", START_LIMIT_MS, (said) =>
    said.event === "listening" ? (said as Said & { urls: string[] }).urls : undefined,
  );
  const orders = cases.map(({ name, route, dialect, mute: isMute }): LinkOrder => {
    const listened = urls[2 * NETWORK_ROUTES.indexOf(route) + (isMute ? 1 : 0)] ?? "";
    return {
      name,
      url: route.linkUrl(listened, dialect),
      options: {
        heartbeat: {
          intervalMs,
          answerWithinMs: ANSWER_MS,
          pong: isMute ? "none" : "expected",
        },
        timeoutMs,
        redial: REDIAL,
        ...route.connectOptions,
        ...sizes,
      },
    };
  });
  const client = lab.start(lab.near, "link-peer", orders);
  for (const { name } of cases) {
    await server.says(`joined ${name}`, START_LIMIT_MS, is("joined", name));
  }
  return { server, client };
}

/** Each link has beaten some times. */
async function settled(client: Program, cases: readonly Case[]): Promise<void> {
  for (const { name } of cases) {
    await client.says(`settled ${name}`, START_LIMIT_MS, is("settled", name));
  }
}

function is(event: string, name: string): (said: Said) => true | undefined {
  return (said) =>
    said.event === event && (said as Said & { name: string }).name === name ? true : undefined;
}

function endOf(program: Program, name: string, limitMs: number): Promise<RecordFacts> {
  return program.says(`ended ${name}`, limitMs, (said) =>
    is("ended", name)(said) ? (said as Ended).record : undefined,
  );
}

function boundOf(side: "client" | "server", { dialect }: Case, times: Times): number {
  if (side === "client") return times.intervalMs + ANSWER_MS;
  return dialect === "line" ? times.timeoutMs : times.intervalMs + GRACE_MS + ANSWER_MS;
}

/** Both records of each case. */
async function findings(
  both: { readonly server: Program; readonly client: Program },
  cases: readonly Case[],
  times: Times,
  sinceWallMs: number,
): Promise<Finding[]> {
  const found: Finding[] = [];
  for (const one of cases) {
    for (const side of ["client", "server"] as const) {
      const record = await endOf(both[side], one.name, 30_000);
      const boundMs = boundOf(side, one, times);
      const measuredMs = record.endedAtWallMs - sinceWallMs;
      found.push({ side, name: one.name, boundMs, measuredMs, record });
    }
  }
  return found;
}

function print(title: string, found: readonly Finding[]): void {
  const rows = found.map(({ side, name, boundMs, measuredMs, record }) => {
    const { code, sentence, evidence } = record;
    const { unackedBytes, ourLatenessMs, movedMsAgo } = evidence;
    const moved = movedMsAgo === undefined ? "" : `, output moved ${Math.round(movedMsAgo)} ms ago`;
    const late = ourLatenessMs > 0 ? `, our lateness ${Math.round(ourLatenessMs)} ms` : "";
    return (
      `${side}, ${name}: bound ${boundMs} ms, found after ${measuredMs} ms, ` +
      `unacknowledged ${unackedBytes ?? "?"}${moved}${late}, ${code}: ${sentence}`
    );
  });
  console.log([title, ...rows].join("\n  "));
}

interface Partition {
  readonly found: readonly Finding[];
  /** From the heal to the new connection, for each link. */
  readonly backAfterMs: readonly number[];
}

/** One partition for all connections, and its heal. */
async function partition(source: Source): Promise<Partition> {
  const times = { intervalMs: INTERVAL_MS, timeoutMs: TIMEOUT_MS };
  return withLab(SOURCES[source], async (lab) => {
    const both = await startBoth(lab, CONNECTIONS, times);
    await settled(both.client, CONNECTIONS);
    lab.partition();
    const cutAt = Date.now();
    for (const program of [both.client, both.server]) {
      program.tell({ to: ", in flight", bytes: BURST_BYTES });
      program.tell({ to: ", bulk", bytes: BULK_BYTES });
    }
    const found = await findings(both, CONNECTIONS, times, cutAt);
    lab.heal();
    const healedAt = Date.now();
    const backAfterMs: number[] = [];
    for (const { name } of CONNECTIONS) {
      const at = await both.client.says(`online again ${name}`, 30_000, onlineAfter(name, cutAt));
      backAfterMs.push(at - healedAt);
    }
    return { found, backAfterMs };
  });
}

function onlineAfter(name: string, wallMs: number): (said: Said) => number | undefined {
  return (said) => {
    if (!is("status", name)(said)) return undefined;
    const { status, isNew, at } = said as Said & { status: string; isNew: boolean; at: number };
    return status === "online" && isNew && at > wallMs ? at : undefined;
  };
}

const partitions = new Map<Source, Promise<Partition>>();

/** The one partition that all tests of a source look at. */
function partitionOf(source: Source): Promise<Partition> {
  const known = partitions.get(source) ?? partition(source);
  partitions.set(source, known);
  return known;
}

const SIDES = ["client", "server"] as const;
const ENDS = CASES.flatMap((one) => SIDES.map((side) => [one, side] as const));
for (const source of sources) {
  for (const [one, side] of ENDS) {
    inLab(
      `${source}: ${one.name}: the ${side} finds the partition within its bound`,
      async () => {
        const { found } = await partitionOf(source);
        const mine = found.filter((finding) => finding.side === side && isOf(one, finding));
        const slowestFirst = mine.toSorted((a, b) => b.measuredMs - a.measuredMs);
        const count = copiesOf(one);
        print(`silent partition (${source}), the slowest of ${count}:`, slowestFirst.slice(0, 1));
        expect(mine.length).toBe(count);
        for (const finding of mine) {
          expectFound(finding, one);
          expectEvidence(finding, one);
        }
      },
      TEST_LIMIT_MS,
    );
  }

  inLab(
    `${source}: when the partition heals every link comes back by itself`,
    async () => {
      const { backAfterMs } = await partitionOf(source);
      const slowestMs = Math.max(...backAfterMs);
      console.log(`healed: ${backAfterMs.length} links were back, the last after ${slowestMs} ms`);
      expect(backAfterMs.length).toBe(CONNECTIONS.length);
      // A dial under way at the heal runs out, then a wait follows it, then one dial succeeds.
      const { attemptTimeoutMs, capMs } = REDIAL;
      expect(slowestMs).toBeLessThan(2 * attemptTimeoutMs + Math.max(capMs, WINDOW_MS));
    },
    TEST_LIMIT_MS,
  );
}

function isOf(one: Case, { name }: Finding): boolean {
  return name.slice(0, name.lastIndexOf(",")) === one.name;
}

function latestMs({ boundMs, record }: Finding): number {
  return boundMs + SLACK_MS + record.evidence.ourLatenessMs;
}

function expectFound(finding: Finding, { mute }: Case): void {
  const { record, measuredMs, side } = finding;
  const { heardMsAgo, movedMsAgo } = record.evidence;
  expect(record).toMatchObject({ code: "PEER_SILENT", by: "fault", reset: true });
  // The last evidence of a mute peer is a count that was found to have fallen, some time later.
  const isByCount = mute === true && side === "client" && movedMsAgo !== undefined;
  const silentMs = isByCount ? Math.min(measuredMs, movedMsAgo) : measuredMs;
  expect(silentMs).toBeLessThanOrEqual(latestMs(finding));
  if (heardMsAgo !== undefined) expect(heardMsAgo).toBeGreaterThanOrEqual(ANSWER_MS);
}

/** What was under way is measured where somebody was in doubt, and the sentence says so. */
function expectEvidence({ record, side }: Finding, { name, mute }: Case): void {
  const { evidence, sentence, dialect } = record;
  expect(sentence).toMatch(/^closed after \d+\.\d s of silence: /);
  const sends = side === "client" || dialect === "frame" || !name.endsWith("idle");
  const least = name.includes("bulk") ? 64 * 1024 : name.includes("flight") ? BURST_BYTES : 1;
  if (sends) {
    expect(evidence.unackedBytes).toBeGreaterThanOrEqual(least);
    expect(sentence).toContain(`with ${evidence.unackedBytes} bytes unacknowledged`);
  } else expect(evidence.unackedBytes).toBe(0);
  if (side === "server") expect(sentence).toMatch(/the peer (promised|had) /);
  else if (mute === true) expect(sentence).toContain("took nothing of what was sent");
  else expect(sentence).toContain("did not answer the ping sent");
}

const TCP = routeNamed("tcp");
/** For what happens below any transport: once is enough. */
const PLAIN_PAIR: readonly Case[] = [
  { name: "frame, idle", route: TCP, dialect: "frame" },
  { name: "line, idle", route: TCP, dialect: "line" },
];

behindNat(
  "a NAT that forgot the flow is found by both ends, and the link comes back through it",
  async () => {
    const times = { intervalMs: 4_000, timeoutMs: 8_000 };
    await withLab(SOURCES.koffi, async (lab) => {
      lab.translateAddresses(2);
      const both = await startBoth(lab, PLAIN_PAIR, times);
      // When the router forgot is not known; the silence is counted from the last byte, or from
      // the beginning where none came.
      const found = (await findings(both, PLAIN_PAIR, times, 0)).map((finding) => {
        const { evidence, livedMs } = finding.record;
        return { ...finding, measuredMs: Math.round(evidence.heardMsAgo ?? livedMs) };
      });
      print("forgotten by a NAT after 2 s of quiet:", found);
      for (const finding of found) {
        const { record, side, name } = finding;
        // A frame client names its old connection when it comes back, which may be first to tell.
        const isTold = side === "server" && name.startsWith("frame");
        expect(isTold ? ["PEER_SILENT", "REPLACED"] : ["PEER_SILENT"]).toContain(record.code);
        expect(finding.measuredMs).toBeLessThanOrEqual(latestMs(finding));
      }
      for (const { name } of PLAIN_PAIR) {
        let joined = 0;
        await both.server.says(`joined ${name} again`, 15_000, (said) => {
          if (is("joined", name)(said)) joined += 1;
          return joined === 2 ? true : undefined;
        });
      }
    });
  },
  TEST_LIMIT_MS,
);

inLab(
  "one direction lost: who hears nothing finds out, and its reset tells the other",
  async () => {
    const times = { intervalMs: INTERVAL_MS, timeoutMs: TIMEOUT_MS };
    await withLab(SOURCES.koffi, async (lab) => {
      const both = await startBoth(lab, PLAIN_PAIR, times);
      await settled(both.client, PLAIN_PAIR);
      lab.loseTowardsNear();
      const found = await findings(both, PLAIN_PAIR, times, Date.now());
      print("lost towards the client:", found);
      for (const finding of found) {
        const isClient = finding.side === "client";
        expect(finding.record.code).toBe(isClient ? "PEER_SILENT" : "PEER_RESET");
        if (isClient) expect(finding.measuredMs).toBeLessThanOrEqual(latestMs(finding));
      }
    });
  },
  TEST_LIMIT_MS,
);
