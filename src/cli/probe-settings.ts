/** The settings of `holdfast probe`: one table behind flags, variables, keys and documents. */
import { duration, oneOf, path, toggle, word } from "./kinds.ts";
import type { SettingsTable } from "./settings.ts";
import { TLS_CLIENT_SETTINGS, type TlsClientSettings } from "./tls-settings.ts";

export interface ProbeSettings extends TlsClientSettings {
  readonly maxMs: number | undefined;
  readonly minMs: number | undefined;
  readonly expect: "pong" | "none" | undefined;
  readonly send: string | undefined;
  readonly answerWithinMs: number | undefined;
  readonly tokenFile: string | undefined;
  readonly json: boolean;
}

export const PROBE_SETTINGS: SettingsTable<ProbeSettings> = {
  maxMs: {
    flag: "max",
    kind: duration,
    fallback: undefined,
    shown: "20m",
    help: "the longest silence that is tried, and how long the probe takes at most, or little more",
  },
  minMs: {
    flag: "min",
    kind: duration,
    fallback: undefined,
    shown: "5s",
    help: "the shortest silence that is tried",
  },
  expect: {
    flag: "expect",
    kind: oneOf(["pong", "none"]),
    fallback: undefined,
    shown: "pong",
    help: "none for any TCP server: it answers no ping, so only resets and closes can be seen",
  },
  send: {
    flag: "send",
    kind: word,
    fallback: undefined,
    shown: "",
    help: "with --expect none: a line to write after the silence, so that a silent death shows",
  },
  answerWithinMs: {
    flag: "answer-within",
    kind: duration,
    fallback: undefined,
    shown: "measured, 5s to 15s",
    help: "how long an answer may take before its connection counts as dead",
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
    help: "write one JSON object per line to stdout: what happens, and the report as the last one",
  },
};
