/** The settings of `holdfast explain`: one table behind flags, variables, keys and documents. */
import type { ExplainOptions } from "../ops/explain/options.ts";
import type { KeepaliveConfig } from "../transports/transport.ts";
import {
  count,
  duration,
  durations,
  keepalive,
  names,
  oneOf,
  orFalse,
  someOf,
  toggle,
  word,
} from "./kinds.ts";
import type { SettingsTable } from "./settings.ts";

export interface ExplainSettings {
  readonly intervalMs: number | undefined;
  readonly adaptive: { readonly fromMs: number; readonly toMs: number } | false | undefined;
  readonly timeoutMs: number | undefined;
  readonly leaseMsMax: number | undefined;
  readonly deadWithinMs: number | undefined;
  readonly answerWithinMs: number | undefined;
  readonly drainTimeoutMs: number | undefined;
  readonly dialect: "frame" | "line" | undefined;
  readonly accept: readonly ("line" | "frame")[] | undefined;
  readonly ping: string | undefined;
  readonly pong: string | false | undefined;
  readonly keepalive: KeepaliveConfig | false | undefined;
  readonly userTimeoutMs: number | false | undefined;
  readonly connections: number | undefined;
  readonly behind: readonly string[] | undefined;
  readonly json: boolean;
}

export const EXPLAIN_SETTINGS: SettingsTable<ExplainSettings> = {
  intervalMs: {
    flag: "interval",
    kind: duration,
    fallback: undefined,
    shown: "30s",
    help: "the time from one ping of the client to the next",
  },
  adaptive: {
    flag: "adaptive",
    kind: orFalse(durations, "off"),
    fallback: undefined,
    shown: "off",
    help: "instead of --interval: from the shortest to the longest that the path may be given",
  },
  timeoutMs: {
    flag: "timeout",
    kind: duration,
    fallback: undefined,
    shown: "60s",
    help: "how long the server lets a peer that announces nothing be silent",
  },
  leaseMsMax: {
    flag: "lease-max",
    kind: duration,
    fallback: undefined,
    shown: "the timeout",
    help: "the longest silence that the server lets a peer announce in advance",
  },
  deadWithinMs: {
    flag: "dead-within",
    kind: duration,
    fallback: undefined,
    shown: "",
    help: "find a dead peer within this time, at both ends; the rest follows from it",
  },
  answerWithinMs: {
    flag: "answer-within",
    kind: duration,
    fallback: undefined,
    shown: "measured, 5s to 15s",
    help: "how long both ends wait for the answer to a ping",
  },
  drainTimeoutMs: {
    flag: "drain-timeout",
    kind: duration,
    fallback: undefined,
    shown: "60s",
    help: "how long output, or an unfinished message, may fail to gain 64 KiB",
  },
  dialect: {
    flag: "dialect",
    kind: oneOf(["frame", "line"]),
    fallback: undefined,
    shown: "frame; line with --no-pong",
    help: "frame for two Holdfasts, line for a plain program at either end",
  },
  accept: {
    flag: "accept",
    kind: someOf(["line", "frame"]),
    fallback: undefined,
    shown: "line,frame",
    help: "the dialects that the server accepts, on which its user timeout depends",
  },
  ping: {
    flag: "ping",
    kind: word,
    fallback: undefined,
    shown: "ping",
    help: "the line that asks for an answer",
  },
  pong: {
    flag: "pong",
    kind: orFalse(word, "none"),
    fallback: undefined,
    shown: "pong",
    help: "the line that answers it; none for a server that never answers",
    negatable: true,
  },
  keepalive: {
    flag: "keepalive",
    kind: orFalse(keepalive, "off"),
    fallback: undefined,
    shown: "60s,10s,5",
    help: "TCP keepalive of the kernel, at both ends",
  },
  userTimeoutMs: {
    flag: "user-timeout",
    kind: orFalse(duration, "off"),
    fallback: undefined,
    shown: "70s; a server that accepts lines: off",
    help: "how long sent data may stay unacknowledged (TCP_USER_TIMEOUT; Linux, with koffi)",
  },
  connections: {
    flag: "connections",
    kind: count,
    fallback: undefined,
    shown: "1",
    help: "how many connections the server has, for the traffic of all",
  },
  behind: {
    flag: "behind",
    kind: names,
    fallback: undefined,
    shown: "all that are known",
    help: "what stands in the path, such as alb,nat: tells of these, and recommends an interval",
  },
  json: {
    flag: "json",
    kind: toggle,
    fallback: false,
    shown: "",
    help: "write the whole of it as one JSON object",
  },
};

/** The settings as options of the library; what was not set is left to it. */
export function explainOptions(settings: ExplainSettings): ExplainOptions {
  const { adaptive, answerWithinMs, ping, pong } = settings;
  return {
    heartbeat: {
      intervalMs: settings.intervalMs,
      answerWithinMs,
      adaptive:
        adaptive === undefined || adaptive === false
          ? adaptive
          : { intervalMsMin: adaptive.fromMs, intervalMsMax: adaptive.toMs },
      pong: pong === false ? "none" : undefined,
    },
    timeoutMs: settings.timeoutMs,
    leaseMsMax: settings.leaseMsMax,
    deadWithinMs: settings.deadWithinMs,
    drainTimeoutMs: settings.drainTimeoutMs,
    dialect: settings.dialect,
    accept: settings.accept,
    line: { ping, pong: pong === false ? undefined : pong },
    keepalive: settings.keepalive,
    userTimeoutMs: settings.userTimeoutMs,
    connections: settings.connections,
    behind: settings.behind,
  };
}
