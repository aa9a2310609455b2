/**
 * Draws the options of servers and links.
 *
 * Every number that a rule of liveness mentions is varied, down to where the rules begin to touch
 * each other. An answer is waited for at least two seconds: less would judge a healthy path, whose
 * round trip with one lost packet takes about one, and such ends would be asked for.
 */
import type { ConnectOptions } from "../client/options.ts";
import type { AdaptiveOptions } from "../liveness/adaptive-options.ts";
import type { ServerLivenessOptions } from "../liveness/options.ts";
import type { RedialOptions } from "../redial/options.ts";
import type { ServerOptions } from "../server/listen-options.ts";
import type { Draw } from "./draw.ts";

const KIB = 1_024;

export interface ServerTraits {
  readonly clients: number;
  readonly framesOnly: boolean;
  readonly isQuiet: boolean;
}

export function draftServerOptions(
  draw: Draw,
  { clients, framesOnly, isQuiet }: ServerTraits,
): ServerOptions & ServerLivenessOptions {
  const timeoutMs = isQuiet ? 60_000 : draw.pick([4_000, 10_000, 30_000, 60_000]);
  const isTight = draw.happens(0.25);
  const tight = {
    maxConnections: 2 * clients + draw.whole(0, 4),
    acceptPerSecondMax: 10,
    handshakesMax: 2,
  };
  const outboxBytesMax = draw.pick([512 * KIB, 1_024 * KIB, 16_384 * KIB]);
  return {
    accept: framesOnly ? ["frame"] : ["line", "frame"],
    timeoutMs,
    leaseMsMax: draw.pick([timeoutMs, timeoutMs, 3 * timeoutMs, 600_000]),
    answerWithinMs: draw.pick([false, false, 2_000, 5_000]),
    drainTimeoutMs: draw.pick([5_000, 20_000, 60_000]),
    pauseMsMax: draw.pick([3_000, 10_000, 60_000]),
    stallToleranceMs: draw.pick([100, 250, 250, 1_000]),
    pingIntervalMsMin: draw.pick([100, 100, 20, 1_000, false]),
    handshakeTimeoutMs: draw.pick([3_000, 10_000]),
    reconnectWindowMs: draw.pick([0, 2_000, 5_000, 30_000]),
    messageBytesMax: 256 * KIB,
    outboxBytesMax,
    outboxHighWaterBytes: draw.pick([16 * KIB, 256 * KIB]),
    bufferBytesTotalMax: outboxBytesMax * draw.pick([1, 2, 16]),
    ...(isTight ? tight : {}),
  };
}

export interface LinkTraits {
  readonly dialect: "line" | "frame";
  /** What the server tolerates: a line client cannot be told of it. */
  readonly timeoutMs: number;
  /** There are so many of them, or for so long, that each has to be quiet. */
  readonly isQuiet: boolean;
  /** Its server never answers. */
  readonly isMute: boolean;
  /** Its interval follows the path; false: it is fixed. */
  readonly adaptive: AdaptiveOptions | false;
}

/** Up to ten minutes, so that it meets the boxes that forget, and what a server grants. */
export function draftAdaptive(draw: Draw, isMute: boolean): AdaptiveOptions | false {
  if (!draw.happens(0.25) || isMute) return false;
  return {
    intervalMsMin: draw.pick([1_000, 2_000, 5_000, 15_000]),
    intervalMsMax: draw.pick([20_000, 60_000, 600_000]),
  };
}

export function draftLinkOptions(draw: Draw, traits: LinkTraits): ConnectOptions {
  const isLine = traits.dialect === "line";
  const drainTimeoutMs = draw.pick([5_000, 20_000, 60_000]);
  const pong = traits.isMute ? "none" : "expected";
  const { isQuiet } = traits;
  const bound = boundOf(draw, isQuiet, pong, drainTimeoutMs);
  const paced = traits.adaptive === false ? bound : adapted(bound, traits.adaptive);
  const outboxBytesMax = draw.pick([256 * KIB, 1_024 * KIB]);
  return {
    ...paced,
    pauseMsMax: draw.pick([3_000, 10_000, 60_000]),
    stallToleranceMs: draw.pick([100, 250, 250, 1_000]),
    messageBytesMax: 256 * KIB,
    outboxBytesMax,
    outboxHighWaterBytes: draw.pick([16 * KIB, 128 * KIB]),
    inboxBytesMax: draw.pick([1, 4 * KIB, 256 * KIB]),
    closeTimeoutMs: draw.pick([0, 1_000, 5_000]),
    redial: draftRedial(draw),
    ...(isLine ? { timeoutMs: traits.timeoutMs } : {}),
  };
}

type Bound = Pick<ConnectOptions, "deadWithinMs" | "heartbeat" | "drainTimeoutMs">;

function boundOf(
  draw: Draw,
  isQuiet: boolean,
  pong: "none" | "expected",
  drainTimeoutMs: number,
): Bound {
  if (draw.happens(0.3)) {
    const deadWithinMs = isQuiet ? 60_000 : draw.pick([6_000, 10_000, 30_000, 60_000]);
    return { deadWithinMs, heartbeat: { pong } };
  }
  const intervalMs = isQuiet
    ? draw.pick([30_000, 60_000])
    : draw.pick([1_000, 2_000, 5_000, 15_000, 30_000, 60_000]);
  const answerWithinMs = draw.pick<number | false>([false, false, 2_000, 5_000]);
  return { heartbeat: { intervalMs, answerWithinMs, pong }, drainTimeoutMs };
}

/** The same, but for what the adaptive interval replaces. */
function adapted({ heartbeat, drainTimeoutMs }: Bound, adaptive: AdaptiveOptions): Bound {
  const answerWithinMs = heartbeat?.answerWithinMs ?? false;
  return { heartbeat: { adaptive, answerWithinMs }, drainTimeoutMs: drainTimeoutMs ?? 20_000 };
}

function draftRedial(draw: Draw): RedialOptions {
  const isPatient = draw.happens(0.85);
  return {
    attemptsMax: isPatient ? false : draw.whole(3, 12),
    giveUpAfterMs: isPatient || draw.happens(0.5) ? false : draw.spread(10_000, 120_000),
    baseMs: draw.pick([100, 500, 1_000]),
    factor: draw.pick([1.5, 2, 3]),
    capMs: draw.pick([2_000, 10_000, 60_000]),
    attemptTimeoutMs: draw.pick([3_000, 5_000, 10_000]),
  };
}
