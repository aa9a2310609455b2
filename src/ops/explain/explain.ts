/**
 * `explain`: what a choice of intervals and timeouts means, in numbers. Nothing is opened, measured
 * or read; the numbers are those by which `connect` and `listen` would live.
 */
import { MIDDLEBOXES } from "./middleboxes.ts";
import { type ExplainConfig, type ExplainOptions, resolveExplain } from "./options.ts";
import { otherWays } from "./other-ways.ts";
import { type Answer, grantWarning, type Pair, pairOf } from "./pair.ts";
import { type Passage, passageOf, type Recommendation, recommend } from "./passage.ts";
import { silentWays } from "./silent-ways.ts";
import { type Traffic, type TrafficOfAll, trafficOf, trafficOfAll } from "./traffic.ts";
import type { WayToDie } from "./way.ts";

/** The whole of it, as plain data: it can be written as JSON. Durations are in ms. */
export interface Explanation {
  readonly dialect: "frame" | "line";
  /** What both ends would work with, after all limits. */
  readonly inForce: {
    readonly intervalMsMin: number;
    readonly intervalMsMax: number;
    readonly answersExpected: boolean;
    readonly timeoutMs: number;
    readonly leaseMsMax: number;
    readonly leaseMs: number;
    readonly graceMs: number;
    readonly clientAnswer: Answer;
    readonly serverAnswer: Answer;
    readonly drainTimeoutMs: number;
    readonly keepalive: Pair["client"]["kernel"]["keepalive"];
    readonly clientUserTimeoutMs: number | false;
    readonly serverUserTimeoutMs: number | false;
  };
  readonly ways: readonly WayToDie[];
  /** At the interval; for one that adapts, at its shortest and at its longest. */
  readonly traffic: readonly (Traffic & { readonly all: TrafficOfAll })[];
  readonly passages: readonly Passage[];
  /** Where `behind` was given, unless nothing there cuts for silence. */
  readonly recommendation: Recommendation | undefined;
  /** Sentences about what works and is unwise. */
  readonly warnings: readonly string[];
}

/**
 * Tells what the options of `connect` and `listen` mean together: for each way to die the latest
 * moment at which each end finds it, the traffic of an idle connection, and which well-known
 * middleboxes would cut it. Calls nothing and returns at once; the same options give the same
 * answer on every machine.
 *
 * Times are counted from the last evidence of life (a byte heard, or output that moved) unless
 * `since` says otherwise. To each comes what this process itself was late. Figures of middleboxes
 * are published defaults with their source; `holdfast probe` measures a path.
 *
 * @throws HoldfastError `OPTION_INVALID`, as `connect` and `listen` would throw it.
 *
 * @example
 * const { ways } = explain({ heartbeat: { intervalMs: 30_000 }, timeoutMs: 60_000 });
 * const vanished = ways.find(({ id }) => id === "vanished");
 * console.log(vanished?.client.found); // within 45,010 ms: interval, answer, tick
 */
export function explain(options: ExplainOptions = {}): Explanation {
  const config = resolveExplain(options);
  const pair = pairOf(config);
  const { client, server } = pair;
  const { keepalive } = client.kernel;
  const beats = {
    silenceMs: client.intervalMsMax,
    answersExpected: client.answersExpected,
    keepalive,
  };
  const granted = grantWarning(config, pair);
  const boxes = config.behind ?? MIDDLEBOXES;
  return {
    dialect: pair.dialect,
    inForce: {
      intervalMsMin: client.intervalMsMin,
      intervalMsMax: client.intervalMsMax,
      answersExpected: client.answersExpected,
      timeoutMs: server.timeoutMs,
      leaseMsMax: config.server.server.connection.liveness.leaseMsMax,
      leaseMs: server.leaseMs,
      graceMs: server.graceMs,
      clientAnswer: client.answer,
      serverAnswer: server.answer,
      drainTimeoutMs: server.drainTimeoutMs,
      keepalive,
      clientUserTimeoutMs: client.kernel.userTimeoutMs,
      serverUserTimeoutMs: server.kernel.userTimeoutMs,
    },
    ways: [...silentWays(pair), ...otherWays(pair)],
    traffic: trafficFor(config, pair),
    passages: boxes.map((box) => passageOf(box, beats)),
    recommendation: config.behind && recommend(config.behind, pair.dialect, client.answersExpected),
    warnings: [...(granted === undefined ? [] : [granted]), ...config.warnings],
  };
}

function trafficFor(config: ExplainConfig, pair: Pair): Explanation["traffic"] {
  const { intervalMsMin, intervalMsMax, answersExpected, kernel } = pair.client;
  const { words } = config.client.connection;
  const speakers = { dialect: pair.dialect, words, answersExpected, keepalive: kernel.keepalive };
  return [...new Set([intervalMsMin, intervalMsMax])].map((intervalMs) => {
    const traffic = trafficOf(intervalMs, speakers);
    return { ...traffic, all: trafficOfAll(traffic, config.connections) };
  });
}
