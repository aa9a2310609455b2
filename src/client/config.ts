/** Options of `connect` to a config in which nothing is missing: read once, at the door. */
import { type Observe, observeNothing } from "../base/observation.ts";
import { OptionReader } from "../base/options.ts";
import type { ConnectionConfig } from "../connection/config.ts";
import type { Dialect } from "../connection/effects.ts";
import { readMessageLimits } from "../connection/limits-options.ts";
import type { AdaptiveChoice } from "../liveness/adaptive-options.ts";
import { readClientLiveness } from "../liveness/options.ts";
import { type RedialOptions, resolveRedial } from "../redial/options.ts";
import type { RedialConfig } from "../redial/redial-policy.ts";
import { type LineOptions, resolveLine } from "../wire/line-options.ts";
import type { LineWords } from "../wire/line-words.ts";
import { isToken, TOKEN_BYTES_MAX, type TokenSource } from "./credentials.ts";
import type { OutgoingConfig } from "./outgoing.ts";
import type { AbortSignalLike, ConnectOptions } from "./options.ts";
import type { DialConfig, LinkTerms } from "./platform.ts";
import type { LinkTarget } from "./target.ts";

export interface LinkConfig {
  readonly redial: RedialConfig;
  /** False: the interval is fixed. */
  readonly adaptive: AdaptiveChoice | false;
  readonly dial: DialConfig;
  /** All but what depends on the url. */
  readonly connection: CommonConfig;
  /** For the connections of urls of each dialect: one object for all of them. */
  readonly byDialect: Readonly<Record<Dialect, ConnectionConfig>>;
  /** For what is sent over links with a url of lines among theirs, and over the others. */
  readonly outgoing: Readonly<Record<Dialect, OutgoingConfig>>;
  readonly stallToleranceMs: number;
  readonly inboxBytesMax: number;
  readonly closeTimeoutMs: number;
  readonly token: TokenSource | undefined;
  readonly redirectTo: readonly string[];
  readonly signal: AbortSignalLike | undefined;
  readonly observe: Observe;
}

type CommonConfig = Omit<ConnectionConfig, "role" | "accepts">;

/** @throws HoldfastError `OPTION_INVALID`, naming the option, its range and what came. */
export function resolveLink(options: ConnectOptions | undefined, terms: LinkTerms): LinkConfig {
  const read = new OptionReader("connect", options);
  const liveness = readClientLiveness(read);
  const redial = resolveRedial(
    read.value("redial") as RedialOptions | undefined,
    liveness.intervalMs,
  );
  const line = resolveLine("line", read.value("line") as LineOptions | undefined, MIB);
  const limits = readMessageLimits(read, 4 * GIB);
  const inboxBytesMax = read.integer("inboxBytesMax", { default: MIB, min: 1, max: GIB });
  const closeTimeoutMs = read.integer("closeTimeoutMs", { default: 5_000, min: 0, max: 600_000 });
  const dial: DialConfig = {
    ...terms.readDial(read, liveness),
    textBytesMax: line.lineBytesMax,
  };
  const connection: CommonConfig = {
    ...line,
    ...limits,
    handshakeTimeoutMs: redial.attemptTimeoutMs,
    closeTimeoutMs,
    agent: readAgent(read),
    liveness: {
      intervalMs: liveness.intervalMs,
      answerWithinMs: liveness.answerWithinMs,
      answersExpected: liveness.pong === "expected",
      timeoutMs: liveness.timeoutMs,
      leaseMsMin: 0,
      leaseMsMax: DAY_MS,
      drainTimeoutMs: liveness.drainTimeoutMs,
      pauseMsMax: liveness.pauseMsMax,
      pingIntervalMsMin: false,
    },
  };
  const config: LinkConfig = {
    redial,
    adaptive: liveness.adaptive,
    dial,
    connection,
    byDialect: {
      line: configFor(connection, "line"),
      frame: configFor(connection, "frame"),
    },
    outgoing: {
      line: outgoingFor(connection, connection.words),
      frame: outgoingFor(connection, undefined),
    },
    stallToleranceMs: liveness.stallToleranceMs,
    inboxBytesMax,
    closeTimeoutMs,
    token: readToken(read),
    redirectTo: readRedirectTo(read),
    signal: readSignal(read),
    observe: read.callback<Observe>("observe") ?? observeNothing,
  };
  read.done();
  return config;
}

export function connectionConfigFor(config: LinkConfig, target: LinkTarget): ConnectionConfig {
  return config.byDialect[target.dialect];
}

/** A `line` server cannot say how long it waits, so pings come at least twice in that time. */
function configFor(common: CommonConfig, dialect: Dialect): ConnectionConfig {
  const isLine = dialect === "line";
  const { liveness } = common;
  const intervalMs = isLine ? lineIntervalMs(common) : liveness.intervalMs;
  const answersExpected = !isLine || liveness.answersExpected;
  return {
    ...common,
    role: "client",
    accepts: { line: isLine, frame: !isLine },
    liveness: { ...liveness, intervalMs, answersExpected },
  };
}

function outgoingFor(common: CommonConfig, words: LineWords | undefined): OutgoingConfig {
  const { outboxBytesMax: bytesMax, outboxHighWaterBytes: highWaterBytes } = common;
  return { bytesMax, highWaterBytes, words };
}

/** What to warn about once when one of the urls speaks lines; undefined when nothing was cut. */
export function intervalWarning(config: LinkConfig): string | undefined {
  const { intervalMs, timeoutMs } = config.connection.liveness;
  const cutMs = lineIntervalMs(config.connection);
  if (intervalMs === cutMs) return undefined;
  return (
    `\`heartbeat.intervalMs\` (${intervalMs}) is over half of \`timeoutMs\` (${timeoutMs}): ` +
    `a line server cannot be told of it, so it is pinged every ${cutMs} ms`
  );
}

function lineIntervalMs({ liveness }: CommonConfig): number | false {
  const { intervalMs, timeoutMs } = liveness;
  return intervalMs === false ? false : Math.min(intervalMs, Math.floor(timeoutMs / 2));
}

const DAY_MS = 86_400_000;
const GIB = 1024 ** 3;
const MIB = 1024 ** 2;

function readAgent(read: OptionReader): string {
  const agent = read.text("agent", "holdfast");
  if (agent.length > 200) throw read.refuse("`agent` must have at most 200 characters");
  return agent;
}

/** A wrong token is not shown: it may be a right one in the wrong place. */
function readToken(read: OptionReader): TokenSource | undefined {
  const token = read.value("token");
  if (token === undefined || typeof token === "function" || isToken(token)) {
    return token as TokenSource | undefined;
  }
  throw read.refuse(
    `\`token\` must be a string of 1 to ${TOKEN_BYTES_MAX} characters, ` +
      "or a function that returns one",
  );
}

function readRedirectTo(read: OptionReader): readonly string[] {
  const names = read.value("redirectTo");
  if (names === undefined) return [];
  if (!Array.isArray(names) || !names.every((name) => typeof name === "string")) {
    throw read.refuse("`redirectTo` must be an array of host names");
  }
  return names.map((name) => name.toLowerCase().replace(/^\[(.*)\]$/, "$1"));
}

function readSignal(read: OptionReader): AbortSignalLike | undefined {
  const signal = read.value("signal");
  if (signal === undefined) return undefined;
  if (typeof signal === "object" && signal !== null && "addEventListener" in signal) {
    return signal as AbortSignalLike;
  }
  throw read.refuse("`signal` must be an AbortSignal");
}
