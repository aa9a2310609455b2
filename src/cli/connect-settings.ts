/** The settings of `holdfast connect`: one table behind flags, variables, keys and documents. */
import { count, duration, durations, orFalse, path, toggle, word } from "./kinds.ts";
import type { SettingsTable } from "./settings.ts";
import { TLS_CLIENT_SETTINGS, type TlsClientSettings } from "./tls-settings.ts";

export interface ConnectSettings extends TlsClientSettings {
  readonly intervalMs: number | undefined;
  readonly adaptive: { readonly fromMs: number; readonly toMs: number } | false | undefined;
  readonly memory: string | undefined;
  readonly timeoutMs: number | undefined;
  readonly deadWithinMs: number | undefined;
  readonly ping: string | undefined;
  readonly pong: string | false | undefined;
  readonly attemptsMax: number | false | undefined;
  readonly giveUpAfterMs: number | false | undefined;
  readonly tokenFile: string | undefined;
  readonly json: boolean;
  readonly verbose: boolean;
}

export const CONNECT_SETTINGS: SettingsTable<ConnectSettings> = {
  intervalMs: {
    flag: "interval",
    kind: duration,
    fallback: undefined,
    shown: "30s",
    help: "the time from one ping to the next",
  },
  adaptive: {
    flag: "adaptive",
    kind: orFalse(durations, "off"),
    fallback: undefined,
    shown: "off",
    help: "instead of --interval: longer where the path proves patient, shorter where it does not",
  },
  memory: {
    flag: "remember",
    kind: path,
    fallback: undefined,
    shown: "",
    help: "a JSON file that keeps what --adaptive learns about each network",
  },
  timeoutMs: {
    flag: "timeout",
    kind: duration,
    fallback: undefined,
    shown: "60s",
    help: "how long the server lets a peer be silent, where it does not say so itself",
  },
  deadWithinMs: {
    flag: "dead-within",
    kind: duration,
    fallback: undefined,
    shown: "",
    help: "find a dead server within this time; interval and answer time follow from it",
  },
  ping: {
    flag: "ping",
    kind: word,
    fallback: undefined,
    shown: "ping",
    help: "the line that asks for an answer (line:// urls)",
  },
  pong: {
    flag: "pong",
    kind: orFalse(word, "none"),
    fallback: undefined,
    shown: "pong",
    help: "the line that answers it (line:// urls); none when the server never answers",
    negatable: true,
  },
  attemptsMax: {
    flag: "retries",
    kind: orFalse(count, "forever"),
    fallback: undefined,
    shown: "10",
    help: "how many attempts in a row may fail",
  },
  giveUpAfterMs: {
    flag: "give-up-after",
    kind: orFalse(duration, "never"),
    fallback: undefined,
    shown: "never",
    help: "how long to go on without a connection",
  },
  tokenFile: {
    flag: "token-file",
    kind: path,
    fallback: undefined,
    shown: "",
    help: "a file that holds the token; or put the token itself into HOLDFAST_TOKEN",
  },
  ...TLS_CLIENT_SETTINGS,
  json: {
    flag: "json",
    kind: toggle,
    fallback: false,
    shown: "",
    help: "write one JSON object per line to stdout instead of text",
  },
  verbose: {
    flag: "verbose",
    short: "v",
    kind: toggle,
    fallback: false,
    shown: "",
    help: "tell about every beat, too",
  },
};
