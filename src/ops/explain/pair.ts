/**
 * The two ends of the explained connection in numbers, as the machines would have them once they
 * have greeted each other: how often the client speaks, what lease the server grants for that, how
 * long each waits for an answer.
 *
 * Every number comes from the function by which the product has it.
 */
import { WATCH_TICK_MS } from "../../client/watch.ts";
import {
  clientInterval,
  DURATION_MS_MAX,
  graceMs,
  type LeaseLimits,
  leaseFor,
} from "../../liveness/lease.ts";
import { RttEstimator } from "../../liveness/rtt-estimator.ts";
import type { KernelConfig } from "../../transports/transport.ts";
import { clientConnection, type ExplainConfig } from "./options.ts";

export interface Answer {
  /** On any path. */
  readonly ms: number;
  /** Where round trips are short. */
  readonly quickPathMs: number;
}

export interface Pair {
  readonly dialect: "frame" | "line";
  readonly client: {
    /** False: the server never answers. */
    readonly answersExpected: boolean;
    /** Equal where the interval is fixed. */
    readonly intervalMsMin: number;
    readonly intervalMsMax: number;
    readonly answer: Answer;
    readonly drainTimeoutMs: number;
    readonly attemptTimeoutMs: number;
    readonly stallToleranceMs: number;
    readonly tickMs: number;
    readonly kernel: KernelConfig;
  };
  readonly server: {
    readonly timeoutMs: number;
    /** For the longest interval that the client announces; line: the timeout. */
    readonly leaseMs: number;
    /** Line: 0, since who cannot be asked has its lease and no more. */
    readonly graceMs: number;
    readonly answer: Answer;
    /** What the mass-expiry rule adds, at the most. */
    readonly hold: Answer;
    readonly drainTimeoutMs: number;
    readonly handshakeTimeoutMs: number;
    /** Then a silent peer may be a plain one that has not spoken yet. */
    readonly acceptsLine: boolean;
    readonly stallToleranceMs: number;
    readonly tickMs: number;
    readonly kernel: KernelConfig;
  };
}

export function pairOf(config: ExplainConfig): Pair {
  const { dialect, client, server } = config;
  const { liveness, handshakeTimeoutMs, accepts } = server.server.connection;
  const isFrame = dialect === "frame";
  const { answersExpected } = clientConnection(config);
  const { intervalMsMin, intervalMsMax } = intervals(config);
  const leaseMs = isFrame ? leaseFor(intervalMsMax, liveness) : liveness.timeoutMs;
  const { dial, redial, stallToleranceMs, connection } = client;
  return {
    dialect,
    client: {
      answersExpected,
      intervalMsMin,
      intervalMsMax,
      // Without answers there is no round trip to learn from.
      answer: answerOf(connection.liveness.answerWithinMs, answersExpected),
      drainTimeoutMs: connection.liveness.drainTimeoutMs,
      attemptTimeoutMs: redial.attemptTimeoutMs,
      stallToleranceMs,
      tickMs: WATCH_TICK_MS,
      kernel: dial.kernel,
    },
    server: {
      timeoutMs: liveness.timeoutMs,
      leaseMs,
      graceMs: isFrame ? graceMs(leaseMs) : 0,
      answer: answerOf(liveness.answerWithinMs, true),
      // Who cannot be asked is not measured, either.
      hold: answerOf(liveness.answerWithinMs, isFrame),
      drainTimeoutMs: liveness.drainTimeoutMs,
      handshakeTimeoutMs,
      acceptsLine: accepts.line,
      stallToleranceMs: server.server.reaper.stallToleranceMs,
      tickMs: server.server.reaper.tickMs,
      kernel: server.kernel,
    },
  };
}

/**
 * What the client asked for is more, or less, than the server allows. Undefined where it is not,
 * and for a fixed interval of lines, about which the product itself warns.
 */
export function grantWarning(config: ExplainConfig, { client }: Pair): string | undefined {
  const { adaptive } = config.client;
  const { least, most } = wanted(config);
  const name = adaptive === false ? "heartbeat.intervalMs" : "heartbeat.adaptive";
  const [limit, { liveness }] = [limitName(config), config.server.server.connection];
  if (client.intervalMsMin > least) {
    return (
      `\`${name}\` begins with ${least} ms, and the server's \`leaseMsMin\` is ` +
      `${liveness.leaseMsMin} ms: the shortest interval is ${client.intervalMsMin} ms`
    );
  }
  if (client.intervalMsMax >= most) return undefined;
  return (
    `\`${name}\` goes up to ${most} ms, and the server's \`${limit}\` is ` +
    `${liveness[limit]} ms: the longest interval is ${client.intervalMsMax} ms`
  );
}

function limitName({ dialect }: ExplainConfig): "leaseMsMax" | "timeoutMs" {
  return dialect === "frame" ? "leaseMsMax" : "timeoutMs";
}

function wanted(config: ExplainConfig): { readonly least: number; readonly most: number } {
  const { adaptive } = config.client;
  const { intervalMs } = clientConnection(config);
  if (adaptive === false) return { least: intervalMs, most: intervalMs };
  return { least: adaptive.intervalMsMin, most: adaptive.intervalMsMax };
}

/** Between what the client's interval lies, within what the server allows it. */
function intervals(config: ExplainConfig): { intervalMsMin: number; intervalMsMax: number } {
  const { least, most } = wanted(config);
  const { liveness } = config.server.server.connection;
  const isFrame = config.dialect === "frame";
  const limits: LeaseLimits = isFrame ? liveness : { leaseMsMin: 0, leaseMsMax: DURATION_MS_MAX };
  const granted = (ms: number): number => clientInterval(ms, limits, liveness.timeoutMs, isFrame);
  return { intervalMsMin: granted(least), intervalMsMax: granted(most) };
}

/** The shortest and the longest answer time that the estimator can come to. */
function answerOf(fixed: number | false, isMeasured: boolean): Answer {
  const [quick, slow] = [new RttEstimator(), new RttEstimator()];
  if (isMeasured) {
    quick.sample(0);
    slow.sample(DURATION_MS_MAX);
  }
  return { ms: slow.answerWithinMs(fixed), quickPathMs: quick.answerWithinMs(fixed) };
}
