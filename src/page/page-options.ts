/**
 * The options of `connect` in a browser, read once into a config in which nothing is missing.
 *
 * What they mean, their ranges and their defaults are those of client/options.ts; a test reads both
 * and compares, wrong ones included. What a browser keeps to itself (TLS, headers, the kernel) is
 * no option here at all.
 */
import { HoldfastError } from "../base/errors.ts";
import type { Observe } from "../base/observation.ts";
import type { AbortSignalLike, ConnectOptions } from "../client/options.ts";
import type { AdaptiveOptions } from "../liveness/adaptive-options.ts";
import type { RedialConfig } from "../redial/redial-policy.ts";
import { utf8 } from "./frames.ts";
import type { Extras, PageLineConfig } from "./extras.ts";

/** The options of `connect` in a browser. */
export interface BrowserConnectOptions
  extends Omit<ConnectOptions, "keepalive" | "tls" | "userTimeoutMs" | "websocket"> {
  readonly websocket?: BrowserWebSocketOptions | undefined;

  /**
   * What the server is promised while the page is hidden: a word within this time. Told before
   * the browser begins to throttle timers, and clamped to what the server allows; half of it is
   * the interval then. `false`: as while it is visible.
   *
   * @unit milliseconds
   * @range 1_000 to 86_400_000, or false
   * @default 120_000: timers of a page that is hidden for long ring once a minute.
   */
  readonly hiddenLeaseMs?: number | false | undefined;
}

export interface BrowserWebSocketOptions {
  /**
   * Subprotocols to offer, the best first. On `ws` and `wss` urls `holdfast.1` is offered before
   * them. A browser leaves a server that grants none of those that were offered.
   *
   * @default none
   */
  readonly protocols?: readonly string[] | undefined;
}

/** The same groups and names as in the options, each with a value. */
export interface PageConfig {
  readonly heartbeat: {
    /** Where it adapts, the shortest. */
    readonly intervalMs: number;
    readonly answerWithinMs: number | false;
    /** Undefined where the door has no such thing. */
    readonly adaptive: AdaptiveOptions | false | undefined;
    readonly pong: "expected" | "none" | undefined;
  };
  readonly redial: RedialConfig;
  readonly line: PageLineConfig;
  readonly websocket: { readonly protocols: readonly string[] };
  readonly timeoutMs: number;
  readonly drainTimeoutMs: number;
  readonly pauseMsMax: number;
  readonly stallToleranceMs: number;
  readonly messageBytesMax: number;
  readonly outboxBytesMax: number;
  readonly outboxHighWaterBytes: number;
  readonly inboxBytesMax: number;
  readonly closeTimeoutMs: number;
  readonly hiddenLeaseMs: number | false;
  readonly agent: string;
  readonly token: ConnectOptions["token"];
  readonly redirectTo: readonly string[];
  readonly signal: AbortSignalLike | undefined;
  readonly observe: Observe | undefined;
}

export type Values = Record<string, unknown>;

/** What may be numbers; who reads them as options finds out. */
type Numbers = Readonly<Record<string, number | undefined>>;
/** Whatever else: a test, the words for what it wants, and the default. */
export type Others = Readonly<
  Record<string, readonly [isRight: (value: unknown) => boolean, form: string, fallback?: unknown]>
>;

const MIB = 1_048_576;
const GIB = 1_073_741_824;
const STABLE_MS_MIN = 30_000;
const TOKEN_BYTES_MAX = 8_192;
/** What came may be long. */
const SENTENCE_MAX = 400;

const OTHERS: Others = {
  heartbeat: [() => true, ""],
  redial: [() => true, ""],
  websocket: [() => true, ""],
  agent: [(text) => isText(text, 200), "at most 200 characters", "holdfast"],
  token: [
    (value) => typeof value === "function" || isToken(value),
    `1 to ${TOKEN_BYTES_MAX} characters, or a function that returns them`,
  ],
  redirectTo: [(list) => isListOf(list, 253), "a list of host names", []],
  signal: [(signal) => isObject(signal) && "addEventListener" in signal, "an AbortSignal"],
  observe: [(observe) => typeof observe === "function", "a function"],
};

const WEBSOCKET_OTHERS: Others = {
  protocols: [
    (list) => isListOf(list, 100) && new Set(list).size === list.length,
    "a list of different subprotocols",
    [],
  ],
};

/** @throws HoldfastError `OPTION_INVALID`, naming the option, its range and what came. */
export function readPageOptions(
  options: BrowserConnectOptions | undefined,
  extras: Extras,
): PageConfig {
  const given = (options ?? {}) as Numbers;
  const { messageBytesMax = MIB, deadWithinMs = 0 } = given;
  const { outboxBytesMax = Math.max(16 * MIB, 2 * messageBytesMax) } = given;
  const withinMs = deadWithinMs || 0; // It may be false.
  const config = readOptions(
    "connect",
    options,
    "deadWithinMs? 1000 86400000 false,timeoutMs 100 86400000 60000," +
      `drainTimeoutMs 100 86400000 ${Math.min(60_000, withinMs || 60_000)},` +
      "pauseMsMax 100 86400000 60000,stallToleranceMs 1 60000 250," +
      `messageBytesMax 1 ${GIB} ${MIB},outboxBytesMax ${messageBytesMax} ${4 * GIB} ` +
      `${outboxBytesMax},outboxHighWaterBytes 1 ${outboxBytesMax} ` +
      `${Math.min(MIB, outboxBytesMax)},inboxBytesMax 1 ${GIB} ${MIB},` +
      "closeTimeoutMs 0 600000 5000,hiddenLeaseMs? 1000 86400000 120000",
    { ...OTHERS, ...(extras.lines && { line: [() => true, ""] }) },
  );
  const heartbeat = readHeartbeat(config["heartbeat"], withinMs, extras);
  const redial = config["redial"] as Numbers | null | undefined;
  const { baseMs = 1_000 } = redial ?? {};
  return {
    ...config,
    heartbeat,
    redial: {
      ...readOptions(
        "redial",
        redial,
        "attemptsMax? 1 1000000 10,giveUpAfterMs? 1 31536000000 false,baseMs 10 600000 1000," +
          `factor* 1 10 2,capMs ${baseMs} 3600000 ${Math.max(60_000, baseMs)},` +
          "attemptTimeoutMs 10 600000 10000",
      ),
      stableAfterMs: Math.max(STABLE_MS_MIN, 2 * heartbeat.intervalMs),
    },
    redirectTo: (config["redirectTo"] as string[]).map((name) =>
      name.toLowerCase().replace(/[[\]]/g, ""),
    ),
    line: extras.lines?.readLine(config["line"]),
    websocket: readOptions("websocket", config["websocket"], "", WEBSOCKET_OTHERS),
  } as unknown as PageConfig;
}

/** `withinMs`: the bound itself, of which the parts follow (liveness/lease.ts); 0: not given. */
function readHeartbeat(
  given: unknown,
  withinMs: number,
  { adapting, lines }: Extras,
): PageConfig["heartbeat"] {
  const answerMs = Math.ceil(withinMs / 3);
  const intervalMs = adapting?.intervalMsOf(given) ?? (withinMs - answerMs || 30_000);
  const heartbeat = readOptions(
    "heartbeat",
    given,
    `intervalMs 10 86400000 ${intervalMs},answerWithinMs? 10 86400000 ${answerMs || false}`,
    { ...adapting?.rules, ...lines?.rules },
  );
  const { intervalMs: own, answerWithinMs, adaptive } = (given ?? {}) as Values;
  if (withinMs > 0 && (own ?? answerWithinMs ?? (adaptive || undefined)) !== undefined) {
    throw refusal("connect", "`deadWithinMs` says what `heartbeat` would: give one of the two");
  }
  return heartbeat as unknown as PageConfig["heartbeat"];
}

/**
 * One group: each option by its rule, and none without.
 *
 * @param numbers By name, each with the least, the most and the default; whole, but for names with
 * `*`; those with `?` may be false.
 */
export function readOptions(
  group: string,
  given: unknown,
  numbers: string,
  others: Others = {},
): Values {
  const values = (given === undefined ? {} : given) as Values;
  if (!isObject(values) || Array.isArray(values)) throw refusal(group, "expected an object");
  const rules: Others = Object.assign(Object.create(null), others);
  const config: Values = {};
  for (const rule of numbers.split(",")) {
    const [key = "", least, most, fallback] = rule.split(" ");
    const name = key.replace(/\W/, "");
    if (name !== "") {
      Object.assign(rules, {
        [name]: [
          (value: unknown) =>
            (value === false && key.endsWith("?")) ||
            (typeof value === "number" &&
              (Number.isInteger(value) || key.endsWith("*")) &&
              value >= Number(least) &&
              value <= Number(most)),
          `${key.endsWith("*") ? "" : "whole, "}from ${least} to ${most}` +
            (key.endsWith("?") ? ", or false" : ""),
          fallback === "false" ? false : Number(fallback),
        ],
      });
    }
  }
  for (const name of new Set([...Object.keys(rules), ...Object.keys(values)])) {
    const [isRight, form, fallback] = rules[name] ?? [];
    const value = values[name];
    if (isRight === undefined) {
      throw refusal(
        group,
        `\`${name}\` is not an option; known are ${Object.keys(rules).join(", ")}`,
      );
    }
    if (value !== undefined && !isRight(value)) {
      const got = name === "token" ? "" : `, got ${value as string}`;
      throw refusal(group, `\`${name}\` must be ${form}${got}`);
    }
    config[name] = value === undefined ? fallback : value;
  }
  return config;
}

/** HELLO is JSON, and as a whole limited: what is escaped there counts as it is written. */
export function isToken(value: unknown): value is string {
  const isShort = isText(value, TOKEN_BYTES_MAX) && value !== "";
  return isShort && utf8(JSON.stringify(value)).length - 2 <= TOKEN_BYTES_MAX;
}

function isListOf(list: unknown, charactersMax: number): list is readonly string[] {
  return Array.isArray(list) && list.every((text) => isText(text, charactersMax));
}

/** Half a surrogate pair cannot be said in UTF-8. */
function isText(value: unknown, charactersMax: number): value is string {
  return typeof value === "string" && value.length <= charactersMax && !/\p{Cs}/u.test(value);
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}

function refusal(group: string, sentence: string): HoldfastError {
  return new HoldfastError("OPTION_INVALID", `${group}: ${sentence.slice(0, SENTENCE_MAX)}`);
}
