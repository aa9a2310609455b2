/**
 * Options of `guard`, parsed once into a config in which nothing is optional.
 *
 * The relation that is easy to break: for a peer that can be asked, the question and the time for
 * its answer both fit into `timeoutMs`, which is the bound.
 */
import { type Observe, observeNothing } from "../base/observation.ts";
import { OptionReader } from "../base/options.ts";
import type { ReaperConfig } from "../driver/reaper.ts";
import { DURATION_MS_MAX, INTERVAL_MS_MIN, userTimeoutFor } from "../liveness/lease.ts";
import type { MonitorConfig } from "../liveness/monitor.ts";
import { type KeepaliveOptions, readKeepalive } from "../transports/keepalive-options.ts";
import type { KernelConfig } from "../transports/transport.ts";

/** How a peer on a raw socket is asked. */
export interface GuardPing {
  /**
   * What is written, 1 to 65,536 bytes. It may come between any two writes of the application, and
   * is written only while the application is reading.
   */
  readonly bytes: string | Uint8Array;
  /**
   * Whether a chunk that was received holds the answer. Asked only where the application reads by
   * "data" or a pipe, and only while an answer is awaited; it gives the round trip. Any byte is a
   * sign of life, with or without it. What it throws is reported as an uncaught error.
   */
  readonly isAnswer: (chunk: Uint8Array) => boolean;
}

export interface GuardOptions {
  /**
   * A peer that falls silent is dead at the latest so long after its last sign of life, plus an
   * eighth of it (bytes are looked for eight times in each timeout), one tick of 25 ms, and
   * whatever this process was late itself.
   *
   * @unit milliseconds
   * @range 100 to 86_400_000
   * @default 60_000: two of the usual intervals, below common idle limits of proxies.
   */
  readonly timeoutMs?: number | undefined;

  /**
   * How long to be quiet before a peer that can be asked is asked: a native ping of WebSocket, or
   * `ping` on raw sockets. `false`: it is asked only when its time is nearly over, at most 15 s
   * before. Has no effect on raw sockets without `ping`.
   *
   * @unit milliseconds
   * @range 10 to 86_400_000, less than `timeoutMs`
   * @default half of `timeoutMs`, at most 30_000: keeps common NAT entries alive.
   */
  readonly intervalMs?: number | false | undefined;

  /**
   * How long an answer is waited for.
   *
   * @unit milliseconds
   * @range 10 to 86_400_000, at most `timeoutMs - intervalMs`
   * @default what the interval leaves of `timeoutMs`; where that is 15_000 or more, as measured:
   * three probe timeouts within 5 s and 15 s.
   */
  readonly answerWithinMs?: number | undefined;

  /**
   * How long a peer may take nothing of what is queued for it. The slightest progress counts, as
   * far as it can be seen: on Linux every acknowledgement, elsewhere what the kernel takes of the
   * queue. `false`: for ever.
   *
   * @unit milliseconds
   * @range 100 to 86_400_000
   * @default 60_000
   */
  readonly drainTimeoutMs?: number | false | undefined;

  /**
   * From how late on a wakeup counts as a stall of this process.
   *
   * @unit milliseconds
   * @range 1 to 60_000
   * @default 250: above ordinary timer lateness and garbage collection.
   */
  readonly stallToleranceMs?: number | undefined;

  /**
   * How raw sockets are asked. Not for WebSocket, which has pings of its own.
   *
   * @default none: raw sockets are never written to.
   */
  readonly ping?: GuardPing | undefined;

  /**
   * TCP keepalive of guarded connections; `false` leaves it as it is. Where the application has it
   * on already, it is changed only if values are given here. It stays in force after `stop()`.
   *
   * @default on: 60_000 idle, 10_000 between 5 probes.
   */
  readonly keepalive?: KeepaliveOptions | false | undefined;

  /**
   * TCP_USER_TIMEOUT of guarded connections; needs Linux and the package koffi. Must exceed
   * `drainTimeoutMs`.
   *
   * @unit milliseconds
   * @range 1 to 86_410_000
   * @default false: left as it is.
   */
  readonly userTimeoutMs?: number | false | undefined;

  /**
   * How many end records are kept for `records()`.
   *
   * @range 0 to 1_000_000
   * @default 1_000
   */
  readonly recordsMax?: number | undefined;

  /** Told about stalls, mass expiries and warnings. Called synchronously: be quick. */
  readonly observe?: Observe | undefined;
}

export interface GuardConfig {
  readonly timeoutMs: number;
  /** At which interval who can be asked is asked; undefined: only before a verdict. */
  readonly intervalMs: number | undefined;
  /** How long who can be asked may be silent before it is asked in any case. */
  readonly unaskedMs: number;
  readonly drainTimeoutMs: number | false;
  /** Between two looks at a connection that is quiet. */
  readonly lookMs: number;
  readonly monitor: MonitorConfig;
  readonly reaper: ReaperConfig;
  readonly ping: PingConfig | undefined;
  readonly kernel: KernelConfig;
  readonly recordsMax: number;
  readonly observe: Observe;
}

export interface PingConfig {
  readonly bytes: Uint8Array;
  readonly isAnswer: (chunk: Uint8Array) => boolean;
}

const TIMEOUT_MS = { default: 60_000, min: 100, max: DURATION_MS_MAX };
const INTERVAL_MS_DEFAULT = 30_000;
/** What the estimator waits for an answer at the most. */
const ANSWER_MS_MAX = 15_000;
/** How fine deadlines are kept: below what a person notices; 40 wakeups a second at most. */
const TICK_MS = 25;
const LOOKS_PER_TIMEOUT = 8;
const PING_BYTES_MAX = 65_536;

/** @throws HoldfastError `OPTION_INVALID`, naming the option, its range and what came. */
export function resolveGuard(options: GuardOptions | undefined): GuardConfig {
  const read = new OptionReader("guard", options);
  const timeoutMs = read.integer("timeoutMs", TIMEOUT_MS);
  const asking = readAsking(read, timeoutMs);
  const drainTimeoutMs = read.integerOrFalse("drainTimeoutMs", TIMEOUT_MS);
  const { answerWithinMs } = asking;
  const config: GuardConfig = {
    timeoutMs,
    intervalMs: asking.intervalMs,
    unaskedMs: asking.unaskedMs,
    drainTimeoutMs,
    lookMs: Math.max(TICK_MS, timeoutMs / LOOKS_PER_TIMEOUT),
    monitor: { answerWithinMs, drainTimeoutMs: drainTimeoutMs || TIMEOUT_MS.default },
    reaper: {
      tickMs: TICK_MS,
      stallToleranceMs: read.integer("stallToleranceMs", { default: 250, min: 1, max: 60_000 }),
      answerWithinMs,
    },
    ping: readPing(read),
    kernel: readKernel(read, drainTimeoutMs),
    recordsMax: read.integer("recordsMax", { default: 1_000, min: 0, max: 1_000_000 }),
    observe: read.callback<Observe>("observe") ?? observeNothing,
  };
  read.done();
  return config;
}

interface Asking {
  readonly intervalMs: number | undefined;
  readonly answerWithinMs: number | false;
  readonly unaskedMs: number;
}

function readAsking(read: OptionReader, timeoutMs: number): Asking {
  const intervalMs = read.integerOrFalse("intervalMs", {
    default: Math.min(INTERVAL_MS_DEFAULT, Math.floor(timeoutMs / 2)),
    min: INTERVAL_MS_MIN,
    max: DURATION_MS_MAX,
  });
  const longestMs = intervalMs === false ? Math.floor(timeoutMs / 2) : timeoutMs - intervalMs;
  if (longestMs < INTERVAL_MS_MIN) {
    throw read.refuse(
      `\`intervalMs\` (${intervalMs}) must leave some of \`timeoutMs\` (${timeoutMs}) for an ` +
        `answer, ${INTERVAL_MS_MIN} ms at the least`,
    );
  }
  const given = read.value("answerWithinMs");
  const answer = { default: longestMs, min: INTERVAL_MS_MIN, max: DURATION_MS_MAX };
  const wantedMs = read.integer("answerWithinMs", answer);
  const mostMs = intervalMs === false ? timeoutMs - INTERVAL_MS_MIN : longestMs;
  if (wantedMs > mostMs) {
    throw read.refuse(
      `\`answerWithinMs\` (${wantedMs}) must fit into what is left of \`timeoutMs\` ` +
        `(${timeoutMs}) after \`intervalMs\` (${intervalMs}): ${mostMs} at the most`,
    );
  }
  const isMeasured = given === undefined && wantedMs >= ANSWER_MS_MAX;
  const unaskedMs = timeoutMs - (isMeasured ? ANSWER_MS_MAX : wantedMs);
  return {
    intervalMs: intervalMs === false ? undefined : intervalMs,
    answerWithinMs: isMeasured ? false : wantedMs,
    unaskedMs: intervalMs === false ? unaskedMs : timeoutMs,
  };
}

function readPing(read: OptionReader): PingConfig | undefined {
  const given = read.value("ping");
  if (given === undefined) return undefined;
  const ping = new OptionReader("guard.ping", given as GuardPing);
  const isAnswer = ping.callback<GuardPing["isAnswer"]>("isAnswer");
  const value = ping.value("bytes");
  ping.done();
  if (isAnswer === undefined) {
    throw ping.refuse("`isAnswer` must be a function that knows an answer when it sees one");
  }
  const bytes = typeof value === "string" ? new TextEncoder().encode(value) : value;
  if (bytes instanceof Uint8Array && bytes.length > 0 && bytes.length <= PING_BYTES_MAX) {
    return { bytes: Uint8Array.from(bytes), isAnswer };
  }
  throw ping.refuse(`\`bytes\` must be a text or an array of 1 to ${PING_BYTES_MAX} bytes`);
}

function readKernel(read: OptionReader, drainTimeoutMs: number | false): KernelConfig {
  const userTimeoutMs = read.integerOrFalse("userTimeoutMs", {
    default: false,
    min: 1,
    max: userTimeoutFor(DURATION_MS_MAX),
  });
  if (userTimeoutMs !== false && drainTimeoutMs !== false && userTimeoutMs <= drainTimeoutMs) {
    throw read.refuse(
      `\`userTimeoutMs\` (${userTimeoutMs}) must exceed \`drainTimeoutMs\` (${drainTimeoutMs}): ` +
        "the kernel would end slow readers before this guard does",
    );
  }
  const keepalive = read.value("keepalive");
  return {
    keepalive: readKeepalive("guard.keepalive", keepalive, undefined),
    userTimeoutMs,
    userTimeoutAsked: read.value("userTimeoutMs") !== undefined,
    keepaliveAsked: keepalive !== undefined,
  };
}
