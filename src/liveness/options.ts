/**
 * What users may say about liveness, and what follows from it.
 *
 * `read...` takes its keys from a reader that the door shares between rooms and leaves unknown keys
 * to it; `resolve...` is for options that are about nothing else. What cannot work is refused with
 * a sentence that names both options; what is merely unwise is returned in `warnings`, to be said
 * once.
 */
import { OptionReader } from "../base/options.ts";
import { type AdaptiveChoice, type AdaptiveOptions, readAdaptive } from "./adaptive-options.ts";
import {
  DURATION_MS_MAX,
  deadWithin,
  deadWithinOfServer,
  INTERVAL_MS_MIN,
  userTimeoutFor,
} from "./lease.ts";

export interface HeartbeatOptions {
  /**
   * How long to be quiet before a ping, in ms, 10 to 86,400,000. Default 30,000: half of the usual
   * timeout, and what QUIC advises against forgetful middleboxes (RFC 9000, 10.1.2).
   */
  readonly intervalMs?: number | undefined;
  /**
   * How long to wait for an answer, in ms, 10 to 86,400,000. Default `false`: measured, three probe
   * timeouts within 5 s and 15 s, so that neither a lost packet nor a slow path is a death.
   */
  readonly answerWithinMs?: number | false | undefined;
  /**
   * Lets the interval follow the path: longer where silence proves harmless, shorter where
   * connections get lost. Replaces `intervalMs`. Default `false`: the interval is fixed, and the
   * bound of detection with it.
   */
  readonly adaptive?: AdaptiveOptions | false | undefined;
  /** "none" for servers that read pings and never answer. Default "expected". */
  readonly pong?: "expected" | "none" | undefined;
}

interface SharedLivenessOptions {
  /**
   * How long output, or an unfinished message, may fail to gain 64 KiB, in ms, 100 to 86,400,000.
   * Default 60,000: one KiB a second is slow; less is as good as nothing.
   */
  readonly drainTimeoutMs?: number | undefined;
  /**
   * How long the application here may not read before the connection ends with `READER_TOO_SLOW`,
   * in ms, 100 to 86,400,000. Default 60,000: as patient as with a peer that does not read.
   */
  readonly pauseMsMax?: number | undefined;
  /**
   * From how late on a wakeup counts as a stall of our own, in ms, 1 to 60,000. Default 250: above
   * ordinary timer lateness and garbage collection, and far below the shortest measured answer
   * time.
   */
  readonly stallToleranceMs?: number | undefined;
  /**
   * The bound itself instead of its parts: dead at the latest so long after the last sign of life,
   * in ms; 1,000 (server 5,000) to 86,400,000. Default `false`. Excludes the options that it
   * derives.
   */
  readonly deadWithinMs?: number | false | undefined;
}

export interface ClientLivenessOptions extends SharedLivenessOptions {
  readonly heartbeat?: HeartbeatOptions | undefined;
  /**
   * What the server is known to tolerate of a client that announces no interval, in ms, 100 to
   * 86,400,000. Default 60,000: the default of our own servers. WELCOME overrides it.
   */
  readonly timeoutMs?: number | undefined;
}

export interface ServerLivenessOptions extends SharedLivenessOptions {
  /**
   * The lease of whoever announces none, and the limit for plain line clients, in ms, 100 to
   * 86,400,000. Default 60,000: two of the usual intervals, below common idle limits of proxies.
   */
  readonly timeoutMs?: number | undefined;
  /**
   * The shortest lease granted, in ms, 10 to 86,400,000. Default 1,000, or less if the timeout is
   * less: more than a beat a second finds nothing sooner, since an answer is waited for 5 s.
   */
  readonly leaseMsMin?: number | undefined;
  /**
   * The longest lease granted, in ms, 10 to 86,400,000. Default `timeoutMs`. Raise it for clients
   * that adapt their interval.
   */
  readonly leaseMsMax?: number | undefined;
  /** As for clients: how long a verifying ping may go unanswered. Default `false`, measured. */
  readonly answerWithinMs?: number | false | undefined;
  /**
   * One ping in so many ms is answered for ever; 50 at once are. 1 to 86,400,000, default 100;
   * `false` for no budget.
   */
  readonly pingIntervalMsMin?: number | false | undefined;
}

interface SharedLivenessConfig {
  readonly answerWithinMs: number | false;
  readonly timeoutMs: number;
  readonly drainTimeoutMs: number;
  readonly pauseMsMax: number;
  readonly stallToleranceMs: number;
  /** What TCP_USER_TIMEOUT is to be unless the user said otherwise. */
  readonly userTimeoutMs: number;
  /** Sentences to be said once. */
  readonly warnings: string[];
}

export interface ClientLivenessConfig extends SharedLivenessConfig {
  /** Where it adapts, the shortest. */
  readonly intervalMs: number;
  readonly adaptive: AdaptiveChoice | false;
  readonly pong: "expected" | "none";
}

export interface ServerLivenessConfig extends SharedLivenessConfig {
  readonly leaseMsMin: number;
  readonly leaseMsMax: number;
  readonly pingIntervalMsMin: number | false;
}

const TIMEOUT_MS = { default: 60_000, min: 100, max: DURATION_MS_MAX };
const ANSWER_MS = { default: false as number | false, min: 10, max: DURATION_MS_MAX };
const LEASE_MS_MIN_DEFAULT = 1_000;
const DEAD_WITHIN_MS_MIN = 1_000;
/** Below this nothing would be left for the lease after grace and answer. */
const SERVER_DEAD_WITHIN_MS_MIN = 5_000;

/** @throws HoldfastError `OPTION_INVALID` naming the option, its range and what came. */
export function resolveClientLiveness(options?: ClientLivenessOptions): ClientLivenessConfig {
  const reader = new OptionReader("liveness", options);
  const config = readClientLiveness(reader);
  reader.done();
  return config;
}

/** @throws HoldfastError `OPTION_INVALID` naming the option, its range and what came. */
export function resolveServerLiveness(options?: ServerLivenessOptions): ServerLivenessConfig {
  const reader = new OptionReader("liveness", options);
  const config = readServerLiveness(reader);
  reader.done();
  return config;
}

/** As `resolveClientLiveness`, for a door whose reader has other options, too. */
export function readClientLiveness(reader: OptionReader): ClientLivenessConfig {
  const given = reader.value("heartbeat") as HeartbeatOptions | undefined;
  const heartbeat = new OptionReader("heartbeat", given);
  const within = readDeadWithin(reader, DEAD_WITHIN_MS_MIN);
  if (within !== false) {
    refuseBoth(reader, given?.intervalMs, "heartbeat.intervalMs");
    refuseBoth(reader, given?.answerWithinMs, "heartbeat.answerWithinMs");
    refuseBoth(reader, given?.adaptive || undefined, "heartbeat.adaptive");
  }
  const derived = within === false ? undefined : deadWithin(within);
  const adaptive = readAdaptive(heartbeat.value("adaptive") as HeartbeatOptions["adaptive"]);
  if (adaptive !== false && given?.intervalMs !== undefined) {
    throw heartbeat.refuse("`adaptive` replaces `intervalMs`: give one of the two");
  }
  const fixedMs = derived?.intervalMs ?? 30_000;
  const intervalMs = heartbeat.integer("intervalMs", {
    default: adaptive === false ? fixedMs : adaptive.intervalMsMin,
    min: INTERVAL_MS_MIN,
    max: DURATION_MS_MAX,
  });
  const answer = { ...ANSWER_MS, default: derived?.answerWithinMs ?? ANSWER_MS.default };
  const answerWithinMs = heartbeat.integerOrFalse("answerWithinMs", answer);
  const pong = heartbeat.oneOf("pong", ["expected", "none"], "expected");
  if (adaptive !== false && pong === "none") {
    throw heartbeat.refuse('`adaptive` learns from answers, so `pong` must not be "none"');
  }
  heartbeat.done();
  const shared = readShared(reader, derived?.drainTimeoutMs);
  const timeoutMs = reader.integer("timeoutMs", TIMEOUT_MS);
  const warnings: string[] = [];
  if (intervalMs > timeoutMs / 2) {
    warnings.push(
      `\`heartbeat.intervalMs\` (${intervalMs}) is over half of \`timeoutMs\` (${timeoutMs}): ` +
        "one late ping may cost the connection where the server was told of no longer interval",
    );
  }
  return { ...shared, intervalMs, adaptive, answerWithinMs, pong, timeoutMs, warnings };
}

/** As `resolveServerLiveness`, for a door whose reader has other options, too. */
export function readServerLiveness(reader: OptionReader): ServerLivenessConfig {
  const within = readDeadWithin(reader, SERVER_DEAD_WITHIN_MS_MIN);
  if (within !== false) {
    for (const name of ["timeoutMs", "leaseMsMax", "answerWithinMs"]) {
      refuseBoth(reader, reader.value(name), name);
    }
  }
  const derived = within === false ? undefined : deadWithinOfServer(within);
  const timeoutMs = reader.integer("timeoutMs", {
    ...TIMEOUT_MS,
    default: derived?.timeoutMs ?? TIMEOUT_MS.default,
  });
  const answer = { ...ANSWER_MS, default: derived?.answerWithinMs ?? ANSWER_MS.default };
  const answerWithinMs = reader.integerOrFalse("answerWithinMs", answer);
  const lease = { min: INTERVAL_MS_MIN, max: DURATION_MS_MAX };
  const leaseMsMax = reader.integer("leaseMsMax", { ...lease, default: timeoutMs });
  const leaseMsMinDefault = Math.min(LEASE_MS_MIN_DEFAULT, timeoutMs / 2, leaseMsMax);
  const leaseMsMin = reader.integer("leaseMsMin", {
    ...lease,
    default: Math.max(INTERVAL_MS_MIN, Math.floor(leaseMsMinDefault)),
  });
  if (leaseMsMin > leaseMsMax) {
    throw reader.refuse(
      `\`leaseMsMin\` (${leaseMsMin}) must not exceed \`leaseMsMax\` (${leaseMsMax})`,
    );
  }
  const budget = { default: 100, min: 1, max: DURATION_MS_MAX };
  const pingIntervalMsMin = reader.integerOrFalse("pingIntervalMsMin", budget);
  const warnings: string[] = [];
  if (leaseMsMin > timeoutMs / 2) {
    warnings.push(
      `\`leaseMsMin\` (${leaseMsMin}) is over half of \`timeoutMs\` (${timeoutMs}): ` +
        "one late ping may cost a client its connection",
    );
  }
  const shared = readShared(reader, derived?.drainTimeoutMs);
  return {
    ...shared,
    timeoutMs,
    answerWithinMs,
    leaseMsMin,
    leaseMsMax,
    pingIntervalMsMin,
    warnings,
  };
}

type SharedRead = Pick<
  SharedLivenessConfig,
  "drainTimeoutMs" | "pauseMsMax" | "stallToleranceMs" | "userTimeoutMs"
>;

function readShared(reader: OptionReader, derivedDrainMs: number | undefined): SharedRead {
  const drainTimeoutMs = reader.integer("drainTimeoutMs", {
    ...TIMEOUT_MS,
    default: derivedDrainMs ?? TIMEOUT_MS.default,
  });
  return {
    drainTimeoutMs,
    pauseMsMax: reader.integer("pauseMsMax", TIMEOUT_MS),
    stallToleranceMs: reader.integer("stallToleranceMs", { default: 250, min: 1, max: 60_000 }),
    userTimeoutMs: userTimeoutFor(drainTimeoutMs),
  };
}

function readDeadWithin(reader: OptionReader, min: number): number | false {
  return reader.integerOrFalse("deadWithinMs", { default: false, min, max: DURATION_MS_MAX });
}

function refuseBoth(reader: OptionReader, value: unknown, name: string): void {
  if (value === undefined) return;
  throw reader.refuse(`\`deadWithinMs\` derives \`${name}\`: give one of the two`);
}
