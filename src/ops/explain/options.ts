/**
 * What users may ask to have explained, and what the product makes of it.
 *
 * Nothing about liveness is decided here: the options go through the resolvers of `listen` and
 * `connect`, so a combination that they refuse is refused in their words, and what they derive is
 * what is explained.
 */
import { OptionReader } from "../../base/options.ts";
import { connectionConfigFor, intervalWarning, type LinkConfig } from "../../client/config.ts";
import type { ConnectOptions } from "../../client/options.ts";
import { resolveConnect } from "../../client/socket-terms.ts";
import { parseTarget } from "../../client/target.ts";
import type { HeartbeatOptions } from "../../liveness/options.ts";
import { type ListenConfig, type ListenOptions, resolveListen } from "../../server/options.ts";
import type { KeepaliveOptions } from "../../transports/keepalive-options.ts";
import type { LineOptions } from "../../wire/line-options.ts";
import type { Middlebox } from "./middlebox.ts";
import { boxesNamed } from "./middleboxes.ts";

/**
 * The options of `connect` and `listen` that decide about liveness, as both ends would be given
 * them, and a few that only choose what is told.
 */
export interface ExplainOptions {
  /** As for `connect`. Ranges and defaults are its own. */
  readonly heartbeat?: HeartbeatOptions | undefined;
  /** As for `listen`, in ms. The client is told the same. Default 60,000. */
  readonly timeoutMs?: number | undefined;
  /** As for `listen`, in ms. Default 1,000, or less if the timeout is less. */
  readonly leaseMsMin?: number | undefined;
  /** As for `listen`, in ms. Default `timeoutMs`. */
  readonly leaseMsMax?: number | undefined;
  /** As for `listen`, in ms. Default `heartbeat.answerWithinMs`, so that both ends wait alike. */
  readonly answerWithinMs?: number | false | undefined;
  /** For both ends, in ms, 5,000 to 86,400,000. Default `false`. */
  readonly deadWithinMs?: number | false | undefined;
  /** For both ends, in ms. Default 60,000, or `deadWithinMs` if that is less. */
  readonly drainTimeoutMs?: number | undefined;
  /** For both ends, in ms. Default 250. */
  readonly stallToleranceMs?: number | undefined;
  /** As for `listen`. Default both, which leaves the server without a user timeout. */
  readonly accept?: readonly ("line" | "frame")[] | undefined;
  /** The words of the line dialect; they decide about bytes only. */
  readonly line?: Pick<LineOptions, "ping" | "pong"> | undefined;
  /** For both ends. Default: after 60 s, then every 10 s, 5 times. */
  readonly keepalive?: KeepaliveOptions | false | undefined;
  /** For both ends, in ms. Default as each end has it. */
  readonly userTimeoutMs?: number | false | undefined;
  /** Which dialect the two speak. Default "frame", or "line" where `heartbeat.pong` is "none". */
  readonly dialect?: "frame" | "line" | undefined;
  /** For how many connections traffic is told, 1 to 100,000,000. Default 1. */
  readonly connections?: number | undefined;
  /**
   * What stands in the path: ids of middleboxes, or words of ids, such as "aws-nlb" or "nat". Only
   * these are told of, and an interval is recommended for them. Default: all, and no
   * recommendation.
   */
  readonly behind?: readonly string[] | undefined;
}

/** Both ends as the product would run them. */
export interface ExplainConfig {
  readonly dialect: "frame" | "line";
  readonly client: LinkConfig;
  readonly server: ListenConfig;
  readonly connections: number;
  /** Undefined: all that are known. */
  readonly behind: readonly Middlebox[] | undefined;
  /** Sentences about what works and is unwise. */
  readonly warnings: readonly string[];
}

const CONNECTIONS = { default: 1, min: 1, max: 100_000_000 };
/** A url of each dialect: only the dialect matters. */
const URLS = { frame: "tcp://localhost:1", line: "line://localhost:1" };

/** @throws HoldfastError `OPTION_INVALID`, naming the option, its range and what came. */
export function resolveExplain(options: ExplainOptions): ExplainConfig {
  const read = new OptionReader("explain", options);
  const connections = read.integer("connections", CONNECTIONS);
  const server = resolveListen(serverOptions(read, options), undefined);
  const { timeoutMs } = server.server.connection.liveness;
  const client = resolveConnect({ ...clientOptions(read, options), timeoutMs });
  const dialect = readDialect(read, client.connection.liveness.answersExpected);
  const behind = readBehind(read);
  read.done();
  // A line server cannot be told of the interval, so the product cuts it and says so.
  const isFixedLine = dialect === "line" && client.adaptive === false;
  const cut = isFixedLine ? intervalWarning(client) : undefined;
  const warnings = [...(cut === undefined ? [] : [cut]), ...server.server.warnings];
  return { dialect, client, server, connections, behind, warnings };
}

/** What `connect` would run with for the dialect that is explained. */
export function clientConnection({ client, dialect }: ExplainConfig): {
  readonly intervalMs: number;
  readonly answersExpected: boolean;
} {
  const { liveness } = connectionConfigFor(client, parseTarget(URLS[dialect]));
  return { intervalMs: liveness.intervalMs || 0, answersExpected: liveness.answersExpected };
}

function serverOptions(read: OptionReader, options: ExplainOptions): ListenOptions {
  const { heartbeat, answerWithinMs = heartbeat?.answerWithinMs } = options;
  read.value("answerWithinMs");
  return {
    ...take(read, options, ["timeoutMs", "leaseMsMin", "leaseMsMax", "accept"]),
    ...take(read, options, ["deadWithinMs", "drainTimeoutMs", "stallToleranceMs"]),
    ...take(read, options, ["line", "keepalive", "userTimeoutMs"]),
    answerWithinMs,
    port: 0,
  };
}

function clientOptions(read: OptionReader, options: ExplainOptions): ConnectOptions {
  return {
    ...take(read, options, ["heartbeat", "deadWithinMs", "drainTimeoutMs", "stallToleranceMs"]),
    ...take(read, options, ["line", "keepalive", "userTimeoutMs"]),
  };
}

function take<Name extends keyof ExplainOptions>(
  read: OptionReader,
  options: ExplainOptions,
  names: readonly Name[],
): Pick<ExplainOptions, Name> {
  for (const name of names) read.value(name);
  return Object.fromEntries(names.map((name) => [name, options[name]])) as Pick<
    ExplainOptions,
    Name
  >;
}

function readDialect(read: OptionReader, answersExpected: boolean): "frame" | "line" {
  const dialect = read.oneOf("dialect", ["frame", "line"], answersExpected ? "frame" : "line");
  if (answersExpected || dialect === "line") return dialect;
  throw read.refuse(
    '`heartbeat.pong` "none" needs `dialect` "line": a server that speaks frames always answers',
  );
}

function readBehind(read: OptionReader): readonly Middlebox[] | undefined {
  const names = read.value("behind");
  if (names === undefined) return undefined;
  if (!Array.isArray(names) || names.length === 0 || !names.every(isText)) {
    throw read.refuse("`behind` must be a list of the names of middleboxes, at least one");
  }
  const found = boxesNamed(names);
  if (found.unknown === undefined) return found.boxes;
  throw read.refuse(
    `\`behind\` must name what docs/middleboxes.md lists, or a word of such a name ` +
      `(${found.words.join(", ")}), got ${JSON.stringify(found.unknown.slice(0, 60))}`,
  );
}

function isText(name: unknown): name is string {
  return typeof name === "string";
}
